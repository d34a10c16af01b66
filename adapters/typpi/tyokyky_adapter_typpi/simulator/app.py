"""The interface of the simulated TYPPI: HAL documents, problem+json, so many requests a minute."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, cast
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tyokyky_adapter_typpi.simulator.changes import ChangeDoor
from tyokyky_adapter_typpi.simulator.login import Caller, LoginRefused, TokenDesk
from tyokyky_adapter_typpi.simulator.register import Document, Register, etag
from tyokyky_adapter_typpi.simulator.rules import ProblemAnswer, escaped
from tyokyky_bridge.adapterkit.simulation import Simulation

Handler = Callable[[Request, Caller], Awaitable[Response]]


@dataclass
class Door:
    """Routes of the simulator over its register."""

    sim: Simulation
    desk: TokenDesk
    register: Register

    def app(self) -> Starlette:
        """The partner's interface."""
        plan, section = "/typpi/suunnitelmat/{plan}", "/typpi/suunnitelmat/{plan}/osiot/{section}"
        return Starlette(
            routes=[
                Route("/typpi/token", self.token, methods=["POST"]),
                Route("/typpi", self.inside(self.root), methods=["GET"]),
                Route("/typpi/asiakkaat/haku", self.inside(self.search), methods=["POST"]),
                Route("/typpi/asiakkaat/{client}", self.inside(self.client), methods=["GET"]),
                Route("/typpi/suunnitelmat", self.inside(self.open_plan), methods=["POST"]),
                Route(plan, self.inside(self.plan), methods=["GET"]),
                Route(section, self.inside(self.write), methods=["PUT"]),
                Route(section, self.inside(self.remove), methods=["DELETE"]),
                Route("/typpi/muutokset", self.inside(ChangeDoor(self.register.feed).changes)),
            ]
        )

    def inside(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Log in, count the request, and turn problems into problem+json."""

        async def guarded(request: Request) -> Response:
            try:
                caller = self.desk.caller(request.headers.get("authorization"))
                self._count(caller)
                return await handler(request, caller)
            except ProblemAnswer as problem:
                return JSONResponse(
                    problem.body,
                    status_code=problem.status,
                    headers=problem.headers,
                    media_type="application/problem+json",
                )

        return guarded

    async def token(self, request: Request) -> Response:
        """Give out a token."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            return JSONResponse(self.desk.issue(form, life_s=float(self.sim.chaos["token_life_s"])))
        except LoginRefused as refused:
            body = {"error": refused.error, "error_description": refused.rule}
            return JSONResponse(body, status_code=401 if refused.error == "invalid_client" else 400)

    async def root(self, request: Request, caller: Caller) -> Response:  # noqa: ARG002
        """Where everything starts; also says that TYPPI is there."""
        places = {"self": "/typpi", "haku": "/typpi/asiakkaat/haku", "muutokset": "/typpi/muutokset"}
        links = {name: {"href": place} for name, place in places.items()}
        return _hal({"_links": links, "osapuoli": caller.osapuoli})

    async def search(self, request: Request, caller: Caller) -> Response:
        """Search by identity number, in the body."""
        hetu = (await _object(request)).get("hetu")
        if not isinstance(hetu, str) or not hetu:
            raise ProblemAnswer(422, "virheellinen-pyynto", "Pyyntö on virheellinen", kentta="hetu")
        found = self.register.search(caller, hetu)
        return _hal(self._client(found))

    async def client(self, request: Request, caller: Caller) -> Response:
        """One client, with the identity number they have now, and a link to the plan when there is one."""
        doc = self.register.client(caller, request.path_params["client"])
        return _hal({**self._client(doc), "hetu": doc["hetu"]})

    async def plan(self, request: Request, caller: Caller) -> Response:
        """One plan with all its sections."""
        return self._shown(caller, self.register.plan(caller, request.path_params["plan"]))

    async def open_plan(self, request: Request, caller: Caller) -> Response:
        """Open a client's plan."""
        body = await _object(request)
        contents = _contents(body.get("osiot", []))

        def open_it() -> Response:
            plan = self.register.open_plan(caller, str(body.get("asiakasId")), contents)
            return self._shown(caller, plan, status=201)

        return await self._once(request, caller, open_it)

    async def write(self, request: Request, caller: Caller) -> Response:
        """Replace one section."""
        content = (await _object(request)).get("tiedot")
        name = request.path_params["section"]
        if not isinstance(content, dict):
            raise ProblemAnswer(
                422, "virheellinen-pyynto", "Pyyntö on virheellinen", osio=name, kentta="tiedot"
            )

        def write_it() -> Response:
            return _section(
                self.register.write(
                    caller,
                    request.path_params["plan"],
                    name,
                    if_match=request.headers.get("if-match"),
                    content=cast("Document", content),
                )
            )

        return await self._once(request, caller, write_it)

    async def remove(self, request: Request, caller: Caller) -> Response:
        """Leave a tombstone of a section."""

        def remove_it() -> Response:
            path = request.path_params
            match = request.headers.get("if-match")
            return _section(self.register.remove(caller, path["plan"], path["section"], if_match=match))

        return await self._once(request, caller, remove_it)

    def _client(self, doc: Document) -> Document:
        links: Document = {"self": _to_client(doc)["asiakas"]}
        if doc["suunnitelmaId"] is not None:
            links["suunnitelma"] = {"href": f"/typpi/suunnitelmat/{doc['suunnitelmaId']}"}
        shown = {key: escaped(doc[key]) for key in ("asiakasId", "sukunimi", "etunimet")}
        return {"_links": links, **shown, "typAsiakkuus": self.register.customership(doc)}

    def _shown(self, caller: Caller, plan: Document, *, status: int = 200) -> Response:
        client = self.register.client(caller, plan["asiakasId"])
        place = f"/typpi/suunnitelmat/{plan['suunnitelmaId']}"
        sections = [
            {
                "_links": {"self": {"href": f"{place}/osiot/{section['osio']}"}},
                "etag": etag(section),
                **section,
                "tiedot": escaped(section["tiedot"]),
            }
            for section in plan["osiot"].values()
        ]
        own = {k: escaped(v) for k, v in plan.items() if k not in {"osiot", "asiakasId"}}
        links = {"self": {"href": place}, **_to_client(client)}
        typ = self.register.customership(client)
        body = {"_links": links, **own, "typAsiakkuus": typ, "_embedded": {"osiot": sections}}
        return _hal(body, status=status)

    async def _once(self, request: Request, caller: Caller, act: Callable[[], Response]) -> Response:
        """Do *act* in one transaction; under an Idempotency-Key seen before, answer as then."""
        key = request.headers.get("idempotency-key")
        body = await request.body()
        what = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()
        with self.sim.state.transaction():
            earlier = self.sim.state.get("vastaus", f"{caller.client_id} {key}") if key else None
            if earlier is not None and earlier["what"] != what:
                raise ProblemAnswer(
                    422, "avain-jo-kaytetty", "Idempotency-Key on jo käytetty toiseen pyyntöön"
                )
            if earlier is not None:
                return Response(earlier["body"], status_code=earlier["status"], headers=earlier["headers"])
            answer = act()
            if key:
                kept = {
                    "what": what,
                    "status": answer.status_code,
                    "headers": {k: v for k, v in answer.headers.items() if k != "content-length"},
                    "body": bytes(answer.body).decode(),
                }
                self.sim.state.put("vastaus", f"{caller.client_id} {key}", kept)
            return answer

    def _count(self, caller: Caller) -> None:
        limit = self.sim.chaos["rate_per_min"]
        if limit is None:
            return
        now, kept = time.time(), self.sim.state.get("tahti", caller.client_id) or {"at": []}
        seen = [at for at in kept["at"] if now - 60 < at <= now]
        if len(seen) >= limit:
            wait = ceil(60 - (now - seen[0])) if seen else 60
            headers = {"retry-after": str(max(1, wait))}
            raise ProblemAnswer(429, "liikaa-pyyntoja", "Liikaa pyyntöjä", headers=headers)
        self.sim.state.put("tahti", caller.client_id, {"at": [*seen, now]})


async def _object(request: Request) -> Document:
    try:
        document: Any = json.loads(await request.body())
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ProblemAnswer(400, "virheellinen-pyynto", "Pyyntö on virheellinen")
    return cast("Document", document)


def _contents(sections: object) -> dict[str, Document]:
    """The first contents of a plan that is being opened, by section."""
    try:
        listed = cast("list[Document]", sections)
        return {section["osio"]: dict(section["tiedot"]) for section in listed}
    except (TypeError, KeyError, ValueError) as wrong:
        raise ProblemAnswer(422, "virheellinen-pyynto", "Pyyntö on virheellinen", kentta="osiot") from wrong


def _section(section: Document) -> Response:
    body = {"osio": section["osio"], "versio": section["versio"], "etag": etag(section)}
    return _hal(body, headers={"etag": etag(section)})


def _to_client(client: Document) -> Document:
    return {"asiakas": {"href": f"/typpi/asiakkaat/{client['asiakasId']}"}}


def _hal(body: Document, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/hal+json")

"""Lifecare's interface: OAuth2 token, patients, documents, and the error envelope."""

import argparse
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tyokyky_adapter_lifecare.records import KIND
from tyokyky_adapter_lifecare.simulator.acts import Ward, acts
from tyokyky_adapter_lifecare.simulator.announcer import Announcer, signed
from tyokyky_adapter_lifecare.simulator.archive import Archive, Shelf, shown
from tyokyky_adapter_lifecare.simulator.identity import PatientOffice
from tyokyky_adapter_lifecare.simulator.people import Users, seeder
from tyokyky_adapter_lifecare.simulator.rules import LifecareFault
from tyokyky_bridge.adapterkit.simulation import OUTBOX_KNOBS, Made, Outbox, Simulation, run

BASE = "/lifecare/api/v2"
READ, WRITE = "tyokyky.luku", "tyokyky.kirjoitus"
TOKEN_LIFE_S = 600

Answer = Callable[[Request, dict[str, Any]], Awaitable[Response]]


class Gate:
    """Hands out tokens and lets holders in. One client, known from the command line."""

    def __init__(self, sim: Simulation, args: argparse.Namespace) -> None:
        self._sim = sim
        self._client = (args.client_id, args.client_secret)
        self._customer = args.customer_id

    async def token(self, request: Request) -> Response:
        """``POST /lifecare/oauth2/token``."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, status_code=400)
        if (form.get("client_id"), form.get("client_secret")) != self._client:
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        scopes = form.get("scope", "").split()
        if not scopes or not set(scopes) <= {READ, WRITE}:
            return JSONResponse({"error": "invalid_scope"}, status_code=400)
        token = secrets.token_urlsafe(24)
        until = self._sim.clock.now().timestamp() + TOKEN_LIFE_S
        self._sim.state.put("token", token, {"until": until, "scopes": scopes})
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE_S}
        return JSONResponse({**answer, "scope": " ".join(scopes)})

    def admit(self, request: Request, scope: str) -> dict[str, Any]:
        """The user on whose account a request is booked. Raises `LifecareFault`."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        known = self._sim.state.get("token", token) if kind.lower() == "bearer" else None
        if known is None or known["until"] <= self._sim.clock.now().timestamp():
            raise LifecareFault(401, "LC-1001")
        if scope not in known["scopes"]:
            raise LifecareFault(403, "LC-1002")
        if request.headers.get("x-customer-id") != self._customer:
            raise LifecareFault(403, "LC-1003")
        return {"tunnus": self._client[0], "nimi": "Rajapinta", "jarjestelma": True}


def make(sim: Simulation, args: argparse.Namespace) -> Made:
    """Build the simulator over its state."""
    outbox = Outbox(sim, sign=signed, url=args.notify_url, secrets=[args.notify_secret])
    announcer, gate, users = Announcer(sim, outbox), Gate(sim, args), Users()
    archive = Archive(sim, announcer)
    ward, office = Ward(archive, users, announcer), PatientOffice(sim, archive, announcer)

    def route(method: str, path: str, answer: Answer, *, scope: str) -> Route:
        async def handle(request: Request) -> Response:
            try:
                by = gate.admit(request, scope)
                return await answer(request, by)
            except LifecareFault as fault:
                return JSONResponse(fault.envelope(str(uuid.uuid4())), status_code=fault.status)

        return Route(BASE + path, handle, methods=[method])

    async def search_patient(request: Request, _by: dict[str, Any]) -> Response:
        hetu = str((await _json(request)).get("hetu"))
        return JSONResponse({"potilasId": archive.patient_by_hetu(hetu)})

    async def read_patient(request: Request, _by: dict[str, Any]) -> Response:
        return _versioned(archive.patient(request.path_params["patient"]))

    async def write_patient(request: Request, _by: dict[str, Any]) -> Response:
        return _versioned(
            archive.change_patient(
                request.path_params["patient"],
                await _json(request),
                expected=request.headers.get("if-match"),
                ref=_reference(request),
            )
        )

    async def search_documents(request: Request, _by: dict[str, Any]) -> Response:
        given = await _json(request)
        shelves = archive.find(str(given.get("potilasId"))) if given.get("laji") == KIND else []
        heads = ("asiakirjaId", "versio", "tila", "luoja", "viite")
        return JSONResponse({"asiakirjat": [{n: shown(s)[n] for n in heads} for s in shelves]})

    async def create_document(request: Request, by: dict[str, Any]) -> Response:
        given = await _json(request)
        patient = str(given.pop("potilasId", ""))
        shelf, new = archive.create(patient, given, by=by, ref=_reference(request))
        return _written(shelf, status=201 if new else 200)

    async def read_document(request: Request, _by: dict[str, Any]) -> Response:
        return _versioned(shown(archive.shelf(request.path_params["document"])))

    async def list_versions(request: Request, _by: dict[str, Any]) -> Response:
        versions = archive.shelf(request.path_params["document"])["versiot"]
        heads = [
            {
                "versio": version["versio"],
                "tila": version["tila"],
                "kirjaaja": version["kirjaaja"]["tunnus"],
                "allekirjoitettu": version.get("allekirjoittaja") is not None,
            }
            for version in versions
        ]
        return JSONResponse({"versiot": heads})

    async def read_version(request: Request, _by: dict[str, Any]) -> Response:
        shelf = archive.shelf(request.path_params["document"])
        for version in shelf["versiot"]:
            if str(version["versio"]) == request.path_params["number"]:
                return _versioned(shown(shelf, version))
        raise LifecareFault(404, "LC-2005")

    async def write_document(request: Request, by: dict[str, Any]) -> Response:
        return _written(
            archive.change(
                request.path_params["document"],
                await _json(request),
                by=by,
                expected=request.headers.get("if-match"),
                ref=_reference(request),
            )
        )

    async def void_document(request: Request, by: dict[str, Any]) -> Response:
        expected, ref = request.headers.get("if-match"), _reference(request)
        return _written(archive.void(request.path_params["document"], by=by, expected=expected, ref=ref))

    async def status(_request: Request, _by: dict[str, Any]) -> Response:
        return JSONResponse({"tila": "KAYTOSSA"})

    routes = [
        Route("/lifecare/oauth2/token", gate.token, methods=["POST"]),
        route("GET", "/tila", status, scope=READ),
        route("POST", "/potilaat/haku", search_patient, scope=READ),
        route("GET", "/potilaat/{patient}", read_patient, scope=READ),
        route("PUT", "/potilaat/{patient}", write_patient, scope=WRITE),
        route("POST", "/asiakirjat/haku", search_documents, scope=READ),
        route("POST", "/asiakirjat", create_document, scope=WRITE),
        route("GET", "/asiakirjat/{document}", read_document, scope=READ),
        route("PUT", "/asiakirjat/{document}", write_document, scope=WRITE),
        route("POST", "/asiakirjat/{document}/mitatointi", void_document, scope=WRITE),
        route("GET", "/asiakirjat/{document}/versiot", list_versions, scope=READ),
        route("GET", "/asiakirjat/{document}/versiot/{number}", read_version, scope=READ),
    ]

    def records() -> list[dict[str, Any]]:
        shelves = [shelf for _, shelf in sim.state.list("asiakirja")]
        return [{**shown(shelf), "potilas": archive.patient(shelf["potilasId"])} for shelf in shelves]

    return Made(
        app=Starlette(routes=routes),
        seed=seeder(Archive(sim), users),  # what was there before is no news
        records=records,
        acts=acts(ward, office, outbox, secret=args.notify_secret),
        background=(outbox.deliver,),
    )


def main(argv: list[str] | None = None) -> None:
    """Run the simulator."""

    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--client-id", default="tyokyky-bridge")
        parser.add_argument("--client-secret", default="lifecare-sim-secret")
        parser.add_argument("--customer-id", default="LRHA")
        parser.add_argument("--notify-url", help="where messages of changes go; see the act subscribe")
        parser.add_argument("--notify-secret", default="lifecare-sim-notices")

    run("lifecare", make, knobs=OUTBOX_KNOBS, arguments=arguments, argv=argv)


async def _json(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(await request.body())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise LifecareFault(400, "LC-4000")
    return cast("dict[str, Any]", given)


def _reference(request: Request) -> str:
    reference = request.headers.get("x-viite", "")
    if not reference:
        raise LifecareFault(400, "LC-4000", field="X-Viite")
    return reference


def _versioned(document: dict[str, Any]) -> Response:
    return JSONResponse(document, headers={"ETag": f'W/"{document["versio"]}"'})


def _written(shelf: Shelf, *, status: int = 200) -> Response:
    current = shown(shelf)
    head = {name: current[name] for name in ("asiakirjaId", "versio", "tila")}
    return JSONResponse(head, status_code=status, headers={"ETag": f'W/"{current["versio"]}"'})

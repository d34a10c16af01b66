"""What a curious caller asks: some hundred requests, made up from what it sees and from what it cannot know.

The script is run against one hub and follows its answers; what it sent is then sent word for word to the other.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from fhir_face.non_interference_asked import NOWHERE, PLAIN, Answer, Ask, Guesses, Request, goal
from fhir_face.non_interference_values import asked, rows
from tyokyky_bridge.fhir.conformance.registry import PUBLISHED, REGISTRY
from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.parameters import PARAMETERS

TYPES = tuple(type_ for type_, served in REGISTRY.items() if served.kind is not PUBLISHED)
WRITTEN = tuple(type_ for type_ in TYPES if REGISTRY[type_].kind.written)


class Curious:
    """A caller who asks for everything that may tell of what is hidden. *seen* are the documents it found."""

    def __init__(self, ask: Ask, guesses: Guesses, turn: int) -> None:
        self._ask = ask
        self._guesses = guesses
        self._turn = turn
        self.seen: dict[str, list[dict[str, Any]]] = {}

    async def everything(self, first: str | None = None) -> None:
        """The whole script; the part called *first* comes after the first look around."""
        parts = ("looks_closely", "guesses", "searches", "shapes", "errs", "operates", "writes")
        await self.get("/metadata")
        await self.looks_around()
        for name in sorted(parts, key=lambda each: each != first):
            await self._ask(Request(None))
            await getattr(self, name)()
        await self._ask(Request(None))
        await self.looks_again()

    async def get(self, path: str, **headers: str) -> Answer:
        """A GET under the base of the face."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._ask(Request("GET", f"/fhir{path}", headers=named))

    async def send(self, method: str, path: str, body: Any, **headers: str) -> Answer:
        """A request with a body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._ask(Request(method, f"/fhir{path}", body, named))

    async def to_the_end(self, path: str) -> list[dict[str, Any]]:
        """All entries of a list, page by page."""
        entries: list[dict[str, Any]] = []
        for _ in range(60):
            answer = await self.get(path)
            bundle = answer.json or {}
            entries += bundle.get("entry", [])
            following = [each["url"] for each in bundle.get("link", []) if each["relation"] == "next"]
            if answer.status != 200 or not following:
                break
            path = following[0].partition("/fhir")[2]
        return entries

    async def looks_around(self) -> None:
        """Every type: all there is, page by page, with its history."""
        for type_ in TYPES:
            entries = await self.to_the_end(f"/{type_}?_count=40&_total=accurate")
            self.seen[type_] = [each["resource"] for each in entries if "resource" in each]
            await self.to_the_end(f"/{type_}/_history?_count=80")
            await self.get(f"/{type_}?_summary=count")
        for type_ in ("CarePlan", "Goal"):
            await self.to_the_end(f"/{type_}?_count=3&_sort=-_lastUpdated&_total=none")
            for since in ("2026-01-25T09:00:00Z", "2026-02-20T09:00:00.000+02:00", "2026-03-02T09:00:00Z"):
                await self.get(f"/{type_}/_history?_since={quote(since)}&_count=3")
            await self.get(f"/{type_}/_history?_at=2026-02-20")

    async def looks_again(self) -> None:
        """Every type once more, after all that was written."""
        for type_ in TYPES:
            await self.get(f"/{type_}?_count=200&_total=accurate")
            await self.get(f"/{type_}/_history?_count=500")

    async def looks_closely(self) -> None:
        """A few resources of every type: reading, versions, history, what is known already, parts."""
        for type_, documents in self.seen.items():
            for document in documents[-1:]:
                at = f"/{type_}/{document['id']}"
                etag = (await self.get(at)).headers.get("etag", "")
                await self.get(at, If_None_Match=etag)
                await self.get(at, If_Modified_Since="Fri, 20 Feb 2026 10:00:00 GMT")
                past = await self.to_the_end(f"{at}/_history?_count=1")
                for entry in past[-1:]:
                    await self.get(f"{at}/_history/{entry['response']['etag'][3:-1]}")
                for guess in ("2", "4-00000000"):
                    await self.get(f"{at}/_history/{guess}")
                await self.get(f"{at}?_summary=true")
                await self.get(f"{at}?_elements=status,meta,identifier")

    async def guesses(self) -> None:
        """Ids of what is hidden: as good as ids of nothing."""
        for type_, id_ in self._guesses.ids:
            at = f"/{type_}/{id_}"
            await self.get(at)
            await self.get(f"{at}/_history")
            await self.get(f"/{type_}?_id={id_}")
            if type_ in WRITTEN:
                body = {"resourceType": type_, "id": id_, "status": "active"}
                await self.send("PUT", at, body, If_Match="*")
                await self.send("DELETE", at, None)
                await self.send("PATCH", at, [{"op": "remove", "path": "/text"}], If_Match="*")
        for client in self._guesses.clients:
            for type_ in ("CarePlan", "Goal", "Consent", "Observation", "EpisodeOfCare"):
                await self.get(f"/{type_}?patient={client}")
                await self.get(f"/{type_}?patient=Patient/{client}&_summary=count")

    async def searches(self) -> None:
        """Every parameter of every type: with what stands in hidden resources, and half of them with a modifier."""
        for n, (type_, parameter) in enumerate(rows(TYPES)):
            visible = list(asked(parameter, self.seen[type_]))
            hidden = [t for t in asked(parameter, self._guesses.documents.get(type_, ())) if t not in visible]
            value = (hidden or visible or [NOWHERE[parameter.kind]])[0]
            others = [each[n % len(each)] for each in (hidden, visible) if each]
            await self.find(type_, (parameter.name, ",".join(dict.fromkeys((value, *others)))))
            if (n + self._turn) % 2:
                await self._modified(n // 2, type_, parameter, value)

    async def _modified(self, n: int, type_: str, parameter: Parameter, value: str) -> None:
        """``:missing``, or one of the other modifiers and prefixes in turn."""
        name = parameter.name
        also = [each for each in parameter.modifiers if each not in {"missing", "type"}]
        more = [(f"{name}:{each}", value) for each in also]
        more += [(name, f"{each}{value}") for each in parameter.prefixes[1:]]
        if parameter.kind is Kind.REFERENCE:
            more.append((f"{name}:Patient", value))
        if "missing" in parameter.modifiers and (n % 3 == 0 or not more):
            more = [(f"{name}:missing", each) for each in ("true", "false")]
        if more:
            await self.find(type_, more[n % len(more)])

    async def find(self, type_: str, *pairs: tuple[str, str]) -> Answer:
        """One search."""
        return await self.get(f"/{type_}?{urlencode(pairs)}")

    async def shapes(self) -> None:
        """Order, includes, parts, and what only a form may ask."""
        for type_ in TYPES:
            names = [p.name for p in PARAMETERS[type_].values() if p.kind is not Kind.COMPOSITE]
            await self.to_the_end(f"/{type_}?_sort={','.join(names[5:8])},-_lastUpdated&_count=20")
            links = [p.name for p in PARAMETERS[type_].values() if p.kind is Kind.REFERENCE]
            forwards = [("_include", f"{type_}:{name}") for name in links][:12]
            await self.find(type_, *forwards, ("_count", "5"))
            backwards = [
                (s, p.name) for s, rows_ in PARAMETERS.items() for p in rows_.values() if p.reaches(type_)
            ]
            chosen = [("_revinclude", f"{source}:{name}") for source, name in backwards][:12]
            await self.find(type_, *chosen, ("_count", "5"))
            await self.find(type_, ("_summary", "true"), ("_count", "4"))
            await self.find(type_, ("_elements", "id"), ("_total", "accurate"))
            await self.find(type_, ("_lastUpdated", "ge2026-02-15"), ("_lastUpdated", "lt2026-02-25"))
        for parameter in (
            "subject:Patient.family",
            "subject:Patient.identifier",
            "subject:Patient.birthdate",
        ):
            for document in self._guesses.documents.get("Patient", ())[:4]:
                for value in list(asked(PARAMETERS["Patient"][parameter.partition(".")[2]], [document]))[:1]:
                    await self._form("CarePlan", ((parameter, value),))
        for hetu in self._guesses.hetus:
            await self._form("Patient", (("identifier", hetu),))
            await self._form("CarePlan", (("patient.identifier", hetu), ("_include", "CarePlan:subject")))

    async def _form(self, type_: str, pairs: Sequence[tuple[str, str]]) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask(Request("POST", f"/fhir/{type_}/_search", urlencode(pairs).encode(), form))

    async def errs(self) -> None:
        """What is refused, is refused alike."""
        for path in (
            "/Goal?nonsense=1", "/Goal?start-date=nonsense", "/Goal?_sort=nonsense", "/Goal?_include=Goal:nonsense",
            "/Goal?_count=-1", "/Goal?subject:Device=x", "/Goal?_has:Task:focus:code=x", "/Nonsense", "/Nonsense/1",
            "/Goal?_cursor=AAAA", "/Goal/_history?_since=yesterday", "/Goal?_elements=nonsense", "/Goal/.../x",
        ):  # fmt: skip
            await self.get(path)
        await self.get("/Goal?nonsense=1&_total=accurate", Prefer="handling=lenient")
        await self.get("/Goal", Accept="application/fhir+xml")

    async def operates(self) -> None:
        """Operations on what is visible, on what is hidden, and on what is nothing."""
        for client in self._guesses.clients:
            await self.to_the_end(f"/Patient/{client}/$everything?_count=60")
        for plan in self._guesses.plans:
            await self.get(f"/CarePlan/{plan}/$everything?_type=Goal,Patient,CareTeam")
        for plan in self._guesses.explained:
            for party in self._guesses.parties:
                await self.get(f"/CarePlan/{plan}/$explain?recipient=Organization/{party}")
        for type_ in WRITTEN:
            known = self.seen[type_][:1]
            seen = {each["id"] for each in self.seen[type_]}
            guessed = [d for d in self._guesses.documents.get(type_, ()) if d["id"] not in seen][:1]
            for document in (*known, *guessed):
                await self.send("POST", f"/{type_}/$validate", document)
                await self.send("POST", f"/{type_}/$validate?mode=create", document)
                await self.send("POST", f"/{type_}/{document['id']}/$validate?mode=update", document)

    async def writes(self) -> None:
        """Writes under conditions that would match what is hidden, next to it, and over it."""
        subject = {"reference": f"Patient/{self._guesses.clients[0]}"}
        for type_ in ("Goal", "Patient", "CarePlan"):
            for n, document in enumerate(self._guesses.documents.get(type_, ())[:3]):
                body = goal(subject, f"{n}") if type_ == "Goal" else {"resourceType": type_, **PLAIN[type_]}
                await self.send("POST", f"/{type_}", body, If_None_Exist=f"_id={document['id']}")
                await self.send("PUT", f"/{type_}?_id={document['id']}", body)
                await self._ask(Request("DELETE", f"/fhir/{type_}?_id={document['id']}"))
        for client in self._guesses.clients:
            await self.send("POST", "/Goal", goal({"reference": f"Patient/{client}"}, "Uusi tavoite"))
            await self.send("POST", "/CarePlan", {"resourceType": "CarePlan", **PLAIN["CarePlan"],
                                                  "subject": {"reference": f"Patient/{client}"}})  # fmt: skip
        for type_ in WRITTEN:
            for document in [d for d in self.seen[type_] if len(d["id"]) > 20][:2]:
                at = f"/{type_}/{document['id']}"
                etag = (await self.get(at)).headers.get("etag", "")
                await self.send("PUT", at, document, If_Match=etag)
                await self.send("PUT", at, document, If_Match='W/"1-00000000"')
                await self.send("PATCH", at, [{"op": "test", "path": "/id", "value": "x"}], If_Match=etag)
        for document in self.seen["Goal"][:3]:
            changed = document | {"description": {"text": "Muutettu"}}
            await self.send("PUT", f"/Goal/{document['id']}", changed, If_Match="*")
        entries = [
            {"request": {"method": "GET", "url": f"{type_}/{id_}"}} for type_, id_ in self._guesses.ids[:20]
        ]
        new = {"resource": goal(subject, "Nipussa"), "request": {"method": "POST", "url": "Goal"}}
        for kind in ("batch", "transaction"):
            bundle = {"resourceType": "Bundle", "type": kind, "entry": [*entries, new]}
            await self.send("POST", "", bundle)
        await self.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [new]})

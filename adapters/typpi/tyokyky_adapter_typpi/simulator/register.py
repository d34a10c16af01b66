"""The register itself: clients, customerships, plans and their sections, each with its own version."""

from dataclasses import dataclass
from typing import Any

from tyokyky_adapter_typpi.records import SECTIONS
from tyokyky_adapter_typpi.simulator.customership import is_gone, state_of
from tyokyky_adapter_typpi.simulator.feed import Feed, stamp
from tyokyky_adapter_typpi.simulator.login import PARTIES, Caller
from tyokyky_adapter_typpi.simulator.rules import ProblemAnswer, check_content, with_keys
from tyokyky_bridge.adapterkit.simulation import Simulation

Document = dict[str, Any]


@dataclass(frozen=True)
class Register:
    """What TYPPI knows, and the feed that tells of every change. Each method is part of its caller's transaction."""

    sim: Simulation
    feed: Feed

    def search(self, caller: Caller, hetu: str) -> Document:
        """Find a client by identity number, century sign and all."""
        hits = [doc for _, doc in self.sim.state.list("asiakas") if doc["hetu"] == hetu.strip().upper()]
        seen = [doc for doc in hits if caller.osapuoli in doc["palvelevat"] and not self._gone(doc)]
        if not seen:
            raise ProblemAnswer(404, "asiakasta-ei-loydy", "Asiakasta ei löydy")
        if len(seen) > 1:
            raise ProblemAnswer(
                409, "useita-asiakkaita", "Tunnuksella löytyy useita asiakkaita", osumia=len(seen)
            )
        if self._state_of(seen[0]) == "ei-asiakkuutta":
            raise _no_customership()
        return seen[0]

    def client(self, caller: Caller, client_id: str) -> Document:
        """A client that the caller's party serves."""
        doc = self.sim.state.get("asiakas", client_id)
        if doc is None or caller.osapuoli not in doc["palvelevat"] or self._gone(doc):
            raise ProblemAnswer(404, "asiakasta-ei-loydy", "Asiakasta ei löydy")
        if self._state_of(doc) == "ei-asiakkuutta":
            raise _no_customership()
        return doc

    def plan(self, caller: Caller, plan_id: str) -> Document:
        """A plan of a client that the caller's party serves, all sections."""
        doc = self.stored(plan_id)
        self.client(caller, doc["asiakasId"])
        return doc

    def stored(self, plan_id: str) -> Document:
        """A plan as it is kept, whoever asks."""
        doc = self.sim.state.get("suunnitelma", plan_id)
        if doc is None:
            raise ProblemAnswer(404, "suunnitelmaa-ei-loydy", "Suunnitelmaa ei löydy")
        return doc

    def open_plan(self, caller: Caller, client_id: str, contents: dict[str, Document]) -> Document:
        """Open the client's plan (there is one at most) with its first contents: all or nothing."""
        client = self.client(caller, client_id)
        self._writable(client)
        if client["suunnitelmaId"] is not None:
            raise ProblemAnswer(409, "suunnitelma-on-jo", "Asiakkaalla on jo suunnitelma")
        plan_id = str(self.sim.state.next_number("suunnitelma", start=5512))
        plan: Document = {
            "suunnitelmaId": plan_id,
            "asiakasId": client_id,
            "koordinoija": caller.osapuoli,
            "avannut": caller.client_id,
            "avattu": stamp(self.sim.clock.now()),
            "osiot": {name: unwritten(name) for name in SECTIONS},
        }
        self.sim.state.put("suunnitelma", plan_id, plan)
        opened = {**client, "suunnitelmaId": plan_id}
        self.sim.state.put("asiakas", client_id, opened)
        self.sim.effect(f"suunnitelma {plan_id} avattu")
        self.feed.note("suunnitelma", opened, at=self.sim.clock.now(), by=caller)
        for name, content in contents.items():
            self.write(caller, plan_id, name, if_match=f'"{name}-0"', content=content)
        return self.plan(caller, plan_id)

    def write(
        self, caller: Caller, plan_id: str, name: str, *, if_match: str | None, content: Document
    ) -> Document:
        """Replace one section's content."""
        plan, section = self._to_change(caller, plan_id, name, if_match)
        check_content(name, content)
        return self._store(plan, name, {**section, "tiedot": with_keys(content)}, caller)

    def remove(
        self, caller: Caller, plan_id: str, name: str, *, if_match: str | None, anybodys: bool = False
    ) -> Document:
        """Leave a tombstone of a section: one that only the caller has written, unless *anybodys*."""
        plan, section = self._to_change(caller, plan_id, name, if_match)
        if set(section["lahteet"]) - {caller.client_id} and not anybodys:
            raise ProblemAnswer(403, "osio-ei-oma", "Osiota on muokannut myös toinen osapuoli", osio=name)
        return self._store(plan, name, {**section, "tiedot": {}, "poistettu": True}, caller)

    def customership(self, client: Document) -> Document:
        """The customership as shown in client and plan."""
        typ: Document = client["typ"] or {}
        return {"tila": self._state_of(client), **{k: typ[k] for k in ("alkaen", "paattyen") if typ.get(k)}}

    def _to_change(
        self, caller: Caller, plan_id: str, name: str, if_match: str | None
    ) -> tuple[Document, Document]:
        plan = self.plan(caller, plan_id)
        self._writable(self.client(caller, plan["asiakasId"]))
        section = plan["osiot"].get(name)
        if section is None:
            raise ProblemAnswer(404, "osiota-ei-loydy", "Osiota ei ole", osio=name)
        if if_match is None:
            raise ProblemAnswer(428, "if-match-puuttuu", "If-Match-otsake puuttuu", osio=name)
        if if_match != etag(section):
            raise ProblemAnswer(412, "osio-muuttunut", "Osio on muuttunut lukemisen jälkeen", osio=name)
        return plan, section

    def _store(self, plan: Document, name: str, section: Document, caller: Caller) -> Document:
        revived = {k: v for k, v in section.items() if k != "poistettu" or not section["tiedot"]}
        now = self.sim.clock.now()
        stored = {
            **revived,
            "versio": section["versio"] + 1,
            "muokannut": caller.osapuoli,
            "muokattu": stamp(now),
            "lahde": caller.client_id,
            "lahteet": sorted({*section["lahteet"], caller.client_id}),
        }
        self.sim.state.put(
            "suunnitelma", plan["suunnitelmaId"], {**plan, "osiot": {**plan["osiot"], name: stored}}
        )
        self.sim.effect(f"suunnitelma {plan['suunnitelmaId']} {name} v{stored['versio']}")
        told = {"osio": name, "versio": stored["versio"], "etag": etag(stored)}
        tomb = {"poistettu": True} if stored.get("poistettu") else {}
        client = self.client(caller, plan["asiakasId"])
        self.feed.note("osio", client, at=now, by=caller, **told, **tomb)
        return stored

    def _writable(self, client: Document) -> None:
        if self._state_of(client) == "paattynyt":
            raise ProblemAnswer(403, "vain-luku", "TYP-asiakkuus on päättynyt, tiedot ovat vain luettavissa")

    def _state_of(self, client: Document) -> str:
        return state_of(client, self.sim.clock.local().date())

    def _gone(self, client: Document) -> bool:
        return is_gone(client, self.sim.clock.local().date())


def unwritten(name: str) -> Document:
    """A section that nobody has written yet."""
    return {"osio": name, "versio": 0, "lahteet": [], "tiedot": {}}


def etag(section: Document) -> str:
    """The section's validator; clients are told to treat it as opaque."""
    return f'"{section["osio"]}-{section["versio"]}"'


def served_by(person: Document) -> list[str]:
    """Which parties serve a seeded person: all three unless said otherwise."""
    return list(person.get("palvelevat", PARTIES))


def _no_customership() -> ProblemAnswer:
    return ProblemAnswer(409, "ei-typ-asiakkuutta", "Henkilöllä ei ole TYP-asiakkuutta")

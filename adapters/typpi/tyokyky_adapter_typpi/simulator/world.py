"""Seeding the simulated TYPPI, and showing what it holds."""

from datetime import timedelta
from typing import Any, cast

from tyokyky_adapter_typpi.records import SECTIONS
from tyokyky_adapter_typpi.simulator.feed import stamp
from tyokyky_adapter_typpi.simulator.login import Caller
from tyokyky_adapter_typpi.simulator.register import Document, Register, etag, served_by, unwritten
from tyokyky_adapter_typpi.simulator.rules import with_keys
from tyokyky_bridge.adapterkit.simulation import ControlError

USER_CLIENT = "typpi-kayttoliittyma"
"""What stands as the source of what TYPPI's own users do."""


def seed(register: Register, given: Document) -> Document:
    """Take persons and plans.

    A person has a TYP customership for the last month unless ``typ`` says otherwise: ``null`` for none, or
    an object with ``alkaen`` and ``paattyen``. A plan names its client by ``hetu`` or ``asiakasId``.
    """
    made = {"asiakkaat": [_person(register, p) for p in given.get("persons", ())]}
    return {"ok": True, **made, "suunnitelmat": [_plan(register, r) for r in given.get("records", ())]}


def records(register: Register) -> list[Document]:
    """Every plan as it stands, text unescaped, with the person it is about."""
    clients = dict(register.sim.state.list("asiakas"))
    return [
        {
            **plan,
            "hetu": clients[plan["asiakasId"]]["hetu"],
            "typAsiakkuus": register.customership(clients[plan["asiakasId"]]),
            "osiot": [{**section, "etag": etag(section)} for section in plan["osiot"].values()],
        }
        for _, plan in register.sim.state.list("suunnitelma")
    ]


def client_of(register: Register, given: Document) -> Document:
    """The client named by ``hetu`` or ``asiakasId``, or by their plan: ``id`` or ``suunnitelmaId``."""
    plan = register.sim.state.get("suunnitelma", str(given.get("id", given.get("suunnitelmaId"))))
    return _named(register, plan or given)


def _person(register: Register, person: Document) -> str:
    state = register.sim.state
    started = (register.sim.clock.local().date() - timedelta(days=30)).isoformat()
    typ: Any = person.get("typ", {"alkaen": started})
    client_id = str(person.get("asiakasId") or state.next_number("asiakas", start=3301))
    client: Document = {
        "asiakasId": client_id,
        "hetu": person["hetu"].strip().upper(),
        "sukunimi": person.get("family_name", ""),
        "etunimet": person.get("given_names", ""),
        "typ": {"alkaen": started, **typ} if typ is not None else None,
        "palvelevat": served_by(person),
        "suunnitelmaId": None,
    }
    state.put("asiakas", client_id, client)
    register.feed.expect(client)
    return client_id


def _plan(register: Register, record: Document) -> str:
    """Store a plan; sections come as a list like on the wire, or as an object of contents by name."""
    state = register.sim.state
    client = _named(register, record)
    plan_id = str(record.get("suunnitelmaId") or state.next_number("suunnitelma", start=5512))
    given: Any = record.get("osiot", {})
    listed: list[Document] = given
    if isinstance(given, dict):
        by_name = cast("Document", given)
        listed = [{"osio": name, "tiedot": content} for name, content in by_name.items()]
    party = record.get("koordinoija", "tyovoimaviranomainen")
    moment = register.sim.clock.now()
    now = stamp(moment)
    sections: dict[str, Document] = {name: unwritten(name) for name in SECTIONS}
    for section in listed:
        author = {"muokannut": party, "muokattu": now, "lahde": USER_CLIENT, "lahteet": [USER_CLIENT]}
        content = with_keys(section.get("tiedot", {}))
        sections[section["osio"]] = {"versio": 1, **author, **section, "tiedot": content}
    own = {k: v for k, v in record.items() if k not in {"hetu", "osiot", "typAsiakkuus"}}
    state.put(
        "suunnitelma",
        plan_id,
        {
            "avannut": USER_CLIENT,
            "avattu": now,
            **own,
            "suunnitelmaId": plan_id,
            "asiakasId": client["asiakasId"],
            "koordinoija": party,
            "osiot": sections,
        },
    )
    planned = {**client, "suunnitelmaId": plan_id}
    state.put("asiakas", client["asiakasId"], planned)
    register.feed.note("suunnitelma", planned, at=moment, by=Caller(USER_CLIENT, party, "kirjaaja"))
    return plan_id


def _named(register: Register, given: Document) -> Document:
    if given.get("asiakasId"):
        known = [register.sim.state.get("asiakas", str(given["asiakasId"]))]
    else:
        known = [doc for _, doc in register.sim.state.list("asiakas") if doc["hetu"] == given.get("hetu")]
    if known and known[0] is not None:
        return known[0]
    msg = "no such client"
    raise ControlError(msg)

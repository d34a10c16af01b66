"""Seeding the simulated TYPPI, showing what it holds, and what its users do by hand."""

from datetime import timedelta
from typing import Any, cast

from tyokyky_adapter_typpi.records import SECTIONS
from tyokyky_adapter_typpi.simulator.login import Caller
from tyokyky_adapter_typpi.simulator.register import Document, Register, etag, served_by, stamp, unwritten
from tyokyky_adapter_typpi.simulator.rules import with_keys
from tyokyky_bridge.adapterkit.simulation import ControlError

_USER_CLIENT = "typpi-kayttoliittyma"


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


def edit(register: Register, given: Document) -> Document:
    """A worker edits one section in TYPPI's own screens: ``suunnitelmaId``, ``osio``, ``tiedot`` to merge."""
    plan = _standing(register, given)
    section = plan["osiot"][given["osio"]]
    caller = Caller(_USER_CLIENT, given.get("osapuoli", "tyovoimaviranomainen"), "kirjaaja")
    content = {k: v for k, v in {**section["tiedot"], **given["tiedot"]}.items() if v is not None}
    stored = register.write(
        caller, plan["suunnitelmaId"], given["osio"], if_match=etag(section), content=content
    )
    return {"ok": True, "versio": stored["versio"]}


def end_customership(register: Register, given: Document) -> Document:
    """The parties end a customership: ``hetu`` or ``asiakasId``, and ``paattyen`` (default today)."""
    client = _client(register, given)
    if client["typ"] is None:
        msg = "no customership to end"
        raise ControlError(msg)
    on = given.get("paattyen") or register.sim.clock.local().date().isoformat()
    register.sim.state.put(
        "asiakas", client["asiakasId"], {**client, "typ": {**client["typ"], "paattyen": on}}
    )
    return {"ok": True, "paattyen": on}


def _person(register: Register, person: Document) -> str:
    state = register.sim.state
    started = (register.sim.clock.local().date() - timedelta(days=30)).isoformat()
    typ: Any = person.get("typ", {"alkaen": started})
    client_id = str(person.get("asiakasId") or state.next_number("asiakas", start=3301))
    state.put(
        "asiakas",
        client_id,
        {
            "asiakasId": client_id,
            "hetu": person["hetu"].strip().upper(),
            "sukunimi": person.get("family_name", ""),
            "etunimet": person.get("given_names", ""),
            "typ": {"alkaen": started, **typ} if typ is not None else None,
            "palvelevat": served_by(person),
            "suunnitelmaId": None,
        },
    )
    return client_id


def _plan(register: Register, record: Document) -> str:
    """Store a plan; sections come as a list like on the wire, or as an object of contents by name."""
    state = register.sim.state
    client = _client(register, record)
    plan_id = str(record.get("suunnitelmaId") or state.next_number("suunnitelma", start=5512))
    given: Any = record.get("osiot", {})
    listed: list[Document] = given
    if isinstance(given, dict):
        by_name = cast("Document", given)
        listed = [{"osio": name, "tiedot": content} for name, content in by_name.items()]
    party = record.get("koordinoija", "tyovoimaviranomainen")
    now = stamp(register.sim.clock.now())
    sections: dict[str, Document] = {name: unwritten(name) for name in SECTIONS}
    for section in listed:
        author = {"muokannut": party, "muokattu": now, "lahde": _USER_CLIENT, "lahteet": [_USER_CLIENT]}
        content = with_keys(section.get("tiedot", {}))
        sections[section["osio"]] = {"versio": 1, **author, **section, "tiedot": content}
    own = {k: v for k, v in record.items() if k not in {"hetu", "osiot", "typAsiakkuus"}}
    state.put(
        "suunnitelma",
        plan_id,
        {
            "avannut": _USER_CLIENT,
            "avattu": now,
            **own,
            "suunnitelmaId": plan_id,
            "asiakasId": client["asiakasId"],
            "koordinoija": party,
            "osiot": sections,
        },
    )
    state.put("asiakas", client["asiakasId"], {**client, "suunnitelmaId": plan_id})
    return plan_id


def _client(register: Register, given: Document) -> Document:
    for _, doc in register.sim.state.list("asiakas"):
        if doc["asiakasId"] == given.get("asiakasId") or doc["hetu"] == given.get("hetu"):
            return doc
    msg = "no such client"
    raise ControlError(msg)


def _standing(register: Register, given: Document) -> Document:
    plan_id = given.get("suunnitelmaId") or _client(register, given)["suunnitelmaId"]
    plan = register.sim.state.get("suunnitelma", str(plan_id))
    if plan is None or given["osio"] not in plan["osiot"]:
        msg = "no such plan or section"
        raise ControlError(msg)
    return plan

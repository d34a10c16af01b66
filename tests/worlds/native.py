"""Partners' own records of one client, and the requests by which the hub writes them."""

import re
from typing import Any

from tyokyky_bridge.adapterkit.testing import Entry
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import Person
from tyokyky_bridge.demo.stage import Stage

SYSTEMS = ("lifecare", "effica", "ura", "typpi")

WRITES = {
    "lifecare": "^(POST|PUT) /lifecare/api/v2/asiakirjat(/[^/]+)?$",
    "effica": "TallennaAsiakirja",
    "ura": "suunnitelma/tallenna",
    "typpi": "^(POST|PUT) /typpi/suunnitelmat",
}
"""The lines of requests that write plan content, as chaos matches them."""

KIND_OF_RECORD = {
    "lifecare": "asiakirja",
    "effica": "asiakirja",
    "ura": "suunnitelma",
    "typpi": "suunnitelma",
}
"""How each simulator calls the record of a plan among its effects."""


def records_of(stage: Stage, system: str, client: Person) -> list[dict[str, Any]]:
    """What one partner holds of the client, the oldest first."""
    return [r for r in stage.simulators[system].records() if _is_of(system, r, client.hetu)]


def record_of(stage: Stage, system: str, client: Person) -> dict[str, Any]:
    """The newest record that one partner holds of the client. Raises: IndexError."""
    return records_of(stage, system, client)[-1]


def section(record: dict[str, Any], name: str) -> dict[str, Any]:
    """The content of one section of a TYPPI plan."""
    return next(s["tiedot"] for s in record["osiot"] if s["osio"] == name)


def sent(wire: Wire, system: str) -> list[Entry]:
    """Every request that tried to write plan content, in order."""
    entries = wire.simulator.journal(since=wire.since)
    return [entry for entry in entries if re.search(WRITES[system], _line(entry))]


def effective(wire: Wire, system: str) -> list[str]:
    """Every change of a plan's record, in order."""
    return [effect for effect in wire.effects if effect.startswith(KIND_OF_RECORD[system])]


def _line(entry: Entry) -> str:
    action = dict(entry.headers).get("soapaction", "").strip('"')
    return f"{entry.method} {entry.path} {action}".rstrip()


def _is_of(system: str, record: dict[str, Any], hetu: str) -> bool:
    match system:
        case "lifecare":
            return any(n["hetu"] == hetu for n in record["potilas"]["henkilotunnukset"])
        case "effica":
            return record["Hetu"] == hetu
        case "ura":
            person = record["asiakas"]
            return (person.get("vuosisata"), person["loppuosa"]) == (hetu[6], hetu[7:])
        case _:
            return record["hetu"] == hetu

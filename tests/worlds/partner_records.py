"""What partners really hold and really received: read from the simulators, in the terms of the lens.

Nothing here asks the hub. The records come from ``/__sim/records``, the writes from the byte-exact journal.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tyokyky_adapter_lifecare.records import content_of, person_of
from tyokyky_adapter_sosiaali_effica.records import document_of
from tyokyky_adapter_sosiaali_effica.shape import META, VOIDED
from tyokyky_adapter_sosiaali_effica.soap import body_of, eff, local_name, parse
from tyokyky_adapter_ura.records import from_wire
from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.adapterkit.testing import SimulatorProcess
from tyokyky_bridge.adapterkit.testing_process import Entry
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.registry import find_adapters

ADAPTERS = {"lifecare": "lifecare", "effica": "sosiaali_effica", "ura": "ura", "typpi": "typpi"}
"""The systems of the demo directory and the adapter that serves each."""

_WRITES = {
    "lifecare": (
        "POST /lifecare/api/v2/asiakirjat",
        "PUT /lifecare/api/v2/asiakirjat/",
        "PUT /lifecare/api/v2/potilaat/",
    ),
    "ura": ("tallenna",),
    "typpi": ("POST /typpi/suunnitelmat", "PUT /typpi/suunnitelmat"),
}


def lenses() -> dict[str, Lens]:
    """The lens into each system's records, by system."""
    found = find_adapters()
    return {system: found[adapter].lens for system, adapter in ADAPTERS.items()}


def standing(system: str, simulator: SimulatorProcess) -> dict[str, Native]:
    """The records that stand in a partner system now, as the lens takes them, by identity number."""
    return dict(_standing(system, simulator.records()))


def _standing(system: str, records: list[dict[str, Any]]) -> Iterator[tuple[str, Native]]:
    for record in records:
        match system:
            case "lifecare":
                patient = record.pop("potilas")
                if record["tila"] != "MITATOITY":
                    hetu = patient["henkilotunnukset"][0]["hetu"]
                    yield hetu, content_of(record, person_of(patient))
            case "effica":
                if record["Tila"] != VOIDED:
                    yield record["Hetu"], {name: value for name, value in record.items() if name not in META}
            case "ura":
                if record["suunnitelma"] is not None:
                    content, _ = from_wire(record["asiakas"], record["suunnitelma"], record["palautteet"])
                    yield content["asiakas"]["henkilotunnus"], content
            case _:
                yield record["hetu"], record


@dataclass(frozen=True)
class Write:
    """One request that carried items: what stood in its body, as far as it goes, and its journal entry."""

    entry: Entry
    content: Native


def is_write(system: str, entry: Entry) -> bool:
    """Whether a journalled request was one that changes a record."""
    if system == "effica":
        action = dict(entry.headers).get("soapaction", "")
        return "TallennaAsiakirja" in action or "MitatoiAsiakirja" in action
    line = f"{entry.method} {entry.path}"
    return any(part in line for part in _WRITES[system]) and "haku" not in line


def written(system: str, entries: list[Entry]) -> list[Write]:
    """What was sent to be written, in order of arrival."""
    return [Write(e, _body(system, e)) for e in entries if is_write(system, e)]


def _body(system: str, entry: Entry) -> Native:
    if system == "effica":
        document = body_of(parse(entry.body)).find(eff("Asiakirja"))
        return {} if document is None else document_of(document)[1]
    body: dict[str, Any] = json.loads(entry.body) if entry.body else {}
    match system:
        case "lifecare":
            return {"potilas": body} if "/potilaat/" in entry.path else body
        case "ura":
            row = {name: body[name] for name in ("asiakas", "suunnitelma") if name in body}
            return row | ({"palautteet": [body["palaute"]]} if "palaute" in body else {})
        case _:
            sections = body.get("osiot") or [
                {"osio": entry.path.rpartition("/")[2], "tiedot": body["tiedot"]}
            ]
            return {"osiot": sections}


def action_of(entry: Entry) -> str:
    """The SOAP operation of a request to Effica, by the body's own first element."""
    return local_name(body_of(parse(entry.body)))


def read_items(lens: Lens, content: Mapping[str, Any]) -> dict[str, Any]:
    """The plan items that stand in a record, or in a part of one."""
    return dict(lens.get(dict(content)).leaves)

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
from tyokyky_adapter_sosiaali_effica.soap import body_of, eff, parse
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
                # Old rows lack the century sign: nobody can say whose they are, and the hub asks for nothing of them.
                if record["suunnitelma"] is not None and record["asiakas"].get("vuosisata"):
                    content, _ = from_wire(record["asiakas"], record["suunnitelma"], record["palautteet"])
                    yield content["asiakas"]["henkilotunnus"], content
            case _:
                yield record["hetu"], record


@dataclass(frozen=True)
class Write:
    """One request that carried items: whose record it was for (the partner's own person id), what stood in its body
    in the terms of the lens, and its journal entry.

    *person* is empty where the request names a record that somebody else made.
    """

    entry: Entry
    person: str
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
    found: list[Write] = []
    opened: dict[str, str] = {}  # whose plan it is: TYPPI's later requests name the plan alone
    for entry in entries:
        if not is_write(system, entry):
            continue
        person, content = _body(system, entry)
        plans = [effect.split()[1] for effect in entry.effects if effect.startswith("suunnitelma ")]
        if system == "typpi" and person:
            opened.update(dict.fromkeys(plans, person))
        elif system == "typpi" and plans:
            person = opened.get(plans[0], "")
        found.append(Write(entry, person, content))
    return found


def _body(system: str, entry: Entry) -> tuple[str, Native]:
    if system == "effica":
        document = body_of(parse(entry.body)).find(eff("Asiakirja"))
        meta, content = ({}, {}) if document is None else document_of(document)
        return meta.get("AsiakasTunnus", ""), content
    body: dict[str, Any] = json.loads(entry.body) if entry.body else {}
    last = entry.path.rpartition("/")[2]
    match system:
        case "lifecare" if "/potilaat/" in entry.path:
            return last, {"potilas": body}
        case "lifecare":
            return body.pop("potilasId", ""), body
        case "ura":
            ((kind, row),) = [(k, body[k]) for k in ("asiakas", "suunnitelma", "palaute") if k in body]
            return str(row["asiakasnro"]), {"palautteet": [row]} if kind == "palaute" else {kind: row}
        case _ if "osiot" in body:
            return str(body["asiakasId"]), {"osiot": body["osiot"]}
        case _:
            return "", {"osiot": [{"osio": last, "tiedot": body["tiedot"]}]}


def merged(writes: list[Write]) -> Native:
    """One record out of the requests that wrote it part by part, the later over the earlier."""
    record: Native = {}
    for write in writes:
        for name, part in write.content.items():
            if name == "palautteet":
                record[name] = [*record.get(name, ()), *part]
            elif name == "osiot":
                sections = {section["osio"]: section for section in (*record.get(name, ()), *part)}
                record[name] = list(sections.values())
            else:
                record[name] = part
    return record


def read_items(lens: Lens, content: Mapping[str, Any]) -> dict[str, Any]:
    """The plan items that stand in a record, or in a part of one."""
    return dict(lens.get(dict(content)).leaves)

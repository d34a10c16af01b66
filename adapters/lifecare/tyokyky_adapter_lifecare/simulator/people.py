"""Who works in the pretended health centre, who its patients are, and the records it begins with."""

from collections.abc import Callable, Mapping
from typing import Any

from tyokyky_adapter_lifecare.records import KIND
from tyokyky_adapter_lifecare.simulator.archive import SIGNED, Archive

Act = Callable[[dict[str, Any]], Any]


class Users:
    """Workers of the pretended health centre, by their Lifecare mnemonic. All fictional."""

    _known: Mapping[str, tuple[str, str]] = {
        "HVIRTA": ("Virta Helmi", "TERVEYDENHOITAJA"),
        "KSALMI": ("Salmi Kaisa", "SOSIAALIOHJAAJA"),
        "LHARJU": ("Harju Lea", "LAAKARI"),
    }

    def get(self, mnemonic: str) -> dict[str, Any]:
        """The worker as an author of a document."""
        name, right = self._known.get(mnemonic, (mnemonic, "MUU"))
        return {"tunnus": mnemonic, "nimi": name, "ammattioikeus": right}


def person_block(person: Mapping[str, Any]) -> dict[str, Any]:
    """A seeded person (in the words that all simulators share) as Lifecare's person block."""
    both = person.get("language")
    interpreter = person.get("interpreter")
    block: dict[str, Any] = {
        "henkilotunnukset": [{"hetu": person["hetu"], "laji": "VIRALLINEN"}],
        "sukunimi": person.get("family_name"),
        "etunimet": person.get("given_names"),
        "kutsumanimi": person.get("call_name"),
        "syntymaaika": person.get("birth_date"),
        "aidinkieli": person.get("native_language", both),
        "asiointikieli": person.get("contact_language", both),
        "tulkki": None,
        "kotikunta": person.get("municipality"),
        "osoite": _address(person.get("address")),
        "yhteysosoite": _address(person.get("contact_address")),
        "yhteystiedot": [
            {"tyyppi": kind, "arvo": person[name]}
            for name, kind in (("phone", "PUHELIN"), ("email", "SAHKOPOSTI"))
            if person.get(name)
        ],
        "turvakielto": {"voimassa": True, "lahde": "VTJ"} if person.get("non_disclosure") else None,
    }
    if interpreter is not None:
        language = interpreter if isinstance(interpreter, str) else None
        block["tulkki"] = {"tarve": bool(interpreter)} | ({"kieli": language} if language else {})
    return {name: value for name, value in block.items() if value is not None}


def seeder(archive: Archive, users: Users) -> Act:
    """``/__sim/seed``: persons in shared words or with a ``potilas`` block, records as native documents."""

    def seed(given: dict[str, Any]) -> dict[str, Any]:
        patients = [
            archive.add_patient({**person_block(p), **p.get("potilas", {})}, patient_id=p.get("potilasId"))
            for p in given.get("persons", [])
        ]
        documents: list[str] = []
        for record in given.get("records", []):
            content = {k: v for k, v in record.items() if k not in {"hetu", "potilasId", "tila", "kirjaaja"}}
            patient = record.get("potilasId") or archive.patients_by_hetu(record["hetu"])[0]
            by = users.get(record.get("kirjaaja", "HVIRTA"))
            state = record.get("tila", SIGNED)
            shelf, _ = archive.create(
                patient, {"laji": KIND, **content}, by=by, ref=f"seed-{len(documents)}-{patient}", state=state
            )
            documents.append(shelf["asiakirjaId"])
        return {"ok": True, "potilaat": patients, "asiakirjat": documents}

    return seed


def _address(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return None
    names = {"street": "katuosoite", "postal_code": "postinumero", "city": "postitoimipaikka"}
    return {names[name]: value for name, value in given.items() if name in names}

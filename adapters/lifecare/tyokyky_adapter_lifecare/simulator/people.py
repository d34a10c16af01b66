"""Who works in the pretended health centre, and what they and the seeding do to records."""

from collections.abc import Callable, Mapping
from typing import Any

from tyokyky_adapter_lifecare.records import KIND
from tyokyky_adapter_lifecare.simulator.archive import DRAFT, SIGNED, VOIDED, Archive, shown
from tyokyky_adapter_lifecare.simulator.rules import LifecareFault
from tyokyky_bridge.adapterkit.simulation import ControlError

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


def acts(archive: Archive, users: Users) -> dict[str, Act]:
    """``/__sim/act``: what workers do. ``sign: false`` leaves an edit as an open draft; *by* is a mnemonic."""

    def author(given: dict[str, Any]) -> dict[str, Any]:
        return users.get(given.get("by", "HVIRTA"))

    def edit(given: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        current = archive.shelf(given["asiakirjaId"])["versiot"][-1]
        change(current["sisalto"])
        state = SIGNED if given.get("sign", True) else DRAFT
        expected = str(current["versio"])
        shelf = archive.change(
            given["asiakirjaId"],
            current["sisalto"],
            by=author(given),
            expected=expected,
            ref="käyttäjä",
            state=state,
        )
        return shown(shelf)

    def sign(given: dict[str, Any]) -> dict[str, Any]:
        return shown(archive.sign(given["asiakirjaId"], by=author(given)))

    def edit_heading(given: dict[str, Any]) -> dict[str, Any]:
        def change(content: dict[str, Any]) -> None:
            heading = next(h for h in content["otsikot"] if h["otsikko"] == given["otsikko"])
            heading["teksti"] = given["teksti"]

        return edit(given, change)

    def add_measurement(given: dict[str, Any]) -> dict[str, Any]:
        measure = {k: given[k] for k in ("koodi", "arvo", "pvm", "lahde", "tunniste") if k in given}
        return edit(given, lambda content: content["mittaukset"].append({"yksikko": "p", **measure}))

    def edit_fields(given: dict[str, Any]) -> dict[str, Any]:
        return edit(given, lambda content: content.update(given["fields"]))

    def edit_patient(given: dict[str, Any]) -> dict[str, Any]:
        standing = archive.patient(given["potilasId"])
        changed = {**standing, **given["fields"]}
        return archive.change_patient(
            given["potilasId"], changed, expected=str(standing["versio"]), ref="käyttäjä"
        )

    def create(given: dict[str, Any]) -> dict[str, Any]:
        state = SIGNED if given.get("sign", True) else DRAFT
        content = {"laji": KIND, **given.get("fields", {})}
        ref = f"käyttäjä-{archive.new_id()}"
        shelf, _ = archive.create(given["potilasId"], content, by=author(given), ref=ref, state=state)
        return shown(shelf)

    def void(given: dict[str, Any]) -> dict[str, Any]:
        shelf = archive.shelf(given["asiakirjaId"])
        owner = {"tunnus": shelf["luoja"], "nimi": "-"}
        expected = str(shelf["versiot"][-1]["versio"])
        return shown(archive.void(given["asiakirjaId"], by=owner, expected=expected, ref=VOIDED))

    named = {
        "sign": sign,
        "edit_heading": edit_heading,
        "add_measurement": add_measurement,
        "edit_fields": edit_fields,
        "edit_patient": edit_patient,
        "create": create,
        "void": void,
    }
    return {name: _controlled(act) for name, act in named.items()}


def _controlled(act: Act) -> Act:
    def careful(given: dict[str, Any]) -> Any:
        try:
            return act(given)
        except LifecareFault as fault:
            raise ControlError(fault.code) from fault

    return careful


def _address(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return None
    names = {"street": "katuosoite", "postal_code": "postinumero", "city": "postitoimipaikka"}
    return {names[name]: value for name, value in given.items() if name in names}

"""Patients and versioned, signed documents: Lifecare's storage and its rules about who may change what."""

import copy
from typing import Any, cast

from tyokyky_adapter_lifecare.records import FORMER, KIND
from tyokyky_adapter_lifecare.simulator.announcer import Announcer
from tyokyky_adapter_lifecare.simulator.rules import LifecareFault, stored_content, stored_person
from tyokyky_bridge.adapterkit.simulation import HELSINKI, Simulation

DRAFT, SIGNED, REPLACED, VOIDED = "LUONNOS", "ALLEKIRJOITETTU", "KORVATTU", "MITATOITY"
_EVENTS = {DRAFT: "tallennettu", SIGNED: "allekirjoitettu", VOIDED: "mitatoity"}

Version = dict[str, Any]
Shelf = dict[str, Any]


class Archive:
    """All methods are one transaction each and raise `LifecareFault`.

    Args:
        announcer: Hears of each newly signed version, of what came over the interface, and of each voiding; a
            user's open draft is nobody's business. Without one nobody hears.
    """

    def __init__(self, sim: Simulation, announcer: Announcer | None = None) -> None:
        self._sim = sim
        self._state = sim.state
        self._announcer = announcer

    def new_id(self) -> str:
        """A ``tunniste`` for a list element made without one."""
        return f"lc-{self._state.next_number('element', start=1001)}"

    # Patients

    def add_patient(self, person: dict[str, Any], *, patient_id: str | None = None) -> str:
        """Enter a patient; used by seeding only."""
        patient_id = patient_id or f"P-{self._state.next_number('patient', start=204511)}"
        person = stored_person(person, new_id=self.new_id)
        self._state.put("potilas", patient_id, {"potilasId": patient_id, "versio": 1, **person})
        return patient_id

    def patients_by_hetu(self, hetu: str) -> list[str]:
        """Ids of everybody who has this identity number now."""
        return [
            key
            for key, patient in self._state.list("potilas")
            if any(h["hetu"] == hetu for h in patient.get("henkilotunnukset", []) if h.get("laji") != FORMER)
        ]

    def patient_by_hetu(self, hetu: str) -> str:
        """The one patient who has this identity number now."""
        hits = self.patients_by_hetu(hetu)
        if not hits:
            raise LifecareFault(404, "LC-2004")
        if len(hits) > 1:
            raise LifecareFault(409, "LC-2009", potilasIdt=hits)
        return hits[0]

    def patient(self, patient_id: str) -> dict[str, Any]:
        """One patient resource."""
        found = self._state.get("potilas", patient_id)
        if found is None:
            raise LifecareFault(404, "LC-2004")
        return found

    def change_patient(
        self, patient_id: str, person: dict[str, Any], *, expected: str | None, ref: str
    ) -> Version:
        """Replace the person block, except identity numbers, which come from the population register only."""
        with self._state.transaction():
            standing = self.patient(patient_id)
            _expect(expected, standing["versio"], standing.get("viite"))
            kept = {"henkilotunnukset": standing.get("henkilotunnukset", [])}
            changed = {
                **stored_person(person, new_id=self.new_id),
                **kept,
                "potilasId": patient_id,
                "versio": standing["versio"] + 1,
                "viite": ref,
            }
            self._state.put("potilas", patient_id, changed)
            self._sim.effect(f"potilas {patient_id} v{changed['versio']}")
        return changed

    # Documents

    def find(self, patient_id: str) -> list[Shelf]:
        """The patient's plan documents that are not voided."""
        return [
            shelf
            for _, shelf in self._state.list("asiakirja")
            if shelf["potilasId"] == patient_id and shelf["versiot"][-1]["tila"] != VOIDED
        ]

    def shelf(self, document_id: str) -> Shelf:
        """A document with all its versions, the current one last."""
        found = self._state.get("asiakirja", document_id)
        if found is None:
            raise LifecareFault(404, "LC-2005")
        return found

    def create(
        self, patient_id: str, content: dict[str, Any], *, by: dict[str, Any], ref: str, state: str = DRAFT
    ) -> tuple[Shelf, bool]:
        """Make a document; the same *ref* again gives the same document. At most one open plan per patient."""
        with self._state.transaction():
            self.patient(patient_id)
            known = self._state.get("luontiviite", f"{by['tunnus']} {ref}")
            if known is not None:
                return self.shelf(known["asiakirjaId"]), False
            if self.find(patient_id):
                raise LifecareFault(409, "LC-4090")
            shelf: Shelf = {
                "asiakirjaId": f"LC-{self._state.next_number('document', start=0x7F3A91):X}",
                "potilasId": patient_id,
                "luoja": by["tunnus"],
                "versiot": [],
            }
            self._state.put("luontiviite", f"{by['tunnus']} {ref}", {"asiakirjaId": shelf["asiakirjaId"]})
            self._append(shelf, content, by=by, ref=ref, state=state)
        return shelf, True

    def change(
        self,
        document_id: str,
        content: dict[str, Any],
        *,
        by: dict[str, Any],
        expected: str | None,
        ref: str,
        state: str = DRAFT,
    ) -> Shelf:
        """A new version. What was signed stays so until the new one is; an open draft is replaced at once."""
        with self._state.transaction():
            shelf = self.shelf(document_id)
            current = shelf["versiot"][-1]
            if current["tila"] == VOIDED:
                raise LifecareFault(422, "LC-4224")
            _expect(expected, current["versio"], current["viite"])
            self._append(shelf, content, by=by, ref=ref, state=state)
        return shelf

    def sign(self, document_id: str, *, by: dict[str, Any]) -> Shelf:
        """Sign the open draft; the version before it becomes replaced."""
        with self._state.transaction():
            shelf = self.shelf(document_id)
            current = shelf["versiot"][-1]
            if current["tila"] != DRAFT:
                raise LifecareFault(422, "LC-4223", field="tila")
            current |= {"tila": SIGNED, "allekirjoittaja": by["tunnus"]}
            _replace_older(shelf)
            self._state.put("asiakirja", document_id, shelf)
            self._announce(shelf)
        return shelf

    def void(self, document_id: str, *, by: dict[str, Any], expected: str | None, ref: str) -> Shelf:
        """Void the whole document; nothing is ever removed."""
        with self._state.transaction():
            shelf = self.shelf(document_id)
            current = shelf["versiot"][-1]
            if current["tila"] == VOIDED:
                return shelf
            if shelf["luoja"] != by["tunnus"]:
                raise LifecareFault(403, "LC-4031")
            _expect(expected, current["versio"], current["viite"])
            self._append(shelf, current["sisalto"], by=by, ref=ref, state=VOIDED)
        return shelf

    def _append(
        self, shelf: Shelf, content: dict[str, Any], *, by: dict[str, Any], ref: str, state: str
    ) -> None:
        number = len(shelf["versiot"]) + 1
        shelf["versiot"].append(
            {
                "versio": number,
                "tila": state,
                "kirjaaja": by,
                "kirjausaika": self._sim.clock.now().astimezone(HELSINKI).isoformat(timespec="seconds"),
                "viite": ref,
                "allekirjoittaja": by["tunnus"] if state == SIGNED else None,
                "sisalto": stored_content(copy.deepcopy(content), new_id=self.new_id),
            }
        )
        _replace_older(shelf)
        self._state.put("asiakirja", shelf["asiakirjaId"], shelf)
        self._sim.effect(f"asiakirja {shelf['asiakirjaId']} v{number} {state}")
        self._announce(shelf)

    def _announce(self, shelf: Shelf) -> None:
        version = shelf["versiot"][-1]
        event = _EVENTS[version["tila"]]
        told = version["tila"] != DRAFT or version["kirjaaja"].get("jarjestelma", False)
        if self._announcer is not None and told:
            self._announcer.document(shelf, event=event)


def shown(shelf: Shelf, version: Version | None = None) -> dict[str, Any]:
    """One version as clients see it."""
    version = version or cast("Version", shelf["versiot"][-1])
    head = {name: version[name] for name in ("versio", "tila", "kirjaaja", "kirjausaika", "viite")}
    return {
        "asiakirjaId": shelf["asiakirjaId"],
        "potilasId": shelf["potilasId"],
        "luoja": shelf["luoja"],
        "palveluyksikko": "1.2.246.10.90000011.10.12",
        "laji": KIND,
        **head,
        **version["sisalto"],
    }


def _replace_older(shelf: Shelf) -> None:
    *older, current = cast("list[Version]", shelf["versiot"])
    for version in older:
        open_draft = version["tila"] == DRAFT
        if open_draft or (version["tila"] == SIGNED and current["tila"] in {SIGNED, VOIDED}):
            version["tila"] = REPLACED


def _expect(expected: str | None, current: int, ref: str | None) -> None:
    if expected is None:
        raise LifecareFault(428, "LC-4280")
    if expected.removeprefix("W/").strip('"') != str(current):
        raise LifecareFault(412, "LC-4120", nykyinenVersio=current, viite=ref)

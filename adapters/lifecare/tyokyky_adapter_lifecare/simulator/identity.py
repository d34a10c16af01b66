"""What the population register and the patient office do: a new identity number, two patients merged into one."""

from typing import Any

from tyokyky_adapter_lifecare.records import FORMER, OFFICIAL
from tyokyky_adapter_lifecare.simulator.announcer import Announcer
from tyokyky_adapter_lifecare.simulator.archive import VOIDED, Archive
from tyokyky_bridge.adapterkit.simulation import Simulation


class PatientOffice:
    """Each act is one transaction, announces itself by ADT, and raises `LifecareFault`."""

    def __init__(self, sim: Simulation, archive: Archive, announcer: Announcer) -> None:
        self._state = sim.state
        self._archive = archive
        self._announcer = announcer

    def change_number(self, old: str, new: str) -> dict[str, Any]:
        """Give the patient a new identity number; the old one stays on file as a former one."""
        with self._state.transaction():
            patient = self._archive.patient(self._archive.patient_by_hetu(old))
            former = [
                {**number, "laji": FORMER} if number["hetu"] == old else number
                for number in patient["henkilotunnukset"]
            ]
            official = {"hetu": new, "laji": OFFICIAL, "tunniste": self._archive.new_id()}
            changed = self._store(patient, [official, *former])
            self._announcer.details_changed(changed)
        return changed

    def merge(self, lose: str, keep: str) -> dict[str, Any]:
        """Move all documents of patient *lose* to *keep* and forget the former's id.

        There is at most one open plan per patient: when both have one, that of the loser is voided first.
        """
        with self._state.transaction():
            lost, kept = self._archive.patient(lose), self._archive.patient(keep)
            if self._archive.find(keep):
                for shelf in self._archive.find(lose):
                    last = str(shelf["versiot"][-1]["versio"])
                    owner = {"tunnus": shelf["luoja"], "nimi": "-"}
                    self._archive.void(shelf["asiakirjaId"], by=owner, expected=last, ref=VOIDED)
            for key, shelf in self._state.list("asiakirja"):
                if shelf["potilasId"] == lose:
                    self._state.put("asiakirja", key, {**shelf, "potilasId": keep})
            numbers = kept.get("henkilotunnukset", [])
            known = {number["hetu"] for number in numbers}
            moved = [
                {**n, "laji": FORMER} for n in lost.get("henkilotunnukset", []) if n["hetu"] not in known
            ]
            survivor = self._store(kept, [*numbers, *moved])
            self._state.delete("potilas", lose)
            self._announcer.merged(lost, survivor)
        return survivor

    def _store(self, patient: dict[str, Any], numbers: list[dict[str, Any]]) -> dict[str, Any]:
        changed = {
            **patient,
            "henkilotunnukset": numbers,
            "versio": patient["versio"] + 1,
            "viite": "potilastoimisto",
        }
        self._state.put("potilas", patient["potilasId"], changed)
        return changed

"""Ura's own memory: persons, plans and feedback forms under one row of change numbers."""

import copy
from collections.abc import Iterator
from typing import Any, cast

from tyokyky_adapter_ura.simulator.changelog import ChangeLog
from tyokyky_adapter_ura.simulator.rules import IDENTITY, Error, check
from tyokyky_bridge.adapterkit.simulation import Simulation

Row = dict[str, Any]

STALE = Error(42, "MUUTOSNUMERO EI TÄSMÄÄ")
KEYED_OTHERWISE = frozenset({"ajokortit", "palautteet"})


class Declined(ValueError):
    """A request that is refused with errors; nothing was changed."""

    def __init__(self, *errors: Error) -> None:
        self.errors = errors
        super().__init__(", ".join(str(error.nro) for error in errors))


class Register:
    """Reading and saving rows. Every save compares the change number that the saver had read."""

    def __init__(self, sim: Simulation, log: ChangeLog) -> None:
        self._sim = sim
        self._log = log
        self._state = sim.state

    # reading

    def persons(self, syntaika: object, loppuosa: object, vuosisata: object) -> list[Row]:
        """Everybody whom the split number may mean: a legacy row without the century sign fits any sign."""
        return [
            self._with_plan_number(row)
            for _, row in self._state.list("asiakas")
            if row.get("syntaika") == syntaika
            and row.get("loppuosa") == loppuosa
            and row.get("vuosisata", vuosisata) == vuosisata
            and not row.get("poistettu")
        ]

    def person(self, asiakasnro: str) -> Row:
        """One person row. Raises `Declined` (11)."""
        row = self._state.get("asiakas", asiakasnro)
        if row is None or row.get("poistettu"):
            raise Declined(Error(11, "ASIAKASTA EI LÖYDY", "asiakasnro"))
        return row

    def plan_of(self, asiakasnro: str) -> Row | None:
        """The person's plan that is not a tombstone, or ``None``."""
        plans = [row for _, row in self._state.list("suunnitelma") if row["asiakasnro"] == asiakasnro]
        return next((row for row in plans if not row.get("poistettu")), None)

    def forms_of(self, asiakasnro: str) -> list[Row]:
        """The person's feedback forms in the order they were posted, tombstones left out."""
        forms = [row for _, row in self._state.list("palaute") if row["asiakasnro"] == asiakasnro]
        return sorted((row for row in forms if not row.get("poistettu")), key=lambda row: row["muutosnumero"])

    def newest_form_of(self, asiakasnro: str) -> int:
        """The newest change number of the person's forms, tombstones too: what a new form is sent with."""
        forms = (row for _, row in self._state.list("palaute") if row["asiakasnro"] == asiakasnro)
        return max((row["muutosnumero"] for row in forms), default=0)

    # saving

    def save_person(self, row: Row) -> Row:
        """Replace a person row. The identity number cannot be changed here."""
        standing = self.person(str(row.get("asiakasnro")))
        if row.get("muutosnumero") != standing["muutosnumero"]:
            raise Declined(STALE)
        if any(row.get(name) != standing.get(name) for name in IDENTITY):
            raise Declined(Error(52, "HENKILÖTUNNUSTA EI VOI MUUTTAA", "asiakas.syntaika"))
        return self._checked("asiakas", row["asiakasnro"], row, standing)

    def save_plan(self, row: Row) -> Row:
        """Create (``muutosnumero`` 0, no number yet) or replace the person's plan."""
        self.person(str(row.get("asiakasnro")))
        standing = self.plan_of(row["asiakasnro"])
        if standing is None:
            if row.get("suunnitelmanro"):
                raise Declined(Error(12, "SUUNNITELMAA EI LÖYDY", "suunnitelmanro"))
            row = row | {"suunnitelmanro": str(self._state.next_number("suunnitelmanro", start=77120))}
        elif (row.get("suunnitelmanro"), row.get("muutosnumero")) != (
            standing["suunnitelmanro"],
            standing["muutosnumero"],
        ):
            raise Declined(STALE)
        return self._checked("suunnitelma", row["suunnitelmanro"], row, standing)

    def save_form(self, row: Row) -> Row:
        """Post a feedback form, correct one, or take one back (``poistettu``).

        ``muutosnumero`` is the newest change number of the person's forms that the sender had read: a form that has
        moved on since, or that exists already, is not overwritten.
        """
        self.person(str(row.get("asiakasnro")))
        row = row | {"viite": str(row.get("viite") or "") or self._fresh_key()}
        key = form_key(row)
        standing = self._state.get("palaute", key)
        if standing is not None and standing["muutosnumero"] > int(row.get("muutosnumero") or 0):
            raise Declined(STALE)
        if row.get("poistettu") and standing is not None:
            return self._store("palaute", key, _tombstone(standing))
        return self._checked("palaute", key, row, standing)

    # what users of Ura and the control surface do, without the checks of the gateway

    def force(self, kind: str, key: str, row: Row) -> Row:
        """Store a row as a user of Ura entered it, whatever the rules of the interface say."""
        return self._store(kind, key, row)

    def bury(self, kind: str, key: str) -> Row:
        """Leave a tombstone."""
        standing = self._state.get(kind, key)
        if standing is None:
            raise Declined(Error(12, "EI LÖYDY"))
        return self._store(kind, key, _tombstone(standing))

    def _checked(self, kind: str, key: str, row: Row, standing: Row | None) -> Row:
        errors = check(row, standing=standing, at=kind)
        if errors:
            raise Declined(*errors)
        return self._store(kind, key, row)

    def _store(self, kind: str, key: str, row: Row) -> Row:
        stored = copy.deepcopy(row)
        for element in _elements(stored):
            if not element.get("tunniste"):
                element["tunniste"] = self._fresh_key()
        stored["muutosnumero"] = self._log.take_number()
        self._state.put(kind, key, stored)
        self._log.note(kind, stored.get("viite", key), stored)
        self._sim.effect(f"{kind} {stored.get('viite', key)} muutosnumero {stored['muutosnumero']}")
        return stored

    def _fresh_key(self) -> str:
        return f"ura-{self._state.next_number('tunniste')}"

    def _with_plan_number(self, person: Row) -> Row:
        plan = self.plan_of(person["asiakasnro"])
        return person | ({"suunnitelmanro": plan["suunnitelmanro"]} if plan else {})


def form_key(row: Row) -> str:
    """Where a form is kept: two persons may have forms under the same reference."""
    return f"{row['asiakasnro']}/{row['viite']}"


def _tombstone(row: Row) -> Row:
    kept = ("asiakasnro", "suunnitelmanro", "viite", *IDENTITY)
    return {name: row[name] for name in kept if name in row} | {"poistettu": True}


def _elements(row: Row) -> Iterator[Row]:
    for name, value in row.items():
        if isinstance(value, list) and name not in KEYED_OTHERWISE:
            for element in cast("list[Any]", value):
                if isinstance(element, dict):
                    box = cast("Row", element)
                    yield box
                    yield from _elements(box)

"""Ura's row of change numbers and the feed made of it: one row for each saved version, gaps, late commits."""

import json
from typing import Any

from tyokyky_bridge.adapterkit.simulation import Knob, Simulation

FIRST_CHANGE_NUMBER = 104880
KNOBS: dict[str, Knob] = {
    "other_numbers": 5,  # at most so many numbers go to other things in Ura between one save and the next
    "late_commit": 0.0,  # probability that a save takes its number now and shows in the feed later
    "late_commit_s": 2.0,  # how much later
    "late_commit_numbers": 40,  # and at the latest when so many more numbers have been given out
}

_KIND = "muutos"
_SHOWN = "(json_extract(body, '$.nakyy') <= ? or cast(key as integer) <= ?)"


class ChangeLog:
    """Kept in the simulator's state, in the transaction of the save that it tells of."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._state = sim.state

    def take_number(self) -> int:
        """Strictly growing, with gaps by chance: a reader that counts on consecutive numbers would wait for ever."""
        last = self.newest()
        others = self._sim.chaos.random.randint(0, int(self._sim.chaos["other_numbers"]))
        number = last + 1 + others if last else FIRST_CHANGE_NUMBER
        self._state.put("_ura", "muutosnumero", {"value": number})
        return number

    def newest(self) -> int:
        """The newest number given out; 0 before the first."""
        last = self._state.get("_ura", "muutosnumero")
        return 0 if last is None else int(last["value"])

    def note(self, kind: str, number: str, row: dict[str, Any]) -> None:
        """Feed one saved version: kind, numbers, and ``poistettu`` for a tombstone. Never content."""
        chaos = self._sim.chaos
        late_s = float(chaos["late_commit_s"]) if chaos.happens("late_commit") else 0.0
        told: dict[str, Any] = {
            "laji": kind,
            "tunnus": number,
            "asiakasnro": row["asiakasnro"],
            "muutosnumero": row["muutosnumero"],
            **({"poistettu": True} if row.get("poistettu") else {}),
        }
        shows = self._sim.clock.now().timestamp() + late_s if late_s else 0
        self._state.put(_KIND, _key(row["muutosnumero"]), {"rivi": told, "nakyy": shows})

    def after(self, number: int, most: int) -> tuple[list[dict[str, Any]], bool]:
        """At most *most* rows that show by now, with numbers after *number*, and whether there are more."""
        surely_shown = self.newest() - int(self._sim.chaos["late_commit_numbers"])
        found = self._state.execute(
            f"select body from document where kind = ? and key > ? and {_SHOWN} order by key limit ?",  # noqa: S608
            (_KIND, _key(number), self._sim.clock.now().timestamp(), surely_shown, most + 1),
        )
        rows = [json.loads(body)["rivi"] for (body,) in found]
        return rows[:most], len(rows) > most


def _key(number: int) -> str:
    return f"{number:015}"

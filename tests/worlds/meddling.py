"""Users of partner systems who edit and delete in their own screens, at random, without a word to the hub."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.adapterkit.testing import SimulatorProcess
from tyokyky_bridge.domain.items import pattern_of
from tyokyky_bridge.mapping.lens import Lens, LensRefusal
from worlds.partner_records import standing
from worlds.plans import value_for

OWN_NOTE = "Oma merkintä, jota kukaan muu ei tunne:"
"""How what users write into fields that no mapping names begins."""
LONGEST = 70
"""Of a text, so that every partner can hold what another one's user wrote: Ura has 200 characters for two of them with
their labels, and spells some characters with two or three."""
_LEFT_ALONE = (
    "client.hetu",
    "client.birth_date",
    "client.non_disclosure",
    "header.status",
    "header.typ_customership",
    "network.members",
    "care_team.coordinator.party",
    "necessity_marks",
    "closing",
)
"""Fields that say who the client is or who may have anything at all: an edit of one would be about all the others."""
_OWN_FIELD = {"lifecare": "omaMuistio", "effica": "OmaMuistio", "ura": "oma_muistio", "typpi": "omaMuistio"}
_REMOVE = {"lifecare": "void", "effica": "void", "ura": "delete"}
"""What a user calls it to remove a whole plan; TYPPI's plan is nobody's to remove."""
_KINDS = {"change": 6, "delete": 2, "delete_element": 1, "add": 1}


@dataclass(frozen=True)
class Record:
    """A partner's record of a person, and the items that stand in it."""

    content: Native = field(default_factory=dict[str, Any])
    items: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Edit:
    """One act of a user: each item that it changed, with the value that stands since; ``None`` where it is gone.

    *whole*: the record itself was removed.
    """

    system: str
    hetu: str
    changes: Mapping[str, Any]
    whole: bool = False


def records_of(system: str, simulator: SimulatorProcess, lens: Lens) -> dict[str, Record]:
    """Every record that stands in a system, by identity number."""
    return {
        hetu: Record(content, dict(lens.get(content).leaves))
        for hetu, content in standing(system, simulator).items()
    }


class Meddler:
    """A user of one partner system."""

    def __init__(self, system: str, simulator: SimulatorProcess, lens: Lens, rng: random.Random) -> None:
        self._system = system
        self._simulator = simulator
        self._lens = lens
        self._rng = rng

    @property
    def may_remove(self) -> bool:
        """Whether a user can remove a whole plan."""
        return self._system in _REMOVE

    def remove(self, hetu: str, record: Record) -> Edit:
        """Remove a person's plan."""
        self._simulator.act(_REMOVE[self._system], hetu=hetu)
        return Edit(self._system, hetu, dict.fromkeys(record.items), whole=True)

    def meddle(self, hetu: str, record: Record, times: int) -> list[Edit]:
        """Edit a record so many times, something else each time and never what belongs together twice, and save it.

        A note of the user's own, in a field that no mapping names, goes with it.
        """
        content, touched = record.content, set[str]()
        edits: list[Edit] = []
        for _ in range(60 * times):
            if len(edits) == times:
                break
            made = self._edit(content)
            if made is not None and not touched & {_outermost(path) for path in made[1]}:
                content, changes = made
                touched |= {_outermost(path) for path in changes}
                edits.append(Edit(self._system, hetu, changes))
        self._simulator.act("edit", hetu=hetu, content=self._with_own_note(content))
        return edits

    def _edit(self, content: Native) -> tuple[Native, dict[str, Any]] | None:
        """The record after one edit, and what that changed; ``None`` if it cannot be typed in."""
        before = self._lens.get(content).leaves
        wanted, clear = self._asked(before)
        if not wanted and not clear:
            return None
        try:
            put = self._lens.put_leaves(content, wanted, clear)
        except LensRefusal:
            return None
        after = self._lens.get(put.native)
        changes = {
            p: after.leaves.get(p) for p in {*before, *after.leaves} if before.get(p) != after.leaves.get(p)
        }
        if not changes or after.notes or any(path.startswith(_LEFT_ALONE) for path in changes):
            return None
        return put.native, changes

    def _asked(self, before: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """What a user wants to change: items with their new values, and items that are to go."""
        rng = self._rng
        path = self._any_of(sorted(p for p in before if not p.startswith(_LEFT_ALONE)))
        kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        end = path.find("].")
        element = path[: end + 2] if end >= 0 else None
        if kind == "delete" or (kind == "delete_element" and element is None):
            return {}, [path]
        if kind == "delete_element":
            return {}, [p for p in before if p.startswith(str(element))]
        value = value_for(pattern_of(path), rng)
        value = value[:LONGEST].strip() if isinstance(value, str) else value
        if path.endswith("]"):
            return {f"{path[: path.rindex('[')]}[{value}]": value}, []
        if kind == "change" or element is None:
            return {path: value}, []
        new = f"{path[: path.index('[')]}[u-{rng.randrange(10**6)}]."
        like = {p.removeprefix(element): v for p, v in before.items() if p.startswith(element)}
        return {new + rest: v for rest, v in like.items() if "[" not in rest}, []

    def _any_of(self, paths: list[str]) -> str:
        """A path, each pattern as likely as any other."""
        by_pattern: dict[str, list[str]] = {}
        for path in paths:
            by_pattern.setdefault(pattern_of(path), []).append(path)
        return self._rng.choice(by_pattern[self._rng.choice(sorted(by_pattern))])

    def _with_own_note(self, content: Native) -> Native:
        note = {_OWN_FIELD[self._system]: f"{OWN_NOTE} {self._rng.randrange(10**6)}"}
        match self._system:
            case "typpi":
                sections = [
                    {**s, "tiedot": {**s["tiedot"], **note}} if s["osio"] == "seuranta" else s
                    for s in content["osiot"]
                ]
                return {**content, "osiot": sections}
            case "ura":
                return {**content, "suunnitelma": {**content["suunnitelma"], **note}}
            case _:
                return {**content, **note}


def _outermost(path: str) -> str:
    """The element of the outermost list that an item stands in, or the item itself."""
    end = path.find("]")
    return path if end < 0 else path[: end + 1]

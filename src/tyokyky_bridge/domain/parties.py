"""Who can hold and receive data: parties, the systems at them, and the dated directory of both.

A party is a *legal controller × register*: health care and social welfare of one county are two parties.
A worker's employer never decides whose data an entry is; the register it was written into does.
Source: domain report 6.4.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache, partial
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, TypeVar

from tyokyky_bridge.domain.calendar import within
from tyokyky_bridge.domain.errors import BridgeError

PartyId = str
"""A party's id in the directory, such as ``"lrha-health"``."""

JOINT_CHANNEL = "typpi"
"""The channel of the joint register, the only one that the TYP basis covers."""


class Register(StrEnum):
    """The register a party keeps. Source: domain report CL-26."""

    HEALTH = "health"
    SOCIAL = "social"
    EMPLOYMENT = "employment"
    KELA = "kela"
    TYP = "typ"
    PENSION = "pension"
    EDUCATION = "education"
    JUSTICE = "justice"
    THIRD_SECTOR = "third_sector"
    PRODUCER = "producer"
    EMPLOYER = "employer"
    INSURANCE = "insurance"


class Purpose(StrEnum):
    """What data is asked for or sent for; a grant and a legal basis name one. Source: domain report 6.5."""

    WORK_ABILITY_SUPPORT = "work_ability_support"
    TYP = "typ"
    STATEMENT = "statement"
    BENEFIT = "benefit"
    REHABILITATION = "rehabilitation"
    CONSULTATION = "consultation"


class DirectoryRefused(BridgeError):
    """A directory document that cannot be used; *problems* name each row and field, never a value."""

    code = "directory/refused"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class UnknownParty(BridgeError):
    """The directory has no party (or system) with this id."""

    code = "directory/unknown-party"

    def __init__(self, kind: Literal["party", "system"], id_: str) -> None:
        self.kind = kind
        self.id = id_
        super().__init__(f"the directory has no {kind} {id_!r}")


class NotInForce(BridgeError):
    """The directory knows the party or system, but not for this day."""

    code = "directory/not-in-force"

    def __init__(self, kind: Literal["party", "system"], id_: str, on: date) -> None:
        self.kind = kind
        self.id = id_
        self.on = on
        super().__init__(f"{kind} {id_!r} is not in force on {on.isoformat()}")


@dataclass(frozen=True)
class Party:
    """One controller's one register, for the days it is so (first and last day included).

    *typ_party* marks the employment authority, the county, Kela and the joint register itself: only between
    them does the TYP basis arise. Source: domain report 6.4 and 6.6.
    """

    id: PartyId
    name: str
    controller: str
    register: Register
    valid_from: date | None = None
    valid_to: date | None = None
    typ_party: bool = False

    def shares_register_with(self, other: "Party") -> bool:
        """Say whether the two are one register of one controller: nothing is disclosed between them."""
        return self.id == other.id or (
            self.controller == other.controller and self.register is other.register
        )


@dataclass(frozen=True)
class System:
    """One installed record system at a party: which adapter speaks to it, by which channel, what for."""

    id: str
    adapter: str
    party: PartyId
    channel: str
    purpose: Purpose
    base_url: str
    valid_from: date | None = None
    valid_to: date | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])


class Directory:
    """All parties and systems with the days they are in force; one id may have several rows in turn."""

    __slots__ = ("_parties", "_parties_on", "_systems", "_systems_on")

    def __init__(self, parties: Iterable[Party], systems: Iterable[System] = ()) -> None:
        """Keep the rows. Raises `DirectoryRefused` when rows of one id overlap or a party is missing."""
        self._parties = _by_id(parties)
        self._systems = _by_id(systems)
        problems = [*_overlaps("party", self._parties), *_overlaps("system", self._systems)]
        for rows in self._systems.values():
            for system in rows:
                owners = self._parties.get(system.party)
                if owners is None:
                    problems.append(f"system {system.id}: party is not in the directory")
                elif (system.channel == JOINT_CHANNEL) != (owners[-1].register is Register.TYP):
                    problems.append(
                        f"system {system.id}: channel {JOINT_CHANNEL} is for the joint register alone"
                    )
        if problems:
            raise DirectoryRefused(problems)
        self._parties_on = lru_cache(maxsize=64)(partial(_all_on, self._parties))
        self._systems_on = lru_cache(maxsize=64)(partial(_all_on, self._systems))

    @property
    def parties(self) -> Mapping[PartyId, tuple[Party, ...]]:
        """Every row of every party, oldest first."""
        return self._parties

    @property
    def systems(self) -> Mapping[str, tuple[System, ...]]:
        """Every row of every system, oldest first."""
        return self._systems

    def party(self, id_: PartyId, *, on: date) -> Party:
        """Give the party as it is on that day. Raises `UnknownParty` or `NotInForce`."""
        return _on("party", self._parties, id_, on)

    def system(self, id_: str, *, on: date) -> System:
        """Give the system as it is on that day. Raises `UnknownParty` or `NotInForce`."""
        return _on("system", self._systems, id_, on)

    def holder(self, id_: PartyId, *, on: date) -> Party | None:
        """Give the party that answers for old data that day: the row in force, else the last one before.

        A register outlives its organisation: what a dissolved party recorded still has a register.
        ``None`` for an id the directory has never known, or knows only from a later day on.
        """
        begun = [row for row in self._parties.get(id_, ()) if row.valid_from is None or row.valid_from <= on]
        return begun[-1] if begun else None

    def parties_on(self, on: date) -> tuple[Party, ...]:
        """List the parties in force on that day, by id."""
        return self._parties_on(on)

    def systems_on(self, on: date) -> tuple[System, ...]:
        """List the systems in force on that day, by id."""
        return self._systems_on(on)


_Row = TypeVar("_Row", Party, System)


def _by_id(rows: Iterable[_Row]) -> Mapping[str, tuple[_Row, ...]]:
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.id, []).append(row)
    return MappingProxyType(
        {id_: tuple(sorted(group, key=lambda r: r.valid_from or date.min)) for id_, group in groups.items()}
    )


def _overlaps(kind: str, groups: Mapping[str, tuple[_Row, ...]]) -> list[str]:
    return [
        f"{kind} {id_}: two rows are in force on the same day"
        for id_, rows in groups.items()
        for earlier, later in pairwise(rows)
        if earlier.valid_to is None or later.valid_from is None or later.valid_from <= earlier.valid_to
    ]


def _all_on(groups: Mapping[str, tuple[_Row, ...]], on: date) -> tuple[_Row, ...]:
    rows = (row for group in groups.values() for row in group)
    return tuple(sorted((r for r in rows if within(on, r.valid_from, r.valid_to)), key=lambda r: r.id))


def _on(kind: Literal["party", "system"], groups: Mapping[str, tuple[_Row, ...]], id_: str, on: date) -> _Row:
    rows = groups.get(id_)
    if rows is None:
        raise UnknownParty(kind, id_)
    for row in rows:
        if within(on, row.valid_from, row.valid_to):
            return row
    raise NotInForce(kind, id_, on)

"""Lists of what a caller may see: pages of a history, of a search, and everything about a plan or a person."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from tyokyky_bridge.fhir.search.dates import Span, span_of
from tyokyky_bridge.fhir.search.ordering import Position
from tyokyky_bridge.fhir.search.query import Query
from tyokyky_bridge.services.fhir.cursors import Cursors
from tyokyky_bridge.services.fhir.refusals import BadRequest, NotFound
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Version, instant

PAGE: Final = 50
"""Entries of a history page when nobody asks for another number."""
MOST: Final = 500
"""Entries of the greatest page."""


@dataclass(frozen=True)
class PastAsked:
    """What of a history is asked for; see `services.fhir.reading.history`."""

    type: str
    id: str | None = None
    since: datetime | None = None
    at: Span | None = None
    count: int = PAGE
    cursor: str | None = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """What a cursor is good for: the same history, and no other."""
        since = () if self.since is None else (("_since", self.since.isoformat()),)
        at = () if self.at is None else (("_at", f"{self.at.low}-{self.at.high}"),)
        return (*since, *at)


@dataclass(frozen=True)
class Past:
    """A page of a history, newest first. *total* counts all pages; *next* is the cursor of the page after it."""

    versions: tuple[Version, ...]
    total: int
    next: str | None = None


@dataclass(frozen=True)
class Found:
    """
    A page of a search: what matched, and what came along with it.

    *query* is what was applied, with what was put aside in its ``ignored``; ``None`` where nothing was searched for.
    *total* counts all pages. *this* is the cursor of this page, *next* that of the one after it.
    """

    query: Query | None
    matched: tuple[Version, ...]
    included: tuple[Version, ...] = ()
    total: int = 0
    this: str | None = None
    next: str | None = None


def range_of(text: str) -> Span:
    """The moments that a value of ``_at`` stands for, which may be a year, a day or an instant. Raises: BadRequest."""
    span = span_of(text.replace(" ", "+"))
    if span is None:
        msg = "_at is a date, a time with a zone, or a part of a date"
        raise BadRequest(msg, kind="value")
    return span


def past(sighting: Sighting, asked: PastAsked, *, key: bytes) -> Past:
    """A page of a history; see `services.fhir.reading.history`. Raises: NotFound, CursorGone."""
    if asked.id is None:
        histories = sighting.histories(asked.type)
    else:
        own = sighting.versions((asked.type, asked.id))
        if not own:
            raise NotFound
        histories = {(asked.type, asked.id): own}
    ordered = sorted(
        ((_place(n, version), version) for own in histories.values() for n, version in _wanted(own, asked)),
        key=lambda each: each[0],
    )
    name = "/".join(filter(None, (asked.type, asked.id, "_history")))
    cursors = Cursors(sighting, name, asked.pairs, key)
    rest = _after(ordered, cursors.opened(asked.cursor))
    held = rest[: min(asked.count, MOST)]
    following = cursors.sealed(_position(held[-1][0])) if held and len(rest) > len(held) else None
    return Past(tuple(version for _, version in held), len(ordered), following)


Place = tuple[int, str, str, int]
"""Where a version stands in a history: newest first, then by type, id and number."""


def _place(number: int, version: Version) -> Place:
    moment = version.at.timestamp()
    return -int(moment * 1_000_000), version.type, version.id, -number


def _position(place: Place) -> Position:
    moment, type_, id_, number = place
    return Position((moment, type_, number), id_)


def _after(
    ordered: Sequence[tuple[Place, Version]], position: Position | None
) -> Sequence[tuple[Place, Version]]:
    if position is None:
        return ordered
    moment, type_, number = position.values
    return [each for each in ordered if each[0] > (moment, type_, position.id, number)]


def _wanted(own: tuple[Version, ...], asked: PastAsked) -> Iterator[tuple[int, Version]]:
    """The versions of one resource that a history asks for, each with its number."""
    for n, (version, following) in enumerate(pairwise([*own, None])):
        if version is None or (asked.since is not None and version.at < _whole(asked.since)):
            continue
        if asked.at is None or _was_current(version, following, asked.at):
            yield n, version


def _whole(since: datetime) -> datetime:
    """Callers know moments to the millisecond, as they are told."""
    return since.replace(microsecond=since.microsecond // 1000 * 1000)


def _was_current(version: Version, following: Version | None, at: Span) -> bool:
    """Whether the version was in force at some moment of *at*; a deletion only at the moment that it came."""
    start = _moment(version)
    if version.deleted:
        return at.low <= start < at.high
    return start < at.high and (following is None or _moment(following) > at.low)


def _moment(version: Version) -> int:
    span = span_of(instant(version.at))
    return 0 if span is None else span.low


def page_of(
    versions: Iterable[Version], cursors: Cursors, *, count: int | None, cursor: str | None
) -> tuple[tuple[Version, ...], int, str | None]:
    """A page of versions in the order of type and id, how many there are, and the cursor of the next page."""
    ordered = sorted(versions, key=lambda version: version.key)
    after = cursors.opened(cursor)
    rest = ordered if after is None else [v for v in ordered if v.key > (str(after.values[0]), after.id)]
    held = rest[: MOST if count is None else min(count, MOST)]
    more = bool(held) and len(rest) > len(held)
    following = cursors.sealed(Position((held[-1].type,), held[-1].id)) if more else None
    return tuple(held), len(ordered), following


Wanted = Callable[[Version], bool]


def changed_since(since: datetime | None, types: Collection[str]) -> Wanted:
    """Whether a version is of one of *types* (any when empty) and of *since* or later."""
    return lambda version: (
        (not types or version.type in types) and (since is None or version.at >= _whole(since))
    )

"""Following Effica's change log, which tells local minutes and no zone. Pure: `client` does the asking.

The log is read in walks: page after page from a local minute on until Effica says that no more is there. The next walk
begins an *overlap* behind the newest row, so that rows come again; those already told are known by their marks. What
that has to stand up to:

* **The minute is not over.** The start is inclusive, so a save later in the same minute is in the next walk.
* **Late rows and clocks apart.** A row may be stamped up to *overlap* before it shows, and the two clocks may differ by
  as much (Effica lets nobody in whose clock is further off, `EFF-013`). The walk's position moves by their rows alone:
  our clock only bounds what can be a time at all, says how long a walk took, and where the very first one begins.
* **The hour that comes twice.** On the last Sunday of October 03.00–04.00 local time happens twice and the rows of both
  stand mixed. Such a row is read as of the first time, and whatever lies in that first hour is asked for from 03.00,
  because the second time begins there again.
* **More rows in one minute than an answer holds.** There is no way to ask for the rest, so it is said to be lost: at
  once, and once more when nothing can come into that minute any longer.

Source: domain report 8.3 (invented), sync report 8.10.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, NaiveDatetime, ValidationError

from tyokyky_adapter_sosiaali_effica.shape import VOIDED
from tyokyky_bridge.adapterkit.contract import Changes, Hint

HELSINKI = ZoneInfo("Europe/Helsinki")
OVERLAP = timedelta(minutes=5)
MOST_MARKS = 2000
"""Marks of told rows that a cursor holds; beyond that the oldest go, and their rows are told again."""

_MINUTE = timedelta(minutes=1)
_WRITTEN = "%d.%m.%Y %H.%M"


@dataclass(frozen=True)
class Row:
    """One line of the change log; *minute* is naive, on the Finnish wall clock."""

    minute: datetime
    oid: str
    version: str
    state: str
    person: str

    @property
    def mark(self) -> str:
        """What tells this row from all others, in 16 characters."""
        whole = "|".join((self.minute.isoformat(), self.oid, self.version, self.state))
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @property
    def hint(self) -> Hint:
        """Where to look."""
        kind = "gone" if self.state == VOIDED else "changed"
        return Hint(kind, self.person or None, self.oid or None, self.version or None)


@dataclass(frozen=True)
class Page:
    """One answer of the log, in its order. *more*: it was cut after these rows."""

    rows: Sequence[Row]
    more: bool


class Position(BaseModel):
    """How far the log was read; its JSON is the cursor.

    Attributes:
        ask_from: The local minute to ask from, inclusive.
        newest: The latest moment that a row was seen to have, by Effica's clock.
        began: When the walk that is going on began, by our clock.
        told: Marks of rows that may come again, by local minute.
        overfull: Minutes with more rows than an answer holds, and when to say once more that some are lost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask_from: NaiveDatetime
    newest: AwareDatetime
    began: AwareDatetime | None = None
    told: Mapping[NaiveDatetime, tuple[str, ...]] = {}
    overfull: Mapping[NaiveDatetime, AwareDatetime | None] = {}


def beginning(now: datetime, overlap: timedelta = OVERLAP) -> Position:
    """The position of somebody who wants to hear of everything from *now* (aware, our clock) on."""
    earliest = now.astimezone(UTC) - overlap  # what Effica's clock may still show
    return Position(ask_from=lowest_minute_after(earliest - overlap), newest=earliest)


def position_of(cursor: str) -> Position | None:
    """Read a cursor; ``None`` when it is not one of ours."""
    try:
        return Position.model_validate_json(cursor)
    except ValidationError:
        return None


def read_on(
    position: Position, page: Page, *, asked: datetime, answered: datetime, overlap: timedelta = OVERLAP
) -> Changes:
    """
    Take in the answer to a question from ``position.ask_from`` on.

    Args:
        position: Where we stood.
        page: The answer. One that was cut has rows.
        asked: When we asked, by our clock.
        answered: When the answer was there, by our clock.
        overlap: How late a row may show, and how far the clocks may be apart.
    """
    fresh = [row for row in page.rows if row.mark not in position.told.get(row.minute, ())]
    told = {minute: list(marks) for minute, marks in position.told.items()}
    for row in fresh:
        told.setdefault(row.minute, []).append(row.mark)
    believable = [moment for row in page.rows if (moment := _first_reading(row.minute)) <= answered + overlap]
    newest = max([position.newest, *believable])
    began = position.began or asked
    overfull = dict(position.overfull)
    lost = False
    if page.more and page.rows[-1].minute > position.ask_from:
        ask_from = page.rows[-1].minute
    elif page.more:
        ask_from = _minute_after(position.ask_from)
        if position.ask_from not in overfull:
            lost = True
            overfull[position.ask_from] = _over(position.ask_from) + 2 * overlap
    else:
        # A row that came late into a page read early in the walk is as old as the walk took, and the overlap.
        took = max(answered - began, timedelta())
        ask_from = lowest_minute_after(newest - overlap - took)
        told = {minute: marks for minute, marks in told.items() if minute >= ask_from}
        overfull = {minute: due for minute, due in overfull.items() if due or minute >= ask_from}
    for minute, due in overfull.items():
        if due is not None and due <= answered:
            lost, overfull[minute] = True, None
    following = Position(
        ask_from=ask_from,
        newest=newest,
        began=began if page.more else None,
        told=_bounded(told),
        overfull=overfull,
    )
    return Changes(tuple(row.hint for row in fresh), following.model_dump_json(), more=page.more, lost=lost)


def lowest_minute_after(moment: datetime) -> datetime:
    """The lowest local minute that anything from *moment* (aware) on can be stamped with."""
    local = moment.astimezone(HELSINKI).replace(second=0, microsecond=0)
    comes_again = local.utcoffset() != local.replace(fold=1).utcoffset()
    # Finnish clocks have only ever been put back by one hour, at a full hour.
    return (local.replace(minute=0) if comes_again else local).replace(tzinfo=None, fold=0)


def written(minute: datetime) -> str:
    """A local minute as Effica writes it: ``03.02.2026 10.15``."""
    return minute.strftime(_WRITTEN)


def minute_of(text: str) -> datetime:
    """Read a local minute. Raises `ValueError` when it is none."""
    return datetime.strptime(text, _WRITTEN)  # noqa: DTZ007  # there is no zone: that is the trouble with it


def _first_reading(minute: datetime) -> datetime:
    return minute.replace(tzinfo=HELSINKI, fold=0).astimezone(UTC)


def _over(minute: datetime) -> datetime:
    """When a local minute has passed for the last time."""
    return minute.replace(tzinfo=HELSINKI, fold=1).astimezone(UTC) + _MINUTE


def _minute_after(minute: datetime) -> datetime:
    """The next minute that a Finnish clock shows: 03.00 does not exist on the last Sunday of March."""
    return _first_reading(minute + _MINUTE).astimezone(HELSINKI).replace(tzinfo=None, fold=0)


def _bounded(told: Mapping[datetime, Sequence[str]]) -> dict[datetime, tuple[str, ...]]:
    kept: dict[datetime, tuple[str, ...]] = {}
    room = MOST_MARKS
    for minute in sorted(told, reverse=True):
        kept[minute] = tuple(told[minute][-room:]) if room else ()
        room -= len(kept[minute])
    return {minute: marks for minute, marks in kept.items() if marks}

"""A partner system as it really is: what it keeps, everything that ever arrived there, and how it behaves today.

The hub sees it only through `client`; the invariants look at it from outside.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from simulation.native import leaves_in
from tyokyky_bridge.adapterkit.contract import Native

if TYPE_CHECKING:
    from simulation.world import World

Kind = Literal["keyed", "conditional", "locked"]
"""``keyed``: an idempotency key and If-Match. ``conditional``: If-Match and If-None-Match alone, and it may store
something other than it acknowledges. ``locked``: a record is locked, compared and written."""


@dataclass
class Weather:
    """How the partner behaves: shares of requests, and seconds."""

    lost_request: float = 0.0
    lost_answer: float = 0.0
    error: float = 0.0
    slow: float = 0.0
    twice: float = 0.0
    lies: float = 0.0
    refuses: float = 0.0
    lock_left: float = 0.0
    shut_until_s: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What the partner says: an HTTP-like status, and a document."""

    status: int
    record: str | None = None
    version: str | None = None
    content: Native | None = None


@dataclass
class Sheet:
    """One record as it stands, with its whole past: (seconds, who, content) for each version."""

    id: str
    person: str
    content: Native
    version: int = 1
    past: list[tuple[float, str, Native]] = field(default_factory=list[tuple[float, str, Native]])
    gone: bool = False


@dataclass(frozen=True)
class Request:
    """A request with items as it left the hub: under which decision, when, and on what it was based."""

    number: int
    person: str
    decision: str
    key: str
    content: Native | None
    started_s: float
    based_on: Native
    based_on_version: str | None


@dataclass(frozen=True)
class Arrival:
    """A request with items as it took effect, or did not."""

    request: Request
    at_s: float
    status: int
    before: Native | None
    after: Native | None

    @property
    def effective(self) -> bool:
        """Whether it changed anything: an empty record that was made instead of what was sent is nothing."""
        return leaves_in(self.before or {}) != leaves_in(self.after or {})


@dataclass(frozen=True)
class Edit:
    """A change that a user of the partner made."""

    number: int
    at_s: float
    person: str
    where: str
    before: Any
    after: Any
    version: int


class PartnerSystem:
    """The partner's server, its users and its history."""

    def __init__(self, world: "World", system: str, party: str, kind: Kind, retract: str) -> None:
        self.world, self.id, self.party, self.kind, self.retract = world, system, party, kind, retract
        self.weather = Weather()
        self.sheets: list[Sheet] = []
        self.arrivals: list[Arrival] = []
        self.edits: list[Edit] = []
        self.insisted: list[str] = []
        self.log: list[tuple[str, int]] = []
        self._answers: dict[str, Answer] = {}
        self._locks: dict[str, tuple[str, float]] = {}

    def sheet_of(self, person: str) -> Sheet | None:
        """The record of a person."""
        return next((s for s in self.sheets if s.person == person and not s.gone), None)

    def sheet(self, record: str) -> Sheet | None:
        """A record by its id."""
        return next((s for s in self.sheets if s.id == record and not s.gone), None)

    # What arrives over the wire; each is one instant.

    def get(self, record: str) -> Answer:
        sheet = self.sheet(record)
        if sheet is None:
            return Answer(404)
        return Answer(200, sheet.id, str(sheet.version), copy.deepcopy(sheet.content))

    def put(self, request: Request, *, if_match: str | None, create_once: bool) -> Answer:
        """Store a record against *if_match* (``None``: create it)."""
        if self.kind == "keyed" and request.key in self._answers:
            return self._arrived(request, self._answers[request.key])
        sheet = self.sheet_of(request.person)
        if if_match is not None and (sheet is None or str(sheet.version) != if_match):
            return self._arrived(request, Answer(412))
        if if_match is None and create_once and sheet is not None:
            return self._arrived(request, Answer(412))
        assert request.content is not None
        if self._refuses():
            return self._arrived(request, Answer(422))
        before = None if sheet is None or if_match is None else copy.deepcopy(sheet.content)
        content = self._stored(request.content, before)
        if sheet is None or if_match is None:
            sheet = Sheet(f"{self.id}-r{len(self.sheets) + 1}", request.person, content)
            self.sheets.append(sheet)
        elif content != sheet.content:
            sheet.content, sheet.version = content, sheet.version + 1
        answer = Answer(200, sheet.id, str(sheet.version))
        self._answers[request.key] = answer
        self._changed(sheet, "hub")
        return self._arrived(request, answer, before, content)

    def void(self, request: Request, *, record: str, if_match: str | None) -> Answer:
        """Take a record away."""
        sheet = self.sheet(record)
        if sheet is None:
            return self._arrived(request, Answer(404))
        if if_match is not None and str(sheet.version) != if_match:
            return self._arrived(request, Answer(412))
        sheet.gone = True
        self._changed(sheet, "hub")
        return self._arrived(request, Answer(200), sheet.content, None)

    def lock(self, person: str, holder: str) -> Answer:
        """Lock a person's record for writing; a lock that nobody gives back ends by itself."""
        held = self._locks.get(person)
        if held is not None and held[0] != holder and held[1] > self.world.now_s:
            return Answer(423)
        self._locks[person] = (holder, self.world.now_s + 8.0)
        return Answer(200)

    def unlock(self, person: str, holder: str) -> Answer:
        if self._locks.get(person, ("", 0))[0] == holder:
            del self._locks[person]
        return Answer(200)

    def put_locked(self, request: Request, holder: str, *, if_match: str | None, create_once: bool) -> Answer:
        """Store under a lock that is still held."""
        held = self._locks.get(request.person)
        if held is None or held[0] != holder or held[1] <= self.world.now_s:
            return self._arrived(request, Answer(412))
        return self.put(request, if_match=if_match, create_once=create_once)

    # What its users do.

    def edit(self, person: str, who: str, change: Callable[[Native], object]) -> list[Edit]:
        """A user opens the record, or makes one, and saves it."""
        sheet = self.sheet_of(person)
        if sheet is None:
            sheet = Sheet(f"{self.id}-r{len(self.sheets) + 1}", person, {}, version=0)
            self.sheets.append(sheet)
        before = leaves_in(sheet.content)
        sheet.content = copy.deepcopy(sheet.content)
        change(sheet.content)
        after = leaves_in(sheet.content)
        sheet.version += 1
        self._changed(sheet, who)
        made = [
            Edit(len(self.edits) + n, self.world.now_s, person, w, before.get(w), after.get(w), sheet.version)
            for n, w in enumerate(sorted(w for w in {*before, *after} if before.get(w) != after.get(w)))
        ]
        self.edits += made
        return made

    def _changed(self, sheet: Sheet, who: str) -> None:
        sheet.past.append((self.world.now_s, who, copy.deepcopy(sheet.content)))
        self.log.append((sheet.id, sheet.version))

    def _refuses(self) -> bool:
        return self.world.chance(self.weather.refuses)

    def _stored(self, content: Native, before: Native | None) -> Native:
        if self.kind == "conditional" and self.world.chance(self.weather.lies):
            self.world.note(f"{self.id} lies: acknowledges and stores what stood")
            return copy.deepcopy(before or {})
        return copy.deepcopy(content)

    def _arrived(
        self, request: Request, answer: Answer, before: Native | None = None, after: Native | None = None
    ) -> Answer:
        arrival = Arrival(request, self.world.now_s, answer.status, before, copy.deepcopy(after))
        self.arrivals.append(arrival)
        self.world.note(
            f"{self.id} <- {request.number} of {request.person}: {answer.status}"
            f"{' changes ' + str(sorted(_changes(before, after))) if arrival.effective else ''}"
        )
        self.world.invariants.arrived(self, arrival)
        return answer


def _changes(before: Native | None, after: Native | None) -> set[str]:
    old, new = leaves_in(before or {}), leaves_in(after or {})
    return {f"{w}={new.get(w, '-')}" for w in {*old, *new} if old.get(w) != new.get(w)}

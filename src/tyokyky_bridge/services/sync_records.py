"""What storage hands over of the way back in: hints, cursors, intake decisions, conflicts, withdrawal targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from tyokyky_bridge.services.records import Doc

ConflictState = Literal["open", "resolved", "superseded"]
Resolution = Literal["ours", "theirs", "other"]
Drift = Literal["D0", "D1", "D2", "D3", "D4"]
DRIFTS: tuple[Drift, ...] = get_args(Drift)
MARKED = "D5"
"""The class of a record there with our mark that no link names: counted by record, not by link."""
QuarantineState = Literal["open", "cleared"]
HintOutcome = Literal["echo", "merged", "nothing", "not_ours"]


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """A field that two sides changed and neither owns alone: three values, until a person decides.

    Values are JSON values of the item, ``None`` where it was missing. *history* are the earlier values of a conflict
    that went on. *owner* is the party whose professionals decide.
    """

    id: UUID
    link_id: int
    plan_id: UUID
    client_id: UUID
    system: str
    path: str
    base: Any
    ours: Any
    theirs: Any
    plan_version: int
    remote_version: str | None
    owner: str
    opened_at: datetime
    updated_at: datetime
    state: ConflictState
    resolution: Resolution | None
    resolved_by: str | None
    resolved_at: datetime | None
    history: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One hint about a link, kept so that a repeat is known; *outcome* says what looking brought."""

    system: str
    event_id: str
    received_at: datetime
    link_id: int
    kind: str
    outcome: HintOutcome | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """How far a partner's change log was read. *lost_at*: when the partner last had forgotten the cursor."""

    system: str
    cursor: str | None
    polled_at: datetime | None
    lease_by: str | None
    lease_until: datetime | None
    lost_at: datetime | None


@dataclass(frozen=True, slots=True)
class CheckedCounts:
    """How much of one system was compared with its records.

    *fresh*: of the links in sync, those compared since the asked moment; *oldest*: when the one longest ago was;
    *never*: those that never were. *drift*: all links by the class of what was found last.
    """

    system: str
    in_sync: int
    fresh: int
    never: int
    oldest: datetime | None
    drift: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """What was decided, item by item, about a partner's edit. Append-only; items are {path, state, …} without values.

    States: ``taken``, ``agreed``, ``rejected``, ``conflict``, ``not_stored`` (no basis), ``unreadable``, ``invalid``.
    """

    id: UUID
    link_id: int
    client_id: UUID
    system: str
    plan_version: int
    remote_version: str | None
    items: tuple[Doc, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class WithdrawalTarget:
    """One link that a withdrawal concerns: the items at stake there, from which generation on they may not stand, and
    the decisions whose sends were under way when it was recorded.
    """

    consent_id: UUID
    link_id: int
    client_id: UUID
    system: str
    gen: int
    paths: tuple[str, ...]
    in_flight: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record at a partner that carries our mark and that no link names. Nothing is written to it or removed.

    *reference* is the mark as it stands there. *cleared_by* is a party, or ``hub`` where a link came to name it.
    """

    id: UUID
    system: str
    record_id: str
    reference: str
    version: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    state: QuarantineState
    cleared_at: datetime | None
    cleared_by: str | None

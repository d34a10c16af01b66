"""What storage hands over: one frozen value per kind of row, with no database type in it.

Documents (`Doc`) are JSON-ready dictionaries exactly as the use cases gave them: storage neither reads nor
changes them. PostgreSQL does not keep the order of their keys; whoever needs an order sorts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

Doc = Mapping[str, Any]
"""A JSON object."""

Kind = Literal["present", "absent"]
"""What a linked record ought to be: there with our view in it, or not there (nothing of ours in it)."""

DecisionKind = Literal["send", "retract", "read"]
AttemptOutcome = Literal[
    "ok",  # the partner acknowledged the write
    "unchanged",  # the standing record already held everything: nothing was written
    "adopted",  # read back and recognised as our own earlier write
    "try_later",
    "changed_underneath",
    "refused",
    "not_there",
    "ambiguous_identity",
    "blocked",
    "outcome_unknown",
    "licence_expired",
]
Breaker = Literal["closed", "open", "half"]
IdentifierKind = Literal["final", "temporary"]


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client. *epoch* is the fence of consent and network: it grows by one whenever either changes."""

    id: UUID
    epoch: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class IdentifierRow:
    """One HETU that a client has or had. The number itself is not stored, only its keyed blind index."""

    client_id: UUID
    kind: IdentifierKind
    since: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """The head of a plan: which revision is the latest, and whose plan it is."""

    id: UUID
    client_id: UUID
    case_id: UUID
    version: int
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RevisionHead:
    """A revision without its content, for lists."""

    plan_id: UUID
    version: int
    cause: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One immutable revision: *leaves* path → JSON value, *origins* path → origin as JSON, *actor* a party
    id.
    """

    plan_id: UUID
    version: int
    leaves: Doc
    origins: Doc
    cause: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent as it stands now; its history is in `ConsentEventRow`."""

    id: UUID
    client_id: UUID
    status: str
    doc: Doc
    recorded_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentEventRow:
    """What a consent was changed to, by whom and when. Append-only; *seq* starts at 1."""

    consent_id: UUID
    seq: int
    status: str
    doc: Doc
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OralUseRow:
    """A use of a consent that was given for one time only. *use* names the thing used up, e.g. the grant."""

    consent_id: UUID
    use: str
    decision_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a link's record is at the partner, as last known. All of it is replaced together."""

    person: str | None = None
    record: str | None = None
    version: str | None = None
    created_by_us: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """A send that was decided and whose outcome is not recorded yet."""

    key: str
    gen: int
    sha: str


SUSPECT_AFTER = 2
"""Claims in a row that nobody ended, after which a worker has a link in its hands as its only one of that kind."""
POISON_AFTER = 5
"""Claims in a row that nobody ended, after which a link is parked: whatever it is about kills the process."""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One plan in one system: what the partner's record ought to hold, what it is known to hold, who works on
    it.
    """

    id: int
    plan_id: UUID
    client_id: UUID
    system: str
    desired_kind: Kind
    desired_gen: int
    acked_kind: Kind | None
    acked_gen: int
    acked_at: datetime | None
    due_at: datetime | None
    due_since: datetime | None
    urgent: bool
    lease_epoch: int
    lease_by: str | None
    leased_at: datetime | None
    lease_until: datetime | None
    attempts: int
    unfinished: int
    """Claims since the last one that came to an end; the one of the present lease is among them."""
    first_failed_at: datetime | None
    last_error: str | None
    parked_reason: str | None
    parked_detail: Doc | None
    parked_at: datetime | None
    remote: Remote
    intent: Intent | None
    base: Doc | None
    projection_sha: str | None
    identity_resolved: bool
    retained: bool
    base_hub: Doc | None
    base_remote: Doc | None
    asked: frozenset[Literal["look", "verify"]]
    """Why the link is being worked on, beside its generation."""
    verified_at: datetime | None
    drift: str | None
    created_at: datetime

    @property
    def state(self) -> Literal["in_sync", "due", "leased", "parked"]:
        """Where the link is in its life; derived, never stored."""
        if self.parked_reason is not None:
            return "parked"
        if self.lease_by is not None:
            return "leased"
        return "due" if self.due_at is not None else "in_sync"

    @property
    def is_suspect(self) -> bool:
        """Whether workers died often enough with this link in their hands that it is tried as the only one such."""
        return self.unfinished > SUSPECT_AFTER

    @property
    def is_poison(self) -> bool:
        """Whether it has had its last claim: one more would perhaps kill one more process."""
        return self.unfinished > POISON_AFTER


@dataclass(frozen=True, slots=True)
class Ack:
    """The partner's record is known to hold generation *gen* (or, with kind ``absent``, nothing of ours).

    *base* is what the hub has written there, path → value; it must be ``None`` when *kind* is ``absent``.
    *base_hub* and *base_remote* are what both sides now agree on, in our terms and as it reads there.
    *drift* is the class of what was found (sync.md 8.17), ``None`` where the partner's record was not looked at.
    """

    gen: int
    kind: Kind
    base: Doc | None
    projection_sha: str | None = None
    retained: bool = False
    base_hub: Doc | None = None
    base_remote: Doc | None = None
    drift: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Not done: try again after a while. *error* is a code, never a message of a partner.

    *outcome_known* clears the stored intent; ``False`` keeps it, so that the next claim sees it.
    *counts* is ``False`` for a link that was given back for no fault of its own (the system is paused or keeps us
    out): its attempt count falls back by one and, beside *error*, no failure is noted.
    """

    after: timedelta
    error: str | None = None
    outcome_known: bool = True
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Park:
    """Not done, and no use in trying again before a person or a new generation changes something."""

    reason: str
    detail: Doc = field(default_factory=dict[str, Any])
    outcome_known: bool = True


LinkResult = Ack | Retry | Park


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """One system's links in numbers; *oldest_due_since* is the oldest change that a partner has not
    acknowledged.
    """

    system: str
    in_sync: int
    due: int
    leased: int
    parked: int
    oldest_due_since: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What was decided item by item before one send. Append-only. *items* are {path, outcome, row, basis, …}
    objects.

    Holds no content: the body is here only as its SHA-256, and a decision without one sends
    nothing. *send_before* bounds when the send may start.
    """

    id: UUID
    link_id: int
    client_id: UUID
    system: str
    gen: int
    kind: DecisionKind
    plan_version: int
    consent_epoch: int
    mapping_version: str
    items: tuple[Doc, ...]
    body_sha256: str | None
    idem_key: str | None
    worker: str | None
    lease_epoch: int
    at: datetime
    send_before: datetime


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """How the one attempt that a decision licensed ended. *native_code* is a code of the partner's, never a
    text; *remote_version* the version that the partner's record got by it.
    """

    decision_id: UUID
    outcome: AttemptOutcome
    native_code: str | None
    ms: int
    started_at: datetime
    ended_at: datetime
    remote_version: str | None = None


@dataclass(frozen=True, slots=True)
class CancelledRow:
    """An item that was waiting to be sent when the consent it rested on was withdrawn."""

    link_id: int
    path: str
    state: Literal["cancelled_by_withdrawal"]
    consent_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something a party has to be told, e.g. that a consent it acted on was withdrawn."""

    id: UUID
    client_id: UUID
    party: str
    kind: str
    consent_id: UUID | None
    at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class GateRow:
    """A partner system's breaker and rate, shared by all workers.

    *window* is the breaker's memory of recent outcomes. *paused_until* closes the system until then (nightly window,
    Retry-After). *rate_per_min* is what the partner's own 429 taught us, set at *rate_set_at*; *tat* the rate limiter's
    theoretical arrival time, and *ordinary_from* and *urgent_from* from when on it has room (`services.rate_gate`).
    """

    system: str
    breaker: Breaker = "closed"
    opened_at: datetime | None = None
    open_count: int = 0
    paused_until: datetime | None = None
    window: Doc = field(default_factory=dict[str, Any])
    rate_per_min: float | None = None
    tat: datetime | None = None
    rate_set_at: datetime | None = None
    ordinary_from: datetime | None = None
    urgent_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is handed to the audit; *what* holds ids, codes, paths and counts, never content."""

    event: str
    outcome: str
    actor_party: str | None = None
    actor_role: str | None = None
    actor_sub: str | None = None
    client_id: UUID | None = None
    plan_id: UUID | None = None
    what: Doc = field(default_factory=dict[str, Any])
    basis: str | None = None
    recipient: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An audit entry as it stands in the table, in order of *seq*. Append-only."""

    seq: int
    at: datetime
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class IdempotencyRow:
    """The answer that was given to a caller's request with an Idempotency-Key."""

    caller: str
    key: str
    request_sha: str
    status: int
    response: Doc
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a link, and under which epoch."""

    link_id: int
    epoch: int
    worker: str


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker process by its name, and when it was last heard of."""

    name: str
    host: str
    started_at: datetime
    heartbeat_at: datetime

"""What the use cases need of storage, as protocols.

A unit of work is a plain function over a `Tx`: ``await store.write(fn)``. It cannot await, so no partner call
fits inside, and it may be run again after a serialization failure: it must have no effect but through its
`Tx`. Everything one function writes commits together or not at all.

Locks (PostgreSQL; on SQLite the one writer makes them idle), to be taken in this order: conditions, client, plans by
id, links by id, gate, documents. ``lock="update"`` is for changing a row, ``lock="share"`` for holding it still while
relying on it.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar
from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.fhir.ports import Documents
from tyokyky_bridge.services.records import (
    AttemptOutcome,
    AttemptRow,
    AuditEntry,
    AuditRow,
    CancelledRow,
    ClientRow,
    ConsentEventRow,
    ConsentRow,
    DecisionRow,
    Doc,
    GateRow,
    IdempotencyRow,
    IdentifierKind,
    IdentifierRow,
    Intent,
    Kind,
    Lease,
    LinkCounts,
    LinkResult,
    LinkRow,
    NoticeRow,
    OralUseRow,
    PlanRow,
    Remote,
    RevisionHead,
    RevisionRow,
    WorkerRow,
)
from tyokyky_bridge.services.sync_ports import Conflicts, Feeds, Inbox, Intakes, Quarantine, Withdrawals
from tyokyky_bridge.services.sync_records import CheckedCounts

T = TypeVar("T")
Lock = Literal["update", "share"]


class StoreError(BridgeError):
    """Storage could not do what was asked. Messages hold codes and names of constraints, never a value."""

    code = "store/error"


class StaleRevision(StoreError):
    """The plan moved on after the caller read it; read again and reapply the change."""

    code = "plan/stale"

    def __init__(self, *, expected: int, current: int) -> None:
        self.expected = expected
        self.current = current
        super().__init__(f"change was based on revision {expected}, plan is at {current}")


class RowMissing(StoreError):
    """A row that the caller took for granted is not there."""

    code = "store/row-missing"

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(f"no such row in {table}")


class IdentifierTaken(StoreError):
    """The identity number is in force for another client (or already for this one)."""

    code = "client/identity-taken"

    def __init__(self) -> None:
        super().__init__("the identity number is already in force for a client")


class ConstraintBroken(StoreError):
    """A write would have broken a rule of the schema; nothing of its transaction was kept."""

    code = "store/constraint"

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        super().__init__(f"constraint {constraint} does not hold")


class StoreUnavailable(StoreError):
    """The database does not answer, is full or is locked; a commit under way may or may not have held."""

    code = "server/unavailable"

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"the database is unavailable ({detail})")


class Clients(Protocol):
    """Clients and their identity numbers."""

    def create(self) -> ClientRow:
        """Create a client with epoch 1 and no identity number."""
        ...

    def get(self, client_id: UUID, *, lock: Lock | None = None) -> ClientRow | None:
        """Read one client; the lock on this row is the fence between consent changes and claims."""
        ...

    def find(self, hetu: str) -> ClientRow | None:
        """Find the client for whom *hetu* (canonical form, with century sign) is in force."""
        ...

    def holders(self, hetu: str) -> tuple[UUID, ...]:
        """All clients who have or ever had *hetu*, oldest first."""
        ...

    def identifiers(self, client_id: UUID) -> tuple[IdentifierRow, ...]:
        """The identity numbers of a client, oldest first, without the numbers."""
        ...

    def add_identifier(self, client_id: UUID, hetu: str, *, kind: IdentifierKind) -> IdentifierRow:
        """Put *hetu* in force for a client from now on.

        Raises: IdentifierTaken.
        """
        ...

    def retire_identifier(self, client_id: UUID, hetu: str) -> bool:
        """End *hetu* for a client; ``False`` when it was not in force for them."""
        ...

    def bump_epoch(self, client_id: UUID) -> int:
        """Lock the client and raise the epoch by one; returns the new epoch.

        Raises: RowMissing.
        """
        ...


class Plans(Protocol):
    """Plans and their revisions."""

    def insert(
        self,
        *,
        plan_id: UUID,
        client_id: UUID,
        case_id: UUID,
        status: str,
        leaves: Doc,
        origins: Doc,
        cause: str,
        actor: str,
    ) -> PlanRow:
        """Create a plan with its first revision (version 1)."""
        ...

    def append(
        self,
        plan_id: UUID,
        *,
        expected: int,
        status: str,
        leaves: Doc,
        origins: Doc,
        cause: str,
        actor: str,
    ) -> RevisionRow:
        """Add the revision after *expected* and make it the latest. Locks the plan.

        Raises: StaleRevision (the plan is not at *expected*), RowMissing.
        """
        ...

    def get(self, plan_id: UUID, *, lock: Lock | None = None) -> PlanRow | None:
        """Read the head of a plan; its lock is the mutex of the plan's links."""
        ...

    def latest(self, plan_id: UUID, *, lock: Lock | None = None) -> RevisionRow | None:
        """Read the latest revision; *lock* locks the plan."""
        ...

    def revision(self, plan_id: UUID, version: int) -> RevisionRow | None:
        """Read one revision."""
        ...

    def history(self, plan_id: UUID) -> tuple[RevisionHead, ...]:
        """All revisions without content, oldest first."""
        ...

    def of_client(self, client_id: UUID, *, lock: Lock | None = None) -> tuple[PlanRow, ...]:
        """All plans of a client by id."""
        ...

    def page(self, *, after: UUID | None = None, limit: int = 50) -> tuple[PlanRow, ...]:
        """Plans by id, from the one after *after*."""
        ...


class Consents(Protocol):
    """Consents, their history, and the uses of those given for one time only."""

    def add(self, *, consent_id: UUID, client_id: UUID, status: str, doc: Doc, actor: str) -> ConsentRow:
        """Record a consent and its first event. The caller bumps the client's epoch in the same function."""
        ...

    def change(self, consent_id: UUID, *, status: str, doc: Doc, actor: str) -> ConsentRow:
        """Replace status and document and record the event.

        Raises: RowMissing.
        """
        ...

    def get(self, consent_id: UUID) -> ConsentRow | None:
        """Read one consent as it stands."""
        ...

    def of_client(self, client_id: UUID) -> tuple[ConsentRow, ...]:
        """All consents of a client, in order of recording."""
        ...

    def page(self, *, after: UUID | None = None, limit: int = 50) -> tuple[ConsentRow, ...]:
        """Consents of all clients by id, from the one after *after*."""
        ...

    def events(self, consent_id: UUID) -> tuple[ConsentEventRow, ...]:
        """The history of a consent, oldest first."""
        ...

    def use_once(self, consent_id: UUID, use: str, *, decision_id: UUID | None = None) -> bool:
        """Use up *use* of a once-only consent; ``False`` when it was used before (by anybody)."""
        ...

    def uses(self, client_id: UUID) -> tuple[OralUseRow, ...]:
        """All uses of the client's once-only consents."""
        ...


class Links(Protocol):
    """The desired state of every (plan, system), and who is making it true."""

    def want(
        self,
        *,
        plan_id: UUID,
        client_id: UUID,
        system: str,
        kind: Kind,
        overtake: bool = False,
        unpark: Collection[str] = (),
    ) -> LinkRow:
        """Raise the desired generation of a link by one (creating the link) and make it due now.

        A leased link stays leased and becomes due when its lease ends; a parked one stays parked unless its
        reason is in *unpark*. ``due_since`` keeps the time of the oldest unacknowledged change. *overtake*
        puts the link before all others of its system: for withdrawals.
        """
        ...

    def get(self, link_id: int, *, lock: Lock | None = None) -> LinkRow | None:
        """Read one link."""
        ...

    def of_plan(
        self, plan_id: UUID, *, system: str | None = None, lock: Lock | None = None
    ) -> tuple[LinkRow, ...]:
        """The links of a plan by id, or only its link to *system*."""
        ...

    def of_client(
        self, client_id: UUID, *, system: str | None = None, lock: Lock | None = None
    ) -> tuple[LinkRow, ...]:
        """The links of all plans of a client by id, or only those to *system*."""
        ...

    def look(self, link_id: int, *, verify: bool = False, told: bool = False) -> bool:
        """Make a link due for a look at the partner's record, without a new generation; ``False`` when it is parked.

        A link that is leased gets its look after the lease: what happens while it is worked on may have been missed.
        *verify*: the look is the hub's own check, so that a difference found is drift. *told*: only a hint asks for
        it, which the work under way may prove to be no news (`unlook`).
        """
        ...

    def unlook(self, link_id: int) -> bool:
        """Take back a look after a lease that nothing but *told* hints asked for; ``False`` where anything else did."""
        ...

    def at_remote(
        self, system: str, *, person: str | None = None, record: str | None = None
    ) -> tuple[LinkRow, ...]:
        """The links whose record or person at the partner is known to be that one, by id."""
        ...

    def being_made(self, system: str) -> tuple[int, ...]:
        """The ids of leased links of which no record at the partner is known."""
        ...

    def agree(
        self,
        link_id: int,
        lease_epoch: int,
        *,
        base_hub: Doc | None,
        base_remote: Doc | None,
        remote: Remote | None = None,
    ) -> bool:
        """Store what both sides now agree on, while the lease goes on; ``False`` when it is no longer ours."""
        ...

    def move(
        self, link_id: int, *, base_hub: Doc | None, base_remote: Doc | None, base: Doc | None = None
    ) -> bool:
        """Store what a person's decision makes of the agreement; ``False`` while the link is leased.

        *base* is what counts as written by the hub from now on; ``None`` leaves that as it is.
        """
        ...

    def forget_remote(self, link_id: int) -> None:
        """Forget where the record is, so that the next look finds it by the person's number."""
        ...

    def unverified(self, system: str, *, before: datetime, limit: int) -> tuple[LinkRow, ...]:
        """Links in sync that nobody has compared with the partner's record since *before*, longest ago first."""
        ...

    def checked(self, since: datetime) -> tuple[CheckedCounts, ...]:
        """How much of each system was compared with its records since then, by system."""
        ...

    def claim(
        self,
        system: str,
        *,
        limit: int,
        worker: str,
        lease: timedelta,
        suspects: bool = True,
        only_urgent: bool = False,
    ) -> tuple[LinkRow, ...]:
        """Lease up to *limit* due links of a system: lease epoch, attempts and unfinished claims grow by one.

        At most one of them is a suspect (`LinkRow.is_suspect`), and none unless *suspects*. *only_urgent*: only links
        that overtake.

        Never waits: links being changed or claimed by others, and links of clients whose consent is being
        changed, are skipped. Holds the clients still (share lock) until the transaction ends. ``intent`` of a
        returned link is that of an earlier send whose outcome is not known.
        """
        ...

    def set_intent(self, link_id: int, lease_epoch: int, intent: Intent) -> bool:
        """Note what is about to be sent; ``False`` when the lease is no longer ours."""
        ...

    def finish(
        self,
        link_id: int,
        lease_epoch: int,
        result: LinkResult,
        *,
        remote: Remote | None = None,
        identity_resolved: bool | None = None,
    ) -> bool:
        """Record how work under a lease ended and free the link; ``False`` (and nothing done) when fenced
        out.

        After an `Ack` of an older generation than the desired one the link is due at once; after one of the
        desired generation its kind, decided at sending time, is the desired kind. *remote* and
        *identity_resolved* are left as they are when ``None``; an `Ack` of ``absent`` forgets the record
        unless one is given.
        """
        ...

    def park(self, link_id: int, reason: str, detail: Doc) -> bool:
        """Park a link that nobody is working on; ``False`` when it is leased, parked already or missing."""
        ...

    def parked(
        self, *, system: str | None = None, reason: str | None = None, limit: int = 100
    ) -> tuple[LinkRow, ...]:
        """Parked links, longest parked first."""
        ...

    def redrive(
        self,
        *,
        link_id: int | None = None,
        system: str | None = None,
        reason: str | None = None,
        spread: timedelta = timedelta(0),
    ) -> tuple[int, ...]:
        """Un-park all links that fit every given filter, due within *spread* from now; returns their ids."""
        ...

    def counts(self) -> tuple[LinkCounts, ...]:
        """Links per system in numbers, by system."""
        ...


class Decisions(Protocol):
    """What was decided before each send, how the send ended, and what a withdrawal cancelled."""

    def add(self, row: DecisionRow) -> None:
        """Record a decision."""
        ...

    def get(self, decision_id: UUID) -> DecisionRow | None:
        """Read one decision."""
        ...

    def of_link(self, link_id: int, *, limit: int = 50) -> tuple[DecisionRow, ...]:
        """The decisions of a link, newest first."""
        ...

    def latest(self, plan_id: UUID, system: str) -> DecisionRow | None:
        """The newest decision for a plan in a system."""
        ...

    def with_body(self, link_id: int, body_sha256: str) -> DecisionRow | None:
        """The newest decision of a link that was about exactly this body: tells our own writes when read
        back.
        """
        ...

    def record_attempt(
        self,
        decision_id: UUID,
        outcome: AttemptOutcome,
        *,
        native_code: str | None = None,
        ms: int,
        started_at: datetime,
        remote_version: str | None = None,
    ) -> AttemptRow:
        """Record how the attempt under a decision ended, now. One attempt for each decision."""
        ...

    def attempt(self, decision_id: UUID) -> AttemptRow | None:
        """The attempt of a decision, if one is recorded."""
        ...

    def open_before(self, client_id: UUID, epoch: int) -> tuple[DecisionRow, ...]:
        """Decisions on a client made before *epoch* whose send may still start: no attempt recorded, not past
        ``send_before``. The barrier of a withdrawal waits until there are none."""
        ...

    def cancel(self, link_id: int, paths: Collection[str], *, consent_id: UUID) -> None:
        """Record that a withdrawal of that consent cancelled these items while they waited to be sent."""
        ...

    def cancelled(self, link_id: int) -> tuple[CancelledRow, ...]:
        """The cancelled items of a link, oldest first."""
        ...


class Gates(Protocol):
    """Breaker and rate of each system."""

    def get(self, system: str, *, lock: Lock | None = None) -> GateRow:
        """Read a system's gate; a system without one gets an open road (a closed breaker)."""
        ...

    def save(self, gate: GateRow, *, opens: bool = False) -> None:
        """Store a gate as a whole. *opens*: somebody may be waiting for what it lets through now."""
        ...

    def all(self) -> tuple[GateRow, ...]:
        """All stored gates, by system."""
        ...


class Audit(Protocol):
    """The append-only audit."""

    def add(self, entry: AuditEntry) -> None:
        """Add an entry at the present moment."""
        ...

    def of_client(self, client_id: UUID, *, after: int = 0, limit: int = 100) -> tuple[AuditRow, ...]:
        """Entries about a client from the one after *after*, oldest first."""
        ...

    def of_plan(self, plan_id: UUID, *, after: int = 0, limit: int = 100) -> tuple[AuditRow, ...]:
        """Entries about a plan from the one after *after*, oldest first."""
        ...


class Notices(Protocol):
    """What parties have to be told."""

    def add(self, *, client_id: UUID, party: str, kind: str, consent_id: UUID | None = None) -> NoticeRow:
        """Add a notice; the same (consent, party, kind) is kept once."""
        ...

    def get(self, notice_id: UUID) -> NoticeRow | None:
        """Read one notice."""
        ...

    def of_client(self, client_id: UUID) -> tuple[NoticeRow, ...]:
        """All notices about a client, oldest first."""
        ...

    def pending(self, party: str) -> tuple[NoticeRow, ...]:
        """What a party has not fetched yet, oldest first."""
        ...

    def mark_delivered(self, notice_id: UUID) -> bool:
        """Note that a notice was delivered; ``False`` when it was before."""
        ...


class Idempotency(Protocol):
    """Answers to requests with an Idempotency-Key."""

    def get(self, caller: str, key: str) -> IdempotencyRow | None:
        """The stored answer, unless it has expired."""
        ...

    def put(self, row: IdempotencyRow) -> None:
        """Store an answer in the transaction of its effect. If another request with the key committed first,
        the whole function is run again and finds that answer."""
        ...

    def prune(self) -> int:
        """Delete expired answers; returns how many."""
        ...


class Workers(Protocol):
    """Worker processes."""

    def start(self, name: str, *, host: str) -> WorkerRow:
        """Record that a worker (re)started under *name*."""
        ...

    def beat(self, name: str) -> bool:
        """Record that a worker lives; ``False`` when it is not on record (any more)."""
        ...

    def stop(self, name: str) -> None:
        """Take a worker off the record. Its leases are made due with `free`."""
        ...

    def all(self) -> tuple[WorkerRow, ...]:
        """All workers on record, oldest first."""
        ...

    def silent(self, longer_than: timedelta) -> tuple[WorkerRow, ...]:
        """Workers not heard of for longer than that."""
        ...

    def agenda(self, systems: tuple[str, ...]) -> dict[str, datetime]:
        """From when each system has something to claim, its gate considered; systems with nothing are left out."""
        ...

    def leases(self) -> tuple[Lease, ...]:
        """All leases that are held."""
        ...

    def gone(self, name: str) -> bool:
        """Whether the process behind a worker's name is seen to be dead. A hint: it can be wrong, either way."""
        ...

    def free(self, leases: Collection[Lease], *, harmless: bool = False) -> int:
        """Make leased links due at once, each unless its epoch has moved on; returns how many.

        *harmless*: whoever had them lives, so that these claims do not count as unfinished.
        Where one of them was what a half-open breaker had let through, the next may try.
        """
        ...


class Tx(Protocol):
    """One open transaction."""

    @property
    def clients(self) -> Clients: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def consents(self) -> Consents: ...
    @property
    def links(self) -> Links: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def gates(self) -> Gates: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def workers(self) -> Workers: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def feeds(self) -> Feeds: ...
    @property
    def intakes(self) -> Intakes: ...
    @property
    def conflicts(self) -> Conflicts: ...
    @property
    def withdrawals(self) -> Withdrawals: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def documents(self) -> Documents: ...

    def now(self) -> datetime:
        """The hub clock (aware, UTC): the database's, so that the clocks of application servers do not
        matter.

        Stands still within a transaction except after a lock was waited for.
        """
        ...

    def new_id(self) -> UUID:
        """A new time-ordered identifier (UUID version 7) by the hub clock."""
        ...


ANY_SYSTEM = "*"
"""The bell that rings when another process has committed something and it is not known what became due."""


class Bell(Protocol):
    """Rings after a commit that made a link of its system due in this process. A hint only: polling is the
    guarantee.
    """

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring or *timeout_s* seconds; ``True`` when it rang since the last wait."""
        ...

    def ring(self) -> None:
        """Wake whoever waits (also for a local reason, such as shutdown)."""
        ...


class Store(Protocol):
    """Where everything is kept."""

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run *fn* in a read-write transaction and return its value after the commit is durable.

        *fn* may be run more than once. An exception from it rolls everything back and is passed on.

        Raises: StoreError (ConstraintBroken, StoreUnavailable) beside what *fn* raises.
        """
        ...

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run *fn* on a consistent snapshot; a write in it fails."""
        ...

    def bell(self, system: str) -> Bell:
        """The bell of a system, always the same one."""
        ...

    async def attend(self, worker: str) -> None:
        """Until cancelled: let others see that *worker* lives, and let their commits ring the bells here.

        Wakes are hints, and what is seen of a worker is too: nothing stops when the database is away.
        """
        ...

    async def aclose(self) -> None:
        """Finish what is queued and close all connections."""
        ...

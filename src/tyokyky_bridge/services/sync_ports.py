"""What the way back in needs of storage, as protocols; `ports` says what a transaction is."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from tyokyky_bridge.services.records import LinkRow
from tyokyky_bridge.services.sync_records import (
    ConflictRow,
    ConflictState,
    FeedRow,
    HintOutcome,
    InboxRow,
    IntakeRow,
    Quarantined,
    QuarantineState,
    Resolution,
    WithdrawalTarget,
)


class Conflicts(Protocol):
    """Fields that wait for a person."""

    def put(
        self,
        link: LinkRow,
        path: str,
        *,
        base: Any,
        ours: Any,
        theirs: Any,
        plan_version: int,
        remote_version: str | None,
        owner: str,
    ) -> ConflictRow:
        """Open a conflict; one that is open already on the path gets the new values, its old ones go to its history."""
        ...

    def supersede(self, link_id: int, paths: Collection[str]) -> int:
        """End open conflicts whose sides now agree; returns how many."""
        ...

    def resolve(self, conflict_id: UUID, *, resolution: Resolution, by: str) -> bool:
        """Note a person's choice; ``False`` when the conflict is not open."""
        ...

    def get(self, conflict_id: UUID) -> ConflictRow | None:
        """Read one conflict."""
        ...

    def open_of_link(self, link_id: int) -> tuple[ConflictRow, ...]:
        """The open conflicts of a link, by path."""
        ...

    def of_plan(self, plan_id: UUID, *, state: ConflictState | None = None) -> tuple[ConflictRow, ...]:
        """The conflicts of a plan, oldest first."""
        ...

    def page(
        self,
        *,
        state: ConflictState | None = "open",
        system: str | None = None,
        after: ConflictRow | None = None,
        limit: int = 100,
    ) -> tuple[ConflictRow, ...]:
        """Conflicts of all plans, longest open first, from the one after *after*."""
        ...

    def counts(self) -> dict[str, int]:
        """Open conflicts by system."""
        ...


class Inbox(Protocol):
    """Hints about links."""

    def add(
        self,
        system: str,
        event_id: str,
        *,
        link_id: int,
        kind: str,
        outcome: HintOutcome | None = None,
        told: str | None = None,
    ) -> bool:
        """Keep a hint; ``False`` when it was there before. *told*: its version, until it is settled."""
        ...

    def told(self, link_id: int) -> tuple[str | None, ...]:
        """The versions of the open hints about a link, ``None`` for those of which none was kept."""
        ...

    def settle(self, link_id: int, *, before: datetime, outcome: HintOutcome) -> int:
        """Say what looking brought, for all hints about a link that came *before* the look; returns how many.

        Those of a changed identity number stay open: looking at the record does not answer them.
        """
        ...

    def identities(self, system: str, *, limit: int = 20) -> tuple[InboxRow, ...]:
        """Hints of a changed identity number that nobody has followed yet, oldest first."""
        ...

    def settle_one(self, system: str, event_id: str, *, outcome: HintOutcome) -> bool:
        """Say what became of one hint; ``False`` when that was said before."""
        ...

    def of_link(self, link_id: int) -> tuple[InboxRow, ...]:
        """The hints about a link, oldest first."""
        ...

    def prune(self, older_than: timedelta) -> int:
        """Forget hints received longer ago than that; returns how many."""
        ...


class Feeds(Protocol):
    """How far each partner's change log was read, and who reads it now."""

    def claim(self, system: str, *, worker: str, lease: timedelta) -> FeedRow | None:
        """Take the reading of a system's log for *lease*; ``None`` while another worker has it."""
        ...

    def advance(self, system: str, *, worker: str, cursor: str, lost: bool = False) -> bool:
        """Store where to go on, in the transaction that stores the hints; ``False`` when the lease is another's."""
        ...

    def release(self, system: str, *, worker: str) -> None:
        """Give the reading back."""
        ...

    def get(self, system: str) -> FeedRow | None:
        """Read one."""
        ...


class Intakes(Protocol):
    """Decisions about what partners changed."""

    def add(self, row: IntakeRow) -> None:
        """Record one."""
        ...

    def of_link(self, link_id: int, *, limit: int = 50) -> tuple[IntakeRow, ...]:
        """The intake decisions of a link, newest first."""
        ...

    def rejections(self, link_id: int, since: datetime) -> dict[str, int]:
        """How often each path was rejected since then."""
        ...


class Withdrawals(Protocol):
    """Where withdrawn items have to go from."""

    def add(self, target: WithdrawalTarget) -> None:
        """Record one; the same (consent, link) is kept once."""
        ...

    def of_consent(self, consent_id: UUID) -> tuple[WithdrawalTarget, ...]:
        """The targets of a consent's withdrawal, by link."""
        ...

    def of_link(self, link_id: int) -> tuple[WithdrawalTarget, ...]:
        """All withdrawals that concerned a link, oldest first."""
        ...


class Quarantine(Protocol):
    """Records at partners with our mark that no link names."""

    def note(self, system: str, record_id: str, *, reference: str, version: str | None) -> None:
        """Keep one; seen again it moves *last_seen_at*, and with another mark or version it is open again."""
        ...

    def get(self, quarantined_id: UUID) -> Quarantined | None:
        """Read one."""
        ...

    def listed(
        self, *, state: QuarantineState = "open", system: str | None = None, limit: int = 500
    ) -> tuple[Quarantined, ...]:
        """Those of a state, first seen first; open are only those that no link names by now."""
        ...

    def counts(self) -> dict[str, int]:
        """Open ones by system."""
        ...

    def clear(self, quarantined_id: UUID, *, by: str) -> bool:
        """Note that somebody has seen to it; ``False`` when it was not open."""
        ...

    def clear_named(self, system: str) -> int:
        """Clear what a link names by now: it was our own record, of which we heard before its answer."""
        ...

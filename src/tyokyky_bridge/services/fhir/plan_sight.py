"""One plan as one caller sees it through FHIR: every revision projected by today's decisions, kept in memory.

Projecting a plan costs more than reading it, and versions are counted over all its revisions. So the result is
kept until something it rests on is another: a revision, a consent, the network, the day, or a moment from which a
form or a mark holds. New revisions are merged into what is there. Source: domain report 6.6; FHIR report 1.2, 1.7.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.items import labels_of
from tyokyky_bridge.domain.next_change import next_change
from tyokyky_bridge.domain.parties import Directory
from tyokyky_bridge.domain.revision import Revision
from tyokyky_bridge.fhir.derived.encounter import encounters
from tyokyky_bridge.fhir.derived.practitioner import Named, practitioners
from tyokyky_bridge.fhir.lens.projection import Sheet, project
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir.custodians import Custodians
from tyokyky_bridge.services.fhir.states import Key, Runs, State, extended
from tyokyky_bridge.services.loading import PlanNotFound, facts_of, revision_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import ConsentRow, PlanRow, RevisionHead
from tyokyky_bridge.services.sight import Seen, see, seen_revision

KEPT: Final = 512
"""Plans × callers that stay in memory; whoever was not asked for longest goes first."""


@dataclass(frozen=True)
class PlanSight:
    """
    A plan as one caller sees it. *runs* are the versions of its resources; empty where the caller may not know it.

    *named* holds what the newest revision says to this caller, for the workers in it. *seen* is that revision as
    `services.sight` gives it, ``None`` for a plan that the caller may not know.
    """

    plan: PlanRow
    runs: Runs
    named: Named
    seen: Seen | None
    basis: "Basis"
    merged: RevisionHead | None
    good_until: datetime | None

    @property
    def known(self) -> bool:
        """Whether the caller may know that there is such a plan."""
        return self.seen is not None


@dataclass(frozen=True)
class Basis:
    """What today's decisions about a plan rest on, beside its revisions."""

    epoch: int
    consents: tuple[ConsentRow, ...]
    directory: Directory = field(compare=False)
    at: datetime = field(compare=False)
    day: date = field(compare=False)

    def is_same(self, now: "Basis") -> bool:
        """Whether what was worked out on this basis still stands *now*, what only time brings aside."""
        return self == now and self.directory is now.directory and self.at <= now.at


def plan_sight(tx: Tx, bridge: Bridge, caller: Caller, plan: PlanRow, *, keep: bool = True) -> PlanSight:
    """
    The plan as this caller sees it now.

    Args:
        plan: The head of the plan as this transaction sees it.
        keep: Whether the answer may serve others; not after this transaction has changed the plan itself.
    """
    client = tx.clients.get(plan.client_id)
    basis = Basis(
        epoch=0 if client is None else client.epoch,
        consents=tx.consents.of_client(plan.client_id),
        directory=bridge.directory,
        at=tx.now(),
        day=finnish_day(tx.now()),
    )
    name = (plan.id, caller.party, caller.purpose, caller.role)
    before = _SIGHTS.get(name)
    if before is not None and not _stands(before, basis):
        before = None
    if before is not None and before.plan == plan:
        return before
    sight = _Build(tx, bridge, caller, plan, basis).after(before)
    if keep:
        _SIGHTS.put(name, sight)
    return sight


def _stands(sight: PlanSight, basis: Basis) -> bool:
    return sight.basis.is_same(basis) and (sight.good_until is None or basis.at < sight.good_until)


@dataclass(frozen=True)
class _Build:
    tx: Tx
    bridge: Bridge
    caller: Caller
    plan: PlanRow
    basis: Basis

    def after(self, before: PlanSight | None) -> PlanSight:
        """The sight of the plan, on top of an earlier one whose basis still stands."""
        heads = self.tx.plans.history(self.plan.id)
        if before is None or before.merged is None or before.merged not in heads:
            before = None
        merged = 0 if before is None or before.merged is None else before.merged.version
        fresh = [self._revision(head) for head in heads if head.version > merged]
        facts = facts_of(self.tx, self.bridge, self.plan.client_id)
        ends = [next_change(revision.plan, facts, self.basis.at) for revision in fresh]
        ends += [] if before is None else [before.good_until]
        good_until = min((end for end in ends if end is not None), default=None)
        try:
            seen = see(self.tx, self.bridge, self.caller, self.plan.id)
        except PlanNotFound:
            return PlanSight(self.plan, {}, Named({}, {}, {}), None, self.basis, None, good_until)
        past: Runs = {} if before is None else before.runs
        if before is not None and not before.known:
            past, fresh = {}, [self._revision(head) for head in heads]
        runs = extended(past, self._states(seen, fresh))
        return PlanSight(
            self.plan,
            runs,
            _named(sheet_of(seen, self.bridge, self.basis.day)),
            seen,
            self.basis,
            heads[-1] if heads else None,
            good_until,
        )

    def _revision(self, head: RevisionHead) -> Revision:
        row = self.tx.plans.revision(head.plan_id, head.version)
        if row is None:
            msg = "a listed revision is gone"
            raise RuntimeError(msg)
        return revision_of(row)

    def _states(self, seen: Seen, fresh: list[Revision]) -> Iterator[State]:
        for revision in fresh:
            older = (
                seen
                if revision.version == seen.revision.version
                else seen_revision(self.tx, self.bridge, self.caller, seen, revision)
            )
            yield State(
                at=revision.recorded_at,
                by=revision.recorded_by,
                documents=self.documents(older),
                custodians=Custodians(older),
            )

    def documents(self, seen: Seen) -> dict[Key, Document]:
        """All resources of one revision, as the caller may see them."""
        sheet = sheet_of(seen, self.bridge, self.basis.day)
        workers = practitioners([_named(sheet)], directory=self.bridge.directory, on=self.basis.day)
        projected = project(sheet)
        return {**projected, **encounters(sheet, projected), **workers}


def sheet_of(seen: Seen, bridge: Bridge, day: date) -> Sheet:
    """
    What the projection needs to know of a plan as a caller sees it: its items, their labels and registers.

    A label can hang on a value beside the item, which may be hidden from this caller: a resource must not tell of it.
    So the labels are those that the caller could find out itself, and stricter where the deciding value is not seen.
    """
    view = seen.disclosure.view
    origins = seen.revision.origins
    of_party: dict[str, str | None] = {}
    registers: dict[str, str] = {}
    for path in view.leaves:
        party = origins[path].party
        if party not in of_party:
            holder = bridge.directory.holder(party, on=day)
            of_party[party] = None if holder is None else holder.register.value
        register = of_party[party]
        if register is not None:
            registers[path] = register
    labels = {path: labels_of(path, view.leaves) for path in view.leaves}
    return Sheet(view=view, labels=labels, registers=registers)


def _named(sheet: Sheet) -> Named:
    known = {path: value for path, value in sheet.view.leaves.items() if path in sheet.registers}
    return Named(known, sheet.labels, sheet.registers)


Name = tuple[UUID, str, str, str]


class _Sights:
    """The last sights, safe between threads; each is replaced as a whole."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Name, PlanSight] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: Name) -> PlanSight | None:
        """The last sight under this name, which may stand no longer."""
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def put(self, name: Name, sight: PlanSight) -> None:
        """Keep a sight instead of the one before it."""
        with self._lock:
            self._kept[name] = sight
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_SIGHTS: Final = _Sights(KEPT)

"""What the end of a consent stops at once, and where it still has to reach (sync.md 8.13).

Every link where something loses its basis becomes a target: the items at stake there, the generation from which on they
may not stand, and the sends that were under way. What becomes of the targets is `propagation` of the consent.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from tyokyky_bridge.domain.consent import Consent, ConsentStatus, Withdrawal
from tyokyky_bridge.domain.notices import parties_to_notify
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.linking import (
    Desired,
    cancel_withdrawn,
    desired_for,
    pending_paths,
    refresh_links,
)
from tyokyky_bridge.services.loading import facts_of, latest_revision
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AttemptOutcome, DecisionRow, LinkRow
from tyokyky_bridge.services.shape import element_of
from tyokyky_bridge.services.sync_records import WithdrawalTarget

_NEWEST = 5
Wanted = Mapping[UUID, Mapping[str, Desired]]
"""What every system ought to hold, by plan and system."""


@dataclass(frozen=True)
class InFlight:
    """One send that had been decided before and may have gone out: *paths* are the items in it that lose their basis.

    *outcome* is ``None`` as long as it is not known how it ended.
    """

    decision: UUID
    system: str
    paths: tuple[str, ...]
    outcome: AttemptOutcome | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Fenced:
    """What a withdrawal stopped at once: items that waited, by system, and the parties that have to be told.

    *in_flight* is what it could not stop any more; each such send is followed by a taking back.

    Of the items a caller is told those that it could see; the audit and the links know them all.
    """

    consent: Consent
    cancelled: Mapping[str, tuple[str, ...]]
    notified: tuple[str, ...]
    in_flight: tuple[InFlight, ...] = ()

    @property
    def cancelled_elements(self) -> dict[str, tuple[str, ...]]:
        """The cancelled items gathered by the list element that they belong to."""
        return {s: tuple(sorted({element_of(p) for p in paths})) for s, paths in self.cancelled.items()}


@dataclass(frozen=True)
class Stopped:
    """The same, whoever may see it."""

    told: tuple[str, ...]
    cancelled: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    in_flight: tuple[InFlight, ...] = ()

    def as_seen(self, consent: Consent, visible: Collection[str]) -> Fenced:
        """What of it somebody is told who saw the items *visible* before."""
        shown = {s: tuple(p for p in paths if p in visible) for s, paths in self.cancelled.items()}
        sends = (replace(send, paths=tuple(p for p in send.paths if p in visible)) for send in self.in_flight)
        return Fenced(
            consent,
            {s: paths for s, paths in shown.items() if paths},
            self.told,
            tuple(send for send in sends if send.paths),
        )


def replaces(consent: Consent) -> bool:
    """A draft replaces nothing yet: it may be unreadable, and the form that it names still stands."""
    return consent.supersedes is not None and consent.status is ConsentStatus.ACTIVE


def supersede(tx: Tx, caller: Caller, old: Consent, new: Consent) -> tuple[str, ...]:
    """End the form that *new* replaces and say who has to be told.

    A newer form that takes something away is a withdrawal of the old one: when it was given and when it was
    recorded are both kept. Raises: NotActive.
    """
    told = parties_to_notify(old, replaced_by=new)
    now = tx.now()
    withdrawal = Withdrawal(
        at=min(new.granted_at, now),
        recorded_at=now,
        by=new.signed_by,
        received_by_party=caller.party,
        notified_parties=told,
    )
    ended = old.superseded(withdrawal if told else None)
    tx.consents.change(
        UUID(old.consent_id), status=ended.status.value, doc=ended.model_dump(mode="json"), actor=caller.party
    )
    return told


def desired_of(tx: Tx, bridge: Bridge, client_id: UUID) -> Wanted:
    """What every system ought to hold of each plan of the client, as things stand now; the plans are held."""
    facts = facts_of(tx, bridge, client_id)
    now = tx.now()
    wanted: dict[UUID, dict[str, Desired]] = {}
    for plan in tx.plans.of_client(client_id, lock="update"):
        revision = latest_revision(tx, plan.id)
        wanted[plan.id] = {p.system.id: desired_for(p, revision, facts, now) for p in bridge.partners_on(now)}
    return wanted


def fence(
    tx: Tx,
    bridge: Bridge,
    client_id: UUID,
    before: Wanted,
    *,
    cause: UUID,
    ended: UUID | None,
    told: tuple[str, ...],
) -> Stopped:
    """Raise the fence, cancel what lost its basis, mark links dirty, note who has to be told and where it has to reach.

    *cause* is the form that was recorded or withdrawn, *ended* the one that holds no longer, if any.
    """
    tx.clients.bump_epoch(client_id)
    after = desired_of(tx, bridge, client_id)
    cancelled: dict[str, tuple[str, ...]] = {}
    targets: list[WithdrawalTarget] = []
    in_flight: list[InFlight] = []
    for plan in tx.plans.of_client(client_id, lock="update"):
        links = tx.links.of_plan(plan.id, lock="update")
        stakes = {link.id: _at_stake(tx, link, before[plan.id], after[plan.id]) for link in links}
        of_plan = cancel_withdrawn(tx, links, dict(before[plan.id]), dict(after[plan.id]), cause)
        for system, paths in of_plan.items():
            cancelled[system] = tuple(sorted({*cancelled.get(system, ()), *paths}))
        refresh_links(
            tx,
            bridge,
            plan_id=plan.id,
            client_id=client_id,
            revision=latest_revision(tx, plan.id),
            overtake=bool(told),
        )
        for link in tx.links.of_plan(plan.id):
            if stake := stakes.get(link.id):
                sends = tuple(_sends(tx, bridge, link, stake))
                in_flight += sends
                targets.append(_target(tx, link, ended or cause, stake, sends))
    if ended is not None:
        for target in targets:
            tx.withdrawals.add(target)
    for party in told:
        tx.notices.add(client_id=client_id, party=party, kind="consent_withdrawn", consent_id=cause)
    return Stopped(told, cancelled, tuple(in_flight))


def with_outcomes(tx: Tx, fenced: Fenced) -> Fenced:
    """The same, with how each send that had been under way ended."""
    return replace(fenced, in_flight=tuple(_ended(tx, send) for send in fenced.in_flight))


def _at_stake(
    tx: Tx, link: LinkRow, before: Mapping[str, Desired], after: Mapping[str, Desired]
) -> frozenset[str]:
    """The items that lose their basis and stand there as ours, may stand there, or waited to be sent."""
    if link.system not in before or link.system not in after:
        return frozenset()
    lost = before[link.system].carried.keys() - after[link.system].carried.keys()
    if not lost:
        return frozenset()
    held = set(link.base or ())
    for decision in tx.decisions.of_link(link.id):
        if decision.gen > link.acked_gen:
            held |= {item["path"] for item in decision.items if item.get("ours")}
    return frozenset(lost & (held | pending_paths(tx, link, before[link.system])))


def _sends(tx: Tx, bridge: Bridge, link: LinkRow, stake: Collection[str]) -> Iterator[InFlight]:
    """The sends of which no end is on record, also those whose time to begin is over: they may be on the wire."""
    for decision in tx.decisions.of_link(link.id, limit=_NEWEST):
        if not may_be_under_way(tx, bridge, decision):
            continue
        written = {item["path"] for item in decision.items if item.get("written")}
        if paths := sorted(written.intersection(stake)):
            yield InFlight(decision.id, link.system, tuple(paths))


def may_be_under_way(tx: Tx, bridge: Bridge, decision: DecisionRow) -> bool:
    """Whether the send of a decision may be on the wire now: not ended, and not longer ago than it can last."""
    partner = bridge.partners.get(decision.system)
    longest = timedelta(seconds=partner.manifest.limits.deadline_s if partner is not None else 0.0)
    if decision.body_sha256 is None or tx.now() >= decision.send_before + longest:
        return False
    return tx.decisions.attempt(decision.id) is None


def _target(
    tx: Tx, link: LinkRow, consent_id: UUID, stake: Collection[str], sends: tuple[InFlight, ...]
) -> WithdrawalTarget:
    return WithdrawalTarget(
        consent_id=consent_id,
        link_id=link.id,
        client_id=link.client_id,
        system=link.system,
        gen=link.desired_gen,
        paths=tuple(sorted(stake)),
        in_flight=tuple(str(send.decision) for send in sends),
        at=tx.now(),
    )


def _ended(tx: Tx, send: InFlight) -> InFlight:
    attempt = tx.decisions.attempt(send.decision)
    if attempt is None:
        return send
    return replace(send, outcome=attempt.outcome, started_at=attempt.started_at, ended_at=attempt.ended_at)

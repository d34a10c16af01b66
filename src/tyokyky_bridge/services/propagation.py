"""Where one revision of a plan has arrived: a receipt for each partner system, as far as the caller may know.

A receipt is about the items that the revision changed and the caller sees; what happens to others does not move it
(I8). A revision has arrived when a send decided on it, or on a later one, has been acknowledged.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from tyokyky_bridge.domain.items import Leaves
from tyokyky_bridge.mapping.lens import LensRefusal
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.conflict_sight import ConflictSight
from tyokyky_bridge.services.linking import Desired, desired_for
from tyokyky_bridge.services.loading import PlanNotFound, facts_of
from tyokyky_bridge.services.plans import list_revisions
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import DecisionRow, LinkRow
from tyokyky_bridge.services.sight import Seen, see
from tyokyky_bridge.services.withdrawal_stage import DELIVERED, LOOKS_BACK
from tyokyky_bridge.services.withdrawing import may_be_under_way

ReceiptState = Literal[
    "not_permitted",
    "not_carried",
    "queued",
    "sent",
    "acknowledged",
    "read_back",
    "parked",
    "conflict",
]
MOST_WAIT_S = 30
_LOOK_EVERY_S = 0.1
_WAITING = frozenset({"queued", "sent"})
_ARRIVED = frozenset({"sent", "held", "clear", "retained", "withheld", "not_carried"})


@dataclass(frozen=True)
class Receipt:
    """How far one system has the revision. *why*: for what reason how many of its items may not go there. *at*: when it
    came to be so, where that is known; *age_s*: how long after the revision that was, or how long it has waited by now.
    """

    system: str
    party: str
    state: ReceiptState
    why: Mapping[str, int]
    reason: str | None
    at: datetime | None
    age_s: float


@dataclass(frozen=True)
class Propagation:
    """The receipts of one revision, numbered as the caller lists the revisions."""

    revision: int
    at: datetime
    receipts: tuple[Receipt, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is on its way: everything has arrived, may not go, or waits for a person."""
        return all(receipt.state not in _WAITING for receipt in self.receipts)


@dataclass(frozen=True)
class _Asked:
    """The revision that was asked about, and the items that it changed in the caller's sight."""

    number: int
    version: int
    at: datetime
    changed: frozenset[str]


async def plan_propagation(
    bridge: Bridge,
    caller: Caller,
    plan_id: UUID,
    *,
    revision: int | None = None,
    wait_s: float = 0,
    gone: Callable[[], Awaitable[bool]] | None = None,
) -> Propagation:
    """Where a revision has arrived, the newest one that the caller lists unless another is named.

    Waits up to *wait_s* seconds (`MOST_WAIT_S` at most) for everything to settle, or until *gone* says that nobody
    waits for the answer any more. Raises: PlanNotFound, NotForRole.
    """
    asked = await _asked(bridge, caller, plan_id, revision)
    until = time.monotonic() + min(wait_s, MOST_WAIT_S)
    while True:
        found = await bridge.store.read(lambda tx: _receipts(tx, bridge, caller, plan_id, asked))
        if found.is_settled or time.monotonic() >= until or (gone is not None and await gone()):
            return found
        await asyncio.sleep(_LOOK_EVERY_S)


async def _asked(bridge: Bridge, caller: Caller, plan_id: UUID, number: int | None) -> _Asked:
    listed = await list_revisions(bridge, caller, plan_id)
    number = len(listed) if number is None else number
    if not 1 <= number <= len(listed):
        raise PlanNotFound
    this = listed[number - 1]
    before = listed[number - 2].seen if number > 1 else None
    after = _leaves(caller, this.seen)
    earlier: Leaves = {} if before is None else _leaves(caller, before)
    changed = {p for p in earlier.keys() | after.keys() if earlier.get(p) != after.get(p)}
    return _Asked(number, this.seen.revision.version, this.at, frozenset(changed))


def _leaves(caller: Caller, seen: Seen) -> Leaves:
    """The items by which the caller is told: oversight knows all paths."""
    return seen.revision.leaves if caller.role is Role.OVERSIGHT else seen.disclosure.view.leaves


def _receipts(tx: Tx, bridge: Bridge, caller: Caller, plan_id: UUID, asked: _Asked) -> Propagation:
    seen = see(tx, bridge, caller, plan_id)
    now = tx.now()
    shown = frozenset(
        p
        for p in asked.changed
        if caller.role is Role.OVERSIGHT or p in seen.disclosure.view.leaves or p not in seen.revision.leaves
    )
    links = {link.system: link for link in tx.links.of_plan(plan_id)}
    facts = facts_of(tx, bridge, seen.client_id)
    waiting = ConflictSight(tx, bridge, caller, seen).known()
    receipts: list[Receipt] = []
    for partner in bridge.partners_on(now) if shown else ():
        desired = desired_for(partner, seen.revision, facts, now)
        link = links.get(partner.system.id)
        about = _About(tx, bridge, asked, shown, partner, desired, link)
        receipt = about.receipt(conflict=bool(waiting.get(partner.system.id, set()) & shown), now=now)
        if receipt is not None:
            receipts.append(receipt)
    return Propagation(asked.number, asked.at, tuple(receipts))


@dataclass(frozen=True)
class _About:
    """One revision towards one system."""

    tx: Tx
    bridge: Bridge
    asked: _Asked
    shown: frozenset[str]
    partner: Partner
    desired: Desired
    link: LinkRow | None

    def receipt(self, *, conflict: bool, now: datetime) -> Receipt | None:
        """How far it is; ``None`` where there is nothing to tell."""
        decisions = self.desired.disclosure.decisions
        mine = [p for p in self.shown if p in decisions]
        permitted = {p for p in mine if p in self.desired.disclosure.view.leaves}
        why = Counter(
            _reason(decisions[p].code, permits=decisions[p].permits) for p in mine if p not in permitted
        )
        goes = self._carried(permitted) | self._to_go()
        told = (self.partner.system.id, self.partner.system.party)
        waited = max(0.0, (now - self.asked.at).total_seconds())
        if not goes:
            if not mine:
                return None
            state = "not_carried" if permitted else "not_permitted"
            return Receipt(*told, state, dict(why), None, None, waited)
        if conflict:
            return Receipt(*told, "conflict", dict(why), None, None, waited)
        arrived = self._arrived(goes)
        if arrived is not None:
            proved = self.partner.manifest.read_back or self._looked_since(arrived)
            took = max(0.0, (arrived - self.asked.at).total_seconds())
            return Receipt(*told, "read_back" if proved else "acknowledged", dict(why), None, arrived, took)
        if self.link is not None and self.link.parked_reason is not None:
            parked = self.link
            return Receipt(*told, "parked", dict(why), parked.parked_reason, parked.parked_at, waited)
        sent = [d for d in self._decisions() if may_be_under_way(self.tx, self.bridge, d)]
        return Receipt(
            *told, "sent" if sent else "queued", dict(why), None, sent[0].at if sent else None, waited
        )

    def _carried(self, permitted: set[str]) -> set[str]:
        """What of it the mapping carries."""
        named = permitted & self.desired.carried.keys()
        try:
            return named & self.partner.lens.put({}, self.desired.disclosure.view).carried
        except LensRefusal:
            return named

    def _to_go(self) -> set[str]:
        """What of it has to go from there, or went, because the plan has it no longer."""
        base = (self.link.base or {}) if self.link is not None else {}
        removed = {p for p in self.shown if p not in self.desired.disclosure.decisions}
        cleared = {
            item["path"]
            for decision in self._decisions()
            for item in decision.items
            if item["state"] in {"clear", "retained"}
        }
        return removed & (base.keys() | cleared)

    def _decisions(self) -> tuple[DecisionRow, ...]:
        """The decisions that knew of the revision, newest first."""
        if self.link is None:
            return ()
        found = self.tx.decisions.of_link(self.link.id, limit=LOOKS_BACK)
        return tuple(d for d in found if d.plan_version >= self.asked.version)

    def _arrived(self, goes: set[str]) -> datetime | None:
        """When the first send that had all of it was acknowledged."""
        for decision in reversed(self._decisions()):
            attempt = self.tx.decisions.attempt(decision.id)
            if attempt is None or attempt.outcome not in DELIVERED:
                continue
            states = {item["path"]: item["state"] for item in decision.items}
            if all(states.get(path, "withheld") in _ARRIVED for path in goes):
                return attempt.ended_at
        return None

    def _looked_since(self, at: datetime) -> bool:
        looked = self.link.verified_at if self.link is not None else None
        return looked is not None and looked >= at


def _reason(code: str, *, permits: bool) -> str:
    """Why an item may not go; one that may and is kept back all the same is so by a non-disclosure order."""
    return "NON_DISCLOSURE" if permits else code

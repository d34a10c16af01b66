"""What a caller may see: the same decisions that bind the partner systems, made for the calling party."""

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

import orjson

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.case_facts import rests_on_the_same
from tyokyky_bridge.domain.consent import FormKind
from tyokyky_bridge.domain.disclosure import Disclosure, in_network
from tyokyky_bridge.domain.items import leaves_to_json
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Revision
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.changes import Sight
from tyokyky_bridge.services.loading import PlanNotFound, disclosure_to, facts_of, latest_revision
from tyokyky_bridge.services.ports import Lock, Tx

HUB_CHANNEL = "hub"
"""Reading over the hub's own interface; never the joint register's channel."""


@dataclass(frozen=True)
class Seen:
    """A plan as one caller sees it."""

    plan_id: UUID
    client_id: UUID
    revision: Revision
    disclosure: Disclosure

    @property
    def etag(self) -> str:
        """A strong validator of the caller's view: a change the caller cannot see does not move it."""
        view = self.disclosure.view
        doc = [leaves_to_json(view.leaves), sorted(view.withheld), view.non_disclosure]
        return hashlib.sha256(orjson.dumps(doc, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]

    def sight(self, caller: Caller, bridge: Bridge) -> Sight:
        """What the caller may touch when it edits."""
        party = bridge.directory.party(caller.party, on=finnish_day(self.disclosure.at))
        view = self.disclosure.view
        return Sight(
            permitted=view.leaves.keys(),  # a non-disclosure order keeps back some of what was permitted
            withheld=view.withheld,
            register=party.register,
            shielded=view.non_disclosure,
        )


def see(tx: Tx, bridge: Bridge, caller: Caller, plan_id: UUID, *, lock: Lock | None = None) -> Seen:
    """The plan for this caller.

    Raises: PlanNotFound, also where the plan exists and the caller may not know it (existence is confidential).
    """
    head = tx.plans.get(plan_id, lock=lock)
    if head is None or not bridge.in_force(caller.party, tx.now()):
        raise PlanNotFound
    revision = latest_revision(tx, plan_id)
    seen = Seen(plan_id, head.client_id, revision, _disclosure(tx, bridge, caller, head.client_id, revision))
    if not may_know(seen, caller, tx):
        raise PlanNotFound
    return seen


def may_know(seen: Seen, caller: Caller, tx: Tx) -> bool:
    """Whether the caller may know that the plan exists: in the network, or something in it is open to its party."""
    if caller.role in {Role.OVERSIGHT, Role.OPERATIONS}:
        return True
    return bool(seen.disclosure.view.leaves) or in_network(seen.revision.plan, caller.party, at=tx.now())


def _disclosure(
    tx: Tx,
    bridge: Bridge,
    caller: Caller,
    client_id: UUID,
    revision: Revision,
    *,
    standing: SupportPlan | None = None,
) -> Disclosure:
    facts = facts_of(tx, bridge, client_id)
    # A spoken consent covers one transaction; looking something up here is none, and must not use it up.
    lasting = tuple(form for form in facts.consents if form.form_kind is not FormKind.ORAL_ONCE)
    return disclosure_to(
        revision,
        replace(facts, consents=lasting),
        party=caller.party,
        purpose=caller.purpose,
        channel=HUB_CHANNEL,
        at=tx.now(),
        standing=standing,
    )


def seen_after(tx: Tx, bridge: Bridge, caller: Caller, seen: Seen, revision: Revision) -> Seen:
    """The plan for this caller after the caller has made *revision* of it in this transaction.

    Raises: PlanNotFound, where the change would hide the plan from the one who makes it.
    """
    after = seen_if(tx, bridge, caller, seen, revision)
    if not may_know(after, caller, tx):
        raise PlanNotFound
    return after


def seen_if(tx: Tx, bridge: Bridge, caller: Caller, seen: Seen, revision: Revision) -> Seen:
    """The same plan for this caller, were *revision* the newest."""
    return Seen(
        seen.plan_id, seen.client_id, revision, _disclosure(tx, bridge, caller, seen.client_id, revision)
    )


def seen_revision(tx: Tx, bridge: Bridge, caller: Caller, seen: Seen, revision: Revision) -> Seen:
    """An older revision of the same plan by today's decisions for this caller.

    *seen* is the newest one. Who came into the network later sees no time before; who has left it, or from whom a
    non-disclosure order keeps addresses by now, sees no more of the past than of the present.
    """
    older = seen_if(tx, bridge, caller, seen, revision)
    standing = seen.revision.plan
    if rests_on_the_same(revision.plan, standing, at=tx.now()):
        return older
    now = _disclosure(tx, bridge, caller, seen.client_id, revision, standing=standing)
    view = older.disclosure.view.within(now.view)
    return replace(older, disclosure=replace(older.disclosure, view=view))

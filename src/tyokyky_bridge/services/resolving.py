"""A person decides a conflict: an ordinary change of the plan, and a new agreement with the partner (sync.md 8.12).

What the partner holds counts as seen from then on, so that the next write overwrites it knowingly; should it have been
changed there meanwhile, that is a new change and a new conflict.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tyokyky_bridge.domain.authority import SET_BY_HUB
from tyokyky_bridge.domain.errors import InvalidPlan, Problem
from tyokyky_bridge.domain.items import (
    leaves_from_json,
    leaves_of,
    leaves_to_json,
    pattern_of,
    plan_from_leaves,
)
from tyokyky_bridge.domain.merge import decided_bases
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.changes import CategoryWithheld, Change, apply_changes
from tyokyky_bridge.services.conflict_sight import DECIDING, ConflictSight, ConflictView
from tyokyky_bridge.services.conflicts import (
    ConflictEnded,
    LinkBusy,
    NoBasisForTheirs,
    NotYourConflict,
    StaleConflict,
    find,
    note,
)
from tyokyky_bridge.services.consent_sight import need
from tyokyky_bridge.services.fence import no_more_starts
from tyokyky_bridge.services.incoming import Source
from tyokyky_bridge.services.linking import HEALED_BY_CHANGE, desired_for
from tyokyky_bridge.services.loading import facts_of
from tyokyky_bridge.services.plans import CLOSED, PlanClosed
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import LinkRow
from tyokyky_bridge.services.repeats import RepeatKey, once
from tyokyky_bridge.services.revising import append_revision
from tyokyky_bridge.services.sight import Seen, seen_after
from tyokyky_bridge.services.sync_records import ConflictRow, Resolution

TRIES_FOR_S = 2.0
_TRY_EVERY_S = 0.1


@dataclass(frozen=True)
class Choice:
    """Which side stands; *value* is the third one for ``other``, ``None`` for none at all."""

    resolution: Resolution
    value: Any = None


async def resolve_conflict(
    bridge: Bridge,
    caller: Caller,
    conflict_id: UUID,
    choice: Choice,
    *,
    if_match: str,
    repeat: RepeatKey | None = None,
) -> ConflictView:
    """Decide an open conflict, as it was when the caller read it: *if_match* is the ETag of the conflict.

    Raises: ConflictNotFound, NotYourConflict, ConflictEnded, StaleConflict, LinkBusy, NoBasisForTheirs, PlanClosed,
    InvalidPlan, NotYourField, CategoryWithheld, NotForRole, KeyReused.
    """
    need(caller, DECIDING)

    def resolve(tx: Tx) -> ConflictView:
        view, seen = find(tx, bridge, caller, conflict_id, lock="update")
        _check(view, if_match)
        return _resolve(tx, bridge, caller, view, seen, choice)

    until = time.monotonic() + TRIES_FOR_S
    while True:
        try:
            resolved = await bridge.store.write(
                lambda tx: once(
                    tx,
                    caller,
                    repeat,
                    lambda: resolve(tx),
                    note=lambda made: {"conflict": str(made.row.id)},
                    recall=lambda kept: find(tx, bridge, caller, UUID(kept["conflict"]))[0],
                )
            )
        except LinkBusy:
            if time.monotonic() >= until:
                raise
            await asyncio.sleep(_TRY_EVERY_S)
        else:
            await no_more_starts(bridge, resolved.row.client_id)
            return resolved


def _check(view: ConflictView, if_match: str) -> None:
    if view.row.state != "open":
        raise ConflictEnded
    if not view.may_resolve:
        raise NotYourConflict
    if if_match != view.etag:
        raise StaleConflict


def _resolve(
    tx: Tx, bridge: Bridge, caller: Caller, view: ConflictView, seen: Seen, choice: Choice
) -> ConflictView:
    sight = ConflictSight(tx, bridge, caller, seen)
    row, decided = view.row, sight.together(view.row)
    link = tx.links.get(row.link_id, lock="update")
    if link is None or link.lease_by is not None:
        raise LinkBusy
    now = tx.now()
    plan = _changed_plan(sight, decided, row, choice, link)
    revision, after = seen.revision, seen
    if plan is not None and leaves_of(plan) != revision.leaves:
        if revision.leaves["header.status"] in CLOSED:
            raise PlanClosed
        fresh = Origin(party=caller.party, at=now, role=caller.role.value)
        if choice.resolution == "theirs":
            fresh = _theirs(sight, row, link)
        revision = append_revision(
            tx,
            bridge,
            client_id=row.client_id,
            before=seen.revision,
            plan=plan,
            fresh=fresh,
            cause="resolve",
            at=now,
        )
        after = seen_after(tx, bridge, caller, seen, revision)
    for each in decided:
        chosen = choice.resolution if each.id == row.id or choice.resolution != "other" else "ours"
        tx.conflicts.resolve(each.id, resolution=chosen, by=caller.party)
    _agree(tx, link, decided, revision)
    _travel(tx, bridge, link, revision)
    note(
        tx,
        caller,
        "conflict/resolved",
        decided,
        paths=[each.path for each in decided],
        choice=choice.resolution,
        system=row.system,
        version=revision.version,
    )
    ended = tx.conflicts.get(row.id)
    shown = None if ended is None else ConflictSight(tx, bridge, caller, after).view(ended)
    return view if shown is None else shown


def _changed_plan(
    sight: ConflictSight, decided: tuple[ConflictRow, ...], row: ConflictRow, choice: Choice, link: LinkRow
) -> SupportPlan | None:
    """The plan as the choice makes it; ``None`` where ours stands."""
    if choice.resolution == "ours":
        return None
    if any(each.path in SET_BY_HUB or each.path.startswith("client.hetu[") for each in decided):
        raise InvalidPlan([Problem(pattern_of(row.path), "set by the hub")])
    before, permitted = sight.seen.revision.leaves, sight.seen.disclosure.view.leaves
    hidden = [each.path for each in decided if each.path in before and each.path not in permitted]
    if hidden:
        raise CategoryWithheld(pattern_of(path) for path in hidden)
    if choice.resolution == "other":
        own = sight.seen.sight(sight.caller, sight.bridge)
        return apply_changes(before, [Change(row.path, choice.value)], own)
    if row.theirs is None:
        gone = {each.path for each in decided}
        return plan_from_leaves({p: v for p, v in before.items() if p not in gone})
    leaves = sight.with_theirs(row, row.theirs)
    partner = sight.bridge.known_partner(row.system, sight.tx.now())
    facts = facts_of(sight.tx, sight.bridge, row.client_id)
    now = sight.tx.now()
    plan = plan_from_leaves(leaves)
    if partner is None:
        raise NoBasisForTheirs
    source = Source(sight.bridge, partner, sight.seen.revision, facts, _theirs(sight, row, link), now)
    brought = {p: v for p, v in leaves.items() if before.get(p) != v}
    if source.receivable(brought) != brought.keys():
        raise NoBasisForTheirs
    return plan


def _theirs(sight: ConflictSight, row: ConflictRow, link: LinkRow) -> Origin:
    return Origin(
        party=sight.partner_party(row) or row.owner,
        at=sight.tx.now(),
        role="bridge",
        system=row.system,
        record=link.remote.record,
        record_version=row.remote_version,
    )


def _agree(tx: Tx, link: LinkRow, decided: tuple[ConflictRow, ...], revision: Revision) -> None:
    """Their values count as seen on both sides, so that whatever stands instead is our change. Raises: LinkBusy.

    What is to go there, because the plan has nothing, counts as ours to take back: the engine removes no more.
    """
    seen = {
        c.path: None if c.theirs is None else leaves_from_json({c.path: c.theirs})[c.path] for c in decided
    }
    hub, remote = decided_bases(
        leaves_from_json(link.base_hub or {}), leaves_from_json(link.base_remote or {}), seen
    )
    away = {c.path: c.theirs for c in decided if c.theirs is not None and c.path not in revision.leaves}
    moved = tx.links.move(
        link.id,
        base_hub=leaves_to_json(hub),
        base_remote=leaves_to_json(remote),
        base={**(link.base or {}), **away} if away and link.acked_kind != "absent" else None,
    )
    if not moved:
        raise LinkBusy


def _travel(tx: Tx, bridge: Bridge, link: LinkRow, revision: Revision) -> None:
    """Let the decision reach the partner, also where the plan stays as it was."""
    current = tx.links.get(link.id)
    partner = bridge.known_partner(link.system, tx.now())
    if current is None or partner is None or current.desired_gen != link.desired_gen:
        return
    desired = desired_for(partner, revision, facts_of(tx, bridge, link.client_id), tx.now())
    tx.links.want(
        plan_id=link.plan_id,
        client_id=link.client_id,
        system=link.system,
        kind=desired.kind,
        unpark=HEALED_BY_CHANGE,
    )

"""Links as desired state: after any change, every linked system is marked dirty in the same transaction (sync.md 8.1).

A plan has a link to every system whose party is in the client's network or may have something of it; no link, no
existence. Where nothing may be held, the desired state is *absent*.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson

from tyokyky_bridge.domain.decision import Facts
from tyokyky_bridge.domain.disclosure import Disclosure
from tyokyky_bridge.domain.items import Leaves, leaves_to_json
from tyokyky_bridge.domain.revision import Revision
from tyokyky_bridge.mapping.lens import LensRefusal
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.incoming import may_bring
from tyokyky_bridge.services.loading import disclosure_to, facts_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import Kind, LinkRow

HELD_OPEN = "held_open"
"""Parked because somebody there has had the record open for long: a person asks them to close it."""
NO_NUMBER = "no_official_number"
"""Parked because there is no number by which a partner could be asked for the person."""
DELETED_THERE = "deleted_there"
"""Parked because somebody there removed a record that was not of our making: a person says whether it comes back."""
HEALED_BY_CHANGE = ("lens", "refused", "read_back", "unknown_code", "not_in_force", HELD_OPEN, NO_NUMBER)
"""Park reasons that new content may cure; identity and unknown persons need a human."""
POISON = "poison"
"""Parked because process after process died with it in its hands."""
HELD_BY_HUMANS = ("identity", "not_there", "adapter_error", DELETED_THERE, POISON)
"""Park reasons that wait for a person, except where something has to be taken back: that is tried all the same."""


@dataclass(frozen=True)
class Desired:
    """What one partner's record ought to hold by a revision and the facts of a moment."""

    partner: Partner
    disclosure: Disclosure
    carried: Leaves
    """The permitted leaves whose fields the partner's mapping names."""
    brings_news: bool
    """Whether anything of it comes from elsewhere than from that very system."""

    @cached_property
    def sha(self) -> str:
        """A digest of what the system ought to hold: equal digests need no new delivery."""
        doc = [self.partner.lens.version, leaves_to_json(self.carried)]
        return hashlib.sha256(orjson.dumps(doc, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def kind(self) -> Kind:
        """Whether anything of ours ought to be there: what a system gave itself needs no record of ours."""
        return "present" if self.brings_news else "absent"


def desired_for(
    partner: Partner, revision: Revision, facts: Facts, at: datetime, *, identity_resolved: bool = True
) -> Desired:
    """Decide every item for one partner and keep what its mapping carries."""
    disclosure = disclosure_to(
        revision,
        facts,
        party=partner.system.party,
        purpose=partner.system.purpose,
        channel=partner.system.channel,
        at=at,
        identity_resolved=identity_resolved,
    )
    carried = {path: value for path, value in disclosure.view.leaves.items() if partner.lens.names(path)}
    news = any(revision.origins[path].system != partner.system.id for path in carried)
    return Desired(partner, disclosure, carried, news)


def refresh_links(
    tx: Tx,
    bridge: Bridge,
    *,
    plan_id: UUID,
    client_id: UUID,
    revision: Revision,
    overtake: bool = False,
    nothing_happened: bool = False,
) -> tuple[LinkRow, ...]:
    """Mark dirty every link of a plan whose desired state changed; links that never held anything are not made.

    The caller holds the plan row, which is the mutex of its links. *overtake* puts them first in line: withdrawals.
    *nothing_happened*: only time has passed, so that a link which waits its turn anyway needs no new generation.
    """
    facts = facts_of(tx, bridge, client_id)
    links = {link.system: link for link in tx.links.of_plan(plan_id, lock="update")}
    wanted: list[LinkRow] = []
    for partner in bridge.partners_on(tx.now()):
        link = links.get(partner.system.id)
        desired = desired_for(partner, revision, facts, tx.now())
        narrower = link is not None and not (link.base or {}).keys() <= desired.carried.keys()
        if nothing_happened and link is not None and not _is_moved_by_time(link, desired, narrower=narrower):
            continue
        brings = link is None and may_bring(partner, revision.plan, facts, tx.now())
        if brings or needs_work(link, desired):
            take_back = overtake or narrower
            wanted.append(
                tx.links.want(
                    plan_id=plan_id,
                    client_id=client_id,
                    system=partner.system.id,
                    kind=desired.kind,
                    overtake=overtake,
                    unpark=(*HEALED_BY_CHANGE, *HELD_BY_HUMANS) if take_back else HEALED_BY_CHANGE,
                )
            )
    return tuple(wanted)


def _is_moved_by_time(link: LinkRow, desired: Desired, *, narrower: bool) -> bool:
    """Whether the passing of time alone asks for work on a link: what waits is decided afresh when its turn comes, and
    what is parked is not offered again but may have to be taken back.
    """
    if link.state == "parked":
        return narrower or link.desired_kind != desired.kind
    return link.state != "due"


def needs_work(link: LinkRow | None, desired: Desired) -> bool:
    """Whether a link has to be brought to a new state."""
    if link is None:
        return desired.kind == "present"
    if link.state == "in_sync":
        return link.acked_kind != desired.kind or (
            desired.kind == "present" and link.projection_sha != desired.sha
        )
    return True


def start_over(tx: Tx, link: LinkRow) -> None:
    """Let a link that is tried again after its record was removed there begin as at first contact: what the next
    record lacks was not deleted from it.
    """
    if link.parked_reason == DELETED_THERE:
        tx.links.forget_remote(link.id)
        tx.links.move(link.id, base_hub=None, base_remote=None)


def pending_paths(tx: Tx, link: LinkRow, desired: Desired) -> frozenset[str]:
    """Permitted items that the partner can hold and is not known to hold yet, whoever wrote them there."""
    try:
        able = desired.partner.lens.put({}, desired.disclosure.view).carried
    except LensRefusal:
        able = desired.carried.keys()
    held = {**found_there(tx, link), **((link.base or {}) if link.acked_kind == "present" else {})}
    wanted = leaves_to_json(desired.carried)
    return frozenset(path for path, value in wanted.items() if path in able and held.get(path) != value)


def found_there(tx: Tx, link: LinkRow) -> Mapping[str, Any]:
    """The items that the newest attempt found standing in the partner's own record already."""
    last = tx.decisions.latest(link.plan_id, link.system)
    row = tx.plans.revision(link.plan_id, last.plan_version) if last is not None else None
    if last is None or row is None:
        return {}
    paths = [item["path"] for item in last.items if item.get("state") == "held"]
    return {path: row.leaves[path] for path in paths if path in row.leaves}


def cancel_withdrawn(
    tx: Tx,
    links: Collection[LinkRow],
    before: dict[str, Desired],
    after: dict[str, Desired],
    consent_id: UUID,
) -> dict[str, tuple[str, ...]]:
    """Record every item that waited to be sent and lost its basis; returns the paths for each system."""
    cancelled: dict[str, tuple[str, ...]] = {}
    for link in links:
        if link.system not in before or link.system not in after:
            continue
        lost = sorted(pending_paths(tx, link, before[link.system]) - set(after[link.system].carried))
        if lost:
            tx.decisions.cancel(link.id, lost, consent_id=consent_id)
            cancelled[link.system] = tuple(lost)
    return cancelled

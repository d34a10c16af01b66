"""Append a revision and all that follows from it in the same transaction: the fence, and links marked dirty."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_of, leaves_to_json
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.linking import refresh_links
from tyokyky_bridge.services.ports import Tx

_FENCES = (
    "network.members[",
    "header.typ_customership.",
    "necessity_marks[",
    "closing.",
    "client.non_disclosure.",
)


def append_revision(
    tx: Tx,
    bridge: Bridge,
    *,
    client_id: UUID,
    before: Revision,
    plan: SupportPlan,
    fresh: Origin,
    cause: str,
    at: datetime,
) -> Revision:
    """Store *plan* as the revision after *before*: changed items get the origin *fresh*, the others keep theirs.

    The caller holds the client (for the fence) and the plan, in that order. Raises: StaleRevision.
    """
    leaves = leaves_of(plan)
    revision = Revision(
        plan=plan,
        version=before.version + 1,
        origins=origins_after(before.leaves, before.origins, leaves, fresh),
        recorded_at=at,
        recorded_by=fresh.party,
    )
    plan_id = UUID(plan.header.plan_id)
    tx.plans.append(
        plan_id,
        expected=before.version,
        status=str(leaves["header.status"]),
        cause=cause,
        actor=fresh.party,
        **stored(revision, leaves),
    )
    if _fences(before.leaves) != _fences(leaves):
        tx.clients.bump_epoch(client_id)
    refresh_links(tx, bridge, plan_id=plan_id, client_id=client_id, revision=revision)
    return revision


def stored(revision: Revision, leaves: Leaves) -> dict[str, Any]:
    """Content and origins of a revision as storage takes them."""
    return {
        "leaves": leaves_to_json(leaves),
        "origins": {path: origin.to_json() for path, origin in revision.origins.items()},
    }


def origins_after(
    before: Leaves, origins: Mapping[str, Origin], after: Leaves, fresh: Origin
) -> dict[str, Origin]:
    """Who each item comes from: unchanged items keep their origin, the rest has the *fresh* one."""
    return {p: origins[p] if p in origins and before.get(p) == value else fresh for p, value in after.items()}


def _fences(leaves: Leaves) -> dict[str, Scalar]:
    """Network, customership, marks, the end, and a non-disclosure order: with these changes who may have what."""
    return {p: v for p, v in leaves.items() if p.startswith(_FENCES) or ".necessary_for_employment." in p}

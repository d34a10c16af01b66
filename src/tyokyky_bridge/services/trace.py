"""Why each item of a plan is, or is not, in a partner's record: the trace behind ``/disclosures`` and ``/links``."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from tyokyky_bridge.domain.decision import Decision
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.items import labels_of, leaves_to_json
from tyokyky_bridge.mapping.lens import LensRefusal, Put
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.conflict_sight import ConflictSight
from tyokyky_bridge.services.link_views import LinkView, veiled_view, whole_view
from tyokyky_bridge.services.linking import NO_NUMBER, Desired, desired_for, found_there
from tyokyky_bridge.services.loading import facts_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, DecisionRow, LinkRow
from tyokyky_bridge.services.sight import Seen, see

ItemState = Literal[
    "sent", "held", "queued", "parked", "conflict", "not_carried", "withheld", "retained", "to_be_cleared"
]


class LinkNotFound(BridgeError):
    """The plan has no such link, or no such system exists."""

    code = "link/not-found"

    def __init__(self) -> None:
        super().__init__("no such link")


class LinkNotParked(BridgeError):
    """Only a parked link can be redriven."""

    code = "link/not-parked"

    def __init__(self) -> None:
        super().__init__("the link is not parked")


@dataclass(frozen=True)
class TracedItem:
    """One item of the plan towards one system: what was decided and why, and where the item is now."""

    path: str
    state: ItemState
    outcome: str
    row: int
    basis: str | None
    reason: str | None
    reasons: tuple[str, ...]
    labels: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True)
class Trace:
    """Every item of a plan exactly once, towards one system; *decision* is the newest one that a payload came from."""

    system: str
    recipient: str
    link: LinkRow | None
    decision: DecisionRow | None
    items: tuple[TracedItem, ...]


async def trace_disclosures(bridge: Bridge, caller: Caller, plan_id: UUID, system: str) -> Trace:
    """Every item of the plan with its decision towards *system*.

    Oversight sees every path; others see those that are open to themselves, so that a trace betrays nothing that a
    plan would not. Values are never shown. Raises: PlanNotFound, LinkNotFound.
    """

    def read(tx: Tx) -> Trace:
        seen = see(tx, bridge, caller, plan_id)
        partner = bridge.known_partner(system, tx.now())
        if partner is None:
            raise LinkNotFound
        links = tx.links.of_plan(plan_id, system=system)
        link = links[0] if links else None
        resolved = link is None or link.parked_reason not in {"identity", NO_NUMBER}
        facts = facts_of(tx, bridge, seen.client_id)
        desired = desired_for(partner, seen.revision, facts, tx.now(), identity_resolved=resolved)
        newest = tx.decisions.latest(plan_id, system)
        items = tuple(
            item
            for item in _items(tx, desired, link, newest)
            if caller.role is Role.OVERSIGHT or item.path in seen.disclosure.view.leaves
        )
        if caller.role is not Role.OVERSIGHT:
            # A label may hang on a value that is hidden from the caller, and must not tell of it.
            visible = seen.disclosure.view.leaves
            items = tuple(replace(i, labels=tuple(sorted(labels_of(i.path, visible)))) for i in items)
        if caller.party != partner.system.party and any(item.state == "conflict" for item in items):
            # That the partner has a value of its own is told to those who may know of the conflict.
            known = ConflictSight(tx, bridge, caller, seen).known().get(system, set())
            items = tuple(
                replace(i, state="queued", note=None) if i.state == "conflict" and i.path not in known else i
                for i in items
            )
        _audit(tx, caller, seen, system)
        view = None if link is None else _view(tx, bridge, caller, seen, link)
        return Trace(system, partner.system.party, view and view.link, newest, items)

    return await bridge.store.write(read)


async def list_links(bridge: Bridge, caller: Caller, plan_id: UUID) -> tuple[LinkView, ...]:
    """The plan's links with state and reasons.

    Oversight and operations see all of it. To others a link is shown as far as items go there that they see
    themselves, so that neither its existence nor its movements tell of anything else. Raises: PlanNotFound.
    """

    def read(tx: Tx) -> tuple[LinkView, ...]:
        seen = see(tx, bridge, caller, plan_id)
        views = (_view(tx, bridge, caller, seen, link) for link in tx.links.of_plan(plan_id))
        return tuple(view for view in views if view is not None)

    return await bridge.store.read(read)


async def redrive_link(bridge: Bridge, caller: Caller, plan_id: UUID, system: str) -> LinkView:
    """Try a parked link again, after a person has seen to the reason.

    Raises: PlanNotFound, LinkNotFound, LinkNotParked, NotForRole.
    """
    if caller.role not in {Role.OPERATIONS, Role.OVERSIGHT, Role.PROFESSIONAL}:
        raise NotForRole(Role.OPERATIONS.value)

    def redrive(tx: Tx) -> LinkView:
        seen = see(tx, bridge, caller, plan_id, lock="update")
        if system not in bridge.partners:
            raise LinkNotFound
        links = tx.links.of_plan(plan_id, system=system, lock="update")
        shown = _view(tx, bridge, caller, seen, links[0]) if links else None
        if shown is None:
            raise LinkNotFound
        if shown.link.state != "parked" or not tx.links.redrive(link_id=links[0].id):
            raise LinkNotParked
        _audit(tx, caller, seen, system, event="link/redriven")
        return _view(tx, bridge, caller, seen, tx.links.of_plan(plan_id, system=system)[0]) or shown

    return await bridge.store.write(redrive)


def _items(tx: Tx, desired: Desired, link: LinkRow | None, newest: DecisionRow | None) -> list[TracedItem]:
    """Decisions of now, except where the standing payload was made from recorded ones: then those."""
    recorded = {i["path"]: i for i in newest.items} if newest is not None else {}
    put = _put(desired.partner, desired)
    wanted = leaves_to_json(desired.carried)
    there = found_there(tx, link).items() if link is not None else ()
    held = frozenset(path for path, value in there if wanted.get(path) == value)
    contested = {c.path for c in tx.conflicts.open_of_link(link.id)} if link is not None else set[str]()
    made_from = recorded if newest is not None and link is not None and _stands(newest, link, desired) else {}
    return [
        _recorded_item(path, made_from[path], decision)
        if path in made_from
        else TracedItem(
            path=path,
            state="conflict"
            if decision.permits and path in contested
            else _state(path, decision, desired, link, recorded.get(path, {}), put, held=held),
            outcome=decision.outcome.value,
            row=decision.row,
            basis=f"{decision.basis.kind.value}:{decision.basis.id}" if decision.basis else None,
            reason=None if decision.permits else decision.code,
            reasons=tuple(r.value for r in decision.reasons),
            labels=tuple(sorted(decision.labels)),
            note=put.not_carried.get(path) if put and decision.permits else None,
        )
        for path, decision in desired.disclosure.decisions.items()
    ]


def _stands(newest: DecisionRow, link: LinkRow, desired: Desired) -> bool:
    """Whether the record stands as that decision made it, for the plan as it is now."""
    return (
        link.state == "in_sync"
        and link.acked_gen == newest.gen
        and newest.plan_version == desired.disclosure.view.version
        and link.projection_sha == desired.sha
    )


def _recorded_item(path: str, entry: Mapping[str, Any], decision: Decision) -> TracedItem:
    return TracedItem(
        path=path,
        state="withheld" if entry["state"] == "clear" else entry["state"],  # it has been
        outcome=entry["outcome"],
        row=entry["row"],
        basis=entry.get("basis"),
        reason=entry.get("reason"),
        reasons=tuple(entry.get("reasons", ())),
        labels=tuple(sorted(decision.labels)),
        note=entry.get("note"),
    )


def _put(partner: Partner, desired: Desired) -> Put | None:
    """What the mapping could carry of the view; ``None`` where the view cannot be written at all."""
    try:
        return partner.lens.put({}, desired.disclosure.view)
    except LensRefusal:
        return None


def _state(
    path: str,
    decision: Decision,
    desired: Desired,
    link: LinkRow | None,
    recorded: Mapping[str, Any],
    put: Put | None,
    *,
    held: Collection[str],
) -> ItemState:
    base = (link.base or {}) if link else {}
    if not decision.permits or path not in desired.disclosure.view.leaves:
        if recorded.get("state") == "retained":
            return "retained"
        return "to_be_cleared" if path in base else "withheld"
    if path not in desired.carried or (put is not None and path not in put.carried):
        return "not_carried"
    if path in base and base[path] == leaves_to_json({path: desired.carried[path]})[path]:
        return "sent"
    if path in held or (link is not None and link.acked_kind == "present" and link.state == "in_sync"):
        return "held"
    return "parked" if link is not None and link.state == "parked" else "queued"


def _view(tx: Tx, bridge: Bridge, caller: Caller, seen: Seen, link: LinkRow) -> LinkView | None:
    """A link as the caller may know it; ``None``: not at all."""
    if caller.role in {Role.OVERSIGHT, Role.OPERATIONS}:
        return whole_view(tx, link)
    partner = bridge.known_partner(link.system, tx.now())
    if partner is None:
        return None
    visible = seen.disclosure.view.leaves.keys()
    desired = desired_for(partner, seen.revision, facts_of(tx, bridge, seen.client_id), tx.now())
    newest = tx.decisions.latest(seen.plan_id, link.system)
    states = [i.state for i in _items(tx, desired, link, newest) if i.path in visible]
    return veiled_view(tx, link, visible, states, own=caller.party == partner.system.party)


def _audit(tx: Tx, caller: Caller, seen: Seen, system: str, event: str = "disclosures/read") -> None:
    tx.audit.add(
        AuditEntry(
            event=event,
            outcome="ok",
            actor_party=caller.party,
            actor_role=caller.role.value,
            actor_sub=caller.subject,
            client_id=seen.client_id,
            plan_id=seen.plan_id,
            recipient=system,
            what={"at": _iso(tx.now())},
        )
    )


def _iso(at: datetime) -> str:
    return at.isoformat()

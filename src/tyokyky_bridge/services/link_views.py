"""A link as callers are shown it: whole, or as far as items go there that the caller sees itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import LinkRow
from tyokyky_bridge.services.shape import element_of

_WAITS = frozenset({"queued", "parked", "to_be_cleared"})
_THERE = frozenset({"sent", "held"})
_CONCERNS = _WAITS | _THERE | {"retained", "conflict"}
_DELIVERED = frozenset({"ok", "unchanged", "adopted"})


@dataclass(frozen=True)
class LinkView:
    """A link as callers see it: its state, what waits, what was cancelled, and its newest deliveries."""

    link: LinkRow
    parked_detail: Mapping[str, Any] | None
    cancelled: tuple[Mapping[str, Any], ...]
    deliveries: tuple[Mapping[str, Any], ...]


def whole_view(tx: Tx, link: LinkRow) -> LinkView:
    """All of it."""
    return LinkView(link, link.parked_detail, _cancelled(tx, link, None), _deliveries(tx, link, None))


def veiled_view(
    tx: Tx, link: LinkRow, visible: Collection[str], states: Collection[str], *, own: bool
) -> LinkView | None:
    """What may be told to somebody who sees the items *visible*, which are in *states* there; ``None``: nothing.

    What moves for hidden items alone does not show: neither the link nor a change of its state, its generations or
    its deliveries tells of them (I8). *own*: it is the caller's own system.
    """
    cancelled = _cancelled(tx, link, visible)
    if not own and not cancelled and not _CONCERNS.intersection(states):
        return None
    deliveries = _deliveries(tx, link, visible)
    ends = [d["at"] for d in deliveries if d["outcome"] in _DELIVERED]
    waits = bool(_WAITS.intersection(states))
    shown = replace(
        link, acked_gen=len(ends), acked_at=max(ends, default=None), desired_gen=len(ends) + waits
    )
    if not waits:
        shown = replace(
            shown,
            desired_kind="present" if _THERE.intersection(states) else "absent",
            due_at=None,
            due_since=None,
            lease_by=None,
            attempts=0,
            last_error=None,
            parked_reason=None,
            parked_detail=None,
            retained="retained" in states,
        )
    return LinkView(shown, _detail(tx, shown, visible), cancelled, deliveries)


def _detail(tx: Tx, link: LinkRow, visible: Collection[str]) -> Mapping[str, Any] | None:
    """Why a link is parked. Where that names items that the caller does not see, it is told the reason alone; and so
    where it names fields of the partner, unless all that was sent is in sight.
    """
    detail = link.parked_detail
    if detail is None:
        return None
    named = {str(detail["path"])} if "path" in detail else set[str]()
    named |= {str(path) for path in detail.get("paths", ())}
    last = tx.decisions.latest(link.plan_id, link.system) if "reasons" in detail else None
    if last is not None:
        named |= {str(item["path"]) for item in last.items if item["state"] in {"sent", "clear"}}
    return detail if named <= set(visible) else {}


def _cancelled(tx: Tx, link: LinkRow, visible: Collection[str] | None) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {
            "path": c.path,
            "element": element_of(c.path),
            "state": c.state,
            "at": c.at,
            "consent": str(c.consent_id),
        }
        for c in tx.decisions.cancelled(link.id)
        if visible is None or c.path in visible
    )


def _deliveries(tx: Tx, link: LinkRow, visible: Collection[str] | None) -> tuple[Mapping[str, Any], ...]:
    """The newest decisions and their ends; where not all is shown, those that wrote or took back something shown, and
    no digest of a body that holds more.
    """
    deliveries: list[Mapping[str, Any]] = []
    for decision in reversed(tx.decisions.of_link(link.id, limit=20)):
        shown = [i for i in decision.items if visible is None or i["path"] in visible]
        if visible is not None and not any(i.get("written") or i["state"] == "clear" for i in shown):
            continue
        attempt = tx.decisions.attempt(decision.id)
        deliveries.append(
            {
                "id": str(decision.id),
                "kind": decision.kind,
                "generation": decision.gen if visible is None else len(deliveries) + 1,
                "at": decision.at,
                "mapping_version": decision.mapping_version,
                "body_sha256": decision.body_sha256 if visible is None else None,
                "items": sum(1 for i in shown if i.get("state") == "sent"),
                "outcome": attempt.outcome if attempt else None,
                "partner_code": attempt.native_code if attempt else None,
            }
        )
    return tuple(reversed(deliveries))

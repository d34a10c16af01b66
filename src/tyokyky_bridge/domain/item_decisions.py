"""Decisions on the items of a revision: for all that is disclosed, or for a few items that are asked about."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.case_facts import case_facts, day_of, marked_items, services_of
from tyokyky_bridge.domain.decision import Decision, Facts, Grounds, ItemFacts
from tyokyky_bridge.domain.items import labels_of
from tyokyky_bridge.domain.labels import Labels
from tyokyky_bridge.domain.parties import Party, PartyId, Purpose
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Revision

_NO_SERVICES: Final = frozenset[str]()


def grounds_of(
    plan: SupportPlan, *, recipient: PartyId, purpose: Purpose, channel: str, facts: Facts, at: datetime
) -> Grounds:
    """Lay out what stands for one recipient of a plan. Raises: ValueError, UnknownParty, NotInForce."""
    party = facts.directory.party(recipient, on=finnish_day(at))
    case = case_facts(plan, at)
    return Grounds(case=case, recipient=party, purpose=purpose, channel=channel, facts=facts, at=at)


def decide_items(
    grounds: Grounds,
    revision: Revision,
    items: Mapping[str, Labels],
    *,
    plan: SupportPlan,
    facts: Facts,
    at: datetime,
) -> dict[str, Decision]:
    """Decide on *items* of a revision, by their labels: once for all that agree in whatever a decision can depend on.

    *plan* is whose marks count. Raises ValueError when *at* is naive.
    """
    day = finnish_day(at)
    leaves, origins = revision.leaves, revision.origins
    marks, marked_prefixes = marked_items(plan, at)
    holders: dict[str, Party | None] = {}
    decided: dict[tuple[object, ...], Decision] = {}
    decisions: dict[str, Decision] = {}
    asks_date, asks_service, asks_path = grounds.asks_date, grounds.asks_service, grounds.asks_path
    for path, labels in items.items():
        origin = origins.get(path)
        source = None if origin is None else origin.party
        marked = path in marks or (bool(marked_prefixes) and path.startswith(marked_prefixes))
        dated = day_of(path, leaves, None if origin is None else origin.at) if asks_date else None
        services = services_of(path, leaves) if asks_service else _NO_SERVICES
        key = (labels, source, marked, dated, services, path if asks_path else None)
        decision = decided.get(key)
        if decision is None:
            if source is not None and source not in holders:
                holders[source] = facts.directory.holder(source, on=day)
            discloser = None if source is None else holders[source]
            item = ItemFacts(path, labels, discloser, dated=dated, marked=marked, services=services)
            decision = decided[key] = grounds.decide(item)
        decisions[path] = decision
    return decisions


def permitted_of(
    revision: Revision,
    paths: Collection[str],
    *,
    recipient: PartyId,
    purpose: Purpose,
    channel: str,
    facts: Facts,
    at: datetime,
) -> frozenset[str]:
    """
    Say which items of *paths* have a basis: those that `disclose` permits, whether its View holds them or an order of
    non-disclosure filters them. Nothing is disclosed by it.

    Raises:
        ValueError: *at* is naive.
        UnknownParty, NotInForce: the recipient is no party on that day.
    """
    plan = revision.plan
    grounds = grounds_of(plan, recipient=recipient, purpose=purpose, channel=channel, facts=facts, at=at)
    labels = {path: labels_of(path, revision.leaves) for path in paths}
    decisions = decide_items(grounds, revision, labels, plan=plan, facts=facts, at=at)
    return frozenset(path for path, decision in decisions.items() if decision.basis is not None)

"""Reading from a plan what decisions rest on: the network, the TYP customership, necessity marks, dates of
items.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from tyokyky_bridge.domain.calendar import finnish_day, within
from tyokyky_bridge.domain.facts import CaseFacts
from tyokyky_bridge.domain.items import Leaves, Scalar, pattern_of
from tyokyky_bridge.domain.parties import PartyId
from tyokyky_bridge.domain.plan import SupportPlan, WorkerRef

DATED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "referrals[]": ("received_on",),
    "competence.work_history[]": ("period.start", "period.end"),
    "competence.qualifications[]": ("completed_year",),
    "competence.interrupted_education[]": ("year",),
    "previous_services[]": ("period.start", "period.end"),
    "health.limiting_illnesses[]": ("diagnosed_on",),
    "social.service_need_assessment[]": ("date",),
    "measures.sick_leaves[]": ("period.start", "period.end"),
    "measures.rehabilitation_subsidy[]": ("period.start", "decision_date", "period.end"),
    "measures.rehabilitation[]": ("period.start", "period.end"),
    "measures.pension_applications[]": ("applied_on", "decided_on"),
    "assessments[]": ("period.start", "period.end"),
    "scores[]": ("effective_on",),
    "services[]": ("actual_period.start", "planned_period.start", "actual_period.end", "planned_period.end"),
    "services[].decision[]": ("date",),
    "services[].workplace_visits[]": ("date",),
    "statements[]": ("issued_on",),
    "documents[]": ("issued_on",),
    "meetings[]": ("start",),
    "feedback[]": ("given_at",),
    "client_feedback[]": ("date",),
    "benefits[]": ("period.start", "period.end"),
    "benefits[].unemployment_statement[]": ("given_on", "validity.start"),
    "benefits[].application_guidance[]": ("on",),
    "follow_up.events[]": ("date",),
}
"""Which leaf of an element says what day its information is of: the first that is there, and the earliest
of a period, because a form that leaves older material out leaves out all that reaches back."""

_HEALTH_CHECK: Final = ("health.checkup_date", "health.checkup_status", "health.checkup_mode")
_SERVICE: Final = re.compile(r"((?:previous_)?services)\[([^\]]+)\]\.")


def case_facts(plan: SupportPlan, at: datetime) -> CaseFacts:
    """Read whose plan it is and what stands at *at*. Raises ValueError when *at* is naive."""
    return CaseFacts(
        client_id=plan.client.client_id,
        network=network_at(plan, at),
        typ_active=typ_active(plan, at),
        cooperation_ended_on=plan.closing.closed_on,
    )


def network_at(plan: SupportPlan, at: datetime) -> frozenset[PartyId]:
    """List the parties in the client's network at *at*: the first and the last day of a membership count."""
    day = finnish_day(at)
    return frozenset(
        member.organization.party
        for member in plan.network.members
        if member.organization.party is not None and within(day, member.period.start, member.period.end)
    )


def in_network(plan: SupportPlan, party: PartyId, *, at: datetime) -> bool:
    """Say whether *party* is in the client's network at *at*, and so may know that the plan exists."""
    return party in network_at(plan, at)


def typ_active(plan: SupportPlan, at: datetime) -> bool:
    """
    Say whether the client is a customer of the joint service at *at*.

    The right stops on the day the customership ends; without a first day it has not begun.
    Source: domain report 6.2, scenario 8.
    """
    customership = plan.header.typ_customership
    if customership.status != "active" or customership.start is None:
        return False
    day = finnish_day(at)
    return customership.start <= day and (customership.end is None or day < customership.end)


def marked_items(plan: SupportPlan, at: datetime) -> tuple[frozenset[str], tuple[str, ...]]:
    """
    List what a named professional has marked as necessary by *at*: single items, and prefixes of whole
    elements.

    A mark without a name, or of a later moment, is none; a mark on a section that is no list element marks
    nothing but an item of that very path.
    """
    items = {m.item for m in plan.necessity_marks if m.item is not None and _holds(m.by, m.at, at)}
    items |= {
        f"assessments[{assessment.id}]"
        for assessment in plan.assessments
        if assessment.necessary_for_employment.flag
        and _holds(assessment.necessary_for_employment.by, assessment.necessary_for_employment.at, at)
    }
    elements = (item for item in sorted(items) if item.endswith("]"))
    return frozenset(items), tuple(prefix for item in elements for prefix in (f"{item}.", f"{item}["))


def rests_on_the_same(one: SupportPlan, other: SupportPlan, *, at: datetime) -> bool:
    """Say whether two states of a plan give a decision the same grounds: network, customership, marks, order."""
    return (
        one.client.non_disclosure.active == other.client.non_disclosure.active
        and case_facts(one, at) == case_facts(other, at)
        and marked_items(one, at) == marked_items(other, at)
    )


def day_of(path: str, leaves: Leaves, recorded_at: datetime | None) -> date | None:
    """Say what day an item's information is of: its element's own date, else the day it was recorded."""
    if path in _HEALTH_CHECK:
        own = _day(leaves.get(_HEALTH_CHECK[0]))
        if own is not None:
            return own
    end = path.rfind("]")
    while end != -1:
        element = path[: end + 1]
        for name in DATED_BY.get(pattern_of(element), ()):
            own = _day(leaves.get(f"{element}.{name}"))
            if own is not None:
                return own
        end = path.rfind("]", 0, end)
    return None if recorded_at is None else finnish_day(recorded_at)


def services_of(path: str, leaves: Leaves) -> frozenset[str]:
    """Name the service an item belongs to, by its id and by its type; empty for any other item."""
    found = _SERVICE.match(path)
    if found is None:
        return frozenset()
    kind = leaves.get(f"{found[1]}[{found[2]}].type")
    return frozenset({found[2]} if kind is None else {found[2], str(kind)})


def _holds(by: WorkerRef, given: datetime | None, at: datetime) -> bool:
    return bool(by.name or by.user) and (given is None or given <= at)


def _day(value: Scalar | None) -> date | None:
    """Read a date leaf; of a month or a year, its first day."""
    if isinstance(value, datetime):
        return finnish_day(value)
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return date.fromisoformat((value + "-01-01")[:10])
    if isinstance(value, int) and 1 <= value <= 9999:
        return date(value, 1, 1)
    return None

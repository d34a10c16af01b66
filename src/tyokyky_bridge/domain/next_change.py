"""When decisions about a plan can next change although nobody does anything: an end, a beginning, another law.

Forms run out, customerships end and laws change at Finnish midnight. Links have to be looked at again then, because
no event of anybody's tells of it. Source: domain report 6.6 ("expiry = withdrawal without a notice").
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from tyokyky_bridge.domain.calendar import finnish_day, finnish_midnight
from tyokyky_bridge.domain.facts import Facts
from tyokyky_bridge.domain.plan import SupportPlan


def next_change(plan: SupportPlan, facts: Facts, at: datetime) -> datetime | None:
    """
    Give the earliest moment after *at* from which some decision about *plan* may be another, or ``None``.

    It may be too early (a form may run out that mattered to nobody) but never too late.

    Raises:
        ValueError: *at* is naive.
    """
    today = finnish_day(at)
    midnights = (finnish_midnight(day) for day in _days(plan, facts, today) if day > today)
    return min((moment for moment in (*midnights, *_moments(plan, facts)) if moment > at), default=None)


def _days(plan: SupportPlan, facts: Facts, today: date) -> Iterator[date]:
    """List the days with which something else begins to hold."""
    for form in facts.consents:
        yield from _span(form.valid_from, form.last_day(today))
        for grant in form.grants:
            if grant.period is not None:
                yield from _span(grant.period.start, grant.period.end)
    for member in plan.network.members:
        yield from _span(member.period.start, member.period.end)
    customership = plan.header.typ_customership
    yield from (day for day in (customership.start, customership.end) if day is not None)
    yield from _span(None, plan.closing.closed_on)
    for row in facts.legal_bases.rows:
        yield from _span(row.valid_from, row.valid_to)
    for rows in facts.directory.parties.values():
        for party in rows:
            yield from _span(party.valid_from, party.valid_to)


def _moments(plan: SupportPlan, facts: Facts) -> Iterator[datetime]:
    """List the exact moments from which something else holds."""
    for form in facts.consents:
        yield form.granted_at
        if form.withdrawn is not None:
            yield form.withdrawn.recorded_at
    given = (mark.at for mark in plan.necessity_marks)
    own = (assessment.necessary_for_employment.at for assessment in plan.assessments)
    yield from (moment for moment in (*given, *own) if moment is not None)


def _span(first: date | None, last: date | None) -> Iterator[date]:
    """Give the first day of a span and the day after its last."""
    if first is not None:
        yield first
    if last is not None and last < date.max:
        yield last + timedelta(days=1)

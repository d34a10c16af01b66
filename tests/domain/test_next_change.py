"""When links have to be looked at again although nobody has done anything."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case import TYP_CUSTOMER, marks, merged, revision
from tyokyky_bridge.domain.consent import Withdrawal
from tyokyky_bridge.domain.disclosure import disclose
from tyokyky_bridge.domain.next_change import next_change
from tyokyky_bridge.domain.parties import Purpose
from worlds.parties import EMPLOYMENT, HEALTH, NOW, TYP, facts, one_way, oral_once

CONCLUSION = "health.work_ability_conclusion"
ENDING = merged(TYP_CUSTOMER, {"header": {"typ_customership": {"end": "2026-06-30"}}})
PLAN = revision(**merged(ENDING, marks(CONCLUSION, at="2026-04-01T12:00:00Z")))


def decided(at: datetime, *consents: Any) -> list[object]:
    return [
        {path: (d.outcome, d.basis) for path, d in disclosure.decisions.items()}
        | {"withheld": disclosure.view.withheld}
        for recipient, channel, purpose in (
            (EMPLOYMENT, "ura", Purpose.WORK_ABILITY_SUPPORT),
            (TYP, "typpi", Purpose.TYP),
        )
        for disclosure in (
            disclose(
                PLAN, recipient=recipient, channel=channel, purpose=purpose, facts=facts(*consents), at=at
            ),
        )
    ]


def test_a_form_that_runs_out_changes_decisions_at_the_finnish_midnight_after_its_last_day():
    consent = one_way(HEALTH, EMPLOYMENT, "plan.goals", valid_until="2026-03-10")
    assert next_change(PLAN.plan, facts(consent), NOW) == datetime(2026, 3, 10, 22, tzinfo=UTC)


def test_marks_customerships_and_spoken_consents_are_followed_in_their_order():
    moments = []
    at: datetime | None = NOW
    while at is not None:
        at = next_change(PLAN.plan, facts(oral_once(HEALTH, EMPLOYMENT, "plan.goals")), at)
        moments.append(at)
    assert moments == [
        datetime(2026, 3, 2, 22, tzinfo=UTC),
        datetime(2026, 4, 1, 12, tzinfo=UTC),
        datetime(2026, 6, 29, 21, tzinfo=UTC),
        None,
    ]


def test_a_form_and_a_withdrawal_of_a_later_moment_count_from_that_moment():
    later = NOW + timedelta(minutes=10)
    assert (
        next_change(PLAN.plan, facts(one_way(HEALTH, EMPLOYMENT, "plan.goals", granted_at=later)), NOW)
        == later
    )
    ended = one_way(HEALTH, EMPLOYMENT, "plan.goals").withdraw(
        Withdrawal(at=NOW, recorded_at=later, received_by_party=HEALTH)
    )
    assert next_change(PLAN.plan, facts(ended), NOW) == later


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="timezone-aware"):
        next_change(PLAN.plan, facts(), NOW.replace(tzinfo=None))


days = st.dates(min_value=datetime(2026, 1, 2).date(), max_value=datetime(2027, 12, 31).date())  # noqa: DTZ001


@st.composite
def forms(draw: st.DrawFn) -> Any:
    first, last = sorted((draw(days), draw(days)))
    start, end = sorted((draw(days), draw(days)))
    endless = draw(st.booleans())
    return one_way(
        HEALTH,
        EMPLOYMENT,
        "plan.goals",
        "health.conclusion",
        number=draw(st.integers(1, 50)),
        valid_from=first,
        valid_until=None if endless else last,
        confirmed_on=(last,) if endless else (),
        granted_at=datetime.combine(first, datetime.min.time(), tzinfo=UTC)
        + timedelta(hours=draw(st.integers(0, 30))),
        grant={"period": {"start": start, "end": end}} if draw(st.booleans()) else {},
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(forms(), max_size=3, unique_by=lambda f: f.consent_id),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.floats(0, 1, exclude_max=True),
)
def test_nothing_changes_before_the_next_change(consents, at, share):
    change = next_change(PLAN.plan, facts(*consents), at)
    last = (change or at + timedelta(days=1000)) - timedelta(microseconds=1)
    before = decided(at, *consents)
    assert decided(min(at + (last - at) * share, last), *consents) == before
    assert decided(last, *consents) == before

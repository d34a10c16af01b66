"""Dates of every precision, asked with every prefix."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tyokyky_bridge.fhir.search.dates import DATE_TESTS, span_in, span_of
from worlds.searches import asked, observation, plan

HELSINKI = ZoneInfo("Europe/Helsinki")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


def ticks() -> list[str]:
    """Moments of Finnish time: the ends of each day of three years, every minute around one New Year."""
    days = [NEW_YEAR + timedelta(days=each) for each in range(-2 * 365, 365)]
    last = [each + timedelta(minutes=1439) for each in days]
    minutes = [NEW_YEAR + timedelta(minutes=each) for each in range(-2 * 1440, 2 * 1440)]
    return sorted({each.isoformat()[:16] for each in (*days, *last, *minutes)})


TICKS = ticks()
PLACE = {text: place for place, text in enumerate(TICKS)}

moments = st.sampled_from(TICKS)
texts = st.builds(lambda moment, length: moment[:length], moments, st.sampled_from((4, 7, 10, 16)))


def within(text: str) -> set[int]:
    """Every moment that *text* may mean: those that begin with it."""
    return {PLACE[each] for each in TICKS if each.startswith(text)}


def by_force(prefix: str, wanted: set[int], found: set[int]) -> bool:
    above, below = max(found) > max(wanted), min(found) < min(wanted)
    inside = found <= wanted
    return {
        **dict.fromkeys(("", "eq"), inside),
        "ne": not inside,
        "gt": above,
        "lt": below,
        "ge": above or inside,
        "le": below or inside,
        "sa": min(found) > max(wanted),
        "eb": max(found) < min(wanted),
    }[prefix]


@settings(max_examples=150)
@given(st.sampled_from(PREFIXES), texts, texts)
def test_a_date_matches_as_the_moments_that_it_may_mean(prefix: str, wanted: str, found: str):
    document = observation(effectiveDateTime=found)
    assert asked(document, ("date", f"{prefix}{wanted}")) is by_force(prefix, within(wanted), within(found))


@settings(max_examples=150)
@given(st.sampled_from(PREFIXES), texts, texts, texts, st.sampled_from(("both", "start", "end")))
def test_a_period_matches_as_the_moments_between_its_ends(
    prefix: str, wanted: str, one: str, other: str, given_ends: str
):
    start, end = sorted((one, other))
    period = {"start": start, "end": end}
    low = min(within(start)) if given_ends != "end" else -1
    high = max(within(end)) if given_ends != "start" else len(TICKS)
    if low > high:
        return
    held = {name: value for name, value in period.items() if given_ends in ("both", name)}
    found = set(range(low, high + 1))
    assert asked(plan(period=held), ("date", f"{prefix}{wanted}")) is by_force(prefix, within(wanted), found)


@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))
def test_a_moment_is_the_same_in_every_zone(moment: datetime, offset: timedelta):
    minutes = int(offset.total_seconds()) // 60
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    try:
        there = moment + timedelta(minutes=minutes)
    except OverflowError:
        return
    said = f"{there.isoformat().removesuffix('+00:00')}{sign}{hours:02}:{rest:02}"
    assert span_of(said) == span_of(moment.isoformat().replace("+00:00", "Z"))


@given(st.integers(0, 4 * 10**9))
def test_what_has_no_zone_is_finnish_time(seconds: int):
    local = datetime.fromtimestamp(seconds, HELSINKI).replace(fold=0)
    text = local.replace(tzinfo=None).isoformat()
    assert span_of(text) == span_of(local.astimezone(UTC).isoformat().replace("+00:00", "Z"))


def test_a_finnish_day_is_as_long_as_it_is():
    for day, hours in (("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)):
        span = span_of(day)
        assert span is not None
        assert span.high - span.low == hours * 3600 * 10**9


def test_a_finnish_day_starts_before_that_of_utc():
    evening = observation(effectiveInstant="2026-02-02T22:30:00Z")
    assert asked(evening, ("date", "2026-02-03"))
    assert not asked(evening, ("date", "2026-02-02"))


def test_a_leap_second_and_the_ends_of_time_are_dates():
    assert span_of("2016-12-31T23:59:60Z") == span_of("2017-01-01T00:00:00Z")
    for text in ("0001", "0001-01-01", "9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59.999999999Z"):
        assert span_of(text) is not None


def test_a_fraction_is_as_precise_as_it_is_written():
    stored = observation(effectiveInstant="2026-02-03T10:00:00.1234Z")
    assert asked(stored, ("date", "2026-02-03T10:00:00.12Z"))
    assert not asked(stored, ("date", "2026-02-03T10:00:00.13Z"))
    assert not asked(stored, ("date", "2026-02-03T10:00:00.12345Z"))
    assert asked(stored, ("date", "le2026-02-03T10:00:00Z"))


def test_of_a_timing_the_outer_limits_count():
    timing = {"event": ["2026-02-01", "2026-05-01"], "repeat": {"boundsPeriod": {"start": "2026-01-15"}}}
    span = span_in(timing)
    assert span is not None
    assert asked(observation(effectiveTiming=timing), ("date", "sa2026-01-14"))
    assert not asked(observation(effectiveTiming=timing), ("date", "eb2027"))
    assert not asked(observation(effectiveTiming={"repeat": {"frequency": 1}}), ("date", "ne2027"))


def test_what_says_no_date_matches_no_prefix():
    for value in ("soon", "", "2026-2-3", {"start": "soon"}, {}, 2026, None, [], {"event": []}):
        for prefix in PREFIXES:
            assert not asked(observation(effectiveDateTime=value), ("date", f"{prefix}2026"))


def test_approximately_is_not_offered():
    assert "ap" not in DATE_TESTS


@pytest.mark.parametrize("text", ["1985-03-12", "1985-03", "1985"])
def test_a_partial_birthday_matches_what_contains_it(text: str):
    born = {"resourceType": "Patient", "id": "aino", "birthDate": text}
    assert asked(born, ("birthdate", "1985"))
    assert asked(born, ("birthdate", "1985-03-12")) is (text == "1985-03-12")
    assert asked(born, ("birthdate", "ge1985-03-12"))

"""Laws of following a log that tells local minutes only, on a model of that log."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tyokyky_adapter_sosiaali_effica import feed
from tyokyky_adapter_sosiaali_effica.feed import (
    HELSINKI,
    OVERLAP,
    Page,
    Position,
    Row,
    beginning,
    lowest_minute_after,
    minute_of,
    position_of,
    read_on,
    written,
)

CLOCKS_GO_BACK = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
CLOCKS_GO_FORWARD = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
ANY_DAY = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class World:
    """Effica's log and a hub that follows it; *apart* is how far their clock is ahead of ours."""

    def __init__(self, start, *, apart=timedelta(), holds=500):
        self.now, self.apart, self.holds = start, apart, holds
        self.rows, self.saved_at, self.hints, self.lost_at = [], {}, [], []
        self.cursor = beginning(start).model_dump_json()

    def save(self, late=timedelta()):
        """A version shows in the log now; its stamp may be older."""
        local = (self.now + self.apart - late).astimezone(HELSINKI).replace(tzinfo=None, fold=0)
        oid = f"1.2.{len(self.rows)}"
        self.rows.append(Row(local.replace(second=0, microsecond=0), oid, "1", "2", "400001"))
        self.saved_at[oid] = self.now

    def ask(self, start):
        """At most *holds* rows from the local minute *start* on, in the order of their minutes."""
        fits = sorted((row for row in self.rows if row.minute >= start), key=lambda row: row.minute)
        return Page(fits[: self.holds], more=len(fits) > self.holds)

    def poll(self, takes=timedelta()):
        """One question and its answer."""
        position = position_of(self.cursor)
        asked, page = self.now, self.ask(position.ask_from)
        self.now += takes
        told = read_on(position, page, asked=asked, answered=self.now)
        self.cursor = told.cursor
        self.hints += told.hints
        self.lost_at += [asked] if told.lost else []
        return told

    def walk(self):
        """Questions until nothing more is there."""
        for _ in range(2 * len(self.rows) + 200):
            if not self.poll().more:
                return
        pytest.fail("the walk has no end")

    def missed(self):
        """Saves that nobody told of, and after which nobody said that something is lost."""
        told = {hint.record_id for hint in self.hints}
        last = max(self.lost_at, default=None)
        return [oid for oid, at in self.saved_at.items() if oid not in told and (last is None or last < at)]


SAVE = st.tuples(st.just("save"), st.integers(0, 300).map(lambda s: s * SECOND))
POLL = st.tuples(st.just("poll"), st.integers(0, 90).map(lambda s: s * SECOND))
PAUSE = st.tuples(st.just("wait"), st.integers(0, 1500).map(lambda s: s * SECOND))
STARTS = st.builds(
    lambda day, shift: day + shift * SECOND,
    st.sampled_from([CLOCKS_GO_BACK, CLOCKS_GO_FORWARD, ANY_DAY]),
    st.integers(-4000, 4000),
)


@given(
    start=STARTS,
    apart=st.integers(-300, 300).map(lambda s: s * SECOND),
    holds=st.sampled_from([1, 2, 3, 500]),
    story=st.lists(st.one_of(SAVE, POLL, PAUSE), max_size=40),
)
@example(
    start=CLOCKS_GO_BACK - 10 * MINUTE,
    apart=timedelta(),
    holds=500,
    story=[("save", timedelta()), ("poll", timedelta()), ("wait", 20 * MINUTE), ("save", timedelta())],
)
@example(start=ANY_DAY, apart=-5 * MINUTE, holds=500, story=[("save", OVERLAP)])
@settings(max_examples=400, deadline=None)
def test_every_save_is_told_of_or_said_to_be_lost(start, apart, holds, story):
    world = World(start, apart=apart, holds=holds)
    for what, how_long in story:
        match what:
            case "save":
                world.save(late=how_long)
            case "poll":
                world.poll(takes=how_long)
            case _:
                world.now += how_long
    world.walk()
    if holds == 500:
        assert world.missed() == []
        assert world.lost_at == []
    world.now += 3 * HOUR  # every minute is over by then, also one that came twice
    world.walk()
    assert world.missed() == []


@given(
    start=STARTS,
    gaps=st.lists(st.integers(0, 600), min_size=1, max_size=30),
    holds=st.sampled_from([3, 500]),
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_told_twice_and_a_quiet_log_falls_silent(start, gaps, holds):
    world = World(start, holds=holds)
    for gap in gaps:
        world.now += gap * SECOND
        world.save()
        world.walk()
    before = len(world.hints)
    world.now += 5 * HOUR
    world.walk()
    lost = len(world.lost_at)
    for _ in range(5):
        world.walk()
    assert len(world.hints) == before == len(set(world.hints))
    assert len(world.lost_at) == lost


def test_a_save_later_in_the_same_minute_is_told():
    world = World(ANY_DAY)
    world.save()
    world.walk()
    world.now += 20 * SECOND
    world.save()
    world.walk()
    assert [hint.record_id for hint in world.hints] == ["1.2.0", "1.2.1"]


def test_a_row_that_comes_late_into_a_page_read_early_in_a_long_walk_is_told():
    world = World(ANY_DAY, holds=2)
    for _ in range(3):
        world.now += MINUTE
        world.save()
    assert world.poll().more
    world.save(late=OVERLAP)
    late = world.rows[-1].oid
    for _ in range(4):
        world.now += MINUTE
        world.save()
    world.walk()
    world.walk()
    assert late in {hint.record_id for hint in world.hints}


def test_a_minute_with_more_rows_than_an_answer_holds_is_lost_twice_and_holds_nothing_up():
    world = World(ANY_DAY, holds=3)
    for _ in range(7):
        world.save()
    world.now += MINUTE
    world.save()
    world.walk()
    assert len(world.lost_at) == 1
    assert world.rows[-1].oid in {hint.record_id for hint in world.hints}
    for _ in range(30):
        world.now += MINUTE
        world.walk()
    assert len(world.lost_at) == 2
    assert world.lost_at[1] >= ANY_DAY + MINUTE + OVERLAP


def test_a_minute_that_comes_twice_is_lost_for_the_last_time_after_its_second_time():
    world = World(CLOCKS_GO_BACK - 50 * MINUTE, holds=3)
    for _ in range(2):
        world.now += SECOND
        for _ in range(4):
            world.save()
        world.walk()
        world.now += HOUR
        world.walk()
    world.now += HOUR
    world.walk()
    assert world.missed() == []


def test_a_row_from_a_clock_gone_wrong_is_told_and_does_not_draw_the_position_with_it():
    world = World(ANY_DAY)
    world.apart = 24 * HOUR
    world.save()
    world.walk()
    world.apart = timedelta()
    world.now += MINUTE
    world.save()
    world.walk()
    assert len(world.hints) == 2


def test_a_cursor_stays_short_and_then_tells_again_what_it_had_to_forget(monkeypatch):
    monkeypatch.setattr(feed, "MOST_MARKS", 3)
    world = World(ANY_DAY)
    for _ in range(5):
        world.save()
    world.walk()
    assert sum(map(len, position_of(world.cursor).told.values())) == 3
    world.walk()
    assert [hint.record_id for hint in world.hints[5:]] == ["1.2.0", "1.2.1"]


@pytest.mark.parametrize(
    ("moment", "lowest"),
    [
        ("2026-10-24T23:59:40+00:00", "25.10.2026 02.59"),
        ("2026-10-25T00:00:00+00:00", "25.10.2026 03.00"),
        ("2026-10-25T00:50:00+00:00", "25.10.2026 03.00"),
        ("2026-10-25T01:50:00+00:00", "25.10.2026 03.50"),
        ("2026-10-25T02:00:00+00:00", "25.10.2026 04.00"),
        ("2026-03-29T01:00:00+00:00", "29.03.2026 04.00"),
    ],
)
def test_in_the_hour_that_comes_again_one_asks_from_its_beginning(moment, lowest):
    assert written(lowest_minute_after(datetime.fromisoformat(moment))) == lowest


def test_a_full_minute_before_the_hour_that_does_not_exist_is_followed_by_the_next_that_does():
    start = minute_of("29.03.2026 02.59")
    rows = [Row(start, f"1.2.{n}", "1", "2", "400001") for n in range(3)]
    position = Position(ask_from=start, newest=CLOCKS_GO_FORWARD)
    told = read_on(position, Page(rows, more=True), asked=CLOCKS_GO_FORWARD, answered=CLOCKS_GO_FORWARD)
    assert written(position_of(told.cursor).ask_from) == "29.03.2026 04.00"


@pytest.mark.parametrize("cursor", ["", "42", "{}", '{"ask_from": "yesterday", "newest": "today"}'])
def test_what_is_no_cursor_of_ours_is_none(cursor):
    assert position_of(cursor) is None


def test_a_voided_document_is_gone_and_any_other_has_changed():
    states = {
        state: Row(minute_of("03.02.2026 10.15"), "1.2.3", "4", state, "400001").hint for state in "123"
    }
    assert {state: hint.kind for state, hint in states.items()} == {
        "1": "changed",
        "2": "changed",
        "3": "gone",
    }
    assert (states["3"].record_id, states["3"].person_id, states["3"].version) == ("1.2.3", "400001", "4")

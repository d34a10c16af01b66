"""The adapter follows the change log of the simulated Effica while both clocks are moved."""

from datetime import UTC, datetime, timedelta

import pytest

from tyokyky_bridge.adapterkit.contract import Hint

TUULIKKI, MAIJA = "120385-921T", "030278-958K"
AUTUMN = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
"""03.00 for the first time; at 01:00 UTC it is 03.00 once more."""


class Hub:
    """Somebody who follows the log; the clocks of both sides are moved together."""

    def __init__(self, effica, tell, start, *, apart_s=0):
        self.effica, self.tell, self.apart_s = effica, tell, apart_s
        self.hints, self.lost, self.cursor = [], 0, None
        self.at(start)

    def at(self, moment):
        """Let it be *moment* here; Effica's clock is *apart_s* ahead."""
        self.now = moment
        self.effica.clock(set=(moment + timedelta(seconds=self.apart_s)).isoformat())

    def follow(self):
        """Ask until nothing more is there; what is new is returned too."""
        before = len(self.hints)

        async def story(adapter):
            for _ in range(20):
                page = await adapter.changes(self.cursor)
                self.cursor, self.lost = page.cursor, self.lost + page.lost
                self.hints += page.hints
                if not page.more:
                    return
            pytest.fail("no end")

        self.tell(story, clock=lambda: self.now)
        return self.hints[before:]

    def versions(self):
        return [hint.version for hint in self.hints]


@pytest.fixture
def hub(effica, tell):
    def begin(start, **how):
        begun = Hub(effica, tell, start, **how)
        begun.follow()
        return begun

    return begin


def edit(effica, words="sanoja", **whose):
    return effica.act("edit", content={"Voimavarat": words}, **(whose or {"hetu": TUULIKKI}))


def test_a_save_later_in_the_minute_of_a_poll_is_told_and_no_save_twice(effica, hub):
    start = datetime(2026, 2, 3, 8, 15, 10, tzinfo=UTC)
    us = hub(start)
    edit(effica, "eka")
    (first,) = us.follow()
    edit(effica, "toka")
    us.at(start + timedelta(seconds=20))
    (second,) = us.follow()
    assert (first.version, second.version) == ("1", "2")
    assert us.follow() == []


def test_a_voided_document_is_gone_and_a_hint_says_whose_it_was(effica, hub, tell):
    us = hub(datetime(2026, 2, 3, 8, 15, tzinfo=UTC))
    oid = edit(effica)["AsiakirjaOid"]
    effica.act("void", document=oid)
    person = tell(lambda adapter: adapter.find(TUULIKKI)).person_id
    assert us.follow() == [Hint("changed", person, oid, "1"), Hint("gone", person, oid, "2")]


def test_nothing_is_lost_in_the_hour_that_comes_twice(effica, hub):
    us = hub(AUTUMN - timedelta(minutes=20))
    minutes = [-11, 10, 30, 50, 62, 71, 95, 118, 125, 190]
    for at in minutes:
        us.at(AUTUMN + timedelta(minutes=at))
        edit(effica, f"minuutti {at}")
        us.follow()
    assert us.versions() == [str(number + 1) for number in range(len(minutes))]
    assert us.lost == 0


@pytest.mark.parametrize("apart_s", [-290, 290])
def test_clocks_that_are_apart_by_what_the_login_allows_lose_nothing(effica, hub, apart_s):
    start = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    us = hub(start, apart_s=apart_s)
    for minute in range(0, 21, 4):
        us.at(start + timedelta(minutes=minute, seconds=1))
        edit(effica, f"minuutti {minute}")
        us.follow()
    assert us.versions() == ["1", "2", "3", "4", "5", "6"]


def test_more_rows_than_an_answer_holds_are_read_page_by_page(effica, hub):
    start = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    us = hub(start)
    for minute in range(3):
        us.at(start + timedelta(minutes=minute))
        effica.seed(records=[{"Hetu": TUULIKKI}] * 300)
    assert len({hint.record_id for hint in us.follow()}) == len(us.hints) == 900
    assert us.lost == 0
    assert us.follow() == []


def test_more_rows_in_one_minute_than_an_answer_holds_are_said_to_be_lost_and_the_rest_goes_on(effica, hub):
    start = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    us = hub(start)
    effica.seed(records=[{"Hetu": TUULIKKI}] * 501)
    us.at(start + timedelta(minutes=2))
    effica.seed(persons=[{"hetu": MAIJA}])
    edit(effica, hetu=MAIJA)
    assert len(us.follow()) == 501
    assert us.lost == 1
    us.at(start + timedelta(minutes=20))
    assert us.follow() == []
    assert us.lost == 2
    us.follow()
    assert us.lost == 2


def test_a_cursor_of_another_hand_is_lost_and_the_fresh_one_goes_on(effica, hub):
    us = hub(datetime(2026, 2, 3, 8, 15, tzinfo=UTC))
    us.cursor = "4711"
    us.follow()
    assert us.lost == 1
    edit(effica)
    assert len(us.follow()) == 1
    assert us.lost == 1


def test_how_far_one_looks_back_can_be_set(effica, tell):
    now = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    effica.clock(set="2026-02-03T09:50:00+02:00")
    edit(effica)

    def begin(**options):
        return tell(lambda adapter: adapter.changes(None), clock=lambda: now, **options).hints

    assert begin() == ()
    assert len(begin(overlap_s="900")) == 1

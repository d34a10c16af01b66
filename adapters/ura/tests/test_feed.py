"""Following Ura's change numbers: laws of the cursor on a model of Ura, and the adapter over real HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from hypothesis import example, given
from hypothesis import strategies as st

from tyokyky_adapter_ura import connect
from tyokyky_adapter_ura.client import Ura
from tyokyky_adapter_ura.feed import PAGE, Cursor, Row, hints_of
from tyokyky_bridge.adapterkit.contract import Changes, Hint, SystemConfig
from tyokyky_bridge.adapterkit.errors import Blocked, NotAuthentic, NotThere, TryLater
from tyokyky_bridge.adapterkit.testing import SimulatorProcess

HETU, OTHER, LEGACY = "120385-921T", "030278-958K", "171268X9339"
NUMBER = "00481213"
RIGHT = {"subscription_key": "sim-kipa-key", "ytunnus": "9000001-1"}
BASE = "http://ura.test"
SAVED_AT_ONCE = 0


@dataclass
class Model:
    """Ura's change log: numbers with gaps, rows that show up to *lateness* numbers after their own was given out."""

    newest: int = 0
    shown: dict[int, int] = field(default_factory=dict[int, int])

    def save(self, gap: int, late: int) -> None:
        """Give a number out; its row shows when *late* more numbers have been given out."""
        self.newest += gap
        self.shown[self.newest] = self.newest + late

    def page(self, after: int, most: int) -> tuple[list[int], bool]:
        rows = sorted(n for n, at in self.shown.items() if n > after and at <= self.newest)
        return rows[:most], len(rows) > most

    def settle(self) -> None:
        """Everything under way is committed."""
        self.shown = dict.fromkeys(self.shown, 0)


@dataclass
class Reader:
    """Polls the model as the adapter polls Ura."""

    overlap: int
    most: int
    cursor: Cursor
    seen: set[int] = field(default_factory=set[int])

    def poll(self, model: Model) -> bool:
        """Read one page; whether more is there."""
        rows, more = model.page(self.cursor.at, self.most)
        self.seen.update(rows)
        onward = self.cursor.after(rows, newest=model.newest, more=more, overlap=self.overlap)
        assert onward is not None
        assert onward.safe >= self.cursor.safe
        assert Cursor.parse(str(onward)) == onward
        self.cursor = onward
        return more

    def round(self, model: Model) -> int:
        """Read pages until no more are there; how many it took."""
        pages = 1
        while self.poll(model):
            pages += 1
        return pages


OVERLAP = 12
SAVES = st.tuples(st.integers(1, 9), st.integers(SAVED_AT_ONCE, OVERLAP))
POLLS = st.none()
LIVES = st.lists(st.one_of(SAVES, SAVES, POLLS), max_size=60)


# A row (3) that comes late behind a page's end, and the numbers run on before the next page.
@example([(3, OVERLAP), (1, 0), (1, 0), None, (9, 0), (9, 0), None], 1)
@given(LIVES, st.integers(1, 30))
def test_no_row_is_ever_missed_whatever_comes_late_and_wherever_a_page_ends(
    life: list[tuple[int, int] | None], most: int
) -> None:
    model, reader = Model(), Reader(OVERLAP, most, Cursor.start(0, overlap=OVERLAP))
    for step in life:
        if step is None:
            reader.poll(model)
        else:
            model.save(*step)
    model.settle()
    reader.round(model)
    reader.round(model)  # the first may have begun amid a round
    assert reader.seen == set(model.shown)


@given(LIVES, LIVES)
def test_from_the_present_moment_on_nothing_is_missed_either(
    before: list[tuple[int, int] | None], after: list[tuple[int, int] | None]
) -> None:
    model = Model()
    for step in filter(None, before):
        model.save(*step)
    not_shown_yet = {number for number, at in model.shown.items() if at > model.newest}
    reader, began = Reader(OVERLAP, 5, Cursor.start(model.newest, overlap=OVERLAP)), model.newest
    for step in after:
        if step is None:
            reader.poll(model)
        else:
            model.save(*step)
    model.settle()
    reader.round(model)
    reader.round(model)
    assert {n for n in model.shown if n > began} | not_shown_yet <= reader.seen


@given(st.lists(SAVES, min_size=1, max_size=200), st.integers(1, 30))
def test_a_long_backlog_is_read_once_and_then_only_the_overlap_again(
    saves: list[tuple[int, int]], most: int
) -> None:
    model, reader = Model(), Reader(OVERLAP, most, Cursor.start(0, overlap=OVERLAP))
    for gap, _ in saves:
        model.save(gap, SAVED_AT_ONCE)
    assert reader.round(model) <= len(saves) // most + 1 + OVERLAP
    again, _ = model.page(reader.cursor.at, len(saves))
    assert all(number > model.newest - OVERLAP for number in again)


def test_a_reader_without_an_overlap_would_miss_a_late_commit() -> None:
    model, reader = Model(), Reader(0, 10, Cursor.start(0, overlap=0))
    model.save(1, 2)
    model.save(1, SAVED_AT_ONCE)
    reader.round(model)
    model.save(1, SAVED_AT_ONCE)
    reader.round(model)
    assert reader.seen == {2, 3}


def test_a_page_that_promises_more_and_leads_nowhere_is_no_page() -> None:
    cursor = Cursor(5, 7, 9)
    assert cursor.after([], newest=9, more=True) is None
    assert cursor.after([6, 7], newest=9, more=True) is None


@pytest.mark.parametrize(
    "text", ["", "7", "7.8", "9.7.9", "7.9.8", "-1.2.3", "1.2.3.4", "1.2.x", "٣.4.5", "1.2.3\n"]
)
def test_no_other_text_is_a_cursor(text: str) -> None:
    assert Cursor.parse(text) is None


def test_what_a_row_hints_at() -> None:
    def row(laji: str, tunnus: str | None, **more: Any) -> Row:
        return Row.model_validate(
            {"muutosnumero": 9, "laji": laji, "tunnus": tunnus, "asiakasnro": "1", **more}
        )

    told = [
        row("suunnitelma", "77"),
        row("suunnitelma", "77", poistettu=True),
        row("asiakas", "1"),
        row("asiakas", "1", poistettu=True),
        row("palaute", "f-1", poistettu=True),
        row("uusi laji", None),
        row("uusi laji", None, asiakasnro=None),
    ]
    assert hints_of(told) == (
        Hint("changed", "1", "77", "suunnitelma 9"),
        Hint("gone", "1", "77", "suunnitelma 9"),
        Hint("changed", "1", None, "asiakas 9"),
        Hint("gone", "1", None, "asiakas 9"),
        Hint("changed", "1", None, "palaute 9"),
        Hint("changed", "1", None, "uusi laji 9"),
    )


@pytest.mark.parametrize(
    ("told", "held"),
    [
        ("asiakas 4", True),
        ("suunnitelma 9", True),
        ("palaute 7", True),
        ("asiakas 9", False),  # another row than the one whose number that is
        ("suunnitelma 8", False),  # given out again by an Ura that was set back
        ("palaute 6", False),  # another's form, saved between our reading and our writing
        ("suunnitelma 10", False),
        ("uusi laji 9", False),
        ("9", False),
    ],
)
def test_only_a_row_that_we_know_by_kind_and_number_is_held(told: str, held: bool) -> None:
    assert connect(SystemConfig("ura", BASE, RIGHT)).matches("4.9.7", told) is held


# over HTTP


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder: Path = tmp_path_factory.mktemp("ura")
    with SimulatorProcess("tyokyky_adapter_ura.simulator", state=folder / "ura.db") as simulator:
        yield simulator


@pytest.fixture
def ura(process: SimulatorProcess) -> SimulatorProcess:
    process.reset()
    process.clock(set="2026-02-03T10:15:00+02:00")
    persons = [{"hetu": HETU, "asiakasnro": NUMBER}, {"hetu": OTHER}, {"hetu": LEGACY, "legacy": True}]
    process.seed(persons=persons)
    return process


def told(story: Callable[[Ura], Awaitable[Any]], base_url: str = BASE, **options: str) -> Any:
    async def run() -> Any:
        adapter = connect(SystemConfig("ura", base_url, RIGHT | options))
        try:
            return await story(adapter)
        finally:
            await adapter.aclose()

    return asyncio.run(run())


def edit(ura: SimulatorProcess, hetu: str = HETU) -> int:
    return ura.act("edit", hetu=hetu, content={"suunnitelma": {"laji": "TT"}})["muutosnumero"]


def asked(ura: SimulatorProcess, cursor: str | None) -> Changes:
    return told(lambda a: a.changes(cursor), ura.base_url)


def versions(page: Changes) -> list[int]:
    return [int((hint.version or "").rpartition(" ")[2]) for hint in page.hints]


def test_a_late_commit_is_told_in_a_later_round(ura: SimulatorProcess) -> None:
    start = asked(ura, None).cursor
    ura.chaos(late_commit=1.0, late_commit_s=30)
    late = edit(ura)
    ura.chaos(late_commit=0.0)
    prompt = edit(ura, OTHER)
    first = asked(ura, start)
    assert prompt in versions(first)
    assert late not in versions(first)
    ura.clock(advance_s=31)
    assert {late, prompt} <= set(versions(asked(ura, first.cursor)))


def test_a_backlog_of_several_pages_is_told_whole_and_in_order(ura: SimulatorProcess) -> None:
    page = asked(ura, None)
    numbers = [edit(ura) for _ in range(PAGE + 30)]
    pages = [asked(ura, page.cursor)]
    while pages[-1].more:
        pages.append(asked(ura, pages[-1].cursor))
    heard = [version for one in pages for version in versions(one)]
    assert len(pages) == 2
    assert heard == sorted(heard)
    assert set(numbers) <= set(heard)


def test_a_tombstone_is_told_as_gone_and_the_person_remains(ura: SimulatorProcess) -> None:
    edit(ura)
    start = asked(ura, None).cursor
    record = ura.records()[0]["suunnitelma"]["suunnitelmanro"]
    number = ura.act("delete", hetu=HETU)["muutosnumero"]
    assert asked(ura, start).hints[-1] == Hint("gone", NUMBER, record, f"suunnitelma {number}")
    assert told(lambda a: a.find(HETU), ura.base_url).record_id is None


def test_from_the_present_moment_only_the_overlap_is_told(ura: SimulatorProcess) -> None:
    numbers = [edit(ura) for _ in range(60)]
    assert not asked(ura, None).hints
    heard = versions(asked(ura, asked(ura, None).cursor))
    assert heard[-1] == numbers[-1]
    assert len(heard) < 60
    near = told(lambda a: a.changes(None), ura.base_url, feed_overlap="0")
    assert asked(ura, near.cursor).hints == ()


def test_an_ura_that_was_set_back_has_lost_the_cursor(ura: SimulatorProcess) -> None:
    for _ in range(5):
        edit(ura)
    ahead = asked(ura, asked(ura, None).cursor).cursor
    ura.reset()
    ura.seed(persons=[{"hetu": HETU, "asiakasnro": NUMBER}])
    page = asked(ura, ahead)
    assert page.lost
    number = edit(ura)
    assert number in versions(asked(ura, page.cursor))


def test_an_empty_ura_has_a_present_moment_too(ura: SimulatorProcess) -> None:
    ura.reset()
    start = asked(ura, None).cursor
    assert asked(ura, start) == Changes((), start)
    ura.seed(persons=[{"hetu": HETU, "asiakasnro": NUMBER}])
    assert [hint.person_id for hint in asked(ura, start).hints] == [NUMBER]


def test_the_number_of_a_person_is_told_unless_its_century_is_unknown(ura: SimulatorProcess) -> None:
    legacy = next(r["asiakas"]["asiakasnro"] for r in ura.records() if "vuosisata" not in r["asiakas"])

    async def story(adapter: Ura) -> None:
        assert await adapter.number_of(NUMBER) == HETU
        assert await adapter.number_of(legacy) is None
        with pytest.raises(NotThere):
            await adapter.number_of("00000000")

    told(story, ura.base_url)


def test_outside_the_statutory_purpose_nothing_is_asked(ura: SimulatorProcess) -> None:
    with pytest.raises(Blocked):
        told(lambda a: a.changes(None), ura.base_url, purpose="research")
    assert ura.journal() == []


def test_a_message_in_the_name_of_ura_is_false() -> None:
    async def story(adapter: Ura) -> None:
        with pytest.raises(NotAuthentic):
            adapter.read_notice({}, b"{}", now=datetime.now(UTC))

    told(story)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"muutokset": [], "lisaa": False},
        {"muutokset": [], "lisaa": True, "viimeisin": 9},
        {"muutokset": [{"muutosnumero": "8", "laji": "asiakas"}], "lisaa": False, "viimeisin": 9},
        {"muutokset": [{"muutosnumero": 3, "laji": "asiakas"}], "lisaa": True, "viimeisin": 9},
    ],
)
@respx.mock
def test_a_page_that_cannot_be_read_or_leads_nowhere_is_asked_for_later(data: dict[str, Any]) -> None:
    answer = httpx.Response(200, json={"paluukoodi": "0", "virheet": [], "data": data})
    respx.post(f"{BASE}/ura/v2/muutokset/hae").mock(return_value=answer)
    with pytest.raises(TryLater):
        told(lambda a: a.changes("3.3.9"))

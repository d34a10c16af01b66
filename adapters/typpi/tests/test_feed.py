"""Hearing of changes in TYPPI: what a row means, pages, own writes, and days that come."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tyokyky_adapter_typpi import connect
from tyokyky_bridge.adapterkit.contract import Adapter, Changes, Licence
from tyokyky_bridge.adapterkit.errors import NotAuthentic, NotThere, Refused

SANNA = "030278-958K"
OTHERS = ["171268X9339", "250791Y946S", "120385-921T"]
FEED = "/typpi/muutokset"
A_DAY = 86_400


async def begin(adapter: Adapter) -> str:
    return (await adapter.changes(None)).cursor


async def save(adapter: Adapter, section: str, fields: dict[str, Any]) -> None:
    found = await adapter.find(SANNA)
    standing = await adapter.fetch(found)
    content = json.loads(json.dumps(standing.content))
    next(s for s in content["osiot"] if s["osio"] == section)["tiedot"].update(fields)
    licence = Licence("d", time.monotonic() + 10)
    await adapter.write(found, content, standing=standing, key=f"k-{section}", licence=licence)


def test_reading_begins_at_the_present_and_does_not_wait(office: Any) -> None:
    office.plan_id(kela={"kelanArvio": "x"})
    page = office.tell(lambda a: a.changes(None))
    assert page == Changes((), page.cursor)
    assert office.simulator.journal()[-1].path == FEED


def test_a_change_of_a_section_is_a_change_of_its_plan(office: Any) -> None:
    plan_id = office.plan_id(kela={"kelanArvio": "x"})
    client_id = office.simulator.records()[0]["asiakasId"]
    first, second = (office.hears(lambda _, t=text: office.edit(text=t)) for text in ("a", "b"))
    assert [(h.kind, h.person_id, h.record_id) for h in first] == [("changed", client_id, plan_id)]
    assert (first[0].version or "") > ""
    assert first[0].version != second[0].version


def test_a_whole_save_is_eight_rows_and_one_hint(office: Any) -> None:
    office.plan_id()
    content = {"osiot": [{**s, "tiedot": {"x": "y"}} for s in office.simulator.records()[0]["osiot"]]}
    hints = office.hears(lambda _: office.simulator.act("edit", hetu=SANNA, content=content))
    assert len(hints) == 1
    assert hints[0].reference is None
    assert len(office.rows()) == 8


def test_a_plan_that_somebody_opened_is_told_of(office: Any) -> None:
    hints = office.hears(lambda _: office.plan_id(kela={"kelanArvio": "x"}))
    assert [(h.kind, h.record_id) for h in hints] == [
        ("changed", office.simulator.records()[0]["suunnitelmaId"])
    ]


def test_pages_follow_each_other_without_gap_or_repetition(office: Any) -> None:
    seeded = office.simulator.seed(
        persons=[{"hetu": hetu} for hetu in OTHERS],
        records=[{"hetu": hetu, "osiot": {"kela": {"kelanArvio": "x"}}} for hetu in [SANNA, *OTHERS]],
    )
    office.simulator.chaos(feed_page=3)

    async def story(adapter: Adapter) -> list[Changes]:
        pages = [await adapter.changes(None)]
        for hetu in [SANNA, *OTHERS] * 2:
            office.edit(hetu=hetu)
        while pages[0] is pages[-1] or pages[-1].more:
            pages.append(await adapter.changes(pages[-1].cursor))
        return pages

    pages = office.tell(story)
    order = seeded["suunnitelmat"]
    told = [[hint.record_id for hint in page.hints] for page in pages[1:]]
    assert told == [order[:3], [order[3], *order[:2]], order[2:]]
    assert [page.more for page in pages] == [False, True, True, False]
    assert len({page.cursor for page in pages}) == 4


def test_the_same_cursor_gives_the_same_rows_again(office: Any) -> None:
    office.plan_id()

    async def story(adapter: Adapter) -> list[Changes]:
        cursor = await begin(adapter)
        office.edit()
        return [await adapter.changes(cursor) for _ in range(2)]

    first, second = office.tell(story)
    assert first.hints == second.hints != ()


def test_a_removed_section_leaves_a_tombstone_and_is_a_change_of_the_plan(office: Any) -> None:
    plan_id = office.plan_id(kela={"kelanArvio": "x"}, osaaminen={"tyokokemus": "y"})
    hints = office.hears(lambda _: office.simulator.act("remove_section", hetu=SANNA, osio="kela"))
    assert [(h.kind, h.record_id) for h in hints] == [("changed", plan_id)]
    (row,) = office.rows()
    assert (row["kohde"], row["osio"], row["poistettu"]) == ("osio", "kela", True)

    async def read(adapter: Adapter) -> dict[str, Any]:
        content = (await adapter.fetch(await adapter.find(SANNA))).content
        return {s["osio"]: s["tiedot"] for s in content["osiot"] if s["tiedot"]}

    assert office.tell(read) == {"osaaminen": {"tyokokemus": "y"}}


def test_our_own_write_comes_back_marked_as_ours(office: Any) -> None:
    """Scenario 2's echo: the engine is told and finds nothing new; the mark is there for whoever wants it."""
    office.plan_id()
    hints = office.hears(lambda a: save(a, "kela", {"kelanArvio": "ours"}))
    assert [(h.kind, h.reference) for h in hints] == [("changed", "hub")]
    (row,) = office.rows()
    assert (row["lahde"], row["muokannut"], row["osio"]) == ("hub", "hyvinvointialue", "kela")
    assert row["etag"] == office.stored("kela")["etag"]
    assert row["_links"]["suunnitelma"]["href"].endswith(row["suunnitelmaId"])


def test_what_was_refused_is_not_told(office: Any) -> None:
    office.plan_id()

    async def refused(adapter: Adapter) -> None:
        with pytest.raises(Refused):
            await save(adapter, "terveys", {"bdi": 22})

    assert office.hears(refused) == []


def test_an_ending_customership_is_told_when_decided_when_it_ends_and_when_the_plan_is_gone(
    office: Any,
) -> None:
    office.simulator.chaos(cursor_life_s=1000 * A_DAY)
    office.simulator.clock(set="2026-06-20T12:00:00+03:00")
    office.simulator.seed(persons=[{"hetu": OTHERS[0], "typ": {"alkaen": "2026-01-15"}}])
    office.simulator.seed(records=[{"hetu": OTHERS[0], "osiot": {"kela": {"kelanArvio": "x"}}}])

    def kinds(moment: str | None = None, end: str | None = None) -> list[str]:
        def happens(_: Adapter) -> None:
            if moment:
                office.simulator.clock(set=moment)
            if end:
                office.simulator.act("end_customership", hetu=OTHERS[0], paattyen=end)

        return [hint.kind for hint in office.hears(happens)]

    found = office.tell(lambda a: a.find(OTHERS[0]))
    assert kinds(end="2026-06-25") == ["changed"]
    assert kinds(end="2026-06-30") == ["changed"]
    assert kinds("2026-06-29T23:00:00+03:00") == []
    assert kinds("2026-06-30T00:10:00+03:00") == ["changed"]
    assert kinds("2026-07-29T23:00:00+03:00") == []
    assert kinds("2026-07-30T00:10:00+03:00") == ["gone"]
    assert kinds("2027-07-30T00:10:00+03:00") == []
    with pytest.raises(NotThere):
        office.tell(lambda a: a.fetch(found))


def test_a_party_hears_only_of_clients_that_it_serves(office: Any) -> None:
    office.simulator.seed(
        persons=[{"hetu": OTHERS[0], "palvelevat": ["kela", "tyovoimaviranomainen"]}],
        records=[{"hetu": OTHERS[0], "osiot": {}}, {"hetu": SANNA, "osiot": {}}],
    )
    office.simulator.chaos(feed_page=1)

    def happens(_: Adapter) -> None:
        for hetu in (OTHERS[0], SANNA, OTHERS[0]):
            office.edit(hetu=hetu)

    assert [h.record_id for h in office.hears(happens)] == ["5513"]
    assert [h.record_id for h in office.hears(happens, client_id="te")] == ["5512", "5513", "5512"]


def test_the_feed_survives_a_crash(office: Any) -> None:
    plan_id = office.plan_id()
    cursor = office.tell(begin)
    office.edit()
    office.simulator.kill()
    office.simulator.start()
    office.edit(section="osaaminen")
    page = office.tell(lambda a: a.changes(cursor))
    assert [h.record_id for h in page.hints] == [plan_id]
    assert [row["osio"] for row in office.rows()] == ["kela", "osaaminen"]


def test_a_feed_carries_neither_content_nor_identity_numbers(office: Any) -> None:
    office.plan_id(kela={"kelanArvio": "salaisuus"})
    office.hears(lambda _: office.edit(text="toinen salaisuus"))
    shown = json.dumps(office.rows())
    assert "salaisuus" not in shown
    assert SANNA not in shown


def test_nobody_can_push_a_message_in_typpis_name(office: Any) -> None:
    adapter = connect(office.config())
    with pytest.raises(NotAuthentic):
        adapter.read_notice({}, b"{}", now=datetime.now(UTC))


def test_the_client_resource_tells_the_identity_number(office: Any) -> None:
    async def story(adapter: Adapter) -> str | None:
        return await adapter.number_of((await adapter.find(SANNA)).person_id)

    assert office.tell(story) == SANNA
    with pytest.raises(NotThere):
        office.tell(lambda a: a.number_of("9999"))


def test_a_bare_client_can_follow_the_links(office: Any) -> None:
    office.plan_id()
    office.simulator.chaos(feed_page=1)
    with office.browser() as browser:
        start: httpx.Response = browser.get(browser.get("/typpi").json()["_links"]["muutokset"]["href"])
        office.edit()
        office.edit(section="osaaminen")
        first = browser.get(start.json()["_links"]["jatko"]["href"]).json()
        second = browser.get(first["_links"]["next"]["href"]).json()
    assert [r["osio"] for p in (first, second) for r in p["_embedded"]["muutokset"]] == ["kela", "osaaminen"]
    assert "next" not in second["_links"]

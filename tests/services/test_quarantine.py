"""A record there with our mark that no link names is listed, whoever it is of, and nothing is done to it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tyokyky_bridge.adapterkit.contract import Found, Hint, Marked
from tyokyky_bridge.adapterkit.errors import TryLater
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.intake import take_hints
from tyokyky_bridge.services.quarantine import QuarantineNotFound, clear_quarantined, list_quarantined
from tyokyky_bridge.services.reconciling import coverage, sweep
from worlds.hub import HELMI, OPERATOR
from worlds.paper import CONCLUSION, HETU, Office, Paper
from worlds.parties import HEALTH
from worlds.rows import bury

pytestmark = pytest.mark.anyio

DPO = Caller(HEALTH, Role.OVERSIGHT, "dpo", Purpose.WORK_ABILITY_SUPPORT)
SECOND = Marked("r-99", "key-of-a-lost-answer", "1")
OURS = Hint("changed", "p-404", "r-404", "7", reference="hub")


class Crowded(Paper):
    """A partner with a second record of ours beside the first, which its search shows."""

    async def find(self, hetu):
        return replace(await super().find(hetu), marked=(SECOND,))


class Overtaken(Paper):
    """A partner whose search gives a newer record of ours first, and tells the mark of each."""

    async def find(self, hetu):
        found = await super().find(hetu)
        if found.record_id is None:
            return found
        return Found(found.person_id, SECOND.record_id, (Marked(found.record_id, "key", "1"), SECOND))


async def an_office(store, paper, *, finds_others=True):
    office = Office(store, paper)
    partner = office.bridge.partners["paper-1"]
    manifest = partner.manifest.model_copy(update={"finds_others": finds_others})
    office.bridge.partners["paper-1"] = replace(partner, manifest=manifest)
    await office.open()
    await office.consent("health.conclusion")
    return office


async def held(office):
    return [row.record_id for row in await list_quarantined(office.bridge, OPERATOR)]


async def test_a_second_record_is_seen_when_the_client_is_looked_up(store):
    office = await an_office(store, Crowded(), finds_others=False)
    await office.settle()
    (row,) = await list_quarantined(office.bridge, OPERATOR)
    assert (row.system, row.record_id, row.reference, row.state) == (
        "paper-1",
        "r-99",
        "key-of-a-lost-answer",
        "open",
    )
    assert office.paper.writes == ["wrote v1"]
    (figures,) = await store.read(lambda tx: coverage(tx, office.bridge, tx.now()))
    assert figures.drift["D5"] == 1


async def test_a_second_record_is_seen_though_it_is_newer_than_the_one_we_know(store):
    office = await an_office(store, Overtaken())
    await office.settle()
    assert await held(office) == []
    await sweep(office.bridge)
    await office.settle()
    assert (await held(office), (await office.link()).remote.record) == (["r-99"], "r-1")


async def test_the_record_that_is_found_at_first_is_no_second_one(store):
    paper = Overtaken()
    paper.edit(lambda content: content.setdefault("terveys", {}))
    paper.sheets[HETU].id = SECOND.record_id
    office = await an_office(store, paper)
    await office.settle()
    assert ((await office.link()).remote.record, await held(office)) == (SECOND.record_id, [])


@pytest.mark.parametrize("shows", [True, False])
async def test_a_comparison_searches_where_that_shows_more_and_an_ordinary_attempt_never(store, shows):
    paper = Crowded()
    paper.find = super(Crowded, paper).find
    office = await an_office(store, paper, finds_others=shows)
    await office.settle()
    del paper.find
    asked = paper.journal.count("find")
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    assert (paper.journal.count("find"), await held(office)) == (asked, [])
    await sweep(office.bridge)
    await office.settle()
    assert (paper.journal.count("find"), await held(office)) == (
        (asked + 1, ["r-99"]) if shows else (asked, [])
    )
    assert len(paper.writes) == 2


async def test_a_search_that_fails_holds_up_no_comparison(store):
    office = await an_office(store, Crowded())
    await office.settle()
    office.paper.then("find", TryLater("busy"))
    await sweep(office.bridge)
    await office.attempt()
    assert (await office.link()).state == "in_sync"


async def test_a_hint_of_another_record_of_somebody_known_asks_for_a_comparison(store):
    office = await an_office(store, Crowded(), finds_others=True)
    await office.settle()
    store.clock_offset += timedelta(minutes=1)
    other = Hint("changed", HETU, "r-99", "1")
    await store.write(lambda tx: take_hints(tx, office.bridge.partners["paper-1"], [other]))
    (link,) = await office.claim()
    assert link.asked == {"look", "verify"}
    own = Hint("changed", HETU, link.remote.record, "17")
    await store.write(lambda tx: bury(tx, "w-1"))
    await office.settle()
    await store.write(lambda tx: take_hints(tx, office.bridge.partners["paper-1"], [own]))
    (link,) = await office.claim()
    assert link.asked == {"look"}


async def test_a_record_of_ours_of_somebody_unknown_is_kept_by_its_number_alone(store):
    office = await an_office(store, Paper())
    taken = await store.write(
        lambda tx: take_hints(tx, office.bridge.partners["paper-1"], [OURS, replace(OURS, kind="gone")])
    )
    assert (taken.unknown, taken.looks) == (2, 0)
    (row,) = await list_quarantined(office.bridge, DPO)
    assert (row.record_id, row.reference) == ("r-404", "hub")
    assert "p-404" not in repr(row)


async def test_a_record_of_somebody_unknown_that_is_not_ours_is_forgotten(store):
    office = await an_office(store, Paper())
    await store.write(
        lambda tx: take_hints(tx, office.bridge.partners["paper-1"], [replace(OURS, reference=None)])
    )
    assert await held(office) == []


async def test_our_own_record_told_of_before_its_answer_came_is_none(store):
    office = await an_office(store, Paper())
    early = Hint("changed", HETU, "r-1", "1", reference="hub")
    await store.write(lambda tx: take_hints(tx, office.bridge.partners["paper-1"], [early]))
    await office.settle()
    assert (await office.link()).remote.record == "r-1"
    assert await held(office) == []
    await store.write(lambda tx: take_hints(tx, office.bridge.partners["paper-1"], [early]))
    (row,) = await list_quarantined(office.bridge, OPERATOR, state="cleared")
    assert (row.record_id, row.cleared_by) == ("r-1", "hub")


async def test_only_operations_clear_and_only_they_and_oversight_see(store):
    office = await an_office(store, Paper())
    await store.write(lambda tx: take_hints(tx, office.bridge.partners["paper-1"], [OURS]))
    (row,) = await list_quarantined(office.bridge, OPERATOR)
    for caller in (HELMI, DPO):
        with pytest.raises(NotForRole):
            await clear_quarantined(office.bridge, caller, row.id)
    with pytest.raises(NotForRole):
        await list_quarantined(office.bridge, HELMI)
    with pytest.raises(QuarantineNotFound):
        await clear_quarantined(office.bridge, OPERATOR, UUID(int=1))
    for _ in range(2):
        cleared = await clear_quarantined(office.bridge, OPERATOR, row.id)
        assert (cleared.state, cleared.cleared_by) == ("cleared", OPERATOR.party)
    assert await held(office) == []

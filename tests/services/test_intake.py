"""What partners say of changes makes links due for a look, once, and leaves no trace of anybody else."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tyokyky_bridge.adapterkit.contract import Changes, Hint
from tyokyky_bridge.adapterkit.errors import TryLater
from tyokyky_bridge.services import clients, plans
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.intake import (
    NoticeNotAuthentic,
    NoticeUnreadable,
    Taken,
    TakesNoMessages,
    poll,
    receive_notice,
    take_hints,
)
from tyokyky_bridge.services.records import GateRow, Remote
from worlds.hub import HELMI, LENS, a_case, manifest, plan_content, y100
from worlds.parties import DIRECTORY, EMPLOYMENT, HEALTH
from worlds.telling import AT, SIGNED, TellingPartner, a_telling_hub, message, settled

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=30)
NEWS = Hint("changed", "p-1", "r-1", "4")
ECHO = Hint("changed", "p-1", "r-1", "3")
STRANGER = Hint("changed", "p-404", "r-404", "1")


@pytest.fixture
async def case(store):
    made = await a_case(a_telling_hub(store), HELMI, y100((HEALTH, EMPLOYMENT)))
    await settled(made, "lifecare")
    await settled(made, "ura")
    return made


def taking(*hints, event=None, system="lifecare"):
    partner = Partner(DIRECTORY.systems[system][-1], manifest(), LENS, TellingPartner())
    return lambda tx: take_hints(tx, partner, hints, event=event)


async def inbox(case, system="lifecare"):
    link = await case.link(system)
    return [
        (row.kind, row.outcome) for row in await case.bridge.store.read(lambda tx: tx.inbox.of_link(link.id))
    ]


async def state(case, system="lifecare"):
    return (await case.link(system)).state


async def polled(case, *pages, worker="w-1", system="ura", lease=LEASE):
    partner = case.bridge.partners[system]
    partner.adapter.pages.extend(pages)
    return await poll(case.bridge, partner, worker=worker, lease=lease)


async def test_news_of_a_record_make_its_link_due_for_a_look(store, case):
    before = await case.link("lifecare")
    assert await store.write(taking(NEWS)) == Taken(hints=1, looks=1)
    link = await case.link("lifecare")
    assert (link.state, link.desired_gen) == ("due", before.desired_gen)
    (claimed,) = await store.write(lambda tx: tx.links.claim("lifecare", limit=9, worker="w", lease=LEASE))
    assert claimed.asked == {"look"}
    assert await inbox(case) == [("changed", None)]
    assert await state(case, "ura") == "in_sync"


async def test_nobody_is_put_on_record_by_being_talked_of(store, case):
    hints = [Hint(kind, "p-404", "r-404", "1") for kind in ("changed", "gone", "identity", "merged")]
    assert await store.write(taking(*hints, event="e-1")) == Taken(hints=4, unknown=4)
    assert await inbox(case) == []
    assert await state(case) == "in_sync"
    link = await case.link("lifecare")
    assert await store.write(lambda tx: tx.inbox.add("lifecare", "probe", link_id=link.id, kind="changed"))
    assert len(await inbox(case)) == 1


@pytest.mark.parametrize(
    "garbled",
    [
        Hint("changed", "p\0", "r-1", "4"),
        Hint("changed", "p-1", "r\0", "4"),
        Hint("changed", "p\ud800", None, "4"),
        Hint("changed", "p-404", "r-404", "4", reference="new\0"),
        Hint("merged", "p-1", merged_into="p\0"),
    ],
)
async def test_an_id_that_no_database_keeps_does_not_hold_up_the_log(store, case, garbled):
    assert await store.write(taking(garbled, NEWS)) == Taken(hints=2, unknown=1, looks=1)
    assert await state(case) == "due"


@pytest.mark.parametrize("leased", [False, True])
async def test_a_version_that_no_database_keeps_is_news(store, case, leased):
    if leased:
        link = await case.link("lifecare")
        await store.write(lambda tx: tx.links.look(link.id))
        await store.write(lambda tx: tx.links.claim("lifecare", limit=1, worker="w-1", lease=LEASE))
    for version in ("4\0", "4\ud800"):
        assert (await store.write(taking(Hint("changed", "p-1", "r-1", version)))).looks == 1


async def test_the_version_that_we_hold_is_an_echo_and_wakes_nobody(store, case):
    assert await store.write(taking(ECHO)) == Taken(hints=1, echoes=1)
    assert await state(case) == "in_sync"
    assert await inbox(case) == [("changed", "echo")]


@pytest.mark.parametrize(
    "hint",
    [
        Hint("gone", "p-1", "r-1", "3"),
        Hint("changed", "p-1", "r-2", "3"),
        Hint("changed", "p-1", None, "2"),
        Hint("changed", "p-1", "r-1", None),
    ],
)
async def test_only_the_same_version_of_the_same_record_is_an_echo(store, case, hint):
    assert (await store.write(taking(hint))).looks == 1
    assert await state(case) == "due"


async def test_a_hint_without_a_record_is_about_the_one_that_the_person_has(store, case):
    assert (await store.write(taking(Hint("changed", "p-1", None, "3")))).echoes == 1
    assert await state(case) == "in_sync"


async def test_the_same_news_twice_are_one_look(store, case):
    await store.write(taking(NEWS))
    await settled(case, "lifecare")
    assert await store.write(taking(NEWS, NEWS)) == Taken(hints=2, repeated=2)
    assert await state(case) == "in_sync"
    assert (await store.write(taking(Hint("changed", "p-1", "r-1", "5")))).looks == 1


async def test_news_without_a_version_are_always_news(store, case):
    for _ in range(2):
        assert (await store.write(taking(Hint("changed", "p-1", "r-1")))).looks == 1
        assert await state(case) == "due"
        await settled(case, "lifecare")


async def test_a_message_that_is_repeated_has_no_second_effect(store, case):
    unversioned = Hint("changed", "p-1")
    assert (await store.write(taking(unversioned, event="e-1"))).looks == 1
    await settled(case, "lifecare")
    assert (await store.write(taking(unversioned, event="e-1"))).repeated == 1
    assert await state(case) == "in_sync"
    assert (await store.write(taking(unversioned, event="e-2"))).looks == 1


async def test_a_record_of_ours_that_is_gone_is_looked_for(store, case):
    assert (await store.write(taking(Hint("gone", "p-1", "r-1", "4")))).looks == 1
    assert await state(case) == "due"
    assert (await case.link("lifecare")).remote == AT


async def test_a_person_who_was_merged_is_found_anew_by_the_number(store, case):
    merged = Hint("merged", "p-1", version="e", merged_into="p-2")
    assert (await store.write(taking(merged, event="e"))).looks == 1
    link = await case.link("lifecare")
    assert link.state == "due"
    assert (link.remote.person, link.remote.record, link.remote.version) == (None, None, None)


async def test_who_was_merged_with_another_client_waits_for_a_person(store, case):
    other = await clients.register_client(case.bridge, HELMI, "120385Y921T")
    content = plan_content()
    content["client"]["hetu"][0]["value"] = "120385Y921T"
    seen = await plans.create_plan(case.bridge, HELMI, other, content)
    theirs = type(case)(case.bridge, other, seen.plan_id, seen)
    await settled(theirs, "lifecare", remote=Remote(person="p-2", record="r-2", version="1"))
    hints = (Hint("changed", "p-2", version="e"), Hint("merged", "p-1", version="e", merged_into="p-2"))
    await store.write(taking(*hints, event="e"))
    link = await case.link("lifecare")
    assert (link.parked_reason, link.remote.person) == ("identity", None)
    assert await state(theirs) == "due"
    rows = await store.read(lambda tx: tx.audit.of_plan(case.plan_id))
    assert rows[-1].entry.event == "client/identity_merged"


async def test_a_changed_number_waits_for_somebody_to_ask_for_it(store, case):
    hint = Hint("identity", "p-1", version="e")
    assert await store.write(taking(hint, event="e")) == Taken(hints=1, identities=1)
    assert len(await store.read(lambda tx: tx.inbox.identities("lifecare"))) == 1


async def test_a_poll_reads_to_the_end_and_keeps_its_place(store, case):
    first = Changes((STRANGER, Hint("changed", "p-1", "r-1", "4")), "10", more=True)
    second = Changes((Hint("changed", "p-1", "r-1", "5"),), "20")
    result = await polled(case, first, second)
    assert (result.pages, result.taken.hints, result.taken.unknown, result.lost) == (2, 3, 1, False)
    assert await state(case, "ura") == "due"
    await polled(case)
    assert case.bridge.partners["ura"].adapter.cursors == [None, "10", "20"]


async def test_hints_and_place_are_kept_together_or_not_at_all(store, case):
    broken = Changes((NEWS, Hint("rumour", "p-1", "r-1", "6")), "10")  # pyright: ignore[reportArgumentType]
    with pytest.raises(Exception, match="constraint"):
        await polled(case, broken)
    assert await inbox(case, "ura") == []
    assert await state(case, "ura") == "in_sync"
    assert (await store.read(lambda tx: tx.feeds.get("ura"))).cursor is None


async def test_pages_read_before_a_failure_are_kept(store, case):
    with pytest.raises(TryLater):
        await polled(case, Changes((NEWS,), "10", more=True), TryLater("503"))
    assert await state(case, "ura") == "due"
    await polled(case)
    assert case.bridge.partners["ura"].adapter.cursors[-1] == "10"


async def test_one_worker_reads_at_a_time_and_another_goes_on_when_it_is_gone(store, case):
    assert await polled(case, Changes((), "10")) is not None
    assert await polled(case, worker="w-2") is None
    store.clock_offset += timedelta(minutes=1)
    assert await polled(case, worker="w-2") is not None
    assert case.bridge.partners["ura"].adapter.cursors == [None, "10"]


async def test_one_that_is_seen_to_be_dead_is_replaced_at_once(store, case):
    partner = case.bridge.partners["ura"]
    await polled(case, Changes((), "10"))
    assert await polled(case, worker="w-2") is None
    for _ in range(50):  # a server that has just started has not seen anybody yet
        taken = await poll(case.bridge, partner, worker="w-2", lease=LEASE, take_over=True)
        if taken is not None:
            break
        await asyncio.sleep(0.1)
    assert taken is not None
    assert await polled(case, worker="w-1") is None
    assert partner.adapter.cursors == [None, "10"]


async def test_a_worker_that_stalled_drops_what_it_read(store, case):
    fake = case.bridge.partners["ura"].adapter

    async def stall():
        fake.before_answer = None
        store.clock_offset += timedelta(minutes=1)
        fake.pages.appendleft(Changes((), "77"))
        await poll(case.bridge, case.bridge.partners["ura"], worker="w-2", lease=LEASE)

    fake.before_answer = stall
    result = await polled(case, Changes((NEWS,), "10"))
    assert result.pages == 0
    assert await inbox(case, "ura") == []
    assert (await store.read(lambda tx: tx.feeds.get("ura"))).cursor == "77"


async def test_two_readings_under_one_name_do_not_mix(store, case):
    """A worker that was restarted under its name, while the old one still waits for an answer."""
    fake = case.bridge.partners["ura"].adapter

    async def restarted():
        fake.before_answer = None
        fake.pages.appendleft(Changes((), "77"))
        await polled(case)

    fake.before_answer = restarted
    assert (await polled(case, Changes((NEWS,), "10"))).pages == 0
    assert (await store.read(lambda tx: tx.feeds.get("ura"))).cursor == "77"


@pytest.mark.parametrize("breaker", ["open", "closed"])
async def test_a_partner_that_is_down_or_asked_for_patience_is_not_asked(store, case, breaker):
    now = await store.read(lambda tx: tx.now())
    later = now + timedelta(minutes=5)
    down = GateRow("ura", breaker, now, int(breaker == "open"), later)
    await store.write(lambda tx: tx.gates.save(down))
    assert await polled(case) is None
    assert case.bridge.partners["ura"].adapter.cursors == []
    await store.write(lambda tx: tx.gates.save(GateRow("ura")))
    assert await polled(case) is not None


async def test_a_forgotten_place_is_noted(store, case):
    await polled(case, Changes((), "10"))
    assert (await polled(case, Changes((), "99", lost=True))).lost
    feed = await store.read(lambda tx: tx.feeds.get("ura"))
    assert (feed.cursor, feed.lost_at) == ("99", feed.polled_at)


async def receive(case, body, *, headers=None, system="lifecare"):
    now = datetime.now(UTC)
    return await receive_notice(case.bridge, system, SIGNED if headers is None else headers, body, at=now)


async def test_a_proved_message_makes_links_due(store, case):
    told = message("e-1", {"kind": "changed", "person_id": "p-1", "record_id": "r-1", "version": "4"})
    assert await receive(case, told) == Taken(hints=1, looks=1)
    assert await state(case) == "due"
    assert (await receive(case, told)).repeated == 1


async def test_the_same_message_twice_at_once_has_one_effect(store, case):
    told = message("e-1", {"kind": "changed", "person_id": "p-1"})
    both = await asyncio.gather(receive(case, told), receive(case, told))
    assert sorted(each.looks for each in both) == [0, 1]


async def test_what_is_not_proved_not_readable_or_not_expected_has_no_effect(store, case):
    told = message("e-1", {"kind": "changed", "person_id": "p-1"})
    with pytest.raises(NoticeNotAuthentic):
        await receive(case, told, headers={})
    with pytest.raises(NoticeUnreadable):
        await receive(case, b"\xff")
    with pytest.raises(NoticeUnreadable):  # the reader of the adapter trips
        await receive(case, b"[]")
    for system in ("ura", "nowhere"):
        with pytest.raises(TakesNoMessages):
            await receive(case, told, system=system)
    assert await inbox(case) == []
    assert await state(case) == "in_sync"

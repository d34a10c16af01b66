"""Dead letters: seen without content, tried again one by one, by a filter or by system, spread over time."""

from datetime import timedelta

import pytest

from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.redriving import NothingNamed, Wanted, list_parked, redrive_parked
from worlds.hub import HELMI, OPERATOR
from worlds.parties import HEALTH
from worlds.rows import a_link, claim
from worlds.telling import a_telling_hub

pytestmark = pytest.mark.anyio

DPO = Caller(HEALTH, Role.OVERSIGHT, "dpo", Purpose.WORK_ABILITY_SUPPORT)


@pytest.fixture
def bridge(store):
    return a_telling_hub(store)


async def parked(store, *, system="ura", reason="refused", detail=None):
    def make(tx):
        link = a_link(tx, system=system)
        assert tx.links.park(link.id, reason, {"path": "health.substance_use"} if detail is None else detail)
        return link.id

    made = await store.write(make)
    store.clock_offset += timedelta(seconds=1)
    return made


async def states(store, *ids):
    return [(await store.read(lambda tx, i=i: tx.links.get(i))).state for i in ids]


async def test_dead_letters_are_listed_longest_first_and_by_filter(store, bridge):
    first, second, third = (
        await parked(store),
        await parked(store, reason="identity"),
        await parked(store, system="lifecare"),
    )

    async def ids(**fits):
        return [each.link for each in await list_parked(bridge, OPERATOR, **fits)]

    assert await ids() == [first, second, third]
    assert await ids(system="ura") == [first, second]
    assert await ids(system="ura", reason="identity") == [second]
    assert await ids(reason="lens") == []


async def test_a_dead_letter_tells_nothing_of_content(store, bridge):
    await parked(store)
    (shown,) = await list_parked(bridge, OPERATOR)
    assert "substance" not in repr(shown)
    assert (shown.system, shown.reason, shown.attempts) == ("ura", "refused", 0)
    assert shown.waiting_since <= shown.parked_at


async def test_one_a_filter_or_a_system_is_tried_again(store, bridge):
    a, b, c, d = (
        await parked(store),
        await parked(store),
        await parked(store, reason="identity"),
        await parked(store, system="lifecare"),
    )
    assert await redrive_parked(bridge, OPERATOR, Wanted(link=a)) == (a,)
    assert await states(store, a, b, c, d) == ["due", "parked", "parked", "parked"]
    assert await redrive_parked(bridge, OPERATOR, Wanted(system="ura", reason="refused")) == (b,)
    assert await redrive_parked(bridge, OPERATOR, Wanted(link=d, system="ura")) == ()
    assert await redrive_parked(bridge, OPERATOR, Wanted(system="ura")) == (c,)
    assert await states(store, a, b, c, d) == ["due", "due", "due", "parked"]
    assert await redrive_parked(bridge, OPERATOR, Wanted(link=a)) == ()
    assert await redrive_parked(bridge, OPERATOR, Wanted(link=10**6)) == ()


async def test_a_whole_system_comes_back_spread_over_time(store, bridge):
    ids = [await parked(store) for _ in range(4)]
    now = await store.read(lambda tx: tx.now())
    assert await redrive_parked(bridge, OPERATOR, Wanted(system="ura"), spread=timedelta(minutes=4)) == tuple(
        ids
    )
    rows = [await store.read(lambda tx, i=i: tx.links.get(i)) for i in ids]
    minutes = [round((row.due_at - now).total_seconds() / 60) for row in rows]
    assert minutes == [0, 1, 2, 3]
    store.clock_offset += timedelta(minutes=1, seconds=30)
    assert len(await store.write(lambda tx: claim(tx, system="ura"))) == 2


async def test_a_spread_has_a_bound(store, bridge):
    ids = [await parked(store) for _ in range(2)]
    now = await store.read(lambda tx: tx.now())
    await redrive_parked(bridge, OPERATOR, Wanted(system="ura"), spread=timedelta(days=400))
    last = await store.read(lambda tx: tx.links.get(ids[-1]))
    assert last.due_at <= now + timedelta(days=1)


async def test_a_redrive_of_nothing_in_particular_is_refused(store, bridge):
    link = await parked(store)
    with pytest.raises(NothingNamed):
        await redrive_parked(bridge, OPERATOR, Wanted())
    assert await states(store, link) == ["parked"]


async def test_every_redrive_is_audited_with_who_and_why(store, bridge):
    ids = [await parked(store, reason="lens"), await parked(store, reason="lens")]
    await redrive_parked(bridge, OPERATOR, Wanted(reason="lens"), spread=timedelta(seconds=30))
    for link_id in ids:
        link = await store.read(lambda tx, i=link_id: tx.links.get(i))
        (row,) = await store.read(lambda tx, p=link.plan_id: tx.audit.of_plan(p))
        entry = row.entry
        assert (entry.event, entry.client_id, entry.actor_sub) == (
            "link/redriven",
            link.client_id,
            OPERATOR.subject,
        )
        assert entry.what == {"system": "ura", "reason": "lens", "spread_s": 30.0}


async def test_the_operator_s_command_line_is_named_in_the_audit(store, bridge):
    link_id = await parked(store)
    assert len(await list_parked(bridge, None)) == 1
    await redrive_parked(bridge, None, Wanted(link=link_id))
    link = await store.read(lambda tx: tx.links.get(link_id))
    (row,) = await store.read(lambda tx: tx.audit.of_plan(link.plan_id))
    assert (row.entry.actor_party, row.entry.actor_sub) == (None, "command line")


@pytest.mark.parametrize("who", [HELMI, DPO])
async def test_only_operations_may(store, bridge, who):
    link = await parked(store)
    with pytest.raises(NotForRole):
        await list_parked(bridge, who)
    with pytest.raises(NotForRole):
        await redrive_parked(bridge, who, Wanted(link=link))
    assert await states(store, link) == ["parked"]

"""Conflicts keep three values and their past until a person decides; withdrawals remember where they have to reach."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tyokyky_bridge.services.sync_records import WithdrawalTarget
from worlds.rows import a_consent, a_link

pytestmark = pytest.mark.anyio

PATH = "goals[g-1].text_client"


def open_one(tx, link, path=PATH, **values):
    given = {"base": "a", "ours": "b", "theirs": "c", "plan_version": 3, "remote_version": "7"} | values
    return tx.conflicts.put(link, path, owner="lrha-health", **given)


async def a_conflict(store, path=PATH, **values):
    link = await store.write(a_link)
    return link, await store.write(lambda tx: open_one(tx, link, path, **values))


async def test_a_conflict_is_read_as_it_was_opened(store):
    link, made = await a_conflict(store, theirs=None)
    read = await store.read(lambda tx: tx.conflicts.get(made.id))
    assert read == made
    assert (read.link_id, read.plan_id, read.client_id) == (link.id, link.plan_id, link.client_id)
    assert (read.base, read.ours, read.theirs, read.state) == ("a", "b", None, "open")
    assert read.opened_at == read.updated_at
    assert await store.read(lambda tx: tx.conflicts.get(uuid4())) is None


async def test_values_that_move_go_to_the_history_of_the_same_row(store):
    link, made = await a_conflict(store)
    store.clock_offset += timedelta(minutes=5)
    again = await store.write(lambda tx: open_one(tx, link, theirs="d", remote_version="8"))
    assert (again.id, again.opened_at, again.theirs) == (made.id, made.opened_at, "d")
    assert again.updated_at >= made.updated_at + timedelta(minutes=5)
    (older,) = again.history
    assert (older["base"], older["ours"], older["theirs"], older["remote_version"]) == ("a", "b", "c", "7")
    assert older["until"]


async def test_looking_again_at_the_same_values_is_no_event(store):
    link, made = await a_conflict(store)
    store.clock_offset += timedelta(minutes=5)
    again = await store.write(lambda tx: open_one(tx, link, plan_version=4, remote_version="8"))
    assert (again.history, again.updated_at) == ((), made.updated_at)
    assert (again.plan_version, again.remote_version) == (4, "8")


@pytest.mark.parametrize("value", [False, True, 0, 7, 0.5, "", "2026-03-02"])
async def test_a_value_comes_back_as_it_was(store, value):
    _, made = await a_conflict(store, ours=value)
    read = await store.read(lambda tx: tx.conflicts.get(made.id))
    assert (read.ours, type(read.ours)) == (value, type(value))


async def test_a_choice_ends_a_conflict_once(store):
    link, made = await a_conflict(store)
    assert await store.write(lambda tx: tx.conflicts.resolve(made.id, resolution="theirs", by="lrha-health"))
    ended = await store.read(lambda tx: tx.conflicts.get(made.id))
    assert (ended.state, ended.resolution, ended.resolved_by) == ("resolved", "theirs", "lrha-health")
    assert ended.resolved_at is not None
    assert not await store.write(lambda tx: tx.conflicts.resolve(made.id, resolution="ours", by="kela"))
    assert await store.read(lambda tx: tx.conflicts.get(made.id)) == ended
    assert await store.read(lambda tx: tx.conflicts.open_of_link(link.id)) == ()


async def test_after_the_end_of_one_the_same_field_can_be_in_conflict_again(store):
    link, made = await a_conflict(store)
    await store.write(lambda tx: tx.conflicts.resolve(made.id, resolution="ours", by="lrha-health"))
    again = await store.write(lambda tx: open_one(tx, link))
    assert again.id != made.id
    rows = await store.read(lambda tx: tx.conflicts.of_plan(link.plan_id))
    assert [row.state for row in rows] == ["resolved", "open"]
    assert await store.read(lambda tx: tx.conflicts.of_plan(link.plan_id, state="open")) == (again,)


async def test_sides_that_came_to_agree_end_what_was_open_on_those_paths_alone(store):
    link, first = await a_conflict(store)
    other = await store.write(lambda tx: open_one(tx, link, "goals[g-2].text_client"))
    assert await store.write(lambda tx: tx.conflicts.supersede(link.id, [])) == 0
    assert (
        await store.write(lambda tx: tx.conflicts.supersede(link.id, [PATH, "goals[g-9].text_client"])) == 1
    )
    ended = await store.read(lambda tx: tx.conflicts.get(first.id))
    assert (ended.state, ended.resolution) == ("superseded", None)
    assert await store.read(lambda tx: tx.conflicts.open_of_link(link.id)) == (other,)


async def test_pages_go_from_the_longest_open_on_and_leave_none_out(store):
    links = [await store.write(lambda tx, s=s: a_link(tx, system=s)) for s in ("ura-1", "typpi-1", "ura-1")]
    made = []
    for link in links:
        made += [await store.write(lambda tx, p=p, link=link: open_one(tx, link, p)) for p in (PATH, "x.y")]
    found, after = [], None
    while page := await store.read(lambda tx, after=after: tx.conflicts.page(after=after, limit=2)):
        found += page
        after = page[-1]
    assert sorted(found, key=lambda row: row.id) == sorted(made, key=lambda row: row.id)
    assert [row.opened_at for row in found] == sorted(row.opened_at for row in made)
    of_ura = await store.read(lambda tx: tx.conflicts.page(system="ura-1"))
    assert {row.link_id for row in of_ura} == {links[0].id, links[2].id}
    assert await store.read(lambda tx: tx.conflicts.counts()) == {"ura-1": 4, "typpi-1": 2}
    await store.write(lambda tx: tx.conflicts.supersede(links[1].id, [PATH, "x.y"]))
    assert await store.read(lambda tx: tx.conflicts.counts()) == {"ura-1": 4}
    assert len(await store.read(lambda tx: tx.conflicts.page(state=None))) == 6


def a_target(tx, link, consent_id, **members):
    given = {"gen": 2, "paths": ("goals[g-1].text_client",), "in_flight": ("d-1", "d-2"), "at": tx.now()}
    return WithdrawalTarget(consent_id, link.id, link.client_id, link.system, **(given | members))


async def test_a_withdrawal_remembers_each_link_once(store):
    link = await store.write(a_link)
    consent = await store.write(lambda tx: a_consent(tx, link.client_id))
    first = await store.write(lambda tx: a_target(tx, link, consent))
    await store.write(lambda tx: tx.withdrawals.add(first))
    await store.write(lambda tx: tx.withdrawals.add(a_target(tx, link, consent, gen=9)))
    assert await store.read(lambda tx: tx.withdrawals.of_consent(consent)) == (first,)
    assert await store.read(lambda tx: tx.withdrawals.of_link(link.id)) == (first,)


async def test_several_withdrawals_of_one_link_are_told_oldest_first(store):
    link = await store.write(a_link)
    other = await store.write(lambda tx: a_link(tx, plan=tx.plans.get(link.plan_id), system="ura-1"))
    consents = [await store.write(lambda tx: a_consent(tx, link.client_id)) for _ in range(2)]
    for consent in reversed(consents):
        await store.write(lambda tx, consent=consent: tx.withdrawals.add(a_target(tx, link, consent)))
        store.clock_offset += timedelta(seconds=1)
    await store.write(lambda tx: tx.withdrawals.add(a_target(tx, other, consents[0])))
    told = await store.read(lambda tx: tx.withdrawals.of_link(link.id))
    assert [target.consent_id for target in told] == list(reversed(consents))
    of_first = await store.read(lambda tx: tx.withdrawals.of_consent(consents[0]))
    assert [target.link_id for target in of_first] == [link.id, other.id]
    assert of_first[0].in_flight == ("d-1", "d-2")

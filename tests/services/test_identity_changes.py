"""A number that changed in health care becomes the client's, and can become nobody else's."""

import pytest

from tyokyky_bridge.adapterkit.contract import Hint
from tyokyky_bridge.adapterkit.errors import TryLater
from tyokyky_bridge.services import clients, plans
from tyokyky_bridge.services.clients import ClientNotFound
from tyokyky_bridge.services.identity_changes import follow_identity, follow_waiting, with_number
from tyokyky_bridge.services.intake import take_hints
from tyokyky_bridge.services.loading import latest_revision
from worlds.hub import HELMI, HETU, LEASE, TWIN, a_case, member, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL
from worlds.rows import bury
from worlds.telling import a_telling_hub, settled

pytestmark = pytest.mark.anyio

NEW = "060602B975N"
A31 = Hint("identity", "p-1", version="e-1")


@pytest.fixture
async def case(store):
    return await a_settled_case(store)


async def a_settled_case(store, **feeds):
    form = y100((HEALTH, EMPLOYMENT), (HEALTH, SOCIAL))
    members = [member(EMPLOYMENT, "employment"), member(SOCIAL, "social")]
    made = await a_case(a_telling_hub(store, **feeds), HELMI, form, network={"members": members})
    for system in made.bridge.partners:
        made.bridge.partners[system].adapter.numbers["p-1"] = NEW
        await settled(made, system)
    return made


async def numbers(case):
    """Value and kind of each number of the newest revision."""
    leaves = (await case.bridge.store.read(lambda tx: latest_revision(tx, case.plan_id))).leaves
    elements = {
        path.rpartition(".")[0] for path in leaves if path.startswith("client.hetu[") and "]." in path
    }
    elements = {element.removesuffix(".period") for element in elements}
    return {leaves[f"{e}.value"]: (leaves[f"{e}.kind"], leaves.get(f"{e}.period.end")) for e in elements}


async def told(case, system="lifecare", event="e-1"):
    await case.bridge.store.write(
        lambda tx: take_hints(tx, case.bridge.partners[system], (A31,), event=event)
    )
    return await follow_waiting(case.bridge, case.bridge.partners[system])


async def found(case, number):
    try:
        return (await clients.find_client(case.bridge, HELMI, number))[0]
    except ClientNotFound:
        return None


async def test_the_new_number_becomes_the_official_one_and_the_old_one_a_former(store, case):
    today = (await store.read(lambda tx: tx.now())).date()
    assert await told(case) == 1
    now = await numbers(case)
    assert now[NEW] == ("official", None)
    assert now[HETU][0] == "former"
    assert abs((now[HETU][1] - today).days) <= 1
    assert await found(case, NEW) == case.client_id
    assert await found(case, HETU) == case.client_id
    assert await clients.register_client(case.bridge, HELMI, HETU) == case.client_id
    assert await store.read(lambda tx: tx.clients.holders(HETU)) == (case.client_id,)


async def test_the_revision_says_whose_word_it_is_and_every_other_item_stays(store, case):
    before = await store.read(lambda tx: latest_revision(tx, case.plan_id))
    await told(case)
    after = await store.read(lambda tx: latest_revision(tx, case.plan_id))
    assert after.version == before.version + 1
    changed = {path for path, value in after.leaves.items() if before.leaves.get(path) != value}
    assert changed
    assert all(path.startswith("client.hetu[") for path in changed)
    assert before.leaves.keys() <= after.leaves.keys()
    for path, origin in after.origins.items():
        assert (
            origin == before.origins[path]
            if path not in changed
            else (origin.party, origin.system) == (HEALTH, "lifecare")
        )
    head = (await store.read(lambda tx: tx.plans.history(case.plan_id)))[-1]
    assert (head.cause, head.actor) == ("identity", HEALTH)


async def test_the_plan_can_be_edited_afterwards(case):
    await told(case)
    await case.change({"health.work_limitation_text": "Ei yövuoroja."})


async def test_no_number_is_in_the_audit_or_in_the_inbox(store, case):
    await told(case)
    rows = await store.read(lambda tx: tx.audit.of_client(case.client_id))
    assert "client/identity_followed" in {row.entry.event for row in rows}
    link = await case.link("lifecare")
    kept = str(rows) + str(await store.read(lambda tx: tx.inbox.of_link(link.id)))
    assert NEW not in kept
    assert HETU not in kept


async def test_it_is_done_once_however_often_it_is_told(store, case):
    await told(case)
    version = (await store.read(lambda tx: tx.plans.get(case.plan_id))).version
    for event in ("e-1", "e-2"):
        await told(case, event=event)
    assert (await store.read(lambda tx: tx.plans.get(case.plan_id))).version == version
    rows = await store.read(
        lambda tx: tx.inbox.of_link((tx.links.of_plan(case.plan_id, system="lifecare"))[0].id)
    )
    assert [row.outcome for row in rows] == ["merged", "nothing"]


async def test_a_number_that_comes_back_is_the_same_element_again(store, case):
    await told(case)
    case.bridge.partners["lifecare"].adapter.numbers["p-1"] = HETU
    await told(case, event="e-2")
    now = await numbers(case)
    assert (now[HETU], now[NEW][0]) == (("official", None), "former")
    assert await found(case, HETU) == case.client_id


@pytest.mark.parametrize("retired", [False, True])
async def test_a_number_that_another_client_has_or_had_changes_nothing_and_parks_the_link(
    store, case, retired
):
    def other(tx):
        client = tx.clients.create()
        tx.clients.add_identifier(client.id, NEW, kind="final")
        return retired and tx.clients.retire_identifier(client.id, NEW)

    await store.write(other)
    assert await told(case) == 1
    assert await numbers(case) == {HETU: ("official", None)}
    assert await found(case, HETU) == case.client_id
    assert (await case.link("lifecare")).parked_reason == "identity"
    assert (await case.link("ura")).state == "in_sync"
    rows = await store.read(lambda tx: tx.audit.of_client(case.client_id))
    (refused,) = [row for row in rows if row.entry.event == "client/identity_not_followed"]
    assert NEW not in str(refused)


async def test_a_link_that_is_worked_on_is_parked_as_soon_as_it_is_free(store, case):
    await store.write(lambda tx: tx.clients.add_identifier(tx.clients.create().id, NEW, kind="final"))
    link = await case.link("lifecare")
    await store.write(lambda tx: tx.links.look(link.id))
    await store.write(lambda tx: tx.links.claim("lifecare", limit=1, worker="w-0", lease=LEASE))
    assert await told(case) == 0
    await store.write(lambda tx: bury(tx, "w-0"))
    assert await follow_waiting(case.bridge, case.bridge.partners["lifecare"]) == 1
    assert (await case.link("lifecare")).parked_reason == "identity"


async def test_two_clients_at_one_person_are_both_parked(store, case):
    other = await clients.register_client(case.bridge, HELMI, TWIN)
    content = plan_content()
    content["client"]["hetu"][0]["value"] = TWIN
    seen = await plans.create_plan(case.bridge, HELMI, other, content)
    theirs = type(case)(case.bridge, other, seen.plan_id, seen)
    await settled(theirs, "lifecare")
    await told(case)
    assert {(await each.link("lifecare")).parked_reason for each in (case, theirs)} == {"identity"}
    assert await numbers(theirs) == {TWIN: ("official", None)}


@pytest.mark.parametrize(("system", "feed"), [("effica", "push"), ("ura", "push"), ("lifecare", "poll")])
async def test_only_health_care_that_pushes_is_believed(store, system, feed):
    case = await a_settled_case(store, **{"lifecare": "push", "ura": "poll", system: feed})
    assert await follow_identity(case.bridge, system, "p-1") == "not_ours"
    assert await numbers(case) == {HETU: ("official", None)}
    assert "number_of" not in case.bridge.partners[system].adapter.asked
    assert (await case.link(system)).state == "due"


@pytest.mark.parametrize("said", [None, "not a number", "131052-308T", HETU])
async def test_no_number_an_unreadable_one_or_the_same_one_changes_nothing(store, case, said):
    """The third is a number of the population register, which a test installation takes from nobody."""
    case.bridge.partners["lifecare"].adapter.numbers["p-1"] = said
    assert await told(case) == 1
    assert await numbers(case) == {HETU: ("official", None)}
    assert (await case.link("lifecare")).parked_reason is None


async def test_a_partner_that_does_not_answer_is_asked_again(store, case):
    fake = case.bridge.partners["lifecare"].adapter
    fake.numbers["p-1"] = TryLater("503")
    with pytest.raises(TryLater):
        await told(case)
    fake.numbers["p-1"] = NEW
    assert await follow_waiting(case.bridge, case.bridge.partners["lifecare"]) == 1
    assert NEW in await numbers(case)


async def test_a_person_nobody_knows_is_nobody_s_change(store, case):
    case.bridge.partners["lifecare"].adapter.numbers["p-404"] = NEW
    assert await follow_identity(case.bridge, "lifecare", "p-404") == "nothing"
    assert await follow_identity(case.bridge, "nowhere", "p-1") == "nothing"


async def test_a_closed_plan_stays_as_it_was(store, case):
    await case.change(
        {"closing.closed_on": "2026-03-02", "closing.reason": "employed", "header.status": "closed"}
    )
    for system in ("lifecare", "ura"):
        await settled(case, system)
    await told(case)
    assert await numbers(case) == {HETU: ("official", None)}
    assert await store.read(lambda tx: tx.clients.find(NEW)) is not None


def test_every_official_number_but_the_new_one_ends():
    from datetime import date

    day = date(2026, 3, 2)
    two = {
        "client.hetu[h-1].value": HETU,
        "client.hetu[h-1].kind": "official",
        "client.hetu[h-3].value": "X-1",
        "client.hetu[h-3].kind": "temporary",
        "client.family_name": "Esimerkki",
    }
    after = with_number(two, NEW, day)
    assert after["client.hetu[h-1].kind"] == "former"
    assert after["client.hetu[h-3].kind"] == "temporary"
    assert after["client.hetu[h-2].value"] == NEW
    assert with_number(after, NEW, date(2026, 4, 1)) == after

"""Registering, opening and revising plans, and keeping documents, as parts of one transaction: all of it or nothing."""

from datetime import UTC, datetime

import pytest

from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.clients import ClientNotFound, find_client, register_in
from tyokyky_bridge.services.fhir import kept
from tyokyky_bridge.services.fhir.refusals import EntryRefused, NotFound, Stale
from tyokyky_bridge.services.plans import create_in, revise_in
from tyokyky_bridge.services.records import Doc
from tyokyky_bridge.storage import open_store
from worlds.fhir import Client, ask, put
from worlds.hub import HELMI, HETU, OLLI, a_case, a_hub, caller, plan_content
from worlds.parties import HEALTH

pytestmark = pytest.mark.anyio

GOAL = "goals[g-1].text_client"


@pytest.fixture
def hub(store):
    return a_hub(store)


def all_at_once(tx, hub, *, end=None):
    client_id = register_in(tx, hub, HELMI, HETU)
    seen = create_in(tx, hub, HELMI, client_id, plan_content())
    kept.update(tx, HELMI, "Observation", "o-1", {"status": "final"})
    if end is not None:
        raise end
    return seen


async def test_a_person_a_plan_and_a_document_come_together(hub):
    seen = await hub.store.write(lambda tx: all_at_once(tx, hub))
    client_id, (plan,) = await find_client(hub, HELMI, HETU)
    assert (plan.plan_id, plan.client_id, plan.etag) == (seen.plan_id, client_id, seen.etag)
    await hub.store.read(lambda tx: kept.current(tx, HELMI, "Observation", "o-1"))


async def test_what_breaks_at_the_end_leaves_nothing(hub):
    with pytest.raises(LookupError):
        await hub.store.write(lambda tx: all_at_once(tx, hub, end=LookupError()))
    with pytest.raises(ClientNotFound):
        await find_client(hub, HELMI, HETU)
    assert await hub.store.read(lambda tx: tx.plans.page()) == ()
    with pytest.raises(NotFound):
        await hub.store.read(lambda tx: kept.current(tx, HELMI, "Observation", "o-1"))


async def test_a_revision_is_decided_on_what_is_seen_while_the_plan_is_held(hub):
    case = await a_case(hub)
    found: list[Doc] = []

    def longer(seen):
        leaves = seen.disclosure.view.leaves
        found.append(dict(leaves))
        return [Change(GOAL, f"{leaves[GOAL]} Kokeilu ensin.")]

    def edit(tx):
        return revise_in(tx, hub, HELMI, case.plan_id, longer, check=lambda _: None, cause="fhir")

    await hub.store.write(edit)
    seen = await hub.store.write(edit)
    assert seen.disclosure.view.leaves[GOAL] == "Osa-aikatyö varastossa. Kokeilu ensin. Kokeilu ensin."
    assert [each[GOAL].count("Kokeilu") for each in found] == [0, 1]
    history = await hub.store.read(lambda tx: tx.plans.history(case.plan_id))
    assert [head.cause for head in history] == ["api", "fhir", "fhir"]


async def test_a_revision_that_its_check_refuses_is_not_made(hub):
    case = await a_case(hub)

    def refuse(seen):
        assert seen.plan_id == case.plan_id
        raise Stale

    def changes(_):
        raise AssertionError

    with pytest.raises(Stale):
        await hub.store.write(lambda tx: revise_in(tx, hub, HELMI, case.plan_id, changes, check=refuse))
    assert len(await hub.store.read(lambda tx: tx.plans.history(case.plan_id))) == 1


async def test_a_part_of_a_transaction_asks_for_the_role_too(hub):
    case = await a_case(hub)
    other = caller(HEALTH, Role.OVERSIGHT)

    def nothing(_):
        return []

    for act in (
        lambda tx: register_in(tx, hub, other, HETU),
        lambda tx: create_in(tx, hub, other, case.client_id, plan_content()),
        lambda tx: revise_in(tx, hub, other, case.plan_id, nothing, check=lambda _: None),
    ):
        with pytest.raises(NotForRole):
            await hub.store.write(act)


async def test_a_plan_is_opened_by_who_registered_the_client(hub):
    client_id = await hub.store.write(lambda tx: register_in(tx, hub, HELMI, HETU))
    with pytest.raises(ClientNotFound):
        await hub.store.write(lambda tx: create_in(tx, hub, OLLI, client_id, plan_content()))


async def test_what_a_refused_transaction_would_have_written_is_never_shown(sqlite_url):
    now = datetime.now(UTC)
    store = open_store(sqlite_url, index_key=b"a key for made-up people only....", clock=lambda: now)
    hub = a_hub(store)
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.only("Goal")
    with pytest.raises(EntryRefused):
        await helmi.transact(
            put(goal | {"description": {"text": "Peruttu."}}),
            ask("GET", f"Goal/{goal['id']}"),
            ask("GET", "Goal/none"),
        )
    await case.change({"goals[g-1].text_client": "Pysyvä."})
    assert (await helmi.read("Goal", goal["id"]))["description"]["text"] == "Pysyvä."
    await store.aclose()

"""A partner's word of our own write costs no look, also when it comes before that write has an end on record."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tyokyky_bridge.adapterkit.contract import Hint
from tyokyky_bridge.adapterkit.errors import OutcomeUnknown, TryLater
from tyokyky_bridge.services.intake import take_hints
from worlds.paper import CONCLUSION, HETU, Office, Paper

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(store):
    """A plan that stands at the partner in version 1, and a change of it that is due."""
    made = Office(store, Paper())
    await made.open()
    await made.consent("health.conclusion")
    await made.settle()
    await made.change({CONCLUSION: "Uusi arvio."})
    return made


async def tell(office, *versions, kind="changed", record="r-1"):
    hints = [Hint(kind, HETU, record, version) for version in versions]
    partner = office.bridge.partners["paper-1"]
    await office.store.write(lambda tx: take_hints(tx, partner, hints))


def while_writing(office, *acts):
    """After the partner has stored version 2 and before it answers."""

    async def step(_):
        for act in acts:
            await act()

    office.paper.then("answer", step)


async def inbox(office):
    link = await office.link()
    return sorted(str(row.outcome) for row in await office.store.read(lambda tx: tx.inbox.of_link(link.id)))


async def versions_kept(office):
    link = await office.link()
    return await office.store.read(lambda tx: tx.inbox.told(link.id))


async def test_the_word_of_the_write_under_way_costs_nothing_more(office):
    while_writing(office, lambda: tell(office, "2"))
    assert await office.attempt()
    link = await office.link()
    assert (link.state, link.due_since, link.remote.version) == ("in_sync", None, "2")
    assert (await inbox(office), await versions_kept(office)) == (["echo"], ())
    asked = list(office.paper.journal)
    await office.settle()
    assert office.paper.journal == asked


async def test_the_version_is_kept_only_while_it_is_needed(office):
    async def kept():
        assert await versions_kept(office) == ("2",)

    while_writing(office, lambda: tell(office, "2"), kept)
    assert await office.attempt()
    assert await versions_kept(office) == ()
    await tell(office, "3")  # the link is in sync: the look comes whatever the version is
    assert await versions_kept(office) == (None,)


async def test_the_late_word_of_the_write_before_is_an_echo_at_once(office):
    async def kept():
        assert await versions_kept(office) == ()

    while_writing(office, lambda: tell(office, "1"), kept)
    assert await office.attempt()
    assert ((await office.link()).state, await inbox(office)) == ("in_sync", ["echo"])


@pytest.mark.parametrize("told", [("3",), ("2", "3"), ("3", "2"), ("0", "2"), (None,), (None, "2")])
async def test_anything_beside_our_own_version_is_looked_at(office, told):
    while_writing(office, lambda: tell(office, *told))
    assert await office.attempt()
    (link,) = await office.claim()
    assert link.asked == {"look"}
    assert await inbox(office) == ["None"] * len(told)


async def test_an_edit_made_after_our_write_is_taken_in(office):
    async def edit():
        office.paper.edit(lambda content: content["terveys"].update(johtopaatos="Muokattu siellä."))
        await tell(office, "2", "3")

    while_writing(office, edit)
    await office.settle()
    assert await inbox(office) == ["merged", "merged"]


@pytest.mark.parametrize(
    ("kind", "record"), [("gone", "r-1"), ("changed", "r-2"), ("identity", None), ("merged", None)]
)
async def test_what_is_no_change_of_our_record_is_no_echo(office, kind, record):
    while_writing(office, lambda: tell(office, "2", kind=kind, record=record))
    assert await office.attempt()
    if kind == "identity":  # followed by its number, not by a look
        assert await inbox(office) == ["None"]
    else:
        assert (await office.link()).state == "due"
        assert await versions_kept(office) == (None,)


@pytest.mark.parametrize("verify", [False, True])
@pytest.mark.parametrize("first", [False, True])
async def test_a_look_that_somebody_else_asked_for_is_kept(office, verify, first):
    link = await office.link()

    async def ask():
        await office.store.write(lambda tx: tx.links.look(link.id, verify=verify))

    acts = [lambda: tell(office, "2"), ask]
    while_writing(office, *(reversed(acts) if first else acts))
    assert await office.attempt()
    (claimed,) = await office.claim()
    assert ("verify" if verify else "look") in claimed.asked


async def test_a_newer_generation_is_not_held_up(office):
    while_writing(office, lambda: tell(office, "2"), lambda: office.change({CONCLUSION: "Vielä uudempi."}))
    assert await office.attempt()
    assert (await office.link()).state == "due"
    await office.settle()
    assert office.paper.writes == ["wrote v1", "wrote v2", "wrote v3"]


async def test_a_write_of_unknown_outcome_is_looked_at(office):
    async def lost():
        raise OutcomeUnknown

    while_writing(office, lambda: tell(office, "2"), lost)
    assert await office.attempt()
    assert await versions_kept(office) == ("2",)
    office.store.clock_offset += timedelta(minutes=6)
    (link,) = await office.claim()
    assert link.asked == {"look"}
    office.store.clock_offset += timedelta(minutes=1)
    await office.settle()
    assert (office.paper.writes, await inbox(office)) == (["wrote v1", "wrote v2"], ["echo"])


async def test_an_edit_is_told_as_merged_though_the_attempt_that_took_it_in_came_to_nothing(office):
    await office.consent("health.conclusion", "health.functioning")
    office.paper.edit(lambda content: content["terveys"].update(rajoite="Ei nostoja."))
    await tell(office, "2")
    office.paper.then("about to write", TryLater("busy"))
    assert await office.attempt()
    assert ((await office.link()).state, await inbox(office)) == ("due", ["merged"])
    office.store.clock_offset += timedelta(minutes=6)
    await office.settle()
    assert (office.paper.writes, await inbox(office)) == (["wrote v1", "wrote v3"], ["merged"])


async def test_an_edit_that_is_told_while_the_record_is_being_made_is_met(store):
    made = Office(store, Paper())
    await made.open()
    await made.consent("health.conclusion")

    async def edit(paper):
        paper.edit(lambda content: content["terveys"].update(johtopaatos="Muokattu siellä."))
        await tell(made, "1", "2")  # of a record whose number the hub has not heard yet

    made.paper.then("answer", edit)
    assert await made.attempt()
    link = await made.link()
    assert (link.state, link.remote.version) == ("due", "1")
    await made.settle()
    (intake,) = await store.read(lambda tx: tx.intakes.of_link(link.id))
    assert (intake.remote_version, [item["path"] for item in intake.items]) == ("2", [CONCLUSION])


async def test_a_lease_that_ran_out_leaves_the_look(office):
    (old,) = await office.claim()
    await tell(office, "2")
    office.store.clock_offset += timedelta(minutes=1)
    (link,) = await office.claim()
    assert (link.id, link.asked) == (old.id, {"look"})


async def test_the_same_version_of_another_record_is_no_echo(office):
    await office.settle()
    await office.change({CONCLUSION: "Vielä uudempi."})

    def replaced(paper):
        paper.sheets.pop(HETU)

    office.paper.then("fetch", replaced)

    async def told(paper):
        await tell(office, "1")

    office.paper.then("answer", told)
    assert await office.attempt()
    link = await office.link()
    assert (link.remote.record, link.remote.version, link.state) == ("r-2", "1", "due")


async def test_an_edit_between_our_write_and_its_reading_back_is_no_echo(office):
    await office.consent("health.conclusion", "health.functioning")
    partner = office.bridge.partners["paper-1"]
    office.bridge.partners["paper-1"] = replace(
        partner, manifest=partner.manifest.model_copy(update={"read_back": True})
    )

    async def edit_then():
        office.paper.then(
            "fetch",
            lambda paper: paper.edit(lambda content: content["terveys"].update(rajoite="Ei nostoja.")),
        )

    while_writing(office, edit_then)
    assert await office.attempt()
    await tell(office, "3")  # what the partner tells last of all is enough
    await office.settle()
    assert await inbox(office) == ["merged"]


async def test_an_adapter_that_trips_over_a_version_leaves_the_look(office, monkeypatch):
    def trips(version, told):
        raise ValueError

    monkeypatch.setattr(office.paper, "matches", trips)
    while_writing(office, lambda: tell(office, "2"))
    assert await office.attempt()
    assert (await office.link()).acked_gen == (await office.link()).desired_gen
    await office.settle()
    await tell(office, "2", "3")
    assert ((await office.link()).state, await inbox(office)) == ("due", ["None", "echo"])

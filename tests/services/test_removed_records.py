"""A record that its users removed is made again: once, found where it stands now, and never taken for an older one."""

from dataclasses import dataclass

import pytest

from tyokyky_bridge.adapterkit.contract import Found, Standing
from tyokyky_bridge.adapterkit.errors import NotThere, OutcomeUnknown
from worlds.paper import CONCLUSION, HETU, LIMITATION, Office, Paper

pytestmark = pytest.mark.anyio


@dataclass
class Voiding(Paper):
    """A partner that keeps what was removed and shows its empty form in its place."""

    async def fetch(self, found: Found) -> Standing:
        try:
            return await super().fetch(found)
        except NotThere:
            return Standing({})


@pytest.fixture(params=[Paper, Voiding], ids=["forgotten", "voided"])
async def office(store, request):
    office = Office(store, request.param())
    await office.open()
    await office.consent("health.conclusion", "health.functioning")
    await office.settle()
    return office


def remove(paper):
    """A user removes the record as a whole."""
    paper.sheets.pop(HETU)


async def compare(office):
    link = await office.link()
    await office.store.write(lambda tx: tx.links.look(link.id, verify=True))
    await office.settle()


async def test_it_is_made_again_each_time_at_a_partner_that_answers_a_repeat_from_its_memory(office):
    for _ in range(3):
        remove(office.paper)
        await compare(office)
        assert office.paper.holds()["terveys"] == {"johtopaatos": "Osa-aikatyö mahdollinen."}
    assert len(office.paper.writes) == 4
    link = await office.link()
    assert (link.state, link.remote.record) == ("in_sync", "r-4")


async def test_one_whose_making_is_not_known_to_have_arrived_is_found_and_not_made_twice(office):
    remove(office.paper)
    office.paper.then("answer", OutcomeUnknown("cut"))
    await compare(office)
    assert office.paper.writes == ["wrote v1", "wrote v1"]
    assert (await office.link()).remote.record == "r-2"
    remove(office.paper)  # and it counts as made by the hub
    await compare(office)
    assert (await office.link()).state == "in_sync"


async def test_so_is_one_while_whose_making_the_plan_moved_on(office):
    async def moves_on(_paper):
        await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
        raise OutcomeUnknown("cut")

    remove(office.paper)
    office.paper.then("answer", moves_on)
    await compare(office)
    assert (await office.link()).state == "in_sync"
    assert office.paper.holds()["terveys"] == {"johtopaatos": "Kokoaikatyö mahdollinen."}
    assert office.paper.writes == ["wrote v1", "wrote v1", "wrote v2"]


async def test_what_a_user_made_in_its_place_is_filled_in_and_never_voided(office):
    remove(office.paper)
    office.paper.edit(lambda content: content.update(muistio="Oma."))
    await compare(office)
    assert office.paper.holds() == {"muistio": "Oma.", "terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}}
    link = await office.link()
    assert (link.state, link.remote.record, link.remote.created_by_us) == ("in_sync", "r-2", False)
    await office.change({CONCLUSION: None})
    await office.settle()
    assert "voided" not in office.paper.journal
    assert office.paper.holds()["muistio"] == "Oma."


async def test_what_the_new_one_lacks_is_no_deletion(office):
    await office.change({LIMITATION: "Ei nostoja."})
    await office.settle()
    remove(office.paper)
    office.paper.edit(lambda content: content.update(terveys={"johtopaatos": "Osa-aikatyö mahdollinen."}))
    await compare(office)
    assert office.paper.holds()["terveys"]["rajoite"] == "Ei nostoja."

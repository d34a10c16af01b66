"""A partner is asked for a person only by a number that means the same person there."""

import pytest

from worlds.paper import HETU, Office, Paper

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("number", ["1.2.246.10.90000011.22.2026.7", HETU])
async def test_nobody_is_asked_for_a_person_by_a_temporary_number(store, number):
    office = Office(store, Paper())
    await office.open(**{"client.hetu[h-1].kind": "temporary", "client.hetu[h-1].value": number})
    await office.consent("health.conclusion")
    await office.settle()
    assert (await office.link()).parked_reason == "no_official_number"
    assert office.paper.journal == []


async def test_the_official_number_heals_it(store):
    office = Office(store, Paper())
    await office.open(**{"client.hetu[h-1].kind": "temporary"})
    await office.consent("health.conclusion")
    await office.settle()
    await office.change({"client.hetu[h-1].kind": "official"})
    await office.settle()
    assert office.paper.holds()

"""A system may pass to another party on a day: what goes there is decided for the party of the day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tyokyky_bridge.domain.parties import Directory
from worlds.paper import Office, Paper
from worlds.parties import EMPLOYMENT, SOCIAL

pytestmark = pytest.mark.anyio


async def an_office_whose_system_passes_on(store, *, passed):
    office = Office(store, Paper("blank"))
    today = (await store.read(lambda tx: tx.now())).date()
    last = today + timedelta(days=-3 if passed else 3)
    partner = office.bridge.partners["paper-1"]
    rows = [row for group in office.bridge.directory.parties.values() for row in group]
    systems = [
        replace(partner.system, valid_to=last),
        replace(partner.system, party=EMPLOYMENT, valid_from=last + timedelta(days=1)),
    ]
    office.bridge.partners["paper-1"] = replace(partner, system=systems[1])
    office.bridge = replace(office.bridge, directory=Directory(rows, systems))
    office.engine = replace(office.engine, bridge=office.bridge)
    await office.open(
        **{
            "network.members[n-2].organization.party": EMPLOYMENT,
            "network.members[n-2].sector": "employment",
        }
    )
    return office


@pytest.mark.parametrize(
    ("passed", "to", "gets"),
    [(False, SOCIAL, True), (False, EMPLOYMENT, False), (True, EMPLOYMENT, True), (True, SOCIAL, False)],
)
async def test_the_basis_has_to_name_the_party_of_the_day(store, passed, to, gets):
    office = await an_office_whose_system_passes_on(store, passed=passed)
    await office.consent("health.conclusion", to=to)
    await office.settle()
    assert bool(office.paper.holds()) is gets

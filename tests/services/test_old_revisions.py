"""What was recorded earlier is shown by today's decisions: to who has left, and where an address is kept back."""

import pytest

from tyokyky_bridge.services import plans
from tyokyky_bridge.services.fhir import reading
from tyokyky_bridge.services.fhir.refusals import NotFound
from worlds.fhir import Client
from worlds.hub import HELMI, OLLI, a_case, a_hub, days, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH

pytestmark = pytest.mark.anyio

MEMBERSHIP = f"network.members[n-{EMPLOYMENT}].period.end"
PLACES = ("Salakuja 1", "+358401234567", "Piilopaikka")
AT_HOME = {
    **plan_content()["client"],
    "address": {"street": PLACES[0]},
    "telecom": [{"id": "t-1", "system": "phone", "value": PLACES[1]}],
}
MEETING = {
    "id": "m-1",
    "kind": "network",
    "start": f"{days(3)}T10:00:00Z",
    "status": "booked",
    "place": PLACES[2],
}


@pytest.fixture
def hub(store):
    return a_hub(store)


async def told(case, who):
    """All that the revisions and histories of the plan say to somebody."""
    revisions = [
        dict(r.seen.disclosure.view.leaves)
        for r in await plans.list_revisions(case.bridge, who, case.plan_id)
    ]
    client = Client(case.bridge, who)
    kinds = ("Patient", "Appointment", "Communication", "CarePlan", "Goal", "Observation")
    pasts = {kind: [v.document for v in (await client.history(kind)).versions] for kind in kinds}
    return str(revisions), str(pasts)


async def test_who_has_left_the_network_is_told_nothing_more_of_the_past(hub):
    case = await a_case(hub, HELMI, y100((HEALTH, EMPLOYMENT)))
    await case.change({"goals[g-o]": {"text_client": "Oma tavoite.", "status": "active"}}, OLLI)
    theirs = f"{case.plan_id.hex}.go-g-1"
    seen = await Client(hub, OLLI).version("Goal", theirs)
    before = await told(case, OLLI)
    assert all("Osa-aikatyö" in each for each in before)
    await case.change({MEMBERSHIP: days(-1)})
    after = await told(case, OLLI)
    assert all("Oma tavoite" in each for each in after)
    assert not any("Osa-aikatyö" in each for each in after)
    with pytest.raises(NotFound):
        await reading.vread(hub, OLLI, "Goal", theirs, seen.version)


async def test_a_non_disclosure_order_holds_for_what_was_recorded_before_it(hub):
    case = await a_case(hub, client=AT_HOME, meetings=[MEETING])
    before = await told(case, HELMI)
    assert all(place in each for place in PLACES for each in before)
    await case.change({"client.non_disclosure.active": True})
    after = await told(case, HELMI)
    assert not any(place in each for place in PLACES for each in after)


async def test_an_order_in_a_newer_plan_holds_for_the_older_ones_of_the_client(hub):
    case = await a_case(hub, client=AT_HOME, meetings=[MEETING])
    await case.change({"header.status": "closed", "closing.reason": "employed"})
    await told(case, HELMI)
    under_order = {**AT_HOME, "non_disclosure": {"active": True}}
    await plans.create_plan(hub, HELMI, case.client_id, plan_content(client=under_order))
    after = await told(case, HELMI)
    assert not any(place in each for place in PLACES for each in after)

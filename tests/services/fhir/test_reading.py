"""Reading as FHIR: everybody sees their own versions of a plan, by today, and nothing moves that is hidden."""

from datetime import UTC, datetime, timedelta

import pytest

from tyokyky_bridge.services import plans
from tyokyky_bridge.services.callers import NotForRole
from tyokyky_bridge.services.fhir import listing, reading
from tyokyky_bridge.services.fhir.refusals import Gone, NotFound
from worlds.fhir import Client
from worlds.hub import HELMI, KAISA, OLLI, OPERATOR, SATAMA, a_case, a_hub, days, member, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL

pytestmark = pytest.mark.anyio

TO_OLLI = y100((HEALTH, EMPLOYMENT))


@pytest.fixture
def hub(store):
    return a_hub(store)


def goal_id(case, name="g-1"):
    return f"{case.plan_id.hex}.go-{name}"


async def rows(case):
    found = await case.bridge.store.read(lambda tx: tx.audit.of_plan(case.plan_id))
    return [(row.entry.event, row.entry.actor_party, row.entry.what) for row in found]


async def test_a_plan_is_read_as_the_resources_of_it(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    assert goal["description"]["text"] == "Osa-aikatyö varastossa."
    assert goal["subject"]["reference"] == f"Patient/{case.client_id}"
    patient = await helmi.read("Patient", str(case.client_id))
    assert patient["name"][0]["family"] == "Esimerkki"
    plan = await helmi.read("CarePlan", str(case.plan_id))
    assert plan["goal"] == [{"reference": f"Goal/{goal_id(case)}"}]
    case_id = (await case.read()).revision.leaves["header.case_id"]
    assert (await helmi.read("EpisodeOfCare", str(case_id)))["status"] == "active"


async def test_what_a_caller_may_not_see_is_not_there(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    assert (await olli.read("Goal", goal_id(case)))["description"]["text"] == "Osa-aikatyö varastossa."
    assert "sc-bdi" not in str(await olli.search("Observation"))
    for stranger in (SATAMA, KAISA):
        with pytest.raises(NotFound):
            await Client(hub, stranger).read("Goal", goal_id(case))
        assert await Client(hub, stranger).search("Goal") == []
    for id_ in (goal_id(case, "g-9"), "x", f"{case.client_id.hex}.go-g-1", f"{case.plan_id.hex}.xx-g-1"):
        with pytest.raises(NotFound):
            await olli.read("Goal", id_)


async def test_operations_reads_nothing(hub):
    await a_case(hub)
    with pytest.raises(NotForRole):
        await Client(hub, OPERATOR).search("CarePlan")


async def test_every_reading_stands_in_the_log_without_content(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    await helmi.read("Goal", goal_id(case))
    await helmi.search("Goal")
    await helmi.history("Goal", goal_id(case))
    found = [row for row in await rows(case) if row[0].startswith("fhir/")]
    assert found == [
        ("fhir/read", HEALTH, {"types": {"Goal": 1}}),
        ("fhir/search", HEALTH, {"types": {"Goal": 1}}),
        ("fhir/history", HEALTH, {"types": {"Goal": 1}}),
    ]


async def test_equal_states_are_one_version_and_old_ones_stay_to_be_read(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    first = await helmi.version("Goal", goal_id(case))
    await case.change({"scores[b4].value": 5})
    assert (await helmi.version("Goal", goal_id(case))).etag == first.etag
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    second = await helmi.version("Goal", goal_id(case))
    assert (first.version[:2], second.version[:2]) == ("1-", "2-")
    assert second.at > first.at
    again = await reading.vread(hub, HELMI, "Goal", goal_id(case), first.version)
    assert again.document == first.document
    with pytest.raises(NotFound):
        await reading.vread(hub, HELMI, "Goal", goal_id(case), "3-00000000")


async def test_a_state_that_comes_back_is_a_version_of_its_own(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    first = await helmi.version("Goal", goal_id(case))
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    await case.change({"goals[g-1].text_client": "Osa-aikatyö varastossa."})
    third = await helmi.version("Goal", goal_id(case))
    assert third.version == f"3-{first.version[2:]}"


async def test_a_hidden_edit_moves_nothing_that_the_caller_sees(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    types = ("CarePlan", "CareTeam", "EpisodeOfCare", "Goal", "Observation", "Provenance", "Practitioner")
    before = {kind: (await olli.search(kind), await olli.history(kind)) for kind in types}
    await case.change({"scores[bdi].value": 30, "health.substance_use": "hoidossa"})
    await case.change({"scores[audit]": {"instrument": "audit", "value": 7, "effective_on": "2026-01-01"}})
    assert {kind: (await olli.search(kind), await olli.history(kind)) for kind in types} == before
    assert len((await Client(hub, HELMI).history("Observation")).versions) > len(
        (await olli.history("Observation")).versions
    )


async def test_versions_are_numbered_for_each_recipient_alone(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    helmi, olli = Client(hub, HELMI), Client(hub, OLLI)
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    mine = await helmi.version("Goal", goal_id(case))
    theirs = await olli.version("Goal", goal_id(case))
    assert (mine.version[:2], theirs.version[:2]) == ("2-", "2-")
    await case.change({"health.substance_use": "hoidossa"})
    assert (await helmi.version("CarePlan", str(case.plan_id))).version[:2] == "2-"
    assert (await olli.version("CarePlan", str(case.plan_id))).version[:2] == "1-"


async def test_what_a_consent_closes_is_gone_from_the_past_as_well(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    old = await olli.version("Goal", goal_id(case))
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    await case.withdraw()
    for asked in (old.version, "1-00000000"):
        with pytest.raises(NotFound):
            await reading.vread(hub, OLLI, "Goal", goal_id(case), asked)
    with pytest.raises(NotFound):
        await olli.history("Goal", goal_id(case))
    assert (await olli.history("Goal")).versions == ()
    assert len((await Client(hub, HELMI).history("Goal", goal_id(case))).versions) == 2


async def test_an_etag_never_comes_to_stand_for_other_content(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    before = await olli.version("CarePlan", str(case.plan_id))
    await case.consent(y100((HEALTH, EMPLOYMENT), categories=("health.functioning",)))
    after = await olli.version("CarePlan", str(case.plan_id))
    assert before.document != after.document
    assert before.version != after.version


async def test_what_is_deleted_was_there(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    first = await helmi.version("Goal", goal_id(case))
    await case.change({"goals[g-1]": None})
    with pytest.raises(Gone):
        await helmi.read("Goal", goal_id(case))
    assert await helmi.search("Goal") == []
    past = await helmi.history("Goal", goal_id(case))
    assert [(v.method, v.document is None) for v in past.versions] == [("DELETE", True), ("POST", False)]
    with pytest.raises(Gone):
        await reading.vread(hub, HELMI, "Goal", goal_id(case), past.versions[0].version)
    assert (await reading.vread(hub, HELMI, "Goal", goal_id(case), first.version)).document == first.document


async def test_who_came_later_into_the_network_sees_no_time_before(hub):
    case = await a_case(hub, network={"members": [member(EMPLOYMENT, "employment")]})
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    await case.change({"network.members[n-lrha-social]": member(SOCIAL, "social")})
    joined = (await case.read()).revision.recorded_at
    await case.consent(y100((HEALTH, SOCIAL)))
    past = await Client(hub, KAISA).history("Goal", goal_id(case))
    assert [version.version[:2] for version in past.versions] == ["1-"]
    assert past.versions[0].at == joined


async def test_a_history_goes_back_as_far_as_asked(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    for text in ("Toinen.", "Kolmas."):
        await case.change({"goals[g-1].text_client": text})
    third, second, first = (await helmi.history("Goal", goal_id(case))).versions
    assert [v.document["description"]["text"][:3] for v in (first, second, third)] == ["Osa", "Toi", "Kol"]
    since = await helmi.history("Goal", goal_id(case), since=second.at)
    assert since.versions == (third, second)
    told = datetime.fromisoformat(second.document["meta"]["lastUpdated"])
    assert (await helmi.history("Goal", goal_id(case), since=told)).versions == (third, second)
    between = listing.range_of((second.at + timedelta(microseconds=1)).isoformat())
    assert (await helmi.history("Goal", goal_id(case), at=between)).versions == (second,)
    assert (await helmi.history("Goal", goal_id(case), at=listing.range_of("2001"))).versions == ()
    year = listing.range_of(str(datetime.now(UTC).year))
    assert len((await helmi.history("Goal", goal_id(case), at=year)).versions) == 3


async def test_the_history_of_a_type_comes_in_pages_that_neither_repeat_nor_skip(hub):
    goals = [{"id": f"g-{n}", "text_client": f"Tavoite {n}.", "status": "active"} for n in range(25)]
    case = await a_case(hub, goals=goals)
    helmi = Client(hub, HELMI)
    await case.change({f"goals[g-{n}].text_client": "Muutettu." for n in range(0, 25, 2)})
    seen, cursor = [], None
    while True:
        page = await helmi.history("Goal", count=7, cursor=cursor)
        assert page.total == 38
        seen += [(v.id, v.version) for v in page.versions]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 38
    moments = [v.at for v in (await helmi.history("Goal", count=500)).versions]
    assert moments == sorted(moments, reverse=True)


async def test_a_cursor_is_good_for_one_caller_and_one_list(hub):
    goals = [{"id": f"g-{n}", "text_client": f"Tavoite {n}.", "status": "active"} for n in range(3)]
    case = await a_case(hub, HELMI, TO_OLLI, goals=goals)
    page = await Client(hub, HELMI).history("Goal", count=1)
    assert page.next is not None
    for who, kind, id_ in (
        (OLLI, "Goal", None),
        (HELMI, "Observation", None),
        (HELMI, "Goal", goal_id(case, "g-0")),
    ):
        with pytest.raises(Exception, match="page link"):
            await Client(hub, who).history(kind, id_, count=1, cursor=page.next)


async def test_new_revisions_are_merged_into_what_is_remembered(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    for n in range(4):
        await case.change({"goals[g-1].text_client": f"Tavoite {n}."})
        version = await helmi.version("Goal", goal_id(case))
        assert version.document["description"]["text"] == f"Tavoite {n}."
        assert version.version.startswith(f"{n + 2}-")


async def test_a_form_that_runs_out_closes_what_it_opened_though_nothing_was_written(hub):
    case = await a_case(hub, HELMI, y100((HEALTH, EMPLOYMENT), valid_until="2035-01-01"))
    olli = Client(hub, OLLI)
    assert await olli.search("Goal")
    later = datetime(2035, 1, 2, 12, tzinfo=UTC) - datetime.now(UTC)
    hub.store.clock_offset += later
    assert await olli.search("Goal") == []
    with pytest.raises(NotFound):
        await olli.read("Goal", goal_id(case))


async def test_no_version_of_a_client_with_two_plans_is_there_twice(hub):
    case = await a_case(hub)
    await case.change({"header.status": "closed", "closing.closed_on": days(), "closing.reason": "other"})
    await plans.create_plan(hub, HELMI, case.client_id, plan_content())
    past = await Client(hub, HELMI).history("Patient", str(case.client_id))
    names = [version.version for version in past.versions]
    assert names == sorted(set(names), reverse=True)
    assert past.versions[0].document["name"][0]["family"] == "Esimerkki"

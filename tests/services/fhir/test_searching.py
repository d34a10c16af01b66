"""Search over what a caller may see: pages, totals, includes and cursors know nothing of the rest."""

import pytest

from tyokyky_bridge.fhir.search.paging import CursorGone
from tyokyky_bridge.fhir.search.refusals import BadQuery
from tyokyky_bridge.services.fhir import reading
from tyokyky_bridge.services.fhir.refusals import NotFound
from worlds.fhir import BASE, KEY, Client
from worlds.hub import HELMI, HETU, KAISA, OLLI, SATAMA, a_case, a_hub, y100
from worlds.parties import EMPLOYMENT, HEALTH

pytestmark = pytest.mark.anyio

TO_OLLI = y100((HEALTH, EMPLOYMENT))
GOALS = [{"id": f"g-{n:02}", "text_client": f"Tavoite {n}.", "status": "active"} for n in range(23)]


@pytest.fixture
def hub(store):
    return a_hub(store)


async def search(hub, who, kind, *pairs, **options):
    return await reading.search(hub, who, kind, pairs, **{"key": KEY, "base": BASE, **options})


async def test_a_search_answers_on_what_the_caller_sees(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    helmi, olli = Client(hub, HELMI), Client(hub, OLLI)
    assert [d["id"] for d in await helmi.search("Patient", identifier=f"urn:oid:1.2.246.21|{HETU}")] == [
        str(case.client_id)
    ]
    assert await olli.search("Patient", identifier=f"urn:oid:1.2.246.21|{HETU}") == []
    assert len(await helmi.search("Observation")) == 2
    assert len(await olli.search("Observation")) == 1
    assert (await search(hub, OLLI, "Observation", ("_summary", "count"))).total == 1


async def test_a_client_in_the_criteria_narrows_the_search_and_changes_no_answer(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    kept = await helmi.create(
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": {"text": "Muu."},
            "subject": {"reference": "Patient/x"},
        }
    )
    assert {d["id"] for d in await helmi.search("Goal")} == {f"{case.plan_id.hex}.go-g-1", kept.version.id}
    for value in (f"Patient/{case.client_id}", str(case.client_id), f"{BASE}/Patient/{case.client_id}"):
        assert [d["id"] for d in await helmi.search("Goal", patient=value)] == [f"{case.plan_id.hex}.go-g-1"]
    assert [d["id"] for d in await helmi.search("Goal", patient="Patient/x")] == [kept.version.id]
    assert [d["id"] for d in await helmi.search("Goal", id_=kept.version.id)] == [kept.version.id]
    assert len(await helmi.search("Goal", id_=f"{kept.version.id},{case.plan_id.hex}.go-g-1")) == 2


async def test_what_nobody_knows_is_refused_unless_it_may_be_left_out(hub):
    await a_case(hub)
    with pytest.raises(BadQuery):
        await search(hub, HELMI, "Goal", ("shoe", "42"))
    found = await search(hub, HELMI, "Goal", ("shoe", "42"), strict=False)
    assert (len(found.matched), len(found.query.ignored)) == (1, 1)
    with pytest.raises(BadQuery):
        await search(hub, HELMI, "Patient", ("identifier", HETU), in_url=True)


async def test_pages_neither_repeat_nor_skip_while_things_come_and_go(hub):
    case = await a_case(hub, goals=GOALS)
    seen, cursor, first = [], None, True
    while first or cursor:
        page = await search(hub, HELMI, "Goal", ("_count", "5"), cursor=cursor)
        seen += [version.id for version in page.matched]
        cursor = page.next
        if first:
            await case.change({"goals[g-00]": None})
            await case.change({"goals[a-new]": {"text_client": "Uusi.", "status": "active"}})
            first = False
    assert len(seen) == len(set(seen)) == 23
    assert seen == sorted(seen)


async def test_a_page_link_ends_with_the_decision_that_it_was_made_under(hub):
    case = await a_case(hub, HELMI, TO_OLLI, goals=GOALS)
    page = await search(hub, OLLI, "Goal", ("_count", "5"))
    assert page.total == 23
    assert (await search(hub, OLLI, "Goal", ("_count", "5"), cursor=page.next)).matched
    await case.change({"health.substance_use": "hoidossa"})
    assert (await search(hub, OLLI, "Goal", ("_count", "5"), cursor=page.next)).matched
    await case.withdraw()
    with pytest.raises(CursorGone):
        await search(hub, OLLI, "Goal", ("_count", "5"), cursor=page.next)


async def test_a_page_link_is_of_one_caller_and_one_search(hub):
    await a_case(hub, HELMI, TO_OLLI, goals=GOALS)
    page = await search(hub, OLLI, "Goal", ("_count", "5"))
    again = await search(hub, OLLI, "Goal", cursor=page.next)
    assert [v.id for v in again.matched] == [
        v.id for v in (await search(hub, OLLI, "Goal", ("_count", "5"), cursor=page.next)).matched
    ]
    for who, kind, pairs, key in (
        (HELMI, "Goal", (), KEY),
        (OLLI, "Observation", (), KEY),
        (OLLI, "Goal", (("_count", "6"),), KEY),
        (OLLI, "Goal", (), b"another key of another server...."),
    ):
        with pytest.raises(CursorGone):
            await search(hub, who, kind, *pairs, cursor=page.next, key=key)


async def test_includes_bring_only_what_the_caller_sees(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    mine = await search(hub, HELMI, "Goal", ("_include", "Goal:patient"))
    assert [v.key for v in mine.included] == [("Patient", str(case.client_id))]
    theirs = await search(hub, OLLI, "Goal", ("_include", "Goal:patient"))
    assert theirs.included == ()
    back = await search(hub, OLLI, "Goal", ("_revinclude", "Provenance:target"))
    assert [v.type for v in back.included] == ["Provenance"]
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    back = await search(hub, OLLI, "Goal", ("_revinclude", "Provenance:target"))
    assert len(back.included) == 2


async def test_a_chain_goes_only_through_what_the_caller_sees(hub):
    await a_case(hub, HELMI, TO_OLLI)
    assert len(await Client(hub, HELMI).search("Goal", **{"patient.family": "Esimerkki"})) == 1
    assert await Client(hub, OLLI).search("Goal", **{"patient.family": "Esimerkki"}) == []


async def test_everything_of_a_plan_and_of_a_person(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    helmi = Client(hub, HELMI)
    kept = await helmi.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "paino"},
            "subject": {"reference": f"Patient/{case.client_id}"},
        }
    )
    for kind, id_ in (("Patient", case.client_id), ("CarePlan", case.plan_id)):
        found = await reading.everything(hub, HELMI, kind, str(id_), key=KEY)
        keys = {version.key for version in found.matched}
        assert {
            ("Patient", str(case.client_id)),
            ("CarePlan", str(case.plan_id)),
            ("Goal", f"{case.plan_id.hex}.go-g-1"),
            ("Observation", kept.version.id),
            ("Organization", EMPLOYMENT),
        } <= keys
        assert any(key[0] == "Consent" for key in keys)
        assert found.total == len(keys)
    theirs = await reading.everything(hub, OLLI, "CarePlan", str(case.plan_id), key=KEY)
    assert kept.version.key not in {version.key for version in theirs.matched}
    assert "Patient" not in {version.type for version in theirs.matched}
    for who, kind, id_ in (
        (SATAMA, "Patient", case.client_id),
        (KAISA, "CarePlan", case.plan_id),
        (HELMI, "CarePlan", "x"),
    ):
        with pytest.raises(NotFound):
            await reading.everything(hub, who, kind, str(id_), key=KEY)


async def test_everything_can_be_narrowed_and_paged(hub):
    case = await a_case(hub, goals=GOALS)
    before = (await Client(hub, HELMI).version("CarePlan", str(case.plan_id))).at
    await case.change({"goals[g-00].text_client": "Muutettu."})
    changed = (await Client(hub, HELMI).version("Goal", f"{case.plan_id.hex}.go-g-00")).at
    assert changed > before
    asked = {"types": ["Goal"], "key": KEY}
    found = await reading.everything(hub, HELMI, "CarePlan", str(case.plan_id), **asked)
    assert len(found.matched) == 23
    new = await reading.everything(hub, HELMI, "CarePlan", str(case.plan_id), since=changed, **asked)
    assert [version.id for version in new.matched] == [f"{case.plan_id.hex}.go-g-00"]
    seen, cursor = [], None
    while True:
        page = await reading.everything(
            hub, HELMI, "CarePlan", str(case.plan_id), count=7, cursor=cursor, **asked
        )
        seen += [version.id for version in page.matched]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [version.id for version in found.matched]


async def test_what_is_no_id_finds_nothing_and_breaks_no_database(hub):
    assert (await search(hub, HELMI, "Patient", ("_id", "\0"))).total == 0

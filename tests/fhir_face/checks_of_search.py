"""Promises about searches and their pages."""

from datetime import UTC, datetime, timedelta

from fhir_face.callers import GOALS, KAISA, OLLI
from fhir_face.ward import Ward, ids, link, score
from worlds.hub import y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.web import Recorded


async def pages_reach_everything_once(ward: Ward) -> None:
    """Following the next links gives every match, once."""
    made = {(await ward.somebody(number))["id"] for number in range(7)}

    found = ids(each["resource"] for each in await ward.pages("Patient?_count=2"))

    assert len(found) == 7
    assert set(found) == made


async def a_page_link_is_for_its_caller_alone(ward: Ward) -> None:
    """The link to a page gives nothing to another caller."""
    for number in range(3):
        await ward.somebody(number)
    following = link(await ward.read("Patient?_count=2"), "next")
    assert following is not None

    for other in (KAISA, {"sub": "somebody-else"}):
        answer = await ward.ask("GET", following, **other)
        assert answer.status_code in {404, 410}, answer.status_code
        assert "Mallikas" not in answer.text


async def a_withdrawal_counts_between_two_pages(ward: Ward) -> None:
    """What is withdrawn after the first page is not on the second."""
    plan = await ward.web.plan(goals=GOALS)
    form = await _may_have(ward, plan, "admin.case", "plan.goals")
    first = await ward.read("Goal?_count=1&_sort=_id", **OLLI)
    following = link(first, "next")
    assert following is not None

    await _withdraw(ward, form)
    answer = await ward.ask("GET", following, **OLLI)

    assert not any(goal["text_client"] in answer.text for goal in GOALS), answer.text


async def what_is_deleted_is_found_by_nothing(ward: Ward) -> None:
    """A deleted resource is no match, no include, and counted by nobody."""
    made = await ward.somebody()
    kept = (await ward.good("POST", "Observation", score(f"Patient/{made['id']}"))).json()
    await ward.good("DELETE", f"Patient/{made['id']}")

    assert (await ward.ask("GET", f"Patient/{made['id']}")).status_code == 410
    assert (await ward.read("Patient"))["total"] == 0
    assert ids(await ward.found("Observation?_include=Observation:patient")) == [kept["id"]]


async def an_include_brings_nothing_that_is_not_permitted(ward: Ward) -> None:
    """A reference to somebody else's resource does not make it come along."""
    theirs = await ward.somebody(who=KAISA)
    mine = (await ward.good("POST", "Observation", score(f"Patient/{theirs['id']}"))).json()

    found = await ward.found("Observation?_include=Observation:patient&_include=Observation:subject")
    everything = await ward.found("Patient?_revinclude=Observation:patient", **KAISA)

    assert ids(found) == [mine["id"]]
    assert ids(everything) == [theirs["id"]]


async def a_total_counts_what_the_caller_may_see(ward: Ward) -> None:
    """Totals, of all kinds, are those of the caller's own view."""
    for number in range(3):
        await ward.somebody(number, who=KAISA)
    await ward.somebody()

    for url in ("Patient", "Patient?_count=0", "Patient?_summary=count", "Patient?_total=accurate"):
        assert (await ward.read(url))["total"] == 1, url


async def an_unknown_parameter_is_refused(ward: Ward) -> None:
    """A typing error does not give everything; whoever wants it so is told what was left out."""
    await ward.somebody()

    for query in (
        "familly=x",
        "family:sounds=x",
        "birthdate=ap2020",
        "_sort=colour",
        "_include=Patient:colour",
    ):
        answer = await ward.ask("GET", f"Patient?{query}")
        assert answer.status_code == 400, query
        assert "Mallikas" not in answer.text
    lenient = (await ward.good("GET", "Patient?familly=x", headers={"Prefer": "handling=lenient"})).json()

    assert [each["search"]["mode"] for each in lenient["entry"]] == ["match", "outcome"]
    assert "familly" not in (link(lenient, "self") or "")


async def _may_have(ward: Ward, plan: Recorded, *categories: str) -> str:
    pairs = [(HEALTH, EMPLOYMENT), (EMPLOYMENT, HEALTH)]
    return await ward.web.consent(plan.client_id, y100(*pairs, categories=categories))


async def _withdraw(ward: Ward, form: str) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    answer = await ward.web.call("POST", f"/v1/consents/{form}/withdrawal", {"at": at})
    assert answer.status_code == 200, answer.text

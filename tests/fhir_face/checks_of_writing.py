"""Promises about writing: conditions, transactions, and what a write leaves alone."""

import asyncio
import json
from typing import Any
from uuid import UUID

from fhir_face.callers import OLLI
from fhir_face.ward import Ward, score, somebody, transaction
from tyokyky_bridge.domain.items import leaves_of
from tyokyky_bridge.services.loading import latest_revision
from worlds.web import Recorded


async def a_stale_update_is_412(ward: Ward) -> None:
    """An update that was made from an older version is refused, and nothing changes."""
    made = await ward.somebody()
    url, stale = f"Patient/{made['id']}", {"If-Match": f'W/"{made["meta"]["versionId"]}"'}
    await ward.good("PUT", url, {**made, "gender": "female"}, headers=stale)

    answer = await ward.ask("PUT", url, {**made, "gender": "male"}, headers=stale)

    assert answer.status_code == 412, answer.status_code
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert (await ward.read(url))["gender"] == "female"


async def many_creators_of_one_thing_make_one(ward: Ward) -> None:
    """Conditional creates at the same moment make one resource, and tell all the same one."""
    condition = {"If-None-Exist": "identifier=https://kunta.example/asiakas|A-001"}
    answers = await asyncio.gather(
        *(ward.ask("POST", "Patient", somebody(), headers=condition) for _ in range(16))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await ward.read("Patient"))["total"] == 1


async def a_conditional_create_changes_nothing_that_is_there(ward: Ward) -> None:
    """When one matches, it is answered as it is."""
    made = await ward.somebody()
    condition = {"If-None-Exist": "identifier=https://kunta.example/asiakas|A-001"}

    answer = await ward.ask("POST", "Patient", somebody(gender="male"), headers=condition)

    assert answer.status_code == 200
    assert await ward.read(f"Patient/{made['id']}") == made


async def criteria_that_say_nothing_create_nothing(ward: Ward) -> None:
    """A conditional create with empty or unknown criteria is refused: neither always nor never."""
    for criteria in ("", "colour=red", "identifier=", "_count=1"):
        answer = await ward.ask("POST", "Patient", somebody(), headers={"If-None-Exist": criteria})
        assert answer.status_code == 400, (criteria, answer.status_code)

    assert (await ward.read("Patient"))["total"] == 0


async def criteria_in_the_url_of_a_create_are_refused(ward: Ward) -> None:
    """The idiom of another server would make duplicates; the answer names the header that does not."""
    answer = await ward.ask("POST", "Patient?identifier=https://kunta.example/asiakas|A-001", somebody())

    assert answer.status_code == 400
    assert "If-None-Exist" in answer.text


async def a_redacted_write_back_erases_nothing(ward: Ward) -> None:
    """Who sees a part and sends it back with one change changes that one thing."""
    plan = await ward.disclosed("admin.case", "plan.goals", "health.conclusion")
    url = f"CarePlan/{plan.plan_id}"
    answer = await ward.good("GET", "Goal", **OLLI)
    (goal,) = (each["resource"] for each in answer.json()["entry"])
    before = await _content(ward, plan)
    tag = {"If-Match": f'W/"{goal["meta"]["versionId"]}"'}

    changed = {**goal, "description": {"text": "Kokopäivätyö."}}
    await ward.good("PUT", f"Goal/{goal['id']}", changed, headers=tag, **OLLI)
    read = await ward.good("GET", url, **OLLI)
    same = await ward.ask("PUT", url, read.json(), headers={"If-Match": read.headers["ETag"]}, **OLLI)

    assert same.status_code == 200, same.text
    assert await _content(ward, plan) == {**before, "goals[g-1].text_client": "Kokopäivätyö."}


async def a_part_cannot_replace_the_whole(ward: Ward) -> None:
    """What was read with _elements or _summary is refused as an update."""
    made = await ward.somebody()
    url = f"Patient/{made['id']}"
    for part in ("_elements=identifier", "_summary=true"):
        answer = await ward.good("GET", f"{url}?{part}")
        back = await ward.ask("PUT", url, answer.json(), headers={"If-Match": answer.headers["ETag"]})
        assert back.status_code == 422, part

    assert await ward.read(url) == made


async def a_number_keeps_its_digits(ward: Ward) -> None:
    """Decimals, partial dates and unknown extensions come back as they were sent."""
    said = (
        b'"valueQuantity":{"value":2.50,"unit":"h"},"effectiveDateTime":"2026-03",'
        b'"extension":[{"url":"https://kunta.example/lisa","valueDecimal":0.012345678901234567890}]'
    )
    start = b'{"resourceType":"Observation","status":"final","code":{"text":"kesto"},'
    made = await ward.good("POST", "Observation", start + said + b"}")

    for url in (made.headers["Location"].partition("/_history")[0], made.headers["Location"], "Observation"):
        body = (await ward.good("GET", url)).content
        assert b'"value":2.50' in body
        assert b'"valueDecimal":0.012345678901234567890' in body
        assert b'"effectiveDateTime":"2026-03"' in body


async def a_transaction_resolves_every_urn(ward: Ward) -> None:
    """A urn is replaced wherever it stands: in arrays and in extensions too."""
    urn = "urn:uuid:5b9e9d3e-7a2c-4a4e-9d57-2f0d5f3e0c11"
    reference = {"reference": urn}
    found = score(
        urn,
        performer=[reference],
        extension=[{"url": "https://kunta.example/kenelle", "valueReference": reference}],
    )
    bundle = transaction(("POST", "Patient", urn, somebody()), ("POST", "Observation", None, found))

    answer = await ward.good("POST", "", bundle, headers={"Prefer": "return=representation"})
    patient, kept = (each["resource"] for each in answer.json()["entry"])
    body = json.dumps(await ward.read(f"Observation/{kept['id']}"))

    assert urn not in body
    assert body.count(f"Patient/{patient['id']}") == 3


async def a_transaction_is_all_or_nothing(ward: Ward) -> None:
    """When one entry fails nothing of the others is there, and the answer names the entry."""
    made = await ward.somebody(9)
    broken = ("POST", "Patient", None, {**somebody(2), "gender": "mies"})
    stale = ("DELETE", f"Patient/{made['id']}x", None, None)
    for last in (broken, stale):
        bundle = transaction(("POST", "Patient", None, somebody(1)), last)

        answer = await ward.ask("POST", "", bundle)

        assert 400 <= answer.status_code < 500
        places = [place for issue in answer.json()["issue"] for place in issue.get("expression", [])]
        assert any("Bundle.entry[1]" in place for place in places), answer.text
        assert (await ward.read("Patient"))["total"] == 1


async def _content(ward: Ward, plan: Recorded) -> dict[str, Any]:
    """The whole plan as the hub has it, but for what every revision moves."""
    revision = await ward.web.bridge.store.read(lambda tx: latest_revision(tx, UUID(plan.plan_id)))
    moves = {"header.plan_version", "header.updated_at"}
    return {path: value for path, value in leaves_of(revision.plan).items() if path not in moves}

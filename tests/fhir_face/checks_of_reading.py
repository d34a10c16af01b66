"""Promises about reading, versions and errors."""

from fhir_face.callers import OLLI
from fhir_face.ward import Ward
from tyokyky_bridge.fhir.wire.issues import ISSUE_TYPES


async def an_etag_names_the_version_that_was_read(ward: Ward) -> None:
    """What an ETag says is known is what was read, and it changes with it."""
    made = await ward.somebody()
    url = f"Patient/{made['id']}"
    first = (await ward.good("GET", url)).headers["ETag"]
    changed = await ward.good("PUT", url, {**made, "gender": "female"}, headers={"If-Match": first})
    now = await ward.good("GET", url)

    assert now.headers["ETag"] == changed.headers["ETag"] != first
    assert now.headers["ETag"] == f'W/"{now.json()["meta"]["versionId"]}"'
    assert (await ward.ask("GET", url, headers={"If-None-Match": first})).status_code == 200
    assert (await ward.ask("GET", url, headers={"If-None-Match": now.headers["ETag"]})).status_code == 304


async def an_error_has_a_kind_that_fhir_knows(ward: Ward) -> None:
    """Every error is an OperationOutcome whose codes are IssueTypes."""
    asked = [
        ("GET", "Patient/nobody", None),
        ("GET", "Nothing", None),
        ("GET", "Patient?colour=red", None),
        ("POST", "Patient", {"resourceType": "Patient", "colour": "red"}),
        ("POST", "Patient", b"{"),
        ("DELETE", "CodeSystem/register", None),
    ]
    for method, url, body in asked:
        answer = await ward.ask(method, url, body)
        assert 400 <= answer.status_code < 500
        assert {issue["code"] for issue in answer.json()["issue"]} <= ISSUE_TYPES


async def a_history_holds_the_deletion(ward: Ward) -> None:
    """A history lists the deletion as an entry without a resource, and the state before it."""
    made = await ward.somebody()
    await ward.good("DELETE", f"Patient/{made['id']}")

    for url in (f"Patient/{made['id']}/_history", "Patient/_history"):
        entries = (await ward.read(url))["entry"]
        assert [each["request"]["method"] for each in entries] == ["DELETE", "POST"]
        assert ["resource" in each for each in entries] == [False, True]


async def a_deleted_version_is_gone(ward: Ward) -> None:
    """The version that is the deletion answers 410, the one before it is still read."""
    made = await ward.somebody()
    url = f"Patient/{made['id']}"
    await ward.good("DELETE", url)
    tag = (await ward.read(f"{url}/_history"))["entry"][0]["response"]["etag"]
    version = tag.removeprefix("W/").strip('"')

    assert (await ward.ask("GET", f"{url}/_history/{version}")).status_code == 410
    assert (await ward.read(f"{url}/_history/{made['meta']['versionId']}"))["id"] == made["id"]


async def what_is_not_allowed_says_what_is(ward: Ward) -> None:
    """405 lists the methods, and why."""
    plan = await ward.web.plan()
    for method, url in (("DELETE", f"CarePlan/{plan.plan_id}"), ("POST", "CodeSystem"), ("PUT", "metadata")):
        answer = await ward.ask(method, url, {"resourceType": "CodeSystem"} if method != "DELETE" else None)
        assert answer.status_code == 405, (url, answer.status_code)
        allowed = answer.headers.get("Allow", "").split(", ")
        assert "GET" in allowed
        assert method not in allowed


async def a_hidden_edit_moves_nothing(ward: Ward) -> None:
    """An edit that a party may not see changes no version, no history and no total of its."""
    plan = await ward.disclosed("admin.case", "plan.goals")
    url = f"CarePlan/{plan.plan_id}"
    asked = (url, f"{url}/_history", "CarePlan", f"{url}/$everything")
    before = [
        (each.headers.get("ETag"), each.content)
        for each in [await ward.good("GET", u, **OLLI) for u in asked]
    ]

    change = {"changes": [{"path": "health.substance_use", "value": "Seurataan."}]}
    now = await ward.web.call("GET", plan.url)
    edited = await ward.web.call("PATCH", plan.url, change, etag=now.headers["ETag"])
    assert edited.status_code == 200, edited.text
    after = [
        (each.headers.get("ETag"), each.content)
        for each in [await ward.good("GET", u, **OLLI) for u in asked]
    ]

    assert after == before

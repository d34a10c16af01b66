"""Over HTTP: a conflict from its list to its decision, a withdrawal with its proof, a receipt, and notices."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from worlds.contested import GOAL, HELMI, OURS, THEIRS, a_contested_office, goals
from worlds.parties import EMPLOYMENT, KELA, NGO, SOCIAL
from worlds.rows import bury
from worlds.web import Web

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(store):
    return await a_contested_office(store)


@pytest.fixture
def web(office):
    return Web(office.bridge)


def code(answer):
    return answer.json()["type"].removeprefix("urn:tyokyky-bridge:problem:")


async def the_conflict(office, web):
    await office.collide()
    (listed,) = (await web.call("GET", "/v1/conflicts")).json()
    return listed


async def test_a_conflict_is_listed_read_and_decided(office, web):
    listed = await the_conflict(office, web)
    assert (listed["path"], listed["owner"], listed["may_resolve"]) == (GOAL, HELMI.party, True)
    assert [listed[side]["value"] for side in ("base", "ours", "theirs")] == [
        "Osa-aikatyö syksyllä.",
        OURS,
        THEIRS,
    ]
    url = f"/v1/conflicts/{listed['id']}"
    read = await web.call("GET", url)
    assert read.headers["ETag"] == f'"{listed["etag"]}"'
    for path in (f"/v1/plans/{office.plan_id}/conflicts", f"/v1/conflicts?plan={office.plan_id}"):
        (same,) = (await web.call("GET", path)).json()
        assert same["id"] == listed["id"]
    decided = await web.call(
        "POST", f"{url}/resolution", {"choice": "theirs"}, etag=read.headers["ETag"], key="d-1"
    )
    assert (decided.status_code, decided.json()["resolution"]) == (200, "theirs")
    again = await web.call(
        "POST", f"{url}/resolution", {"choice": "theirs"}, etag=read.headers["ETag"], key="d-1"
    )
    assert (again.status_code, again.json()["resolved_at"]) == (200, decided.json()["resolved_at"])
    assert (await web.call("GET", "/v1/conflicts")).json() == []
    (ended,) = (await web.call("GET", "/v1/conflicts?state=resolved")).json()
    assert (ended["state"], ended["resolved_by"]) == ("resolved", HELMI.party)
    await office.settle()
    assert [goals(paper) for paper in office.papers] == [{"g-1": THEIRS}] * 2
    plan = (await web.call("GET", f"/v1/plans/{office.plan_id}")).json()["plan"]
    assert plan["goals"][0]["text_client"] == THEIRS


async def test_no_page_of_one_plans_conflicts_comes_twice(office, web):
    listed = await the_conflict(office, web)
    page = f"/v1/conflicts?plan={office.plan_id}&after={listed['id']}"
    answer = await web.call("GET", page)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (422, "query.after")
    assert (await web.call("GET", f"/v1/conflicts?after={listed['id']}")).json() == []


async def test_a_decision_names_what_was_read_and_says_why_it_is_refused(office, web):
    listed = await the_conflict(office, web)
    url, etag = f"/v1/conflicts/{listed['id']}/resolution", f'"{listed["etag"]}"'
    without = await web.call("POST", url, {"choice": "ours"})
    assert (without.status_code, code(without)) == (428, "conflict/precondition-required")
    for tag in ('"old"', "*"):
        stale = await web.call("POST", url, {"choice": "ours"}, etag=tag)
        assert (stale.status_code, code(stale)) == (412, "conflict/stale")
    foreign = await web.call("POST", url, {"choice": "ours"}, etag=etag, party=SOCIAL)
    assert (foreign.status_code, code(foreign)) == (403, "conflict/not-yours")
    for body in ({"choice": "both"}, {}, {"choice": "ours", "why": "x"}):
        assert (await web.call("POST", url, body, etag=etag)).status_code == 422
    for body in ({"choice": "other"}, {"choice": "ours", "value": "x"}, {"choice": "theirs", "value": None}):
        unclear = await web.call("POST", url, body, etag=etag)
        assert unclear.status_code == 422, body
        (error,) = unclear.json()["errors"]
        assert error["rule"].startswith("value goes with the choice other"), error
    (leased,) = await office.store.write(lambda tx: (tx.links.look(listed_link(tx, office)),))
    assert leased
    await office.claim()
    busy = await web.call("POST", url, {"choice": "ours"}, etag=etag)
    assert (busy.status_code, code(busy)) == (409, "conflict/busy")
    await office.store.write(lambda tx: bury(tx, "w-1"))
    assert (await web.call("POST", url, {"choice": "ours"}, etag=etag)).status_code == 200
    ended = await web.call("POST", url, {"choice": "theirs"}, etag=etag)
    assert (ended.status_code, code(ended)) == (409, "conflict/ended")


def listed_link(tx, office):
    (link,) = tx.links.of_plan(office.plan_id, system="paper-1")
    return link.id


async def test_values_reach_nobody_who_may_not_have_them(office, web):
    listed = await the_conflict(office, web)
    paths = [
        "/v1/conflicts",
        f"/v1/conflicts/{listed['id']}",
        f"/v1/plans/{office.plan_id}/conflicts",
        f"/v1/plans/{office.plan_id}/propagation",
        f"/v1/consents/{office.form}/propagation",
    ]
    for party in (KELA, NGO):
        for role in ("professional", "system", "oversight", "operations"):
            for path in paths:
                answer = await web.call("GET", path, party=party, role=role)
                assert OURS not in answer.text, (party, role, path)
                assert THEIRS not in answer.text, (party, role, path)
                if role == "professional":
                    assert GOAL not in answer.text
                    assert listed["id"] not in answer.text
    unknown = await web.call("GET", f"/v1/conflicts/{uuid4()}", party=KELA)
    hidden = await web.call("GET", f"/v1/conflicts/{listed['id']}", party=KELA)
    assert (hidden.status_code, hidden.json()) == (unknown.status_code, unknown.json())


async def test_a_withdrawal_answers_with_what_was_on_its_way_and_is_followed_to_its_proof(office, web):
    now = await office.store.read(lambda tx: tx.now())
    said = (now - timedelta(seconds=1)).isoformat()
    withdrawn = await web.call("POST", f"/v1/consents/{office.form}/withdrawal", {"at": said})
    assert (withdrawn.status_code, withdrawn.json()["in_flight"]) == (200, [])
    url = f"/v1/consents/{office.form}/propagation"
    client = {"role": "client", "client": str(office.client_id), "sub": "portal"}
    waiting = (await web.call("GET", url, **client)).json()
    assert {each["state"] for each in waiting["systems"]} == {"queued"}
    assert waiting["withdrawn_at"].startswith(said[:19])
    await office.settle()
    proved = (await web.call("GET", url, **client)).json()
    assert {(each["system"], each["state"], each["items"]) for each in proved["systems"]} == {
        ("paper-1", "verified_absent", 2),
        ("paper-2", "verified_absent", 2),
    }
    assert all(each["paths"] == [] for each in proved["systems"])
    own = (await web.call("GET", url, party=EMPLOYMENT)).json()
    assert [each["system"] for each in own["systems"]] == ["paper-2"]
    other = {**client, "client": str(uuid4())}
    assert code(await web.call("GET", url, **other)) == "consent/not-found"


async def test_a_client_opens_nothing_else(office, web):
    client = {"role": "client", "client": str(office.client_id)}
    for path in (
        f"/v1/plans/{office.plan_id}",
        f"/v1/plans/{office.plan_id}/links",
        f"/v1/plans/{office.plan_id}/disclosures/paper-1",
        f"/v1/consents/{office.form}",
        "/v1/conflicts",
        "/v1/notices",
    ):
        answer = await web.call("GET", path, **client)
        assert (answer.status_code, code(answer)) == (403, "auth/not-for-role"), path


async def test_a_receipt_waits_until_everything_has_arrived(office, web):
    await office.change({GOAL: OURS})
    url = f"/v1/plans/{office.plan_id}/propagation"
    at_once = (await web.call("GET", url)).json()
    assert (at_once["revision"], at_once["settled"]) == (2, False)
    assert {each["state"] for each in at_once["systems"]} == {"queued"}
    waiting = asyncio.create_task(web.call("GET", f"{url}?revision=2&wait=20"))
    await asyncio.sleep(0.2)
    await office.settle()
    done = (await asyncio.wait_for(waiting, 5)).json()
    assert {(each["system"], each["state"]) for each in done["systems"]} == {
        ("paper-1", "acknowledged"),
        ("paper-2", "acknowledged"),
    }
    assert all(each["age_s"] >= 0 and each["at"] for each in done["systems"])
    for query in ("wait=31", "wait=-1", "revision=0", "wait=x"):
        assert (await web.call("GET", f"{url}?{query}")).status_code == 422
    assert code(await web.call("GET", f"{url}?revision=9")) == "plan/not-found"


async def test_a_party_fetches_its_notices_and_signs_for_them(office, web):
    await office.withdraw(office.form)
    (notice,) = (await web.call("GET", "/v1/notices", party=SOCIAL)).json()
    assert (notice["kind"], notice["consent_id"]) == ("consent_withdrawn", str(office.form))
    url = f"/v1/notices/{notice['id']}/receipt"
    other = await web.call("POST", url, party=KELA)
    assert (other.status_code, code(other)) == (404, "notice/not-found")
    signed = [await web.call("POST", url, party=SOCIAL) for _ in range(2)]
    assert signed[0].json() == signed[1].json()
    assert signed[0].json()["received_at"]
    assert (await web.call("GET", "/v1/notices", party=SOCIAL)).json() == []

"""What each operation does for those who may: status, headers and what stands afterwards."""

import asyncio

import pytest

from worlds.hub import HETU, TWIN, member, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH, KELA
from worlds.web import a_web

pytestmark = pytest.mark.anyio

BOTH = y100((HEALTH, EMPLOYMENT), (EMPLOYMENT, HEALTH))


@pytest.fixture
def web(store):
    return a_web(store)


def kind(answer):
    return answer.json()["type"].rsplit(":", 1)[1]


async def test_registering_twice_gives_the_same_id_and_the_twin_another(web):
    assert await web.register() == await web.register()
    assert await web.register(TWIN) != await web.register()


async def test_registering_at_the_same_moment_gives_the_same_id(web):
    ids = await asyncio.gather(*(web.register(party=p) for p in (HEALTH, EMPLOYMENT, KELA) * 3))
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    "hetu",
    ["", "120385-921X", "120385921T", "320385-921T", "131052-308T", "x" * 20, "120385-921T\x00", "\ud83d"],
)
async def test_a_number_that_is_no_acceptable_hetu_is_refused_and_not_repeated(web, hetu):
    for path in ("/v1/clients", "/v1/clients/search"):
        answer = await web.call("POST", path, {"hetu": hetu})
        assert answer.status_code in {400, 422}
        if len(hetu) > 3:
            assert hetu.strip("\x00") not in answer.text


async def test_a_hetu_is_read_with_a_dash_of_any_kind_and_small_letters(web):
    assert await web.register("120385–921t") == await web.register(HETU)


async def test_a_client_is_found_with_the_plans_that_one_may_know_of(web):
    plan = await web.plan()
    await web.consent(plan.client_id, y100((HEALTH, EMPLOYMENT), categories=["plan.goals"]))
    mine = (await web.call("POST", "/v1/clients/search", {"hetu": HETU})).json()
    assert mine["client_id"] == plan.client_id
    assert mine["plans"][0]["plan_id"] == plan.plan_id
    assert mine["plans"][0]["status"] == "active"
    ollis = (await web.call("POST", "/v1/clients/search", {"hetu": HETU}, party=EMPLOYMENT)).json()
    assert ollis["plans"] == [{"plan_id": plan.plan_id, "case_id": None, "status": None}]


async def test_a_created_plan_says_where_it_is_and_what_its_etag_is(web):
    client_id = await web.register()
    answer = await web.call("POST", "/v1/plans", {"client_id": client_id, "plan": plan_content()})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/plans/{answer.json()['plan_id']}"
    read = await web.call("GET", answer.headers["Location"])
    assert read.headers["ETag"] == answer.headers["ETag"]
    assert read.json() == answer.json()
    second = await web.call("POST", "/v1/plans", {"client_id": client_id, "plan": plan_content()})
    assert (second.status_code, kind(second)) == (409, "plan/exists")


async def test_a_reader_gets_a_view_and_the_names_of_what_is_closed(web):
    plan = await web.plan()
    await web.consent(plan.client_id, BOTH)
    seen = (await web.call("GET", plan.url, party=EMPLOYMENT)).json()
    assert seen["plan"]["health"] == {"work_ability_conclusion": "Osa-aikatyö mahdollinen."}
    assert {s["id"] for s in seen["plan"]["scores"]} == {"b4"}
    assert "health.substance" in seen["withheld"]
    assert "health.conclusion" not in seen["withheld"]


async def test_a_change_needs_the_etag_of_what_was_read(web):
    plan = await web.plan()
    change = {"changes": [{"path": "goals[g-1].text_client", "value": "Työ kirjastossa."}]}
    without = await web.call("PATCH", plan.url, change)
    assert (without.status_code, kind(without)) == (428, "plan/precondition-required")
    for old in ('"old"', f"W/{plan.etag}", f'{plan.etag}, "b"', ""):
        stale = await web.call("PATCH", plan.url, change, etag=old)
        assert (stale.status_code, kind(stale)) == (412, "plan/stale"), old
    done = await web.call("PATCH", plan.url, change, etag=plan.etag)
    assert done.status_code == 200
    assert done.headers["ETag"] != plan.etag
    again = await web.call("PATCH", plan.url, change, etag=plan.etag)
    assert again.status_code == 412


async def test_of_two_changes_on_one_reading_one_is_taken(web):
    plan = await web.plan()
    answers = await asyncio.gather(
        *(
            web.call(
                "PATCH",
                plan.url,
                {"changes": [{"path": "goals[g-1].due", "value": f"2026-05-0{n}"}]},
                etag=plan.etag,
            )
            for n in (1, 2, 3)
        )
    )
    assert sorted(a.status_code for a in answers) == [200, 412, 412]


async def test_a_section_is_replaced_by_item_and_hidden_items_of_it_stay(web):
    plan = await web.plan(network={"members": [member(EMPLOYMENT, "employment"), member(HEALTH, "health")]})
    await web.consent(plan.client_id, BOTH)
    seen = await web.call("GET", plan.url, party=EMPLOYMENT)
    scores = [{**s, "value": 5} for s in seen.json()["plan"]["scores"]]
    done = await web.call(
        "PUT", f"{plan.url}/sections/scores", scores, etag=seen.headers["ETag"], party=EMPLOYMENT
    )
    assert done.status_code == 200
    mine = {s["id"]: s for s in (await web.call("GET", plan.url)).json()["plan"]["scores"]}
    assert (mine["b4"]["value"], mine["bdi"]["value"]) == ("5", "18")
    nothing = await web.call("PUT", f"{plan.url}/sections/nothing", [], etag="*")
    assert (nothing.status_code, kind(nothing)) == (422, "plan/invalid")


async def test_authority_and_sight_are_told_apart(web):
    plan = await web.plan()
    await web.consent(plan.client_id, BOTH)
    seen = await web.call("GET", plan.url, party=EMPLOYMENT)
    for path, code in (
        ("health.work_ability_conclusion", "plan/not-your-field"),
        ("social.debts", "plan/category-withheld"),
    ):
        answer = await web.call(
            "PATCH",
            plan.url,
            {"changes": [{"path": path, "value": "Jotain muuta."}]},
            etag=seen.headers["ETag"],
            party=EMPLOYMENT,
        )
        assert (answer.status_code, kind(answer)) == (403, code)
        assert answer.json()["errors"][0]["field"] == path


async def test_revisions_are_listed_and_read_by_the_callers_own_numbers(web):
    plan = await web.plan()
    await web.consent(plan.client_id, BOTH)
    etag = plan.etag
    for path, value in (("health.substance_use", "jotain"), ("goals[g-1].text_client", "Työ kirjastossa.")):
        etag = (await web.call("GET", plan.url)).headers["ETag"]
        await web.call("PATCH", plan.url, {"changes": [{"path": path, "value": value}]}, etag=etag)
    listed = (await web.call("GET", f"{plan.url}/revisions", party=EMPLOYMENT)).json()
    assert [r["revision"] for r in listed] == [1, 2]
    first = (await web.call("GET", f"{plan.url}/revisions/1", party=EMPLOYMENT)).json()
    assert first["plan"]["goals"][0]["text_client"] == "Osa-aikatyö varastossa."
    assert (await web.call("GET", f"{plan.url}/revisions/3", party=EMPLOYMENT)).status_code == 404
    assert (await web.call("GET", f"{plan.url}/revisions/3")).status_code == 200
    for number in ("0", "-1", "x", "9" * 30):
        assert (await web.call("GET", f"{plan.url}/revisions/{number}")).status_code == 422


async def test_a_closed_plan_takes_no_change(web):
    plan = await web.plan()
    closing = {"closed_on": "2026-03-02", "reason": "employed"}
    done = await web.call("POST", f"{plan.url}/close", closing, etag=plan.etag)
    assert done.json()["plan"]["header"]["status"] == "closed"
    assert done.json()["plan"]["closing"]["closed_on"] == "2026-03-02"
    late = await web.call("POST", f"{plan.url}/close", closing, etag=done.headers["ETag"])
    assert (late.status_code, kind(late)) == (409, "plan/closed")
    nonsense = await web.call(
        "POST", f"{plan.url}/close", {"closed_on": "2026-03-02", "reason": "x"}, etag="*"
    )
    assert nonsense.status_code in {409, 422}


async def test_a_form_is_recorded_read_listed_replaced_and_withdrawn(web):
    plan = await web.plan()
    first = await web.consent(plan.client_id, BOTH)
    read = await web.call("GET", f"/v1/consents/{first}", party=EMPLOYMENT)
    assert read.json()["status"] == "active"
    narrower = y100((HEALTH, EMPLOYMENT), categories=["plan.goals"], supersedes=first)
    answer = (await web.call("POST", f"/v1/clients/{plan.client_id}/consents", narrower)).json()
    assert "health.work_ability_conclusion" in answer["cancelled"]["ura"]
    second = answer["consent"]["consent_id"]
    listed = (await web.call("GET", f"/v1/clients/{plan.client_id}/consents")).json()
    assert {c["consent_id"]: c["status"] for c in listed} == {first: "superseded", second: "active"}
    said = {"at": "2026-03-02T10:00:00+02:00"}
    done = await web.call("POST", f"/v1/consents/{second}/withdrawal", said, party=EMPLOYMENT)
    assert done.json()["consent"]["status"] == "withdrawn"
    assert done.json()["consent"]["withdrawn"]["at"] == "2026-03-02T08:00:00Z"
    assert done.json()["notified"] == [HEALTH, EMPLOYMENT]
    again = await web.call("POST", f"/v1/consents/{second}/withdrawal", said)
    assert (again.status_code, kind(again)) == (409, "consent/not-active")


async def test_a_repeated_request_with_a_key_has_one_effect(web):
    client_id = await web.register()
    body = {"client_id": client_id, "plan": plan_content()}
    made = await asyncio.gather(*(web.call("POST", "/v1/plans", body, key="k-1") for _ in range(5)))
    assert {(a.status_code, a.headers["Location"]) for a in made} == {(201, made[0].headers["Location"])}
    other = await web.call("POST", "/v1/plans", {**body, "plan": plan_content(goals=[])}, key="k-1")
    assert (other.status_code, kind(other)) == (422, "idempotency/key-reused")
    form = y100((HEALTH, EMPLOYMENT))
    forms = [await web.call("POST", f"/v1/clients/{client_id}/consents", form, key="k-2") for _ in range(2)]
    assert forms[0].json() == forms[1].json()
    url = f"/v1/consents/{forms[0].json()['consent']['consent_id']}/withdrawal"
    said = {"at": "2026-03-02T10:00:00+02:00"}
    ended = [await web.call("POST", url, said, key="k-3") for _ in range(2)]
    assert ended[0].json() == ended[1].json()
    assert ended[1].status_code == 200
    reused = await web.call("POST", url, said, key="k-2")
    assert kind(reused) == "idempotency/key-reused"
    etag = (await web.call("GET", made[0].headers["Location"])).headers["ETag"]
    closing = {"closed_on": "2026-03-02", "reason": "employed"}
    closed = [
        await web.call("POST", f"{made[0].headers['Location']}/close", closing, key="k-4", etag=etag)
        for _ in range(2)
    ]
    assert [a.status_code for a in closed] == [200, 200]
    assert closed[0].json() == closed[1].json()


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "ä"])
async def test_a_key_that_is_none_is_refused(web, key):
    client_id = await web.register()
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = await web.call("POST", "/v1/plans", {"client_id": client_id, "plan": {}}, headers=headers)
    assert answer.status_code == 422


async def test_links_and_traces_say_where_the_plan_is(web):
    plan = await web.plan()
    await web.consent(plan.client_id, BOTH)
    links = {link["system"]: link for link in (await web.call("GET", f"{plan.url}/links")).json()}
    assert {s: (link["state"], link["desired"]) for s, link in links.items()} == {
        "lifecare": ("due", "present"),
        "ura": ("due", "present"),
    }
    trace = (await web.call("GET", f"{plan.url}/disclosures/ura")).json()
    found = {item["path"]: item for item in trace["items"]}
    assert (trace["system"], trace["recipient"], trace["link_state"]) == ("ura", EMPLOYMENT, "due")
    assert found["health.work_ability_conclusion"]["state"] == "queued"
    assert found["health.substance_use"]["reason"] == "NO_BASIS"
    for system in ("effica", "nothing"):
        missing = await web.call("GET", f"{plan.url}/disclosures/{system}")
        assert (missing.status_code, kind(missing)) == (404, "link/not-found")
        missing = await web.call("POST", f"{plan.url}/links/{system}/redrive")
        assert (missing.status_code, kind(missing)) == (404, "link/not-found")
    unparked = await web.call("POST", f"{plan.url}/links/ura/redrive", role="operations")
    assert (unparked.status_code, kind(unparked)) == (409, "link/not-parked")


async def test_a_parked_link_is_shown_and_redriven(web):
    plan = await web.plan()
    (link,) = await web.bridge.store.read(lambda tx: tx.links.of_plan(tx.plans.page()[0].id))
    await web.bridge.store.write(lambda tx: tx.links.park(link.id, "not_there", {}))
    shown = (await web.call("GET", f"{plan.url}/links", role="operations")).json()
    assert (shown[0]["state"], shown[0]["parked_reason"]) == ("parked", "not_there")
    health = (await web.call("GET", "/health", bearer="")).json()
    assert (health["status"], [s["parked"] for s in health["systems"]]) == ("degraded", [1, 0])
    done = await web.call("POST", f"{plan.url}/links/lifecare/redrive", role="operations")
    assert done.json()["state"] == "due"
    assert (await web.call("GET", "/health", bearer="")).json()["status"] == "ok"


async def test_a_dead_database_makes_the_hub_unready_but_not_dead(web):
    await web.bridge.store.aclose()
    assert (await web.http.get("/livez")).status_code == 200
    ready = await web.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable"})
    plan = await web.http.get("/health")
    assert (plan.status_code, plan.headers["Retry-After"]) == (503, "1")
    assert kind(plan) == "server/unavailable"

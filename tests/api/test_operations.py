"""Those who run the hub see figures and dead letters, never content, and can have them tried again."""

from datetime import timedelta

import pytest

from worlds.hub import HELMI, a_case, y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.telling import a_telling_hub, settled
from worlds.web import Web

pytestmark = pytest.mark.anyio

OPERATIONS = {"role": "operations"}


@pytest.fixture
async def case(store):
    made = await a_case(a_telling_hub(store), HELMI, y100((HEALTH, EMPLOYMENT)))
    for system in ("lifecare", "ura"):
        await settled(made, system)
    return made


@pytest.fixture
def web(case):
    return Web(case.bridge)


async def park(case, system="ura", reason="refused"):
    link = await case.link(system)
    detail = {"path": "health.substance_use", "reasons": [{"code": "X", "field": "F", "rule": "secret"}]}
    assert await case.bridge.store.write(lambda tx: tx.links.park(link.id, reason, detail))
    return link


async def forbid(case, system="ura"):
    """What the engine notes when it finds our items where none may be."""
    from tyokyky_bridge.services.records import Ack

    def note(tx):
        (link,) = tx.links.of_plan(case.plan_id, system=system)
        tx.links.look(link.id, verify=True)
        (claimed,) = tx.links.claim(system, limit=1, worker="w", lease=timedelta(seconds=9))
        ack = Ack(claimed.desired_gen, "present", {}, drift="D4", base_hub={}, base_remote={})
        assert tx.links.finish(link.id, claimed.lease_epoch, ack)

    await case.bridge.store.write(note)


async def test_the_figures_of_reconciliation(case, web):
    answer = await web.call("GET", "/v1/sync/reconciliation", **OPERATIONS)
    assert answer.status_code == 200
    body = answer.json()
    assert body["forbidden_present"] == 0
    (lifecare, ura) = body["systems"]
    assert (lifecare["system"], ura["system"]) == ("lifecare", "ura")
    assert (ura["in_sync"], ura["compared_within_24_h"], ura["coverage"]) == (1, 1, 1.0)
    assert ura["found"] == {"D0": 1, "D1": 0, "D2": 0, "D3": 0, "D4": 0, "D5": 0}


async def test_forbidden_data_is_the_first_thing_that_is_shown(case, web):
    await forbid(case)
    body = (await web.call("GET", "/v1/sync/reconciliation", role="oversight")).json()
    assert body["forbidden_present"] == 1
    assert body["systems"][0]["system"] == "ura"
    health = (await web.call("GET", "/health")).json()
    assert health["status"] == "degraded"
    assert {s["system"]: s["forbidden_present"] for s in health["systems"]} == {"lifecare": 0, "ura": 1}


async def test_health_tells_of_backlog_age_coverage_and_gate(store, case, web):
    link = await case.link("ura")
    await store.write(lambda tx: tx.links.look(link.id))
    store.clock_offset += timedelta(seconds=90)
    body = (await web.call("GET", "/health")).json()
    lifecare, ura = body["systems"]
    assert (ura["backlog"], ura["due"], ura["in_sync"], ura["coverage"]) == (1, 1, 0, None)
    assert 90 <= ura["oldest_due_age_s"] < 120
    assert (lifecare["backlog"], lifecare["oldest_due_age_s"], lifecare["coverage"]) == (0, None, 1.0)
    assert (lifecare["breaker"], lifecare["open_conflicts"]) == ("closed", 0)
    assert body["status"] == "ok"


async def test_dead_letters_are_shown_without_content(case, web):
    link = await park(case)
    answer = await web.call("GET", "/v1/sync/parked?system=ura&reason=refused", **OPERATIONS)
    assert answer.status_code == 200
    (shown,) = answer.json()
    assert (shown["link"], shown["plan_id"], shown["reason"]) == (link.id, str(case.plan_id), "refused")
    for content in ("substance", "secret", str(case.client_id)):
        assert content not in answer.text
    assert (await web.call("GET", "/v1/sync/parked?system=lifecare", **OPERATIONS)).json() == []
    assert (await web.call("GET", "/v1/sync/parked?system=X%20Y", **OPERATIONS)).status_code == 422


@pytest.mark.parametrize("listing", ["parked", "quarantine"])
async def test_a_system_that_is_none_of_ours_is_no_good_news(case, web, listing):
    await park(case)
    answer = await web.call("GET", f"/v1/sync/{listing}?system=uras", **OPERATIONS)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "query.system", "rule": "names no system of this hub"}]


@pytest.mark.parametrize("fits", [{"system": "ura"}, {"reason": "refused"}, {"link": None}])
async def test_dead_letters_are_tried_again(case, web, fits):
    link = await park(case)
    fits = {name: link.id if value is None else value for name, value in fits.items()}
    answer = await web.call("POST", "/v1/sync/parked/redrive", {**fits, "spread_s": 60}, **OPERATIONS)
    assert (answer.status_code, answer.json()) == (200, {"redriven": 1, "links": [link.id]})
    assert (await case.link("ura")).state == "due"
    again = await web.call("POST", "/v1/sync/parked/redrive", fits, **OPERATIONS)
    assert again.json() == {"redriven": 0, "links": []}


async def test_a_redrive_names_something_and_nothing_else(case, web):
    await park(case)
    for body in ({}, {"spread_s": 5}):
        answer = await web.call("POST", "/v1/sync/parked/redrive", body, **OPERATIONS)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("link/none-named")
    for body in (
        {"system": "ura", "all": True},
        {"link": 2**70},
        {"system": "ura", "spread_s": 1e9},
        {"link": 0},
        {"link": True},
        {"link": "1"},
        {"system": "uras"},
    ):
        answer = await web.call("POST", "/v1/sync/parked/redrive", body, **OPERATIONS)
        assert answer.status_code == 422
    assert (await case.link("ura")).state == "parked"


@pytest.mark.parametrize(
    ("method", "path", "roles"),
    [
        ("GET", "/v1/sync/reconciliation", {"operations", "oversight"}),
        ("GET", "/v1/sync/parked", {"operations"}),
        ("POST", "/v1/sync/parked/redrive", {"operations"}),
    ],
)
async def test_each_is_for_its_roles_alone(case, web, method, path, roles):
    body = {"system": "ura"} if method == "POST" else None
    for role in ("professional", "system", "oversight", "operations"):
        answer = await web.call(method, path, body, role=role)
        assert answer.status_code == (200 if role in roles else 403), role


async def test_records_in_quarantine_are_listed_and_cleared_without_a_trace_of_a_person(case, web):
    from tyokyky_bridge.adapterkit.contract import Hint
    from tyokyky_bridge.services.intake import take_hints

    hint = Hint("changed", "person-404", "record-404", "7", reference="hub")
    await case.bridge.store.write(lambda tx: take_hints(tx, case.bridge.partners["ura"], [hint]))
    for role in ("operations", "oversight"):
        answer = await web.call("GET", "/v1/sync/quarantine", role=role)
        (shown,) = answer.json()
        assert (shown["system"], shown["record"], shown["state"]) == ("ura", "record-404", "open")
        assert "person-404" not in answer.text
    assert (await web.call("GET", "/v1/sync/quarantine?system=lifecare", **OPERATIONS)).json() == []
    figures = (await web.call("GET", "/v1/sync/reconciliation", **OPERATIONS)).json()["systems"]
    assert {each["system"]: each["found"]["D5"] for each in figures} == {"lifecare": 0, "ura": 1}
    path = f"/v1/sync/quarantine/{shown['id']}/clearance"
    assert (await web.call("POST", path, role="oversight")).status_code == 403
    assert (await web.call("GET", "/v1/sync/quarantine")).status_code == 403
    cleared = (await web.call("POST", path, **OPERATIONS)).json()
    assert (cleared["state"], cleared["cleared_by"]) == ("cleared", HEALTH)
    assert (await web.call("GET", "/v1/sync/quarantine", **OPERATIONS)).json() == []
    (again,) = (await web.call("GET", "/v1/sync/quarantine?state=cleared", **OPERATIONS)).json()
    assert again == cleared
    missing = await web.call("POST", f"/v1/sync/quarantine/{case.plan_id}/clearance", **OPERATIONS)
    assert missing.json()["type"].endswith("quarantine/not-found")

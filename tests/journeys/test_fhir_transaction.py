"""A plan that comes in over FHIR as one transaction reaches all four systems as if it had been written over /v1."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    HELMI,
    OLLI,
    SOCIAL,
    TYP,
    Person,
    day,
    plan,
    score,
    typ_customer,
    y100,
)
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.domain.items import Leaves, Scalar
from tyokyky_bridge.registry import find_adapters
from worlds.strangers import stranger
from worlds.two_way import held, quiet

OVER_V1, OVER_FHIR = stranger(90), stranger(91)
ADAPTERS = {"effica": "sosiaali_effica"}
BOXES = (
    "identity.core",
    "identity.language",
    "admin.*",
    "plan.*",
    "health.conclusion",
    "health.functioning",
    "self.b4",
)
FROM_A_PLAN = {
    "Patient",
    "CarePlan",
    "Goal",
    "CareTeam",
    "EpisodeOfCare",
    "Observation",
    "ServiceRequest",
    "Task",
} | {
    "Condition",
    "DocumentReference",
    "Appointment",
    "Communication",
}


def content(client: Person) -> dict[str, Any]:
    """A plan with something in every part that health care writes and partners take."""
    return plan(client, HEALTH, SOCIAL, EMPLOYMENT, TYP, coordinator=HELMI) | {
        "goals": [
            {"id": "g-1", "text_client": "Osa-aikatyö syksyllä.", "status": "active", "due": "2027-08"},
            {
                "id": "g-2",
                "text_client": "Päivärytmi kuntoon – yhdessä.",
                "area": "everyday_life",
                "status": "active",
            },
        ],
        "health": {
            "work_ability_conclusion": "Osa-aikatyö mahdollinen.",
            "work_limitation_text": "Ei nostoja.",
        },
        "scores": [score("b4-1", "kykyviisari_b4", 4, day(-3), HEALTH)],
        "meetings": [
            {
                "id": "m-1",
                "kind": "network",
                "start": "2026-12-01T10:00:00+02:00",
                "end": "2026-12-01T11:00:00+02:00",
                "mode": "remote_video",
                "status": "booked",
                "agreements": [{"id": "a-1", "text": "Helmi soittaa.", "due": "2026-12-08"}],
            }
        ],
        "services": [
            {"id": "s-1", "type": "rehabilitative_work", "status": "agreed", "intensity": "3 pv/vko"}
        ],
    }


@dataclass(frozen=True)
class Told:
    over_v1: Opened
    over_fhir: Opened
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    for client in (OVER_V1, OVER_FHIR):
        enter_everywhere(stage, client)
    one = desk.open_plan(HELMI, OVER_V1, content(OVER_V1))
    answer = stage.call("GET", f"/fhir/CarePlan/{one.plan_id}/$everything", party=HEALTH)
    assert answer.status_code == 200, answer.text
    bundle = as_of_another(answer.json(), OVER_V1, OVER_FHIR)
    posted = stage.call("POST", "/fhir", party=HEALTH, body=bundle)
    assert posted.status_code == 200, posted.text
    two = Opened(id_of(posted.json(), "Patient"), id_of(posted.json(), "CarePlan"))
    for case in (one, two):
        form = y100(HEALTH, SOCIAL, EMPLOYMENT, TYP, categories=BOXES, taken_by=HELMI)
        desk.record_form(HELMI, case.client_id, form)
        desk.revise(OLLI, case.plan_id, {"header.typ_customership": typ_customer()})
    for case in (one, two):
        quiet(stage, desk, case)
    return Told(one, two, posted.json())


def as_of_another(everything: dict[str, Any], one: Person, other: Person) -> dict[str, Any]:
    """What was read of one client as a transaction that creates it for another."""
    resources = [e["resource"] for e in everything["entry"] if e["resource"]["resourceType"] in FROM_A_PLAN]
    urls = {
        f"{r['resourceType']}/{r['id']}": f"urn:uuid:{n:08d}-0000-4000-8000-000000000000"
        for n, r in enumerate(resources)
    }
    entries = [
        {
            "fullUrl": urls[f"{r['resourceType']}/{r['id']}"],
            "resource": fresh(r, urls, one, other),
            "request": {"method": "POST", "url": r["resourceType"]},
        }
        for r in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def fresh(node: Any, urls: dict[str, str], one: Person, other: Person, *, root: bool = True) -> Any:
    """A resource without what the server says of it, its references turned to the entries, its person to the other."""
    if isinstance(node, dict):
        given = {k: v for k, v in node.items() if not (root and k == "meta")}
        return {k: fresh(v, urls, one, other, root=False) for k, v in given.items()}
    if isinstance(node, list):
        return [fresh(each, urls, one, other, root=False) for each in node]
    if not isinstance(node, str):
        return node
    return urls.get(node, node).replace(one.hetu, other.hetu).replace(one.given_names, other.given_names)


def id_of(answer: dict[str, Any], kind: str) -> str:
    """The id that the answer to a transaction gives the one resource of a kind."""
    (found,) = (
        m[1]
        for entry in answer["entry"]
        if (m := re.match(rf"(?:.*/)?{kind}/([^/]+)/_history/", entry["response"]["location"]))
    )
    return found


def test_every_entry_is_answered_in_its_place(told: Told) -> None:
    assert {entry["response"]["status"][:3] for entry in told.answer["entry"]} == {"201"}


def test_both_plans_have_the_same_content(told: Told, desk: Desk) -> None:
    def comparable(case: Opened) -> dict[str, Any]:
        seen = desk.read(HEALTH, case.plan_id)["plan"]
        seen["header"] = {"status": seen["header"]["status"]}
        del seen["client"]["client_id"], seen["client"]["hetu"], seen["client"]["given_names"]
        return seen

    assert comparable(told.over_fhir) == comparable(told.over_v1)


@pytest.mark.parametrize("system", ["lifecare", "effica", "ura", "typpi"])
def test_each_system_holds_the_same_of_both(told: Told, stage: Stage, desk: Desk, system: str) -> None:
    lens = find_adapters()[ADAPTERS.get(system, system)].lens
    one, two = (lens.get(held(stage, system, client)).leaves for client in (OVER_V1, OVER_FHIR))
    assert others(two) == others(one)
    assert two["goals[g-1].text_client"] == "Osa-aikatyö syksyllä."
    assert {desk.links(case.plan_id)[system]["state"] for case in (told.over_v1, told.over_fhir)} == {
        "in_sync"
    }


OWN_TO_EACH = (
    "client.hetu[",
    "client.given_names",
    "client.client_id",
    "header.case_id",
    "header.plan_id",
    "header.created_at",
    "header.updated_at",
)


def others(leaves: Leaves) -> dict[str, Scalar]:
    """Without what tells two people and two moments apart."""
    return {path: value for path, value in leaves.items() if not path.startswith(OWN_TO_EACH)}

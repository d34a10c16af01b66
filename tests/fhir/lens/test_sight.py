"""What a projection tells of the view that it was made from, and what it never tells."""

from datetime import date
from typing import Any

import pytest

from domain.case import merged, revision
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.disclosure import View, disclose
from tyokyky_bridge.domain.items import leaves_to_json
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.revision import Revision
from tyokyky_bridge.fhir.lens.projection import Sheet, project
from tyokyky_bridge.fhir.lens.reading import read_back
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.text import render
from worlds.fhir_sheets import one, rich, sheet
from worlds.parties import EMPLOYMENT, HEALTH, NOW, facts, mutual

WITHHELD = [Category.HEALTH_DIAGNOSES]
PLAN_ID = str(rich()["header.plan_id"])
"""The plan in which everything is filled."""


def masked(reason: str = "masked") -> Document:
    url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    return {"extension": [{"url": url, "valueCode": reason}]}


def codes(document: Document, name: str) -> list[str]:
    return [coding["code"] for coding in document["meta"].get(name, [])]


def first(documents: dict[tuple[str, str], Document], resource_type: str) -> Document:
    return next(document for (type_, _), document in documents.items() if type_ == resource_type)


def shown_to_employment(of: Revision) -> tuple[View, Sheet]:
    consent = mutual(HEALTH, EMPLOYMENT, categories=("admin.*", "identity.*", "plan.goals"))
    view = disclose(
        of,
        recipient=EMPLOYMENT,
        purpose=Purpose.WORK_ABILITY_SUPPORT,
        channel="ura",
        facts=facts(consent),
        at=NOW,
    ).view
    labels = {path: of.labels[path] for path in view.leaves}
    return view, Sheet(view, labels, dict.fromkeys(view.leaves, "health"))


HIDDEN: list[dict[str, Any]] = [
    {"health": {"substance_use": "jotakin aivan muuta", "functioning_self_description": "uutta"}},
    {"health": {"substance_use": None, "work_ability_conclusion": None, "checkup_date": None}},
    {"scores": []},
    {"scores": [{"id": "audit-9", "instrument": "audit", "value": 30, "effective_on": "2026-01-10"}]},
    {"social": {"debts": "velkaa", "family_situation": "uutta"}},
]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_projection_is_the_same_whatever_the_hidden_items_contain(hidden):
    view, of = shown_to_employment(revision())
    other_view, other = shown_to_employment(revision(**merged({}, hidden)))
    assert view.leaves == other_view.leaves
    assert len(view.leaves) > 20
    assert render(list(project(of).values())) == render(list(project(other).values()))


def test_a_narrower_view_gives_the_rest_back_unchanged():
    view, of = shown_to_employment(revision())
    narrower = view.without([path for path in view.leaves if path.startswith("client.given")])
    found: dict[str, Any] = {}
    for document in project(Sheet(narrower, of.labels, of.registers)).values():
        found |= read_back(document, plan_id=view.plan_id).leaves
    assert found == leaves_to_json(narrower.leaves)


def test_a_resource_is_labelled_with_the_categories_of_what_is_in_it():
    documents = project(sheet(rich()))
    assert codes(first(documents, "Goal"), "security") == ["plan.goals"]
    assert set(codes(first(documents, "Patient"), "security")) == {
        "identity.contact",
        "identity.core",
        "identity.language",
        "social.situation",
    }


def test_what_a_resource_shows_of_others_counts_among_its_categories():
    seen = {"header.status": "active", "network.members[m-1].role": "nurse"}
    team = first(project(sheet(seen, plan_id=PLAN_ID)), "CareTeam")
    assert team["status"] == "active"
    assert "admin.case" in codes(team, "security")
    team = first(project(sheet({"network.members[m-1].role": "nurse"}, plan_id=PLAN_ID)), "CareTeam")
    assert "admin.case" not in codes(team, "security")


def test_a_resource_has_exactly_one_register_tag_that_of_most_of_its_content():
    of = sheet(rich())
    registers = dict(of.registers) | {path: "social" for path in rich() if path.startswith("goals[e-1]")}
    registers["goals[e-1].due"] = "health"
    documents = project(Sheet(of.view, of.labels, registers))
    goals = [document for (type_, _), document in documents.items() if type_ == "Goal"]
    assert [codes(goal, "tag") for goal in goals] == [["social"], ["health"]]


def test_all_resources_say_which_profile_they_keep():
    for (type_, _), document in project(sheet(rich())).items():
        (profile,) = document["meta"]["profile"]
        assert profile.startswith("https://tyokyky-bridge.example/fhir/StructureDefinition/"), type_


def test_a_non_disclosure_order_is_said_of_the_client_alone():
    documents = project(sheet(rich(), non_disclosure=True))
    for (type_, _), document in documents.items():
        assert ("TURVAKIELTO" in codes(document, "security")) == (type_ == "Patient")


def test_a_cut_plan_says_so_and_a_whole_one_does_not():
    for document in project(sheet(rich(), withheld=WITHHELD)).values():
        assert "REDACTED" in codes(document, "security")
    for document in project(sheet(rich())).values():
        assert "REDACTED" not in codes(document, "security")
        assert "SUBSETTED" not in codes(document, "tag")


def test_what_fhir_requires_is_masked_where_it_is_hidden():
    seen = {"goals[g-1].due": "2026", "client.birth_date": date(1985, 3, 12)}
    goal = first(project(sheet(seen, plan_id=PLAN_ID, withheld=WITHHELD)), "Goal")
    assert goal["_lifecycleStatus"] == masked()
    assert goal["description"] == masked()
    assert goal["subject"] == {"reference": f"Patient/{PLAN_ID.replace('-', '')}.pt"}


def test_a_client_of_whom_nothing_is_seen_is_a_masked_subject():
    seen = {"goals[g-1].due": "2026"}
    documents = project(sheet(seen, plan_id=PLAN_ID, withheld=WITHHELD))
    assert [type_ for type_, _ in documents] == ["CarePlan", "Goal"]
    assert first(documents, "Goal")["subject"] == masked()
    assert first(documents, "CarePlan")["_status"] == masked()


def test_where_nothing_is_withheld_what_is_missing_is_unknown():
    goal = first(project(sheet({"goals[g-1].due": "2026"}, plan_id=PLAN_ID)), "Goal")
    assert goal["description"] == masked("unknown")


def test_entries_of_which_the_required_half_is_hidden_are_masked_one_by_one():
    seen = {
        "client.telecom[t-1].value": "1",
        "client.telecom[t-2].system": "phone",
        "client.guardians[g-1].kind": "guardian",
    }
    patient = first(project(sheet(seen, plan_id=PLAN_ID, withheld=WITHHELD)), "Patient")
    assert [entry.get("_system") for entry in patient["telecom"]] == [masked(), None]
    assert patient["contact"][0]["name"] == masked()
    assert patient["contact"][0]["relationship"][0]["coding"][0]["code"] == "GUARD"


def test_masks_read_back_as_nothing():
    seen = {"goals[g-1].due": "2026", "client.telecom[t-1].value": "1"}
    for document in project(sheet(seen, plan_id=PLAN_ID, withheld=WITHHELD)).values():
        assert read_back(document, plan_id=PLAN_ID).leaves.items() <= leaves_to_json(seen).items()


def test_nothing_at_all_is_projected_from_an_empty_view():
    assert project(sheet({}, plan_id=PLAN_ID)) == {}


def test_a_plan_refers_to_all_its_resources_that_are_seen():
    plan = one(rich(), "CarePlan")
    assert [each["reference"].split("/")[0] for each in plan["goal"]] == ["Goal", "Goal"]
    assert plan["careTeam"] == [{"reference": f"CareTeam/{PLAN_ID}"}]
    assert plan["subject"] == {"reference": f"Patient/{rich()['client.client_id']}"}


def test_a_case_says_who_coordinates_it():
    case = one(rich(), "EpisodeOfCare")
    assert case["id"] == rich()["header.case_id"]
    assert case["status"] == "active"
    assert case["careManager"]["display"] == rich()["care_team.coordinator.worker.name"]
    assert case["managingOrganization"] == {
        "reference": f"Organization/{rich()['care_team.coordinator.party']}"
    }


def test_a_case_that_is_not_seen_is_no_resource():
    seen = {path: value for path, value in rich().items() if path != "header.case_id"}
    assert not [type_ for type_, _ in project(sheet(seen)) if type_ == "EpisodeOfCare"]

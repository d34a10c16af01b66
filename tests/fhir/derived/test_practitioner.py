"""The workers whom a view names."""

from datetime import date

import pytest
from hypothesis import given

from tyokyky_bridge.domain.items import labels_of, leaves_of
from tyokyky_bridge.fhir.derived.practitioner import (
    WORKER_PATTERNS,
    Named,
    practitioners,
    worker_id,
)
from worlds.fhir_oracle import codes, reads
from worlds.parties import DIRECTORY
from worlds.plans import a_plan, plans, rich_plan

TODAY = date(2026, 3, 2)
HELMI = worker_id(party="lrha-health", user="HVIRTA", name=None)


def named(leaves, registers="health"):
    return Named(leaves, {p: labels_of(p, leaves) for p in leaves}, dict.fromkeys(leaves, registers))


def found_in(*leaves):
    return practitioners([named(each) for each in leaves], directory=DIRECTORY, on=TODAY)


def test_the_schema_has_workers_in_every_section_that_names_people():
    assert {
        "care_team.coordinator.worker",
        "meetings[].participants[].who",
        "assessments[].performers[]",
    } <= (WORKER_PATTERNS)
    assert "care_team.coordinator" not in WORKER_PATTERNS


def test_the_coordinator_is_a_practitioner_in_a_role_at_an_organization():
    leaves = {
        "care_team.coordinator.worker.name": "Helmi Virta",
        "care_team.coordinator.worker.user": "HVIRTA",
        "care_team.coordinator.worker.party": "lrha-health",
        "care_team.coordinator.worker.role": "work_ability_coordinator",
    }
    found = found_in(leaves)
    person, role = found["Practitioner", HELMI], found["PractitionerRole", HELMI]
    reads(person)
    reads(role)
    assert person["name"] == [{"text": "Helmi Virta"}]
    assert person["identifier"][0]["value"] == "HVIRTA"
    assert person["identifier"][0]["assigner"] == {"reference": "Organization/lrha-health"}
    assert role["practitioner"] == {"reference": f"Practitioner/{HELMI}"}
    assert role["organization"] == {"reference": "Organization/lrha-health"}
    assert [codes(each) for each in role["code"]] == [["work_ability_coordinator"]]
    for document in (person, role):
        assert [tag["code"] for tag in document["meta"]["tag"]] == ["health"]
        assert [label["code"] for label in document["meta"]["security"]] == ["admin.case"]


def test_a_worker_of_several_plans_and_places_is_one_with_all_roles_and_labels():
    one = {
        "care_team.client_lead.user": "HVIRTA",
        "care_team.client_lead.party": "lrha-health",
        "care_team.client_lead.role": "nurse",
    }
    two = {
        "health.limiting_illnesses[i-1].diagnosed_by.user": "HVIRTA",
        "health.limiting_illnesses[i-1].diagnosed_by.party": "lrha-health",
        "health.limiting_illnesses[i-1].diagnosed_by.role": "physician",
    }
    found = found_in(one, two)
    assert set(found) == {("Practitioner", HELMI), ("PractitionerRole", HELMI)}
    role = found["PractitionerRole", HELMI]
    assert [codes(each)[0] for each in role["code"]] == ["nurse", "physician"]
    assert {s["code"] for s in role["meta"]["security"]} == {"admin.case", "health.diagnoses"}


def test_a_user_code_counts_within_its_party_and_a_name_only_without_a_code():
    ids = {
        worker_id(party="lrha-health", user="HVIRTA", name="Helmi Virta"),
        worker_id(party="kela", user="HVIRTA", name="Helmi Virta"),
        worker_id(party="lrha-health", user=None, name="Helmi Virta"),
        worker_id(party="lrha-health", user=None, name="HVIRTA"),
        worker_id(party=None, user=None, name="Helmi Virta"),
    }
    assert len(ids) == 5
    assert worker_id(party="ab", user="c", name=None) != worker_id(party="a", user="bc", name=None)
    assert HELMI in ids


@pytest.mark.parametrize("member", ["role", "party"])
def test_a_role_or_a_party_alone_is_nobody(member):
    assert found_in({f"care_team.own_worker.{member}": "nurse" if member == "role" else "kela"}) == {}


def test_a_worker_of_a_party_that_the_directory_does_not_know_is_of_the_register_that_names_it():
    leaves = {"care_team.own_worker.name": "Maija Kivi", "care_team.own_worker.party": "elsewhere"}
    found = practitioners([named(leaves, "social")], directory=DIRECTORY, on=TODAY)
    (role,) = [d for (kind, _), d in found.items() if kind == "PractitionerRole"]
    reads(role)
    assert role["organization"]["identifier"]["value"] == "elsewhere"
    assert [tag["code"] for tag in role["meta"]["tag"]] == ["social"]


def test_what_is_not_seen_names_nobody():
    whole = leaves_of(a_plan())
    narrow = {path: value for path, value in whole.items() if not path.startswith("care_team.")}
    assert found_in(whole)
    assert found_in(narrow) == {}


def test_every_worker_of_a_full_plan_is_read_by_fhir():
    found = found_in(leaves_of(rich_plan()))
    assert len(found) > 10
    for document in found.values():
        reads(document)


@given(plans(wild=True))
def test_whatever_a_plan_holds_its_workers_are_read_by_fhir(plan):
    for document in found_in(leaves_of(plan)).values():
        reads(document)

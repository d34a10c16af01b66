"""What other people's clients do to a resource that they read, and what comes of it in the plan."""

import copy
from datetime import date

import pytest

from tyokyky_bridge.domain.items import leaves_to_json
from tyokyky_bridge.domain.plan.text import normalise_text
from tyokyky_bridge.fhir.lens.reading import differences, read_back
from tyokyky_bridge.fhir.lens.surplus import surplus
from tyokyky_bridge.fhir.wire.issues import Document, Invalid
from worlds.fhir_sheets import drawn, one, rich, seen_at, taken

PLAN = {
    "header.plan_id": "6f0c2a3e-0000-4000-8000-0000000000a1",
    "header.status": "under_revision",
    "client.client_id": "6f0c2a3e-0000-4000-8000-0000000000c1",
    "client.family_name": "Esimerkki",
    "client.given_names": "Tuulikki Anna-Maija",
    "client.birth_date": date(1985, 3, 12),
    "client.hetu[h-1].value": "120385-921T",
    "client.hetu[h-1].kind": "official",
    "client.telecom[t-1].system": "phone",
    "client.telecom[t-1].value": "+358 40 000 0000",
    "client.telecom[t-2].system": "email",
    "client.telecom[t-2].value": "tuulikki@example.invalid",
    "client.contact_language": "fi",
    "goals[g-1].text_client": "Haluan osa-aikatyöhön.",
    "goals[g-1].status": "partly_achieved",
    "goals[g-1].achievement.code": "changed",
    "goals[g-1].due": "2026-05",
    "care_team.coordinator.party": "lrha-health",
    "care_team.coordinator.worker.name": "Helmi Virta",
    "care_team.coordinator.worker.user": "HVIRTA",
    "competence.driving_licence[b]": "b",
}


def edited(resource_type: str) -> Document:
    return copy.deepcopy(one(PLAN, resource_type))


def changes(document: Document) -> dict[str, object]:
    read, issues = taken(document, PLAN)
    assert issues == ()
    return differences(seen_at(read, PLAN), read.leaves)


def complaints(document: Document) -> list[str | None]:
    return [issue.expression for issue in taken(document, PLAN)[1]]


def refusal(document: Document) -> list[tuple[str, str | None]]:
    with pytest.raises(Invalid) as refused:
        read_back(document, plan_id=str(PLAN["header.plan_id"]))
    return [(issue.code, issue.expression) for issue in refused.value.issues]


def test_a_new_text_of_a_goal_changes_the_text_and_keeps_the_exact_status():
    goal = edited("Goal")
    goal["description"]["text"] = "Haluan kokoaikatyöhön."
    assert changes(goal) == {"goals[g-1].text_client": "Haluan kokoaikatyöhön."}


def test_a_status_that_fhir_calls_otherwise_is_read_by_what_was_edited():
    goal = edited("Goal")
    assert goal["lifecycleStatus"] == "completed"
    goal["lifecycleStatus"] = "on-hold"
    assert changes(goal) == {"goals[g-1].status": "on_hold"}


def test_an_achievement_that_fhir_has_no_word_for_stays_until_one_is_given():
    goal = edited("Goal")
    assert "achievementStatus" not in goal
    assert changes(goal) == {}
    goal["achievementStatus"] = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/goal-achievement", "code": "achieved"}]
    }
    assert changes(goal) == {"goals[g-1].achievement.code": "achieved"}


def test_the_exact_code_can_be_edited_together_with_what_is_shown_of_it():
    goal = edited("Goal")
    status = next(each for each in goal["extension"] if each["url"].endswith("/goals-status"))
    status["valueCoding"]["code"] = "not_achieved"
    assert changes(goal) == {"goals[g-1].status": "not_achieved"}


def test_a_status_without_a_counterpart_is_refused_by_name():
    plan = edited("CarePlan")
    plan["status"] = "on-hold"
    assert refusal(plan) == [("code-invalid", "CarePlan.status")]


def test_a_stranger_needs_no_extension_to_set_a_status():
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Työhön."}}
    read = read_back(goal, plan_id=str(PLAN["header.plan_id"]))
    assert read.element_id is not None
    assert read.leaves == {f"{read.anchor}.text_client": "Työhön.", f"{read.anchor}.status": "active"}
    again = read_back(goal, plan_id=str(PLAN["header.plan_id"]))
    assert again.anchor == read.anchor, "the same body sent twice is the same element"


def test_entries_without_ids_are_told_by_their_content():
    patient = edited("Patient")
    patient["telecom"] = [
        {"system": "sms", "value": "+358 50 000 0000"},
        {"system": "email", "value": "tuulikki@example.invalid"},
    ]
    found = changes(patient)
    assert {path for path, value in found.items() if value is None} == {
        "client.telecom[t-1].system",
        "client.telecom[t-1].value",
    }
    assert sorted(str(value) for value in found.values() if value is not None) == ["+358 50 000 0000", "sms"]
    assert not any(path.startswith("client.telecom[t-2]") for path in found)


def test_two_new_entries_alike_are_two_elements():
    patient = edited("Patient")
    entry = {"system": "phone", "value": "+358 9 000 000"}
    patient["telecom"] += [dict(entry), dict(entry)]
    assert sum(value == "+358 9 000 000" for value in changes(patient).values()) == 2


def test_an_id_given_by_a_stranger_becomes_the_id_of_the_element():
    patient = edited("Patient")
    patient["telecom"].append({"id": "mobile", "system": "phone", "value": "1"})
    assert changes(patient) == {
        "client.telecom[mobile].system": "phone",
        "client.telecom[mobile].value": "1",
    }


def test_two_entries_with_one_id_are_refused():
    patient = edited("Patient")
    patient["telecom"].append({**patient["telecom"][0], "value": "2"})
    assert refusal(patient) == [("value", "Patient.telecom[2]")]


@pytest.mark.parametrize("names", ["Anna", "Anna Maria", " Anna", "Anna  Maria", "Anna\u00a0Maria"])
def test_given_names_are_split_at_blanks_and_come_back_exactly(names):
    leaves = {**PLAN, "client.given_names": names}
    patient = one(leaves, "Patient")
    assert all(patient["name"][0]["given"])
    read = read_back(patient, plan_id=str(PLAN["header.plan_id"]))
    assert read.leaves["client.given_names"] == names


def test_a_new_family_name_needs_no_new_display_text():
    patient = edited("Patient")
    patient["name"][0]["family"] = "Uusi"
    read, _ = taken(patient, PLAN)
    assert differences(seen_at(read, PLAN), read.leaves) == {"client.family_name": "Uusi"}
    assert complaints(patient) == []


def test_a_name_and_a_personal_identity_code_need_no_use():
    patient = edited("Patient")
    del patient["name"][0]["use"]
    del patient["identifier"][1]["use"]
    assert changes(patient) == {}


def test_a_former_personal_identity_code_is_not_the_official_one():
    leaves = {**PLAN, "client.hetu[h-2].value": "120385Y921T", "client.hetu[h-2].kind": "former"}
    found = {each["value"]: each for each in one(leaves, "Patient")["identifier"]}
    assert found["120385-921T"]["use"] == "official"
    assert found["120385Y921T"]["use"] == "old"
    assert all(found[hetu]["system"] == "urn:oid:1.2.246.21" for hetu in ("120385-921T", "120385Y921T"))
    assert found[PLAN["client.client_id"]]["use"] == "usual", "the slice of the base profile goes by use"


def test_a_coordinator_without_an_entry_id_is_known_by_the_role():
    team = edited("CareTeam")
    participant = next(each for each in team["participant"] if each.get("id") == "coordinator")
    del participant["id"]
    assert changes(team) == {}
    participant["onBehalfOf"]["reference"] = "Organization/kela"
    assert changes(team) == {"care_team.coordinator.party": "kela"}


def test_a_member_of_the_network_is_a_participant_without_one_of_our_roles():
    team = edited("CareTeam")
    team["participant"].append({"onBehalfOf": {"reference": "Organization/satamapaja"}})
    (path,) = changes(team)
    assert path.startswith("network.members[n-")
    assert path.endswith("].organization.party")


def test_a_code_of_a_set_is_added_and_removed_by_itself():
    plan = edited("CarePlan")
    licence = next(each for each in plan["extension"] if each["url"].endswith("driving-licence"))
    licence["valueCoding"]["code"] = "c"
    assert changes(plan) == {"competence.driving_licence[b]": None, "competence.driving_licence[c]": "c"}


def test_a_moment_may_be_written_with_another_offset():
    leaves = {**PLAN, **{p: v for p, v in rich().items() if p == "header.created_at"}}
    plan = one(leaves, "CarePlan")
    plan["created"] = plan["created"].replace("Z", "+00:00")
    read, issues = taken(plan, leaves)
    assert issues == ()
    assert differences(seen_at(read, leaves), read.leaves) == {}


@pytest.mark.parametrize(
    ("resource_type", "extra", "expression"),
    [
        ("Patient", {"deceasedBoolean": False}, "Patient.deceasedBoolean"),
        (
            "Patient",
            {"_birthDate": {"extension": [{"url": "urn:x", "valueTime": "10:00:00"}]}},
            "Patient._birthDate",
        ),
        ("Goal", {"statusReason": "moved"}, "Goal.statusReason"),
        ("Goal", {"extension": [{"url": "urn:x", "valueString": "y"}]}, "Goal.extension[0]"),
        ("CarePlan", {"description": "x"}, "CarePlan.description"),
        ("CarePlan", {"intent": "order"}, "CarePlan.intent"),
        ("CarePlan", {"goal": [{"reference": "Goal/somebody-elses"}]}, "CarePlan.goal[0]"),
        ("CarePlan", {"activity": [{"detail": {"status": "scheduled"}}]}, "CarePlan.activity[0]"),
        ("CarePlan", {"contained": [{"resourceType": "Goal"}]}, "CarePlan.contained"),
        ("CarePlan", {"implicitRules": "urn:x"}, "CarePlan.implicitRules"),
        ("Goal", {"subject": {"reference": "Patient/somebody-else"}}, "Goal.subject.reference"),
        (
            "EpisodeOfCare",
            {"diagnosis": [{"condition": {"reference": "Condition/1"}}]},
            "EpisodeOfCare.diagnosis",
        ),
    ],
)
def test_what_the_plan_has_no_place_for_is_named_and_not_dropped(resource_type, extra, expression):
    leaves = {**PLAN, "header.case_id": "6f0c2a3e-0000-4000-8000-0000000000e1"}
    document = {**one(leaves, resource_type), **extra}
    assert [issue.expression for issue in taken(document, leaves)[1]] == [expression]


def test_one_member_too_many_in_an_entry_is_named_down_to_the_member():
    patient = edited("Patient")
    patient["telecom"][1]["rank"] = 1
    assert complaints(patient) == ["Patient.telecom[1].rank"]


def test_a_narrative_that_somebody_wrote_is_surplus_and_a_generated_one_is_not():
    goal = edited("Goal")
    goal["text"] = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
    assert complaints(goal) == []
    goal["text"]["status"] = "additional"
    assert complaints(goal) == ["Goal.text"]


def test_references_between_resources_of_the_same_plan_are_welcome():
    plan = edited("CarePlan")
    plan["goal"] = [
        {"reference": f"{one(PLAN, 'Goal')['resourceType']}/{one(PLAN, 'Goal')['id']}", "display": "x"}
    ]
    plan["careTeam"] = [{"reference": f"CareTeam/{PLAN['header.plan_id']}"}]
    assert changes(plan) == {}


@pytest.mark.parametrize(
    ("resource_type", "change", "expected"),
    [
        ("Patient", {"birthDate": "1985"}, [("value", "Patient.birthDate")]),
        ("Patient", {"birthDate": 1985}, [("value", "Patient.birthDate")]),
        ("Patient", {"telecom": {}}, [("structure", "Patient.telecom")]),
        ("Patient", {"telecom": ["x"]}, [("structure", "Patient.telecom[0]")]),
        ("Goal", {"description": "x"}, [("structure", "Goal.description")]),
        ("Goal", {"lifecycleStatus": "planned"}, [("code-invalid", "Goal.lifecycleStatus")]),
        (
            "CareTeam",
            {"managingOrganization": [{"reference": "Patient/1"}]},
            [("value", "CareTeam.managingOrganization[0].reference")],
        ),
        ("Observation-less", {}, [("not-supported", None)]),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_by_its_element(resource_type, change, expected):
    base = edited(resource_type) if "-" not in resource_type else {"resourceType": resource_type}
    assert refusal({**base, **change}) == expected


def test_a_refusal_says_nothing_of_the_value():
    with pytest.raises(Invalid) as refused:
        read_back({**edited("Patient"), "birthDate": "120385-921T"}, plan_id=str(PLAN["header.plan_id"]))
    assert "921T" not in str(refused.value)


def test_a_period_that_ends_before_it_begins_is_no_period_to_fhir_and_comes_back_all_the_same():
    leaves = {
        **PLAN,
        "network.members[m-1].period.start": date(2026, 3, 1),
        "network.members[m-1].period.end": date(2026, 2, 1),
    }
    team = one(leaves, "CareTeam")
    (shown,) = [each["period"] for each in team["participant"] if "period" in each]
    assert "end" not in shown
    read, issues = taken(team, leaves)
    assert issues == ()
    assert read.leaves["network.members[m-1].period.end"] == "2026-02-01"


def test_reading_is_undisturbed_by_what_it_is_given_to_compare_with():
    for seed in range(20):
        leaves = drawn(seed)
        for resource_type in ("Patient", "CarePlan"):
            document = one(leaves, resource_type)
            kept = copy.deepcopy(document)
            read_back(document, plan_id=str(leaves["header.plan_id"]), before=leaves_to_json(leaves))
            assert document == kept


@pytest.mark.parametrize("text", ["Haluan työhön. \r\nPian.", "Haluan tyo\u0308ho\u0308n.\nPian.\n"])
def test_a_text_may_come_in_another_form_than_the_plan_keeps(text):
    sent = {**edited("Goal"), "description": {"text": text}}
    kept = one({**PLAN, "goals[g-1].text_client": normalise_text(text)}, "Goal")
    assert kept["description"]["text"] != text
    assert surplus(sent, kept, plan_id=str(PLAN["header.plan_id"])) == ()
    assert surplus({**sent, "description": {"text": "x"}}, kept, plan_id=str(PLAN["header.plan_id"])) != ()

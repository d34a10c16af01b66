"""Scores and assessments as Observations."""

from datetime import date
from decimal import Decimal

import pytest

from worlds.fhir_units import CLIENT, anchor_of, codes, comes_to, concept, shown

BDI = {
    "scores[b-1].instrument": "bdi_ii",
    "scores[b-1].value": Decimal(18),
    "scores[b-1].effective_on": date(2026, 2, 10),
    "scores[b-1].band": "mild",
    "scores[b-1].mode": "interview",
    "scores[b-1].collected_by.party": "lrha-health",
}
B4 = {
    "scores[s-1].instrument": "kykyviisari_b4",
    "scores[s-1].value": Decimal(0),
    "scores[s-1].collected_by.party": "meriniemi-employment",
}
ASSESSED = {
    "assessments[a-1].kind": "physician",
    "assessments[a-1].status": "completed",
    "assessments[a-1].conclusion": "Osa-aikatyö mahdollinen.",
    "assessments[a-1].period.start": date(2026, 2, 1),
    "assessments[a-1].period.end": date(2026, 2, 10),
    "assessments[a-1].performers[p-1].user": "MKIVI",
    "assessments[a-1].performers[p-1].party": "lrha-health",
}
STRANGER = {
    "resourceType": "Observation",
    "status": "final",
    "subject": CLIENT,
    "effectiveDateTime": "2026-03-01",
}


def test_a_score_is_a_survey_with_a_quantity_and_both_codes():
    score = shown("sc-b-1", BDI)
    assert [codes(each) for each in score["category"]] == [["survey"]]
    assert [(c["system"].rpartition("/")[2], c["code"]) for c in score["code"]["coding"]] == [
        ("instrument", "bdi_ii"),
        ("loinc.org", "89209-1"),
    ]
    assert score["valueQuantity"] == {
        "value": 18,
        "unit": "score",
        "system": "http://unitsofmeasure.org",
        "code": "{score}",
    }
    assert score["effectiveDateTime"] == "2026-02-10"
    assert codes(score["method"]) == ["interview"]
    assert [codes(each) for each in score["interpretation"]] == [["mild"]]
    assert score["subject"] == CLIENT


def test_a_self_assessment_is_observed_by_the_client_and_kept_by_the_collector():
    references = [each["reference"] for each in shown("sc-s-1", B4)["performer"]]
    assert references == [CLIENT["reference"], "Organization/meriniemi-employment"]
    assert [each["reference"] for each in shown("sc-b-1", BDI)["performer"]] == ["Organization/lrha-health"]


def test_zero_is_a_score_like_any_other():
    assert shown("sc-s-1", B4)["valueQuantity"]["value"] == 0


@pytest.mark.parametrize("value", ["6.5", "0.000001", "10"])
def test_a_score_keeps_its_decimals(value):
    items = {"scores[s-1].instrument": "work_ability_line", "scores[s-1].value": Decimal(value)}
    score = shown("sc-s-1", items)
    assert Decimal(str(score["valueQuantity"]["value"])) == Decimal(value)
    assert comes_to(score, items) == {}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("declined", "asked-declined"),
        ("language_barrier", "not-performed"),
        ("not_asked", "not-asked"),
        ("not_applicable", "not-applicable"),
    ],
)
def test_a_score_that_is_not_there_says_why_in_the_words_of_fhir(reason, said):
    items = {"scores[s-1].instrument": "kykyviisari_b4", "scores[s-1].absent_reason": reason}
    score = shown("sc-s-1", items)
    assert codes(score["dataAbsentReason"]) == [said]
    assert comes_to(score, items) == {}


def test_a_reason_beside_a_value_does_not_break_the_invariant():
    items = {**B4, "scores[s-1].absent_reason": "declined"}
    score = shown("sc-s-1", items)
    assert "dataAbsentReason" not in score
    assert comes_to(score, items) == {}


def test_an_editor_who_changes_the_reason_or_gives_a_value_needs_not_know_the_extension():
    items = {"scores[s-1].instrument": "kykyviisari_b4", "scores[s-1].absent_reason": "declined"}
    score = shown("sc-s-1", items)
    dar = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    other = {**score, "dataAbsentReason": {"coding": [{"system": dar, "code": "not-asked"}]}}
    assert comes_to(other, items) == {"absent_reason": "not_asked"}
    without = {name: value for name, value in score.items() if name != "dataAbsentReason"}
    assert comes_to(without, items) == {"absent_reason": None}


def test_a_hidden_instrument_is_masked():
    score = shown("sc-b-1", BDI, hidden=("scores[b-1].instrument",), withheld=True)
    assert score["code"]["extension"][0]["valueCode"] == "masked"


def test_a_stranger_sends_a_score_by_its_loinc_code_alone():
    body = {
        **STRANGER,
        "code": {"coding": [{"system": "http://loinc.org", "code": "75624-7"}]},
        "valueQuantity": {"value": 6},
    }
    assert comes_to(body) == {"instrument": "audit", "value": "6", "effective_on": "2026-03-01"}


def test_a_stranger_sends_a_whole_number_and_an_organization_without_its_type():
    body = {
        **STRANGER,
        "code": concept("instrument", "kykyviisari_b4"),
        "valueInteger": 7,
        "performer": [CLIENT, {"reference": "Organization/kela"}],
    }
    assert comes_to(body) == {
        "instrument": "kykyviisari_b4",
        "value": "7",
        "effective_on": "2026-03-01",
        "collected_by.party": "kela",
    }


def test_a_stranger_tells_that_the_question_was_declined():
    dar = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "asked-declined"}
    body = {**STRANGER, "code": concept("instrument", "audit"), "dataAbsentReason": {"coding": [dar]}}
    assert comes_to(body)["absent_reason"] == "declined"


def test_an_assessment_is_an_exam_with_its_conclusion_as_the_value():
    found = shown("as-a-1", ASSESSED)
    assert [codes(each) for each in found["category"]] == [["exam"]]
    assert codes(found["code"]) == ["physician"]
    assert (found["status"], found["valueString"]) == ("final", "Osa-aikatyö mahdollinen.")
    assert found["effectivePeriod"] == {"start": "2026-02-01", "end": "2026-02-10"}
    assert [each["identifier"]["value"] for each in found["performer"]] == ["MKIVI"]


def test_an_assessment_by_the_client_is_a_survey_by_the_client():
    found = shown("as-a-1", {**ASSESSED, "assessments[a-1].kind": "self"})
    assert [codes(each) for each in found["category"]] == [["survey"]]
    assert found["performer"][0] == CLIENT
    assert comes_to(found, {**ASSESSED, "assessments[a-1].kind": "self"}) == {}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("planned", "registered"),
        ("ongoing", "preliminary"),
        ("completed", "final"),
        ("interrupted", "cancelled"),
        ("cancelled", "cancelled"),
    ],
)
def test_the_state_of_an_assessment_is_shown_and_kept(ours, theirs):
    items = {**ASSESSED, "assessments[a-1].status": ours}
    found = shown("as-a-1", items)
    assert found["status"] == theirs
    assert comes_to(found, items) == {}
    assert comes_to({**found, "status": "preliminary"}, items) == (
        {} if ours == "ongoing" else {"status": "ongoing"}
    )


def test_an_assessment_of_which_state_and_kind_are_hidden_is_still_acceptable():
    found = shown(
        "as-a-1", ASSESSED, hidden=("assessments[a-1].status", "assessments[a-1].kind"), withheld=True
    )
    assert found["_status"]["extension"][0]["valueCode"] == "masked"


@pytest.mark.parametrize(
    ("body", "anchor"),
    [
        ({"code": concept("instrument", "bdi_ii")}, "scores[]"),
        ({"code": concept("assessment-kind", "health_check")}, "assessments[]"),
        ({"code": concept("benefit-type", "study_grant")}, "benefits[]"),
        ({"code": concept("labour-market-status", "sick_leave")}, "measures.sick_leaves[]"),
        ({"valueCodeableConcept": concept("pension-decision", "applied")}, "measures.pension_applications[]"),
    ],
)
def test_a_new_observation_goes_where_its_code_belongs(body, anchor):
    assert anchor_of({**STRANGER, **body}) == anchor


@pytest.mark.parametrize(
    ("slug", "anchor"),
    [
        ("observation-rehabilitation-subsidy", "measures.rehabilitation_subsidy[]"),
        ("observation-pension-application", "measures.pension_applications[]"),
        ("observation-assessment", "assessments[]"),
    ],
)
def test_a_new_observation_may_name_its_profile_instead(slug, anchor):
    profile = f"https://tyokyky-bridge.example/fhir/StructureDefinition/{slug}"
    body = {**STRANGER, "meta": {"profile": [profile]}, "code": {"text": "x"}}
    assert anchor_of(body) == anchor

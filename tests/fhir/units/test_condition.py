"""Limiting illnesses as Conditions."""

import pytest

from worlds.fhir_units import CLIENT, codes, comes_to, shown

AT = "health.limiting_illnesses[i-1]"
ILLNESS = {
    f"{AT}.text": "Selkäkipu",
    f"{AT}.icd10": "M54.5",
    f"{AT}.diagnosed_on": "2024-11",
    f"{AT}.diagnosed_by.user": "MKIVI",
    f"{AT}.diagnosed_by.party": "lrha-health",
}
ICD10 = "http://hl7.org/fhir/sid/icd-10"


def test_an_illness_has_its_icd_10_code_the_words_and_who_found_it():
    found = shown("il-i-1", ILLNESS)
    assert found["code"]["coding"] == [{"system": ICD10, "code": "M54.5"}]
    assert found["code"]["text"] == "Selkäkipu"
    assert found["asserter"]["identifier"]["value"] == "MKIVI"
    assert [each["code"] for each in found["meta"]["security"]] == ["health.diagnoses"]


@pytest.mark.parametrize("day", ["2024", "2024-11", "2024-11-05"])
def test_a_day_known_only_in_part_stays_so(day):
    items = {**ILLNESS, f"{AT}.diagnosed_on": day}
    found = shown("il-i-1", items)
    assert found["recordedDate"] == day
    assert comes_to(found, items) == {}


def test_nothing_is_claimed_that_the_plan_does_not_say():
    found = shown("il-i-1", ILLNESS)
    assert not {"clinicalStatus", "verificationStatus", "category", "onsetDateTime"} & found.keys()


def test_a_stranger_tells_an_illness_by_its_code():
    body = {
        "resourceType": "Condition",
        "subject": CLIENT,
        "code": {"coding": [{"system": ICD10, "code": "F32.1"}], "text": "Masennus"},
    }
    assert comes_to(body) == {"icd10": "F32.1", "text": "Masennus"}


def test_an_illness_of_which_the_code_is_hidden_has_a_masked_code():
    found = shown("il-i-1", ILLNESS, hidden=(f"{AT}.icd10", f"{AT}.text"), withheld=True)
    assert found["code"]["extension"][0]["valueCode"] == "masked"
    assert codes(shown("il-i-1", ILLNESS)["code"]) == ["M54.5"]

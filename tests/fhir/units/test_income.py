"""Benefits, sick leaves, subsidies and pension applications as Observations."""

from datetime import date

from worlds.fhir_units import CLIENT, codes, comes_to, concept, shown

BENEFIT = {
    "benefits[b-1].type": "sickness_allowance",
    "benefits[b-1].status": "ending",
    "benefits[b-1].payer": "kela",
    "benefits[b-1].period.start": date(2025, 9, 1),
    "benefits[b-1].max_end": date(2026, 8, 31),
    "benefits[b-1].expected_transition.to_type": "labour_market_subsidy",
    "benefits[b-1].expected_transition.on": date(2026, 9, 1),
}
STRANGER = {"resourceType": "Observation", "status": "final", "subject": CLIENT}


def components(observation):
    """What each component tells."""
    return {
        codes(each["code"])[0]: each.get("valueDateTime") or codes(each["valueCodeableConcept"])[0]
        for each in observation["component"]
    }


def test_a_benefit_tells_its_state_payer_and_what_comes_after():
    found = shown("be-b-1", BENEFIT)
    assert [codes(each) for each in found["category"]] == [["social-history"]]
    assert codes(found["code"]) == ["sickness_allowance"]
    assert codes(found["valueCodeableConcept"]) == ["ending"]
    assert found["effectivePeriod"] == {"start": "2025-09-01"}
    assert components(found) == {
        "payer": "kela",
        "max-end": "2026-08-31",
        "expected-transition": "labour_market_subsidy",
    }


def test_a_stranger_names_components_by_their_codes_alone():
    body = {
        **STRANGER,
        "code": concept("benefit-type", "housing_allowance"),
        "component": [
            {"code": concept("benefit-component", "max-end"), "valueDateTime": "2026-12-31"},
            {
                "code": concept("benefit-component", "payer"),
                "valueCodeableConcept": concept("payer", "social_welfare"),
            },
        ],
    }
    assert comes_to(body) == {"type": "housing_allowance", "max_end": "2026-12-31", "payer": "social_welfare"}


def test_a_sick_leave_is_a_time_with_its_ground():
    items = {
        "measures.sick_leaves[l-1].period.start": date(2026, 1, 1),
        "measures.sick_leaves[l-1].period.end": date(2026, 1, 31),
        "measures.sick_leaves[l-1].basis_text": "Selkä",
    }
    found = shown("sl-l-1", items)
    assert codes(found["code"]) == ["sick_leave"]
    assert found["effectivePeriod"] == {"start": "2026-01-01", "end": "2026-01-31"}
    assert found["valueString"] == "Selkä"
    assert {each["code"] for each in found["meta"]["security"]} == {"benefits.status", "health.functioning"}


def test_a_rehabilitation_subsidy_tells_its_payer():
    items = {
        "measures.rehabilitation_subsidy[r-1].payer": "pension_provider",
        "measures.rehabilitation_subsidy[r-1].period.start": date(2026, 1, 1),
    }
    found = shown("rs-r-1", items)
    assert codes(found["code"]) == ["rehabilitation_subsidy"]
    assert components(found) == {"payer": "pension_provider"}


def test_a_pension_application_tells_its_decision():
    at = "measures.pension_applications[p-1]"
    items = {
        f"{at}.pension_type": "työkyvyttömyyseläke",
        f"{at}.insurer": "Esimerkkivakuutus",
        f"{at}.applied_on": date(2025, 10, 1),
        f"{at}.decision": "rejected",
        f"{at}.rejection_reason": "Työkyky ei ole alentunut riittävästi.",
    }
    found = shown("pa-p-1", items)
    assert found["code"] == {"text": "työkyvyttömyyseläke"}
    assert codes(found["valueCodeableConcept"]) == ["rejected"]
    assert found["effectiveDateTime"] == "2025-10-01"
    assert found["performer"] == [{"type": "Organization", "display": "Esimerkkivakuutus"}]
    assert found["note"] == [{"text": "Työkyky ei ole alentunut riittävästi."}]
    hidden = shown("pa-p-1", items, hidden=(f"{at}.pension_type",), withheld=True)
    assert hidden["code"]["extension"][0]["valueCode"] == "masked"

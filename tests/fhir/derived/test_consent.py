"""A form as Consents, one for each direction."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tyokyky_bridge.domain.consent import ConsentStatus, Withdrawal
from tyokyky_bridge.fhir.derived.consent import Standing, consent_id, consents
from worlds.fhir_oracle import codes, reads
from worlds.parties import (
    DIRECTORY,
    EMPLOYMENT,
    HEALTH,
    KELA,
    NOW,
    SOCIAL,
    TUULIKKI,
    form,
    mutual,
    one_way,
    oral_once,
)

TODAY = Standing(NOW, DIRECTORY)
WITHDRAWAL = {"at": NOW, "recorded_at": NOW, "received_by_party": HEALTH}


def only(consent, standing=TODAY):
    """The one direction of a form with one grant."""
    (document,) = consents(consent, standing).values()
    reads(document)
    return document


def reason(document):
    """Why the consent has ended."""
    return [e["valueCoding"]["code"] for e in document.get("extension", [])]


def test_a_mutual_form_becomes_one_consent_for_each_direction_under_one_identifier():
    found = consents(mutual(HEALTH, EMPLOYMENT, KELA, categories=("plan.goals",)), TODAY)
    assert len(found) == 6
    assert {d["identifier"][0]["value"] for d in found.values()} == {"00000000-0000-0000-0000-00000000c001"}
    assert ("Consent", "0000000000000000000000000000c001.kela-to-lrha-health") in found
    for document in found.values():
        reads(document)


def test_a_direction_reads_as_in_the_domain_report():
    document = only(
        one_way(
            HEALTH,
            EMPLOYMENT,
            "plan.goals",
            "self.b4",
            grant={"data_from": "2025-01-01"},
            restrictions=[{"category": "self.b4"}],
        )
    )
    assert document["status"] == "active"
    assert [codes(each) for each in document["category"]] == [["IDSCL"], ["y100-written"]]
    assert codes(document["scope"]) == ["patient-privacy"]
    assert codes(document["policyRule"]) == ["default-deny"]
    assert document["patient"] == {"reference": f"Patient/{TUULIKKI}"}
    assert document["performer"] == [document["patient"]]
    assert [o["reference"] for o in document["organization"]] == [
        "Organization/lrha-health",
        "Organization/meriniemi-employment",
    ]
    assert [tag["code"] for tag in document["meta"]["tag"]] == ["health"]
    root = document["provision"]
    assert (root["type"], root["period"]) == ("deny", {"start": "2026-01-01", "end": "2026-12-31"})
    (permit,) = root["provision"]
    assert permit["type"] == "permit"
    assert [(codes(a["role"]), a["reference"]["reference"]) for a in permit["actor"]] == [
        (["discloser"], "Organization/lrha-health"),
        (["IRCP"], "Organization/meriniemi-employment"),
    ]
    assert [codes(each) for each in permit["action"]] == [["disclose"]]
    assert [label["code"] for label in permit["securityLabel"]] == ["plan.goals", "self.b4"]
    assert [purpose["code"] for purpose in permit["purpose"]] == ["work_ability_support"]
    assert permit["dataPeriod"] == {"start": "2025-01-01"}
    (denial,) = permit["provision"]
    assert denial["type"] == "deny"
    assert [label["code"] for label in denial["securityLabel"]] == ["self.b4"]


def test_the_signed_form_is_contained_without_its_content():
    document = only(one_way(HEALTH, EMPLOYMENT, "plan.goals"))
    (evidence,) = document["contained"]
    assert document["sourceReference"] == {"reference": f"#{evidence['id']}"}
    attachment = evidence["content"][0]["attachment"]
    assert attachment["extension"][0]["valueString"] == "0" * 64
    assert "data" not in attachment
    assert "hash" not in attachment
    spoken = only(oral_once(HEALTH, EMPLOYMENT, "plan.goals"))
    assert "contained" not in spoken
    assert "sourceReference" not in spoken


@pytest.mark.parametrize(
    ("status", "members", "expected", "why"),
    [
        ("active", {}, "active", []),
        ("draft", {}, "draft", []),
        ("entered_in_error", {}, "entered-in-error", []),
        ("superseded", {}, "inactive", ["superseded"]),
        ("withdrawn", {"withdrawn": WITHDRAWAL}, "inactive", ["withdrawn"]),
        ("expired", {}, "inactive", ["expired"]),
        ("active", {"valid_until": "2026-03-01"}, "inactive", ["expired"]),
        ("active", {"valid_until": "2026-03-02"}, "active", []),
    ],
)
def test_only_a_form_that_counts_is_active_and_one_that_ended_says_why(status, members, expected, why):
    document = only(one_way(HEALTH, EMPLOYMENT, "plan.goals", status=status, **members))
    assert (document["status"], reason(document)) == (expected, why)


def test_withdrawing_and_replacing_end_every_direction():
    signed = mutual(HEALTH, EMPLOYMENT, categories=("plan.goals",))
    for ended in (signed.superseded(), signed.withdraw(Withdrawal.model_validate(WITHDRAWAL))):
        assert [d["status"] for d in consents(ended, TODAY).values()] == ["inactive", "inactive"]


def test_a_spoken_consent_that_was_used_and_a_form_of_a_cooperation_that_is_over_have_expired():
    spoken = oral_once(HEALTH, EMPLOYMENT, "plan.goals")
    assert only(spoken)["status"] == "active"
    assert reason(only(spoken, replace(TODAY, oral_used=True))) == ["expired"]
    lasting = one_way(HEALTH, EMPLOYMENT, "plan.goals", valid_until=None)
    assert only(lasting)["status"] == "active"
    assert reason(only(lasting, replace(TODAY, cooperation_ended_on=date(2026, 3, 1)))) == ["expired"]
    assert only(lasting, replace(TODAY, cooperation_ended_on=date(2026, 3, 2)))["status"] == "active"


def test_a_form_without_a_last_day_ends_with_its_year_and_a_confirmation_renews_it():
    lasting = one_way(HEALTH, EMPLOYMENT, "plan.goals", valid_until=None)
    assert only(lasting)["provision"]["period"]["end"] == "2026-12-31"
    later = replace(TODAY, at=NOW + timedelta(days=365))
    assert reason(only(lasting, later)) == ["expired"]
    renewed = only(lasting.confirm(date(2026, 12, 1)), later)
    assert renewed["provision"]["period"]["end"] == "2027-11-30"
    assert [v["verificationDate"] for v in renewed["verification"]][1:] == ["2026-12-01"]


def test_a_party_gets_the_directions_that_it_is_on_and_the_one_who_took_the_form_all():
    signed = mutual(HEALTH, SOCIAL, KELA, categories=("plan.goals",))
    assert len(consents(signed, TODAY, party=KELA)) == 4
    assert len(consents(signed, TODAY, party=EMPLOYMENT)) == 6
    assert len(consents(signed, TODAY)) == 6
    assert consents(signed, TODAY, party="jarvialue-health") == {}


def test_a_denial_for_one_recipient_stands_in_its_directions_alone():
    signed = mutual(
        HEALTH,
        KELA,
        categories=("plan.goals",),
        restrictions=[{"recipient": KELA, "item": "goals[g-1]"}, {"category": "social.finance"}],
    )
    directions = {
        d["id"].partition(".")[2]: d["provision"]["provision"][0] for d in consents(signed, TODAY).values()
    }
    assert "provision" not in directions["kela-to-lrha-health"]
    (denial,) = directions["lrha-health-to-kela"]["provision"]
    assert denial["data"][0]["reference"]["identifier"]["value"] == "goals[g-1]"


def test_a_denial_that_names_a_recipient_alone_denies_the_whole_permission():
    document = only(one_way(HEALTH, KELA, "plan.goals", restrictions=[{"recipient": KELA}]))
    assert document["provision"]["provision"][0]["provision"] == [{"type": "deny"}]


def test_services_and_a_narrower_period_narrow_the_permission():
    document = only(
        one_way(
            HEALTH,
            KELA,
            "plan.services",
            grant={"services": ("s-1", "physiotherapy"), "period": {"end": "2026-06-30"}},
        )
    )
    (permit,) = document["provision"]["provision"]
    assert permit["period"] == {"start": "2026-01-01", "end": "2026-06-30"}
    assert [codes(each) for each in permit["code"]] == [["physiotherapy"]]
    assert [each["reference"]["identifier"]["value"] for each in permit["data"]] == ["s-1"]


def test_two_grants_of_one_direction_are_two_permissions_of_one_consent():
    limits = {"discloser": HEALTH, "recipient": KELA}
    signed = form(
        grants=[
            {**limits, "categories": ["plan.goals"]},
            {**limits, "categories": ["benefits.status"], "purpose": "benefit"},
        ]
    )
    permits = only(signed)["provision"]["provision"]
    assert [permit["purpose"][0]["code"] for permit in permits] == ["work_ability_support", "benefit"]


def test_a_guardian_signs_as_a_related_person():
    signed = one_way(
        HEALTH,
        KELA,
        "plan.goals",
        signed_by={"kind": "guardian", "guardian": "g-1", "client_view": "Sopii."},
    )
    performer = only(signed)["performer"][0]
    assert performer["type"] == "RelatedPerson"
    assert performer["identifier"]["value"] == f"{TUULIKKI}/g-1"


def test_a_form_that_only_forbids_has_no_direction():
    assert consents(form(restrictions=[{"category": "self.b4"}]), TODAY) == {}


def test_a_draft_has_not_been_verified():
    draft = one_way(HEALTH, KELA, "plan.goals", status=ConsentStatus.DRAFT)
    assert "verification" not in only(draft)


def test_an_id_fits_into_fhir_and_no_two_directions_share_one():
    signed = form(grants=[{"discloser": "x-to", "recipient": "y", "categories": ["plan.goals"]}])
    assert consent_id(signed, "x-to", "y") != consent_id(signed, "x", "to-y")
    assert consent_id(signed, "a-to", "to-b") != consent_id(signed, "a-to-to", "b")
    long = consent_id(signed, "lansirannan-terveys", "meriniemen-tyollisyys")
    assert len(long) <= 64
    assert ".h" in long
    assert consent_id(signed, "a", "b") == "0000000000000000000000000000c001.a-to-b"

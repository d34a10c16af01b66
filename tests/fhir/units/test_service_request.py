"""Services, earlier services, referrals and rehabilitation as ServiceRequests."""

from datetime import date

import pytest

from worlds.fhir_units import CLIENT, PLAN, anchor_of, codes, comes_to, concept, shown

SERVICE = {
    "services[s-1].type": "physiotherapy",
    "services[s-1].status": "ongoing",
    "services[s-1].planned_period.start": date(2026, 3, 1),
    "services[s-1].responsible_worker.user": "HVIRTA",
    "services[s-1].responsible_worker.party": "lrha-health",
    "services[s-1].producer.party": "satamapaja",
}
REFERRAL = {
    "referrals[r-1].status": "received",
    "referrals[r-1].received_on": date(2026, 2, 2),
    "referrals[r-1].need_cues[low_b4]": "low_b4",
    "referrals[r-1].need_cues[long_unemployment]": "long_unemployment",
    "referrals[r-1].essential_information": "Työkokeilut keskeytyneet.",
    "referrals[r-1].reason": "Arvio työkyvystä.",
}
STRANGER = {"resourceType": "ServiceRequest", "status": "active", "intent": "plan", "subject": CLIENT}


def test_a_service_has_its_time_its_worker_and_its_producer():
    found = shown("sv-s-1", SERVICE)
    assert (found["status"], found["intent"]) == ("active", "plan")
    assert [codes(each) for each in found["category"]] == [["service"]]
    assert codes(found["code"]) == ["physiotherapy"]
    assert found["occurrencePeriod"] == {"start": "2026-03-01"}
    assert {each["type"] for each in found["performer"]} == {"PractitionerRole", "Organization"}
    assert found["basedOn"] == [{"reference": f"CarePlan/{PLAN}"}]
    assert found["subject"] == CLIENT


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("recommended", "draft"),
        ("requested", "active"),
        ("waiting", "active"),
        ("interrupted", "on-hold"),
        ("denied", "revoked"),
        ("cancelled", "revoked"),
        ("completed", "completed"),
        ("feedback_received", "completed"),
    ],
)
def test_the_exact_state_of_a_service_outlives_the_coarse_one(ours, theirs):
    items = {**SERVICE, "services[s-1].status": ours}
    found = shown("sv-s-1", items)
    assert found["status"] == theirs
    assert comes_to(found, items) == {}


def test_a_stranger_ends_a_service_by_its_status_alone():
    found = shown("sv-s-1", SERVICE)
    assert comes_to({**found, "status": "completed"}, SERVICE) == {"status": "completed"}
    assert comes_to({**found, "status": "revoked"}, SERVICE) == {"status": "cancelled"}


def test_a_stranger_asks_for_a_service_with_plain_references():
    body = {
        **STRANGER,
        "code": concept("service-type", "job_coaching"),
        "performer": [{"reference": "Organization/satamapaja"}],
    }
    assert comes_to({**body, "category": [concept("service-request-category", "service")]}) == {
        "type": "job_coaching",
        "status": "agreed",
        "producer.party": "satamapaja",
    }


def test_an_earlier_service_is_history():
    items = {
        "previous_services[p-1].type": "work_trial",
        "previous_services[p-1].completion": "interrupted_sickness",
        "previous_services[p-1].period.end": date(2024, 5, 31),
        "previous_services[p-1].other_description": "Kahvila",
    }
    found = shown("ps-p-1", items)
    assert [codes(each) for each in found["category"]] == [["history"]]
    assert found["status"] == "revoked"
    assert (codes(found["code"]), found["code"]["text"]) == (["work_trial"], "Kahvila")
    assert comes_to(found, items) == {}
    unsaid = shown("ps-p-1", {"previous_services[p-1].type": "work_trial"})
    assert unsaid["_status"]["extension"][0]["valueCode"] == "unknown"


def test_a_referral_tells_its_cues_and_both_texts():
    found = shown("rf-r-1", REFERRAL)
    assert [codes(each) for each in found["category"]] == [["referral"]]
    assert (found["status"], found["authoredOn"]) == ("active", "2026-02-02")
    assert sorted(codes(each)[0] for each in found["reasonCode"]) == ["long_unemployment", "low_b4"]
    assert {each["id"]: each["text"] for each in found["note"]} == {
        "essential-information": "Työkokeilut keskeytyneet.",
        "reason": "Arvio työkyvystä.",
    }


@pytest.mark.parametrize(
    ("more", "requester"),
    [
        ({"referring_party_type": "client_self"}, CLIENT),
        ({"referring_organization.party": "kela"}, {"reference": "Organization/kela"}),
    ],
)
def test_who_refers_without_a_worker_is_the_client_or_the_organization(more, requester):
    items = {**REFERRAL, **{f"referrals[r-1].{name}": value for name, value in more.items()}}
    found = shown("rf-r-1", items)
    assert found["requester"] == requester
    assert comes_to(found, items) == {}


def test_a_worker_who_refers_is_the_requester():
    items = {
        **REFERRAL,
        "referrals[r-1].referring_worker.name": "Olli Lindqvist",
        "referrals[r-1].referring_organization.party": "meriniemi-employment",
    }
    assert shown("rf-r-1", items)["requester"]["display"] == "Olli Lindqvist"


def test_a_stranger_refers_with_one_note_and_an_organization():
    body = {
        **STRANGER,
        "intent": "order",
        "category": [concept("service-request-category", "referral")],
        "requester": {"reference": "Organization/kela"},
        "reasonCode": [concept("need-cue", "low_b4"), concept("need-cue", "long_unemployment")],
        "note": [{"text": "Tarvitsee arvion."}],
    }
    assert comes_to(body) == {
        "status": "sent",
        "referring_organization.party": "kela",
        "need_cues[low_b4]": "low_b4",
        "need_cues[long_unemployment]": "long_unemployment",
        "essential_information": "Tarvitsee arvion.",
    }


def test_rehabilitation_is_asked_of_its_organiser():
    items = {
        "measures.rehabilitation[h-1].type": "teak",
        "measures.rehabilitation[h-1].status": "granted",
        "measures.rehabilitation[h-1].organiser.name": "Kuntoutuskeskus",
        "measures.rehabilitation[h-1].outcome": "Kesken",
    }
    found = shown("rh-h-1", items)
    assert [codes(each) for each in found["category"]] == [["rehabilitation"]]
    assert found["performer"] == [{"type": "Organization", "display": "Kuntoutuskeskus"}]
    assert found["note"] == [{"text": "Kesken"}]


@pytest.mark.parametrize(
    ("body", "anchor"),
    [
        ({"code": concept("service-type", "studies")}, "services[]"),
        ({"code": concept("previous-service-type", "work_trial")}, "previous_services[]"),
        ({"code": concept("rehabilitation-type", "teak")}, "measures.rehabilitation[]"),
        ({"category": [concept("service-request-category", "referral")]}, "referrals[]"),
        ({"category": [concept("service-request-category", "history")]}, "previous_services[]"),
    ],
)
def test_a_new_request_goes_where_its_category_or_code_belongs(body, anchor):
    assert anchor_of({**STRANGER, **body}) == anchor

"""Agreements and hand-overs as Tasks."""

from datetime import date

import pytest

from tyokyky_bridge.fhir.lens.reading import read_back
from tyokyky_bridge.fhir.wire.issues import Invalid
from worlds.fhir_units import CLIENT, HEX, PLAN, codes, comes_to, concept, shown

AGREED = {
    "meetings[m-1].status": "held",
    "meetings[m-1].agreements[a-1].text": "Ajanvaraus lääkärille",
    "meetings[m-1].agreements[a-1].due": date(2026, 4, 1),
    "meetings[m-1].agreements[a-1].responsible.name": "Helmi Virta",
}
HANDOVER = {
    "handovers[h-1].status": "joint_contact_held",
    "handovers[h-1].from.party": "lrha-health",
    "handovers[h-1].to.party": "meriniemi-employment",
    "handovers[h-1].to.worker.user": "OLINDQ",
    "handovers[h-1].reason.code": "service_started",
    "handovers[h-1].reason.text": "Työkokeilu alkaa",
    "handovers[h-1].effective_on": date(2026, 5, 4),
}


def test_an_agreement_is_a_task_for_the_client_out_of_a_meeting():
    found = shown("ag-m-1.a-1", AGREED)
    assert (found["status"], found["intent"]) == ("accepted", "plan")
    assert codes(found["code"]) == ["meeting-agreement"]
    assert found["description"] == "Ajanvaraus lääkärille"
    assert found["owner"]["display"] == "Helmi Virta"
    assert found["restriction"] == {"period": {"end": "2026-04-01"}}
    assert found["for"] == CLIENT
    assert found["focus"] == {"reference": f"Appointment/{HEX}.mt-m-1"}
    assert found["basedOn"] == [{"reference": f"CarePlan/{PLAN}"}]


def test_a_meeting_that_is_not_seen_is_not_named():
    assert "focus" not in shown("ag-m-1.a-1", AGREED, hidden=("meetings[m-1].status",))


def stranger(**members):
    return {
        "resourceType": "Task",
        "status": "accepted",
        "intent": "plan",
        "for": CLIENT,
        "code": concept("task-code", "meeting-agreement"),
        "description": "Soitto Kelaan",
        **members,
    }


def test_a_new_agreement_belongs_to_the_meeting_in_its_focus():
    body = stranger(focus={"reference": f"Appointment/{HEX}.mt-m-1"})
    assert comes_to(body, AGREED) == {"text": "Soitto Kelaan"}
    assert read_back(body, plan_id=PLAN).place.keys[0] == "m-1"


def test_a_new_agreement_of_no_meeting_is_refused():
    with pytest.raises(Invalid):
        read_back(stranger(), plan_id=PLAN)


def test_a_hand_over_goes_from_one_party_to_another_with_the_plan_in_its_focus():
    found = shown("ho-h-1", HANDOVER)
    assert codes(found["code"]) == ["coordination-handover"]
    assert found["focus"] == {"reference": f"CarePlan/{PLAN}"}
    assert found["requester"] == {"reference": "Organization/lrha-health"}
    assert found["owner"]["identifier"]["value"] == "OLINDQ"
    assert (codes(found["reasonCode"]), found["reasonCode"]["text"]) == (
        ["service_started"],
        "Työkokeilu alkaa",
    )
    assert found["executionPeriod"] == {"start": "2026-05-04"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("requested", "requested"),
        ("accepted", "accepted"),
        ("joint_contact_held", "in-progress"),
        ("effective", "completed"),
        ("rejected", "rejected"),
        ("cancelled", "cancelled"),
        ("expired", "failed"),
    ],
)
def test_every_state_of_a_hand_over_has_one_of_its_own(ours, theirs):
    items = {**HANDOVER, "handovers[h-1].status": ours}
    found = shown("ho-h-1", items)
    assert found["status"] == theirs
    assert comes_to(found, items) == {}


def test_a_stranger_asks_for_a_hand_over_between_organizations():
    body = stranger(
        status="requested",
        intent="order",
        code=concept("task-code", "coordination-handover"),
        requester={"reference": "Organization/lrha-health"},
        owner={"reference": "Organization/kela"},
    )
    del body["description"]
    assert comes_to(body) == {"status": "requested", "from.party": "lrha-health", "to.party": "kela"}


def test_a_hand_over_of_which_the_state_is_hidden_is_masked():
    found = shown("ho-h-1", HANDOVER, hidden=("handovers[h-1].status",), withheld=True)
    assert found["_status"]["extension"][0]["valueCode"] == "masked"

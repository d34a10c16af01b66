"""Meetings that were held."""

import random
from datetime import UTC, datetime

import pytest

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.fhir.derived.encounter import encounters
from tyokyky_bridge.fhir.derived.practitioner import worker_id
from tyokyky_bridge.fhir.lens.projection import project
from tyokyky_bridge.fhir.wire.validate import validate
from worlds.fhir_oracle import codes, reads
from worlds.fhir_sheets import drawn, rich, sheet
from worlds.plans import a_plan

PLAN = "00000000000040008000000000000001"
HELD = {
    "meetings[m-1].status": "held",
    "meetings[m-1].kind": "network",
    "meetings[m-1].mode": "in_person",
    "meetings[m-1].start": datetime(2026, 3, 2, 9, tzinfo=UTC),
    "meetings[m-1].end": datetime(2026, 3, 2, 10, tzinfo=UTC),
    "meetings[m-1].place": "Kokoushuone 2",
    "meetings[m-1].convener.party": "lrha-health",
    "meetings[m-1].participants[p-1].who.user": "HVIRTA",
    "meetings[m-1].participants[p-1].who.party": "lrha-health",
    "meetings[m-1].participants[p-1].role": "work_ability_coordinator",
    "meetings[m-1].participants[p-1].attended": True,
    "meetings[m-1].participants[p-2].who.name": "Olli Lindqvist",
    "meetings[m-1].participants[p-2].attended": False,
}


def found_in(leaves, **more):
    seen = sheet(leaves, **more)
    found = encounters(seen, project(seen))
    for document in found.values():
        reads(document)
        assert [issue for issue in validate(document) if issue.severity == "error"] == []
    return found


def seen(*without, **changed):
    """Leaves of a plan with one held meeting; some may be hidden or otherwise."""
    from tyokyky_bridge.domain.items import leaves_of

    members = {**HELD, **{f"meetings[m-1].{name}": value for name, value in changed.items()}}
    whole = leaves_of(a_plan(members))
    return {
        path: value for path, value in whole.items() if path not in {f"meetings[m-1].{n}" for n in without}
    }


def one(*without, **changed):
    (document,) = found_in(seen(*without, **changed)).values()
    return document


def test_a_held_meeting_is_a_finished_encounter_that_names_its_appointment():
    document = one()
    assert document["id"] == f"{PLAN}.en-m-1"
    assert document["status"] == "finished"
    assert document["appointment"] == [{"reference": f"Appointment/{PLAN}.mt-m-1"}]
    assert document["subject"] == {"reference": "Patient/10000000-0000-4000-8000-000000000001"}
    assert document["period"] == {"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z"}
    assert document["serviceProvider"] == {"reference": "Organization/lrha-health"}
    assert document["location"] == [{"location": {"display": "Kokoushuone 2"}}]
    assert [codes(each) for each in document["type"]] == [["network"]]


@pytest.mark.parametrize("status", ["proposed", "booked", "cancelled", "moved", "no_show"])
def test_a_meeting_that_was_not_held_is_none(status):
    assert found_in(seen(status=status)) == {}


def test_a_meeting_whose_state_is_hidden_is_none():
    assert found_in(seen("status")) == {}


@pytest.mark.parametrize(
    ("mode", "class_"),
    [("in_person", "AMB"), ("remote_video", "VR"), ("phone", "VR"), ("without_meeting", "VR")],
)
def test_the_class_says_whether_people_met(mode, class_):
    assert one(mode=mode)["class"]["code"] == class_


def test_a_way_of_meeting_that_is_not_seen_is_masked_where_something_is_withheld():
    hidden = found_in(seen("mode"), withheld=[Category.HEALTH_SCORES])
    assert next(iter(hidden.values()))["class"]["extension"][0]["valueCode"] == "masked"
    assert one("mode")["class"]["extension"][0]["valueCode"] == "unknown"


def test_only_those_who_were_there_take_part_as_the_workers_they_are():
    (participant,) = one()["participant"]
    helmi = worker_id(party="lrha-health", user="HVIRTA", name=None)
    assert participant["individual"]["reference"] == f"PractitionerRole/{helmi}"
    assert [codes(each) for each in participant["type"]] == [["work_ability_coordinator"]]


def test_an_end_before_the_start_is_left_out():
    assert one(end=datetime(2026, 3, 1, tzinfo=UTC))["period"] == {"start": "2026-03-02T09:00:00Z"}


def test_it_is_labelled_like_its_appointment():
    labels = [each["code"] for each in one()["meta"]["security"]]
    assert labels == ["plan.meetings"]
    assert one()["meta"]["profile"] == ["https://tyokyky-bridge.example/fhir/StructureDefinition/encounter"]


def test_whatever_is_seen_of_a_plan_its_encounters_are_acceptable():
    rng = random.Random(7)
    for seed in range(30):
        leaves = drawn(seed, wild=True)
        found_in(leaves)
        part = {path: value for path, value in rich().items() if rng.random() < 0.7}
        found_in(part, plan_id=str(rich()["header.plan_id"]))

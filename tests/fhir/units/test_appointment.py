"""Meetings as Appointments."""

from datetime import UTC, datetime

import pytest

from worlds.fhir_units import CLIENT, PLAN, codes, comes_to, shown, taken

MEETING = {
    "meetings[m-1].kind": "network",
    "meetings[m-1].status": "booked",
    "meetings[m-1].start": datetime(2026, 3, 9, 9, tzinfo=UTC),
    "meetings[m-1].end": datetime(2026, 3, 9, 10, tzinfo=UTC),
    "meetings[m-1].place": "Kokoushuone 2",
    "meetings[m-1].convener.user": "HVIRTA",
    "meetings[m-1].participants[p-1].who.user": "OLINDQ",
    "meetings[m-1].participants[p-1].who.party": "meriniemi-employment",
    "meetings[m-1].participants[p-1].role": "personal_coach",
}
STRANGER = {
    "resourceType": "Appointment",
    "start": "2026-04-01T09:00:00+03:00",
    "end": "2026-04-01T10:00:00+03:00",
}


def with_(**members):
    return {**MEETING, **{f"meetings[m-1].{name}": value for name, value in members.items()}}


def by_id(found):
    return {each["id"]: each for each in found["participant"]}


def test_a_meeting_has_its_time_its_kind_and_those_who_take_part():
    found = shown("mt-m-1", MEETING)
    assert (found["status"], found["start"], found["end"]) == (
        "booked",
        "2026-03-09T09:00:00Z",
        "2026-03-09T10:00:00Z",
    )
    assert codes(found["appointmentType"]) == ["network"]
    assert found["supportingInformation"] == [{"reference": f"CarePlan/{PLAN}"}]
    taking_part = by_id(found)
    assert taking_part["client"]["actor"] == CLIENT
    assert taking_part["convener"]["actor"]["identifier"]["value"] == "HVIRTA"
    assert taking_part["participants.p-1"]["actor"]["identifier"]["value"] == "OLINDQ"
    assert [codes(each) for each in taking_part["participants.p-1"]["type"]] == [["personal_coach"]]


def test_no_organization_takes_part():
    actors = [each["actor"] for each in shown("mt-m-1", MEETING)["participant"]]
    assert not any("Organization" in str(actor.get("reference", "")) for actor in actors)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("proposed", "proposed"),
        ("booked", "booked"),
        ("held", "fulfilled"),
        ("cancelled", "cancelled"),
        ("moved", "cancelled"),
        ("no_show", "noshow"),
    ],
)
def test_the_states_are_those_of_the_finnish_booking_codes(ours, theirs):
    found = shown("mt-m-1", with_(status=ours))
    assert found["status"] == theirs
    assert comes_to(found, with_(status=ours)) == {}


@pytest.mark.parametrize(
    ("attended", "status"), [(True, "accepted"), (False, "declined"), (None, "needs-action")]
)
def test_who_was_there_has_accepted(attended, status):
    items = (
        dict(MEETING)
        if attended is None
        else {**MEETING, "meetings[m-1].participants[p-1].attended": attended}
    )
    items |= {} if attended is None else {"meetings[m-1].client_present": attended}
    taking_part = by_id(shown("mt-m-1", items))
    assert taking_part["participants.p-1"]["status"] == status
    assert taking_part["client"]["status"] == status


@pytest.mark.parametrize(("missing", "status"), [(("end",), "proposed"), (("start", "end"), "held")])
def test_a_time_that_is_not_known_says_so_where_fhir_asks_for_one(missing, status):
    hidden = tuple(f"meetings[m-1].{name}" for name in missing)
    found = shown("mt-m-1", with_(status=status), hidden=hidden)
    assert [name for name in ("_start", "_end") if name in found] == [f"_{name}" for name in missing]


def test_a_proposal_needs_no_time():
    found = shown("mt-m-1", with_(status="proposed"), hidden=("meetings[m-1].start", "meetings[m-1].end"))
    assert not {"start", "end", "_start", "_end"} & found.keys()


def test_a_meeting_of_which_nobody_is_seen_has_a_masked_participant():
    hidden = ("meetings[m-1].convener", "meetings[m-1].participants", "client.")
    found = shown("mt-m-1", MEETING, hidden=hidden, withheld=True)
    assert [each["actor"]["extension"][0]["valueCode"] for each in found["participant"]] == ["masked"]


def test_a_participant_of_whom_only_the_invitation_is_known_is_acceptable():
    found = shown(
        "mt-m-1", {"meetings[m-1].participants[p-1].invited": True, "meetings[m-1].status": "proposed"}
    )
    assert "actor" in by_id(found)["participants.p-1"]


def test_a_stranger_books_a_meeting():
    body = {
        **STRANGER,
        "status": "booked",
        "participant": [
            {"actor": CLIENT, "status": "needs-action"},
            {"actor": {"display": "Olli Lindqvist"}, "status": "needs-action"},
        ],
    }
    said = comes_to(body)
    assert said.pop("status") == "booked"
    assert (said.pop("start"), said.pop("end")) == ("2026-04-01T06:00:00+00:00", "2026-04-01T07:00:00+00:00")
    assert list(said.values()) == ["Olli Lindqvist"]


def test_a_stranger_tells_of_a_meeting_that_is_over_who_was_there():
    body = {
        **STRANGER,
        "status": "fulfilled",
        "participant": [
            {"actor": CLIENT, "status": "accepted"},
            {"actor": {"display": "Olli Lindqvist"}, "status": "declined"},
        ],
    }
    said = comes_to(body)
    assert said["client_present"] is True
    assert [value for path, value in said.items() if path.endswith(".attended")] == [False]


def test_a_stranger_who_answers_for_a_meeting_to_come_is_not_taken_for_having_been_there():
    body = {
        **STRANGER,
        "status": "booked",
        "participant": [{"actor": {"display": "Olli Lindqvist"}, "status": "accepted"}],
    }
    said, lost = taken(body)
    assert not any(path.endswith(".attended") for path in said)
    assert lost == ["Appointment.participant[0]"]

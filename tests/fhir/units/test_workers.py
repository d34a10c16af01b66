"""Workers whom resources refer to: by what the plan says of them, and by an address that can be followed."""

import pytest

from tyokyky_bridge.fhir.derived.practitioner import Named, practitioners
from tyokyky_bridge.fhir.lens.projection import project
from worlds.fhir_sheets import objects, rich, sheet
from worlds.fhir_units import comes_to, shown, taken
from worlds.parties import DIRECTORY, NOW

SERVICE = {
    "services[s-1].type": "studies",
    "services[s-1].status": "agreed",
    "services[s-1].responsible_worker.user": "HVIRTA",
    "services[s-1].responsible_worker.party": "lrha-health",
}


def test_every_address_of_a_worker_leads_to_one_who_is_there():
    seen = sheet(rich())
    named = Named(seen.view.leaves, seen.labels, seen.registers)
    there = {"/".join(key) for key in practitioners([named], directory=DIRECTORY, on=NOW.date())}
    found = {
        value
        for (type_, _), document in project(seen).items()
        for at, value in objects(document, type_)
        if at.endswith(".reference") and str(value).startswith("Practitioner")
    }
    assert len(found) > 10
    assert found <= there


def test_a_worker_is_referred_to_in_a_role_and_in_a_team_as_a_person():
    documents = project(sheet(rich())).items()
    kinds = {
        (type_ == "CareTeam", str(value).partition("/")[0])
        for (type_, _), document in documents
        for at, value in objects(document, type_)
        if at.endswith(".reference") and str(value).startswith("Practitioner")
    }
    assert kinds == {(True, "Practitioner"), (False, "PractitionerRole")}


@pytest.mark.parametrize(
    ("member", "change"),
    [("display", {"responsible_worker.name": "Helmi"}), ("value", {"responsible_worker.user": "OLINDQ"})],
)
def test_an_editor_who_names_another_worker_need_not_touch_the_address(member, change):
    found = shown("sv-s-1", SERVICE)
    performer = found["performer"][0]
    if member == "display":
        performer["display"] = "Helmi"
    else:
        performer["identifier"]["value"] = "OLINDQ"
    assert comes_to(found, SERVICE) == change


def test_an_address_that_was_edited_has_to_be_that_of_the_worker_who_is_named():
    found = shown("sv-s-1", SERVICE)
    found["performer"][0]["reference"] = "PractitionerRole/w-00000000000000000000"
    assert taken(found, SERVICE) == ({}, ["ServiceRequest.performer[0]"])


def test_one_of_whom_only_the_role_is_seen_has_no_address():
    items = {"services[s-1].type": "studies", "services[s-1].responsible_worker.role": "nurse"}
    assert "reference" not in shown("sv-s-1", items)["performer"][0]


def test_an_entry_is_known_by_its_id_when_the_one_before_it_is_gone():
    items = {
        "assessments[a-1].kind": "physician",
        "assessments[a-1].performers[p-1].user": "HVIRTA",
        "assessments[a-1].performers[p-2].user": "MKIVI",
    }
    found = shown("as-a-1", items)
    del found["performer"][0]
    found["performer"][0]["identifier"]["value"] = "TRANTA"
    assert comes_to(found, items) == {"performers[p-1].user": None, "performers[p-2].user": "TRANTA"}

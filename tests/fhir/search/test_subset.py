"""Parts of resources, always marked as such."""

import pytest

from tyokyky_bridge.fhir.search.parameters import PARAMETERS
from tyokyky_bridge.fhir.search.subset import is_element, reduced
from tyokyky_bridge.fhir.wire.structure import elements
from worlds.searches import Document, concept, observation, patient, plan, to

TAG = {"system": "https://codes.example", "code": "health"}
WHOLE = plan(
    meta={"versionId": "1", "tag": [TAG]},
    implicitRules="https://rules.example",
    text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"},
    extension=[{"url": "https://x.example", "valueString": "x"}],
    modifierExtension=[{"url": "https://y.example", "valueBoolean": True}],
    subject=to("Patient/aino"),
    title="Suunnitelma",
    _title={"extension": [{"url": "https://x.example", "valueString": "x"}]},
    note=[{"text": "muistio"}],
    activity=[{"detail": {"status": "scheduled"}}],
)
KEPT = {"resourceType", "id", "meta", "implicitRules", "modifierExtension", "status", "intent", "subject"}


@pytest.mark.parametrize(
    ("summary", "members"),
    [
        ("true", KEPT | {"title", "_title"}),
        ("text", KEPT | {"text"}),
        ("data", set(WHOLE) - {"text"}),
    ],
)
def test_a_summary_keeps_what_it_is_for_and_what_must_be_there(summary: str, members: set[str]):
    part = reduced(WHOLE, summary=summary)
    assert set(part) == members
    assert [each["code"] for each in part["meta"]["tag"]] == ["health", "SUBSETTED"]
    assert part["meta"]["versionId"] == "1"


@pytest.mark.parametrize("type_", sorted(PARAMETERS))
def test_what_must_be_there_stays_in_every_part(type_: str):
    must = {member for each in elements(type_) if each.min for member, _ in each.members[:1]}
    other = {member for each in elements(type_) if not each.min for member, _ in each.members}
    held = {"resourceType": type_, "id": "a", **dict.fromkeys(must | other, "x")}
    for part in (
        reduced(held, summary="true"),
        reduced(held, summary="text"),
        reduced(held, names=["language"]),
    ):
        assert must <= set(part)


def test_elements_are_kept_by_name_with_their_extensions():
    part = reduced(WHOLE, names=["title", "note"])
    assert set(part) == KEPT | {"title", "_title", "note"}
    assert part["meta"]["tag"][-1]["system"] == "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"


@pytest.mark.parametrize("name", ["value", "valueInteger"])
def test_a_choice_is_kept_by_either_of_its_names(name: str):
    part = reduced(observation(valueInteger=4, issued="2026-02-03T10:00:00Z"), names=[name])
    assert set(part) == {"resourceType", "id", "meta", "status", "code", "valueInteger"}


def test_the_whole_is_not_marked():
    assert reduced(WHOLE) is WHOLE
    assert reduced(WHOLE, summary="false") is WHOLE


def test_the_whole_is_not_changed_by_taking_a_part():
    before = str(WHOLE)
    reduced(WHOLE, summary="true")
    reduced(WHOLE, names=["title"])
    assert str(WHOLE) == before


def test_a_part_of_a_part_is_left_out_too():
    component: Document = {"code": concept("a"), "valueInteger": 1, "interpretation": [concept("low")]}
    part = reduced(observation(component=[component]), summary="true")
    assert part["component"] == [{"code": concept("a"), "valueInteger": 1}]
    named = reduced(patient(name=[{"family": "Korhonen", "given": ["Aino"]}]), summary="true")
    assert named["name"] == [{"family": "Korhonen", "given": ["Aino"]}]


def test_an_element_is_one_of_r4():
    assert all(is_element("CarePlan", each.name) for each in elements("CarePlan"))
    assert is_element("Observation", "effectiveDateTime")
    for name in ("statsu", "activity.detail", "valueFoo", "resourceType", ""):
        assert not is_element("CarePlan", name)


def test_a_part_that_refers_inside_the_resource_keeps_what_it_refers_to():
    consent = {
        "resourceType": "Consent",
        "id": "c",
        "contained": [
            {"resourceType": "DocumentReference", "id": "evidence"},
            {"resourceType": "Patient", "id": "p"},
        ],
        "status": "active",
        "sourceReference": {"reference": "#evidence"},
    }

    asked = reduced(consent, names=("sourceReference",))
    other = reduced(consent, names=("status",))

    assert [each["id"] for each in asked["contained"]] == ["evidence"]
    assert "contained" not in other

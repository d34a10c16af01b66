"""Code lists and code tables are valid FHIR R4 terminology resources."""

import copy
import json
from importlib.resources import files

import pytest

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.codes import code_lists
from tyokyky_bridge.fhir.conformance.shipped import (
    BrokenTerminology,
    check_code_system,
    check_concept_map,
    code_systems,
    concept_maps,
)

SECTOR = json.loads(files("tyokyky_mappings").joinpath("canonical/codes/sector.json").read_bytes())
TABLE = {
    "resourceType": "ConceptMap",
    "url": "https://tyokyky-bridge.example/fhir/ConceptMap/x",
    "status": "active",
    "group": [{"element": [{"code": "a", "target": [{"code": "b", "equivalence": "equivalent"}]}]}],
}


def test_every_shipped_code_system_is_valid_and_known_to_the_domain():
    systems = code_systems()

    assert set(systems) == {each.slug for each in code_lists().values()}
    assert {s.url for s in systems.values()} == {each.url for each in code_lists().values()}


def test_every_shipped_code_table_is_valid():
    assert concept_maps()


def test_the_information_categories_are_a_code_system_too():
    assert {c.code for c in code_systems()["info-category"].concept} == {c.value for c in Category}


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda d: d["concept"].append(d["concept"][0]), "a code stands twice"),
        (lambda d: d["concept"].pop(), "count is not the number of codes"),
        (lambda d: d["concept"][0]["designation"].pop(), "health lacks a fi or sv label"),
        (lambda d: d.pop("property"), "justice has an undeclared property"),
        (lambda d: d.update(content="fragment"), "a closed list is complete"),
        (lambda d: d.update(status="splendid"), "status"),
        (lambda d: d.update(colour="red"), "colour"),
    ],
)
def test_a_damaged_code_system_is_refused_with_its_file_and_reason(harm, reason):
    document = copy.deepcopy(SECTOR)
    harm(document)

    with pytest.raises(BrokenTerminology) as refusal:
        check_code_system(document, file="sector.json")

    assert refusal.value.file == "sector.json"
    assert reason in refusal.value.reason


def test_a_code_table_needs_r4_equivalences_and_targets():
    assert check_concept_map(TABLE, file="x.json")
    target = {"equivalence": "source-is-narrower-than-target", "code": "b"}
    invented = copy.deepcopy(TABLE)
    invented["group"][0]["element"][0]["target"] = [target]
    bare = copy.deepcopy(TABLE)
    bare["group"][0]["element"][0]["target"] = [{"equivalence": "equivalent"}]

    with pytest.raises(BrokenTerminology, match="unknown equivalence"):
        check_concept_map(invented, file="x.json")
    with pytest.raises(BrokenTerminology, match="a target without a code"):
        check_concept_map(bare, file="x.json")

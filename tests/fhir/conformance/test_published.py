"""The definitions that we publish: valid by every judge, stable, and found wherever something of ours points."""

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fhir_face.judges import standing, verdict
from tyokyky_bridge.domain.items import labels_of, leaves_of
from tyokyky_bridge.fhir.conformance import TYPES, listed, read
from tyokyky_bridge.fhir.conformance.profiles import profiles_of
from tyokyky_bridge.fhir.lens.projection import Sheet, project
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.search.parameters import PARAMETERS
from tyokyky_bridge.fhir.wire.structure import element_of
from tyokyky_bridge.fhir.wire.text import render
from worlds.plans import rich_plan

BASE = "https://tyokyky-bridge.example/fhir/"
CANONICAL = (
    "CodeSystem",
    "ConceptMap",
    "OperationDefinition",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
)


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def lost(document: dict[str, Any]) -> list[str]:
    """The canonical URLs of ours in a document behind which there is nothing."""
    urls = {text.partition("|")[0] for text in texts(document) if text.startswith(BASE)}
    return [url for url in sorted(urls) if read(*url.removeprefix(BASE).split("/")) is None]


def projected() -> list[dict[str, Any]]:
    """Every resource of a plan in which no field is empty."""
    leaves = leaves_of(rich_plan())
    labels = {path: labels_of(path, leaves) for path in leaves}
    view = SimpleNamespace(
        plan_id=leaves["header.plan_id"], leaves=leaves, withheld=frozenset(), non_disclosure=False
    )
    sheet = Sheet(view=view, labels=labels, registers=dict.fromkeys(leaves, "health"))
    return list(project(sheet).values())


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_no_judge_has_anything_against_a_definition(type_):
    against = {each["id"]: found for each in listed(type_) if (found := standing(verdict(each)))}

    assert against == {}


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_what_a_definition_points_at_is_there(type_):
    assert {each["id"]: gone for each in listed(type_) if (gone := lost(each))} == {}


@pytest.mark.parametrize("type_", CANONICAL)
def test_a_definition_says_where_it_is_found_since_when_and_by_whom(type_):
    for each in listed(type_):
        assert each["url"] == f"{BASE}{type_}/{each['id']}"
        assert read(type_, each["id"]) == each
        assert each["version"]
        assert each["date"] == "2026-11-22"
        assert each["status"] in {"draft", "active"}
        assert each["publisher"] == "tyokyky-bridge"
        assert isinstance(each["experimental"], bool)
        assert re.fullmatch(r"[A-Z]\w{0,254}", each["name"]), each["name"]
        assert re.fullmatch(r"1-[0-9a-f]{8}", each["meta"]["versionId"])


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_names_and_version_ids_tell_definitions_apart(type_):
    every = list(listed(type_))

    assert every
    assert len({each["id"] for each in every}) == len(every)
    assert len({each["meta"]["versionId"] for each in every}) == len(every)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", each["id"]) for each in every)


def test_what_we_do_not_publish_is_not_there():
    assert read("CodeSystem", "nothing") is None
    assert read("Patient", "goal") is None
    assert list(listed("Patient")) == []


def test_whatever_a_full_plan_becomes_points_at_nothing_that_is_missing():
    assert {each["id"]: gone for each in projected() if (gone := lost(each))} == {}


def test_no_judge_has_anything_against_what_a_full_plan_becomes():
    bodies = [json.loads(render(each)) for each in projected()]
    against = {each["id"]: found for each in bodies if (found := standing(verdict(each)))}

    assert against == {}


def test_every_extension_of_a_full_plan_stands_where_its_definition_allows_it_and_holds_what_it_says():
    seen = 0
    for document in projected():
        for at, extension in _extensions(document, document["resourceType"]):
            if not extension["url"].startswith(BASE):
                continue
            definition = read("StructureDefinition", extension["url"].rpartition("/")[2])
            assert definition is not None, extension["url"]
            allowed = {each["expression"] for each in definition["context"]}
            element = element_of(at)
            assert allowed & {at, *(element.types if element else ())}, (at, extension["url"])
            _holds(extension, "Extension", definition["differential"]["element"])
            seen += 1
    assert seen > 50


def _extensions(value: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The outermost extensions, each with the element that it stands on."""
    for name, held in value.items():
        for each in held if isinstance(held, list) else [held]:
            if name == "extension":
                yield at, each
            elif isinstance(each, dict):
                yield from _extensions(each, f"{at}.{name.removeprefix('_')}")


def _holds(extension: dict[str, Any], at: str, elements: list[dict[str, Any]]) -> None:
    said = {each["id"]: each for each in elements}
    value = said[f"{at}.value[x]"]
    names = [name for name in extension if name.startswith("value")]
    if "extension" in extension:
        assert value["max"] == "0"
        for part in extension["extension"]:
            _holds(part, f"{at}.extension:{part['url']}", elements)
    else:
        (kind,) = value["type"]
        assert names == [f"value{kind['code'][0].upper()}{kind['code'][1:]}"]


def test_every_profile_that_a_resource_names_is_one_of_its_type():
    for document in projected():
        for url in document["meta"]["profile"]:
            assert url in profiles_of(document["resourceType"])


def test_every_unit_has_a_profile_with_its_extensions():
    for unit in LENS.units:
        definition = read("StructureDefinition", unit.profile)
        assert definition is not None
        assert definition["type"] == unit.type
        slices = {each.get("sliceName") for each in definition["differential"]["element"]}
        assert {each.slug for each in LENS.trees[unit].extensions} <= slices
        assert {"category", "register"} <= slices


def test_a_profile_on_a_finnish_one_stands_on_it():
    assert read("StructureDefinition", "patient")["baseDefinition"].endswith("/fi-base-patient")
    assert read("StructureDefinition", "care-plan")["baseDefinition"] == (
        "http://hl7.org/fhir/StructureDefinition/CarePlan"
    )


def test_every_search_parameter_is_defined_with_what_it_understands():
    for type_, named in PARAMETERS.items():
        for name, parameter in named.items():
            definition = read("SearchParameter", parameter.id)
            assert definition is not None
            assert definition["code"] == name
            assert {type_, "Resource"} & set(definition["base"])
            assert definition["type"] == parameter.kind
            assert definition.get("comparator", []) == list(parameter.prefixes)
            assert set(parameter.modifiers) <= set(definition.get("modifier", []))
            assert definition.get("derivedFrom") == (None if parameter.own else parameter.url)

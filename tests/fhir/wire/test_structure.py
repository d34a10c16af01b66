"""The table of R4 elements: read by path, and in agreement with models that others made of 4.0.1."""

import importlib
import inspect
import pkgutil
import re
from typing import Any

import fhirclient.models
import pytest
from fhir.resources.R4B import get_fhir_model_class

from tyokyky_bridge.fhir.wire.structure import (
    SERVED,
    codes_of,
    data_types,
    element_of,
    elements,
    is_primitive,
    members,
    resource_types,
)

BESIDES = {
    "Bundle",
    "Parameters",
    "OperationOutcome",
    "Group",
    "Composition",
    "List",
    "Subscription",
    "Basic",
}


def _models() -> dict[str, Any]:
    """Every class of fhirclient, which is generated from the definitions of 4.0.1."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(fhirclient.models.__path__):
        loaded = importlib.import_module(f"fhirclient.models.{module.name}")
        found |= {
            name: each
            for name, each in inspect.getmembers(loaded, inspect.isclass)
            if each.__module__ == loaded.__name__
        }
    return {**found, "Reference": found["FHIRReference"]}


def _compare(model: Any, node: str, unlike: list[str]) -> None:
    theirs = {row[1]: row for row in model().elementProperties()}
    ours = members(node)
    unlike.extend(f"{node}.{name}" for name in theirs.keys() ^ ours.keys())
    for name in theirs.keys() & ours.keys():
        (_, _, kind, many, _, needed), (element, _) = theirs[name], ours[name]
        if bool(many) != element.repeats or (bool(needed) != bool(element.min) and not element.choice):
            unlike.append(f"{node}.{name}: cardinality")
        if element.node == f"{node}.{name}":
            _compare(kind, element.node, unlike)


def test_every_type_has_the_elements_that_models_of_r4_have() -> None:
    models = _models()
    unlike: list[str] = []
    compared = 0
    for name in sorted(resource_types() | data_types()):
        if (
            name in models
            and not is_primitive(name)
            and name not in {"Element", "Resource", "DomainResource"}
        ):
            compared += 1
            _compare(models[name], name, unlike)

    assert unlike == []
    assert compared > 180


@pytest.mark.parametrize("name", sorted(SERVED | BESIDES))
def test_the_reference_targets_and_codes_are_those_of_the_classes_that_we_use(name: str) -> None:
    r4b_only = {"Observation.subject", "Group.member.entity", "CapabilityStatement.format"}
    unlike: list[str] = []
    pending = [(name, get_fhir_model_class(name))]
    while pending:
        node, model = pending.pop()
        fields = {each.alias: each for each in model.model_fields.values()}
        for json_name, (element, _) in members(node).items():
            field = fields[json_name]
            said: dict[str, Any] = field.json_schema_extra or {}
            if element.types == ("Reference",):
                targets = set(said.get("enum_reference_types", ())) - {"Resource"}
                unlike.extend([element.path] if targets != element.targets else [])
            codes = set(said.get("enum_values", ()))
            if codes and "+" not in codes and element.strength == "required":
                known = set[str]().union(*(codes_of(element.bound or "") or {}).values())
                unlike.extend([element.path] if codes != known else [])
            if element.node == f"{node}.{json_name}":
                inner = re.search(r"abc\.(\w+)Type", str(field.annotation))
                assert inner is not None
                pending.append((element.node, get_fhir_model_class(inner[1])))

    assert set(unlike) <= r4b_only


def test_an_element_is_found_by_its_path() -> None:
    status = element_of("CarePlan.activity.detail.status")
    family = element_of("Patient.name.family")
    unit = element_of("Observation.valueQuantity.unit")
    choice = element_of("Observation.value")
    item = element_of("Questionnaire.item.item.item.linkId")

    assert status is not None
    assert (status.min, status.max, status.types, status.strength) == (1, 1, ("code",), "required")
    assert family is not None
    assert family.path == "HumanName.family"
    assert unit is not None
    assert unit.path == "Quantity.unit"
    assert choice is not None
    assert choice.choice
    assert "Quantity" in choice.types
    assert item is not None
    assert item.path == "Questionnaire.item.linkId"


@pytest.mark.parametrize(
    "path",
    [
        "CarePlan",
        "CarePlan.nimi",
        "Nothing.id",
        "CarePlan.status.x",
        "CarePlan.status..",
        "",
        "Observation.value.unit",
    ],
)
def test_a_path_that_r4_has_not_finds_nothing(path: str) -> None:
    assert element_of(path) is None


def test_a_reference_knows_what_it_may_point_at() -> None:
    subject = element_of("CarePlan.subject")

    assert subject is not None
    assert subject.targets == {"Patient", "Group"}


def test_everything_that_is_served_is_a_resource_of_r4() -> None:
    assert resource_types() >= SERVED
    assert len(resource_types()) == 146
    assert (
        not {"Resource", "DomainResource", "SubscriptionStatus", "Citation", "Ingredient"} & resource_types()
    )


def test_a_constrained_quantity_has_the_elements_of_quantity_under_its_name_in_a_choice() -> None:
    assert [each.name for each in elements("SimpleQuantity")] == [each.name for each in elements("Quantity")]
    assert "doseQuantity" in members("Dosage.doseAndRate")

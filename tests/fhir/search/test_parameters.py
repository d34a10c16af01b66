"""The table of search parameters: everything in it exists in R4, and nothing is said twice."""

from collections import defaultdict

import pytest

from tyokyky_bridge.fhir.search.kinds import HL7, OWN, Kind, Parameter
from tyokyky_bridge.fhir.search.parameters import COMMON, PARAMETERS, follows
from tyokyky_bridge.fhir.search.paths import Path
from tyokyky_bridge.fhir.wire.structure import element_of

TYPES = {
    *("Patient", "CarePlan", "Goal", "CareTeam", "EpisodeOfCare", "ServiceRequest", "Task", "Observation"),
    *("Condition", "DocumentReference", "Appointment", "Encounter", "Communication", "Consent"),
    *("Organization", "Practitioner", "PractitionerRole", "Provenance"),
}
NEEDED = {
    "CarePlan": {
        *("patient", "subject", "status", "category", "date", "care-team", "goal", "identifier"),
    },
    "Patient": {"identifier", "family", "given", "birthdate", "name", "gender"},
    "Consent": {"patient", "status", "period", "category"},
    "Observation": {"code", "date", "patient", "value-quantity", "combo-code", "code-value-quantity"},
    "Provenance": {"target", "patient", "recorded"},
}
FITS = {
    Kind.TOKEN: {
        "code",
        "Coding",
        "CodeableConcept",
        "Identifier",
        "ContactPoint",
        "boolean",
        "string",
        "id",
    },
    Kind.STRING: {"string", "markdown", "HumanName", "Address"},
    Kind.DATE: {"date", "dateTime", "instant", "Period", "Timing", "string"},
    Kind.NUMBER: {"integer"},
    Kind.QUANTITY: {"Quantity", "SimpleQuantity"},
    Kind.REFERENCE: {"Reference"},
    Kind.URI: {"uri", "url", "canonical"},
}
ROWS = [each for table in PARAMETERS.values() for each in table.values() if each.kind is not Kind.COMPOSITE]


def dotted(type_: str, path: Path) -> str:
    return ".".join((type_, *(step.member for step in path.steps)))


def types_at(type_: str, path: Path) -> set[str]:
    element = element_of(dotted(type_, path))
    assert element is not None, f"{type_} has no {path}"
    last = path.steps[-1]
    return {last.type} if last.type is not None else set(element.types)


def test_every_served_type_can_be_searched_by_what_its_users_need():
    assert set(PARAMETERS) >= TYPES
    assert {type_: names - set(PARAMETERS[type_]) for type_, names in NEEDED.items()} == {
        type_: set() for type_ in NEEDED
    }
    assert all(COMMON.items() <= table.items() for table in PARAMETERS.values())


@pytest.mark.parametrize("parameter", ROWS, ids=lambda p: f"{p.type or 'Resource'}.{p.name}")
def test_a_parameter_looks_at_elements_of_r4_that_fit_its_kind(parameter: Parameter):
    for path in parameter.paths:
        found = types_at(parameter.type or "Patient", path)
        assert found <= FITS[parameter.kind], path


def test_the_parts_of_a_composite_follow_parameters_and_lie_inside_its_root():
    composites = [
        each for table in PARAMETERS.values() for each in table.values() if each.kind is Kind.COMPOSITE
    ]
    assert composites
    for composite in composites:
        for part in composite.parts:
            assert PARAMETERS[composite.type][part.name].kind is part.kind
            for root in composite.paths:
                for path in part.paths:
                    inside = Path((*root.steps, *path.steps))
                    assert types_at(composite.type, inside) <= FITS[part.kind]


def test_a_code_says_of_which_system_it_is():
    """An element of type code has no system of its own, so that ``system|code`` could not be asked without it."""
    silent = {"version", "code"}  # strings and codes of no system
    found = [
        f"{each.type}.{each.name}"
        for each in ROWS
        if each.kind is Kind.TOKEN
        and each.type
        and all(types_at(each.type, path) == {"code"} for path in each.paths)
        and each.system is None
        and each.name not in silent
    ]
    assert found == ["ConceptMap.source-code", "ConceptMap.target-code"]


def test_a_boolean_is_known_as_one():
    for each in ROWS:
        if each.kind is Kind.TOKEN and each.type:
            assert each.boolean is (types_at(each.type, each.paths[0]) == {"boolean"}), each.id


def test_the_targets_of_a_reference_are_those_of_its_element():
    for each in ROWS:
        if each.kind is not Kind.REFERENCE:
            continue
        for path in each.paths:
            element = element_of(dotted(each.type, path))
            assert element is not None
            if each.only is not None:
                assert each.targets == (each.only,)
                assert not element.targets or each.only in element.targets
            elif element.targets:
                assert set(each.targets) <= element.targets, each.id
                assert element.targets - set(each.targets) <= {"Group"} or each.name == "patient", each.id
            else:
                assert each.targets == (), each.id


def test_definitions_are_unique_by_id_and_only_what_hl7_has_not_is_ours():
    alike: dict[str, set[tuple[str, Kind, str]]] = defaultdict(set)
    for table in PARAMETERS.values():
        for each in table.values():
            alike[each.id].add((each.name, each.kind, each.url))
            assert len(each.id) <= 64
    assert all(len(said) == 1 for said in alike.values())
    own = {id_ for id_, said in alike.items() for _, _, url in said if url.startswith(OWN)}
    assert own == {
        *("Observation-value-integer", "Observation-code-value-integer"),
        *("Consent-grant-actor", "Consent-grant-security-label"),
        *("Consent-grant-purpose", "Consent-grant-period"),
    }
    assert PARAMETERS["CarePlan"]["patient"].url == f"{HL7}/clinical-patient"
    assert PARAMETERS["Patient"]["family"].url == f"{HL7}/individual-family"
    assert COMMON["_lastUpdated"].url == f"{HL7}/Resource-lastUpdated"


def test_an_expression_is_fhirpath():
    assert PARAMETERS["CarePlan"]["patient"].expression == "CarePlan.subject.where(resolve() is Patient)"
    assert PARAMETERS["Patient"]["email"].expression == "Patient.telecom.where(system='email')"
    assert PARAMETERS["Observation"]["value-string"].expression == (
        "(Observation.value as string) | (Observation.value as CodeableConcept).text"
    )


def test_anything_that_can_be_pointed_at_is_no_published_definition():
    assert "CodeSystem" not in follows(PARAMETERS["Task"]["focus"])
    assert "CarePlan" in follows(PARAMETERS["Task"]["focus"])
    assert PARAMETERS["Task"]["focus"].may_point_at("CodeSystem")


def test_what_is_no_path_is_refused():
    with pytest.raises(ValueError, match="no path"):
        Path.of("subject..reference")

"""Laws that hold for every search and every document."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.matching import included, matches, order
from tyokyky_bridge.fhir.search.parameters import PARAMETERS
from tyokyky_bridge.fhir.search.subset import reduced
from tyokyky_bridge.fhir.wire.text import Lexeme
from worlds.searches import BASE, asked, query

VALUES = {
    Kind.TOKEN: ("a", "b", "https://codes.example|a", "|a", "https://codes.example|"),
    Kind.STRING: ("a", "b", "Ä"),
    Kind.DATE: ("2026", "ne2026-02", "ge2026-02-03", "lt2026-02-03T10:00:00Z", "sa2025", "eb2027"),
    Kind.NUMBER: ("1", "gt1", "ne2"),
    Kind.QUANTITY: ("1", "ge1||kg", "lt2|http://unitsofmeasure.org|kg"),
    Kind.REFERENCE: ("a", f"{BASE}/Patient/a", "Patient/a", "urn:uuid:a"),
    Kind.URI: ("a", "https://p.example"),
    Kind.COMPOSITE: ("a$1", "b$gt1,a$2"),
}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.sampled_from(
        (
            *("a", "b", "A", "Ä", "2026", "2026-02-03", "2026-02-03T10:00:00Z", "Patient/a", "Group/a"),
            *(
                f"{BASE}/Patient/a",
                "urn:uuid:a",
                "https://codes.example",
                "true",
                "kg",
                "<",
                "#a",
                "",
                "\ud800",
            ),
        )
    ),
    st.sampled_from((Lexeme("1.50"), Lexeme("1e999"), Lexeme("2"))),
)
NAMES = sorted(
    {
        *(
            step.member
            for table in PARAMETERS.values()
            for each in table.values()
            for path in each.paths
            for step in path.steps
        ),
        *(
            "coding",
            "system",
            "code",
            "value",
            "display",
            "text",
            "use",
            "unit",
            "comparator",
            "start",
            "end",
        ),
        *(
            "event",
            "repeat",
            "boundsPeriod",
            "reference",
            "type",
            "identifier",
            "extension",
            "family",
            "given",
        ),
        *("valueQuantity", "valueCodeableConcept", "valueString", "valueDateTime", "valueInteger", "line"),
    }
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
TYPED = [(type_, each) for type_, table in PARAMETERS.items() for each in table.values()]


def values_for(parameter: Parameter) -> tuple[str, ...]:
    if parameter.boolean:
        return ("true", "false")
    if parameter.kind is Kind.COMPOSITE:
        second = parameter.parts[1].kind
        return tuple(f"a${each}" for each in VALUES[second])
    if parameter.targets and "Patient" not in parameter.targets:
        return ("a", f"{parameter.targets[0]}/a")
    return VALUES[parameter.kind]


def at(path: Any, value: Any) -> dict[str, Any]:
    """A document with *value* at the end of *path*."""
    for step in reversed(path.steps):
        value = {step.member: value}
    return value if isinstance(value, dict) else {}


@st.composite
def searched(draw: st.DrawFn) -> tuple[str, Parameter, dict[str, Any]]:
    """A parameter, and a document that has just anything where the parameter looks."""
    type_, parameter = draw(st.sampled_from(TYPED))
    document: dict[str, Any] = {}
    for path in parameter.paths:
        document |= at(path, draw(JSON))
    document |= draw(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=3))
    return type_, parameter, {**document, "resourceType": type_, "id": "a"}


@settings(max_examples=400)
@given(searched(), st.data())
def test_nothing_that_a_document_holds_makes_a_search_fail(
    found: tuple[str, Parameter, dict[str, Any]], data: st.DataObject
):
    type_, parameter, document = found
    names = [parameter.name, *(f"{parameter.name}:{each}" for each in parameter.modifiers if each != "type")]
    name = data.draw(st.sampled_from(names))
    plain = name == parameter.name or name.endswith(":not")
    value = (
        "true"
        if name.endswith(":missing")
        else data.draw(st.sampled_from(values_for(parameter)))
        if plain
        else "a"
    )
    assert asked(document, (name, value), beside=[document]) in (True, False)
    if parameter.kind is not Kind.COMPOSITE:
        for sign in ("", "-"):
            assert order(query(type_, ("_sort", f"{sign}{parameter.name}")), [document, document])
    if parameter.kind is Kind.REFERENCE:
        include = query(type_, ("_include", f"{type_}:{parameter.name}"))
        assert included(include, [document], [document, {"resourceType": "Patient", "id": "a"}]) is not None
    for summary in ("true", "text", "data"):
        assert reduced(document, summary=summary)["meta"]["tag"]


@settings(max_examples=200)
@given(searched(), st.data())
def test_a_comma_is_or_and_a_repetition_is_and(
    found: tuple[str, Parameter, dict[str, Any]], data: st.DataObject
):
    _, parameter, document = found
    values = st.sampled_from(values_for(parameter))
    one, other = data.draw(values), data.draw(values)
    name = parameter.name
    first, second = asked(document, (name, one)), asked(document, (name, other))
    assert asked(document, (name, f"{one},{other}")) is (first or second)
    assert asked(document, (name, one), (name, other)) is (first and second)


@settings(max_examples=200)
@given(searched(), st.data())
def test_not_is_the_complement(found: tuple[str, Parameter, dict[str, Any]], data: st.DataObject):
    _, parameter, document = found
    if "not" not in parameter.modifiers:
        return
    values = data.draw(st.lists(st.sampled_from(values_for(parameter)), min_size=1, max_size=3))
    said = ",".join(values)
    assert asked(document, (f"{parameter.name}:not", said)) is not asked(document, (parameter.name, said))


@settings(max_examples=200)
@given(searched(), st.data())
def test_missing_is_the_complement_of_itself_and_of_every_match(
    found: tuple[str, Parameter, dict[str, Any]], data: st.DataObject
):
    _, parameter, document = found
    if "missing" not in parameter.modifiers:
        return
    missing = asked(document, (f"{parameter.name}:missing", "true"))
    assert asked(document, (f"{parameter.name}:missing", "false")) is not missing
    if missing:
        assert not asked(document, (parameter.name, data.draw(st.sampled_from(values_for(parameter)))))


@given(st.lists(searched(), max_size=4), st.data())
def test_the_order_of_parameters_makes_no_difference(
    found: list[tuple[str, Parameter, dict[str, Any]]], data: st.DataObject
):
    document: dict[str, Any] = {"resourceType": "Observation", "id": "a"}
    pairs: list[tuple[str, str]] = []
    for name in data.draw(st.lists(st.sampled_from(sorted(PARAMETERS["Observation"])), max_size=4)):
        parameter = PARAMETERS["Observation"][name]
        pairs.append((name, data.draw(st.sampled_from(values_for(parameter)))))
        for path in parameter.paths:
            document = {**at(path, data.draw(JSON)), **document}
    turned = data.draw(st.permutations(pairs))
    one, other = query("Observation", *pairs), query("Observation", *turned)
    assert one.pairs == other.pairs
    assert matches(one, document) is matches(other, document)

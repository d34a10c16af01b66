"""Laws of the edge: whatever comes, it answers with findings."""

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tyokyky_bridge.fhir.wire.issues import outcome
from tyokyky_bridge.fhir.wire.structure import members, resource_types
from tyokyky_bridge.fhir.wire.text import Lexeme, render
from tyokyky_bridge.fhir.wire.validate import validate
from worlds.fhir_bodies import care_plan, transaction
from worlds.fhir_breaking import WAYS, broken_at, places
from worlds.fhir_broken import BROKEN
from worlds.fhir_good import GOOD

TYPES = sorted(resource_types())
NAMES = st.sampled_from(
    sorted(
        {
            name
            for kind in ("CarePlan", "Bundle", "Patient", "Extension", "Timing.repeat")
            for name in members(kind)
        }
    )
)
WORDS = st.sampled_from(
    ["#", "#x", "Patient/1", "active", "2026-02-30", "urn:uuid:x", "generated", "<div/>", "1", " "]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | WORDS
    | st.just(Lexeme("2.50"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            NAMES | NAMES.map("_".__add__) | st.just("resourceType") | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=30,
)


@given(VALUES)
def test_any_json_value_is_judged(value: Any) -> None:
    assert validate(value) or isinstance(value, dict)


@given(st.sampled_from(TYPES), st.data())
def test_any_members_of_any_type_are_judged(resource_type: str, data: Any) -> None:
    names = st.sampled_from(sorted(members(resource_type)))
    document = data.draw(st.dictionaries(names | names.map("_".__add__), VALUES, max_size=5))
    document["resourceType"] = resource_type

    found = validate(document)

    assert validate(outcome(found)) == ()
    assert all((each.expression or "").startswith(resource_type) for each in found)


@given(st.sampled_from(sorted(GOOD) + sorted(BROKEN)), st.data())
def test_any_breakage_of_a_body_is_judged(name: str, data: Any) -> None:
    document = GOOD[name] if name in GOOD else BROKEN[name][0]
    for _ in range(data.draw(st.integers(1, 3))):
        where = list(places(document))
        if where:
            document = broken_at(
                document, data.draw(st.sampled_from(where)), data.draw(st.sampled_from(sorted(WAYS)))
            )

    first = validate(document)

    assert validate(document) == first


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_an_empty_value_is_refused_wherever_it_stands(name: str, data: Any) -> None:
    document = {**GOOD[name], "language": "fi"}
    place = data.draw(st.sampled_from(list(places(document))))

    for how in ("nothing", "none"):
        assert any(each.refuses for each in validate(broken_at(document, place, how)))


def test_judging_changes_nothing() -> None:
    for document in GOOD.values():
        before = render(document)
        validate(document)
        assert render(document) == before


def test_no_depth_is_too_much() -> None:
    item: dict[str, Any] = {"linkId": "1"}
    extension: dict[str, Any] = {"url": "urn:x"}
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    for _ in range(5000):
        item = {"linkId": "1", "item": [item]}
        extension = {"url": "urn:x", "extension": [extension]}
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle}]}

    for document in (
        {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]},
        {"resourceType": "Patient", "extension": [extension]},
        bundle,
    ):
        assert [each.code for each in validate(document)] == ["too-costly"]


def _cost_of_references(count: int) -> float:
    helpers = [{"resourceType": "Practitioner", "id": f"h{n}"} for n in range(count)]
    plan = care_plan(contributor=[{"reference": f"#h{n}"} for n in range(count)], contained=helpers)
    linked = [{"reference": f"urn:uuid:00000000-0000-4000-8000-{n:012d}"} for n in range(count)]
    bundle = transaction(*({"resourceType": "Patient"} for _ in range(count)), care_plan(contributor=linked))
    taken: list[float] = []
    for _ in range(3):
        started = time.process_time()
        assert (validate(plan), validate(bundle)) == ((), ())
        taken.append(time.process_time() - started)
    return min(taken)


def test_references_cost_as_much_as_there_are_and_not_the_square_of_it() -> None:
    assert _cost_of_references(8000) < 8 * _cost_of_references(2000)


def test_a_body_that_is_wrong_everywhere_gets_no_endless_answer() -> None:
    document = {"resourceType": "Patient", "name": [{"family": 1, "given": 2}] * 10_000}

    assert len(validate(document)) == 100

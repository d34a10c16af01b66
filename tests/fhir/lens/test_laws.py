"""The lens of FHIR: what a caller sees goes out and comes back whole, and an edit changes what it names."""

import random
import re
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.items import FIELDS, Scalar, leaves_to_json, pattern_of
from tyokyky_bridge.fhir.lens.projection import project
from tyokyky_bridge.fhir.lens.reading import differences, read_back
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.text import parse, render
from tyokyky_bridge.fhir.wire.validate import validate
from worlds.fhir_sheets import bare, drawn, objects, read_all, rich, seen_at, sheet, taken
from worlds.plans import value_for

PLANS = 500
PLAN_ID = str(rich()["header.plan_id"])


def test_whole_plans_go_through_fhir_and_back_without_losing_a_leaf():
    for seed in range(PLANS):
        leaves = drawn(seed, wild=seed % 3 == 0)
        assert read_all(bare(leaves)) == leaves_to_json(leaves), f"seed {seed}"


def test_a_plan_in_which_everything_is_filled_goes_through_whole():
    assert {pattern_of(path) for path in rich()} == set(FIELDS)
    assert read_all(bare(rich())) == leaves_to_json(rich())


def test_sending_back_what_was_read_changes_nothing_and_nothing_is_surplus():
    for seed in range(120):
        leaves = drawn(seed)
        before = leaves_to_json(leaves)
        for document in project(bare(leaves)).values():
            read, issues = taken(parse(render(document)), leaves)
            mine = {path: leaf for path, leaf in before.items() if LENS.place(path) == read.place}
            assert differences(mine, read.leaves) == {}
            assert issues == ()


def _beside(path: str) -> dict[str, Scalar]:
    """The leaves of the same resource as *path*."""
    return {at: value for at, value in rich().items() if LENS.place(at) == LENS.place(path)}


def _another(path: str, rng: random.Random) -> Scalar:
    if FIELDS[pattern_of(path)].kind == "mime":
        return "text/plain"
    value = rich()[path]
    while value == rich()[path]:
        value = value_for(pattern_of(path), rng)
    return value


@pytest.mark.parametrize("pattern", sorted(FIELDS))
def test_an_edit_of_any_field_comes_back_as_this_edit_alone(pattern):
    rng = random.Random(pattern)
    path = next(path for path in rich() if pattern_of(path) == pattern)
    value = _another(path, rng)
    if pattern.endswith("[]"):
        path = f"{path.rpartition('[')[0]}[{value}]"
    before = _beside(path)
    after = read_all(bare({**before, path: value}, PLAN_ID))
    expected = leaves_to_json({path: value}) if path not in before or not pattern.endswith("[]") else {}
    assert differences(leaves_to_json(before), after) == expected


def test_a_removed_field_comes_back_as_removed():
    for path in random.Random(1).sample(sorted(rich()), 200):
        before = _beside(path)
        left = {at: value for at, value in before.items() if at != path}
        assert differences(leaves_to_json(before), read_all(bare(left, PLAN_ID))) == {path: None}


def test_what_a_caller_cannot_see_is_neither_shown_nor_taken_for_removed():
    rng = random.Random(2)
    for seed in range(150):
        leaves = drawn(seed)
        seen = {path: value for path, value in leaves.items() if rng.random() < 0.6}
        assert read_all(bare(seen, str(leaves["header.plan_id"]))) == leaves_to_json(seen)


def test_an_edit_of_what_a_caller_sees_leaves_alone_what_it_does_not_see():
    rng = random.Random(5)
    for seed in range(100):
        leaves = drawn(seed)
        plan_id = str(leaves["header.plan_id"])
        seen = {path: value for path, value in leaves.items() if rng.random() < 0.7}
        path = rng.choice(sorted(at for at in seen if not at.endswith("]")) or ["header.status"])
        if path not in seen:
            continue
        edited = project(bare({**seen, path: value_for(pattern_of(path), rng)}, plan_id))
        full = leaves_to_json(leaves)
        for document in edited.values():
            read = read_back(document, plan_id=plan_id)
            for at, value in differences(seen_at(read, seen), read.leaves).items():
                assert at == path
                full[at] = value
        assert {at for at, value in full.items() if value != leaves_to_json(leaves)[at]} <= {path}
        assert full.keys() == leaves.keys()


def _acceptable(documents: dict[tuple[str, str], Document]) -> bool:
    """Both to the models of somebody else and to the judge that we set at our own edge."""
    for (type_, _), document in documents.items():
        body = render(document)
        get_fhir_model_class(type_).model_validate_json(body)
        assert [issue for issue in validate(parse(body), resource_type=type_) if issue.refuses] == []
    return bool(documents)


def test_every_resource_is_an_acceptable_one_of_its_type():
    for leaves in [rich(), *(drawn(seed, wild=seed % 2 == 0) for seed in range(40))]:
        assert _acceptable(project(sheet(leaves)))


def test_a_resource_of_which_almost_all_is_hidden_is_still_an_acceptable_one():
    rng = random.Random(3)
    for _ in range(40):
        seen = {path: rich()[path] for path in rng.sample(sorted(rich()), 12)}
        assert _acceptable(project(sheet(seen, plan_id=PLAN_ID, withheld=[Category.HEALTH_SCORES])))


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def test_nothing_that_fhir_forbids_in_json_is_ever_written():
    for leaves in [rich(), *(drawn(seed) for seed in range(60))]:
        for (type_, id_), document in project(sheet(leaves)).items():
            assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", id_)
            inside = list(objects(document, type_))
            assert [at for at, value in inside if _empty(value)] == []
            ids = [value for at, value in inside if at.endswith(".id") and at != f"{type_}.id"]
            assert len(set(ids)) == len(ids), "an element id is unique in its resource"


def test_the_same_view_always_gives_the_same_bytes():
    one, other = (list(project(sheet(drawn(5))).values()) for _ in range(2))
    assert render(one) == render(other)


def test_a_body_is_read_whatever_the_order_of_its_members_and_entries():
    rng = random.Random(4)

    def shuffled(value: Any, at: str = "") -> Any:
        if isinstance(value, dict):
            members = list(value.items())
            rng.shuffle(members)
            return {name: shuffled(inner, name) for name, inner in members}
        if isinstance(value, list):
            entries = [shuffled(inner) for inner in value]
            if at not in {"given", "line"}:
                rng.shuffle(entries)
            return entries
        return value

    expected = leaves_to_json(rich())
    found: dict[str, Any] = {}
    for document in project(bare(rich())).values():
        found |= read_back(shuffled(document), plan_id=PLAN_ID).leaves
    assert found == expected

"""Which unit carries what: every pattern exactly one, and a new unit takes its place out of the plan."""

import re

import pytest

from tyokyky_bridge.domain.items import FIELDS, leaves_to_json
from tyokyky_bridge.fhir.lens.extensions import all_extensions
from tyokyky_bridge.fhir.lens.generated import Extension
from tyokyky_bridge.fhir.lens.ids import place_of
from tyokyky_bridge.fhir.lens.lens import Lens, owners
from tyokyky_bridge.fhir.lens.paths import BadPath, parse_path
from tyokyky_bridge.fhir.lens.projection import project
from tyokyky_bridge.fhir.lens.rows import Place, Row, Unit
from tyokyky_bridge.fhir.lens.tree import BadUnit
from tyokyky_bridge.fhir.lens.units import LENS, UNITS
from tyokyky_bridge.fhir.units.care_plan import CARE_PLAN
from tyokyky_bridge.fhir.units.patient import PATIENT
from worlds.fhir_sheets import bare, objects, read_all, rich, sheet

FOLLOW_UP = Unit(
    type="Task",
    anchor="follow_up.events[]",
    tag="fu",
    profile="follow-up",
    rows=(Row("summary", "description"),),
    constant={"intent": "plan", "status": "completed"},
)
BASE = "https://tyokyky-bridge.example/fhir/StructureDefinition/"


def test_every_pattern_of_the_plan_belongs_to_exactly_one_unit():
    assert LENS.owner.keys() == FIELDS.keys()
    for unit, tree in LENS.trees.items():
        assert tree.placed.keys() == {pattern for pattern, owner in LENS.owner.items() if owner is unit}


def test_a_plan_without_a_unit_for_a_section_is_refused():
    with pytest.raises(BadUnit, match=r"no unit carries header\."):
        owners([PATIENT])


def test_two_units_cannot_claim_the_same():
    with pytest.raises(BadUnit, match="claim"):
        owners([CARE_PLAN, PATIENT, Unit(type="Person", anchor="client", tag="pe", profile="person")])


def test_a_new_unit_takes_its_anchor_over():
    others = tuple(unit for unit in UNITS if "follow_up.events[]" not in (unit.anchor, *unit.claims))
    lens = Lens((*others, FOLLOW_UP))
    before, after = project(bare(rich()), Lens(others)), project(bare(rich()), lens)
    new = [key for key in after if key not in before]
    assert [key[0] for key in new] == ["Task", "Task"]
    assert "follow-up-events" in str(before["CarePlan", str(rich()["header.plan_id"])])
    assert "follow-up-events" not in str(after["CarePlan", str(rich()["header.plan_id"])])
    assert "description" in after[new[0]]
    assert read_all(bare(rich()), lens) == leaves_to_json(rich())


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (Row("no_such_field", "description"), "schema has no"),
        (Row("by.name", "owner[].display"), "more lists"),
    ],
)
def test_a_row_that_the_schema_does_not_know_is_refused(row, complaint):
    unit = Unit(type="Task", anchor="follow_up.events[]", tag="fu", profile="x", rows=(row,))
    with pytest.raises(BadUnit, match=complaint):
        Lens((*UNITS, unit))


@pytest.mark.parametrize("path", ["", "a.", "a..b", "a[]", "a.b[0]", "a-b"])
def test_an_element_path_that_cannot_be_read_is_refused(path):
    with pytest.raises(BadPath):
        parse_path(path)


def _inside(extension: Extension) -> dict[str, Extension]:
    return {part.url: part for part in extension.parts}


def test_every_extension_that_is_ever_written_is_listed_with_its_element_and_type():
    listed: dict[str, list[Extension]] = {}
    for each in all_extensions():
        listed.setdefault(each.url, []).append(each)
    found = 0
    for (type_, _), document in project(sheet(rich())).items():
        for at, value in objects(document, type_):
            if not re.search(r"\.extension\[\d+\]\Z", at) or not value["url"].startswith(BASE):
                continue
            on = re.sub(r"\[\d+\]|_", "", at.removesuffix(re.findall(r"\.extension\[\d+\]\Z", at)[0]))
            fitting = [
                each for each in listed[value["url"]] if each.context == on or each.context in {"Reference"}
            ]
            assert fitting, f"{value['url']} on {on}"
            _is_as_listed(value, fitting[0])
            found += 1
    assert found > 150


def _is_as_listed(value: dict[str, object], said: Extension) -> None:
    if said.type is None:
        for part in value["extension"]:  # type: ignore[attr-defined]
            _is_as_listed(part, _inside(said)[part["url"]])
    else:
        assert value.keys() - {"id"} == {"url", f"value{said.type[0].upper()}{said.type[1:]}"}


def test_an_extension_is_named_after_its_field_and_titled_in_three_languages():
    found = {each.slug: each for each in all_extensions()}
    driving = found["competence-driving-licence"]
    assert (driving.type, driving.list_id, driving.repeats) == ("Coding", "CL-07", True)
    history = found["competence-work-history"]
    assert history.type is None
    assert history.repeats
    assert [part.url for part in history.parts] == [
        "title", "occupation-code", "employer", "period",
    ]  # fmt: skip
    assert history.title_en == "work history"
    for each in all_extensions():
        assert all((each.title_fi, each.title_sv, each.title_en))


def test_the_id_of_an_element_says_where_it_stands():
    (type_, id_), place = next(
        (key, place)
        for key, place in LENS.places(str(rich()["header.plan_id"]), rich()).items()
        if key[0] == "Goal"
    )
    assert id_ == f"{str(rich()['header.plan_id']).replace('-', '')}.go-e-1"
    assert place_of(UNITS, type_, id_) == (rich()["header.plan_id"], place)
    assert place_of(UNITS, "Goal", "somebody-elses") is None


def test_an_id_that_would_be_too_long_stands_for_its_path():
    long = "g" * 64
    plan_id = str(rich()["header.plan_id"])
    (key,) = LENS.places(plan_id, {f"goals[{long}].text_client": "x"}).keys() - {("CarePlan", plan_id)}
    assert re.fullmatch(r"[0-9a-f]{32}\.go-h[0-9a-f]{20}", key[1])
    places = LENS.places(plan_id, {f"goals[{long}].text_client": "x"})
    assert places[key] == Place(LENS.owner["goals[].text_client"], (long,))
    assert place_of(UNITS, "Goal", key[1]) is None

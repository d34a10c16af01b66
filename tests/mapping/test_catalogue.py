"""A mapping that is not whole stops the start, and says file, row and reason."""

import json
import runpy
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from mapping.systems import SHIPPED, shipped
from mapping.toy import PLAN_YAML, TABLES, toy_lens
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.mapping import catalogue
from tyokyky_bridge.mapping.catalogue import load, load_draft, read_spec
from tyokyky_bridge.mapping.checks import half_carried, problems
from tyokyky_bridge.mapping.compiled import MappingBroken
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.spec import Spec

STATUS = {
    "resourceType": "ConceptMap",
    "group": [{"source": "a", "target": "b", "element": [
        {"code": code, "target": [{"code": code.upper(), "equivalence": "equivalent"}]}
        for code in ("active", "cancelled", "closed", "draft", "superseded", "under_revision")
    ]}],
}  # fmt: skip
WHOLE = """
system: pegasos
version: 1
record: kertomus
fields:
  - {id: status, plan: header.status, native: tila, codes: status}
never:
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data package with one mapping folder, as a fifth adapter would bring it."""
    package = f"pegasos_rows_{tmp_path.name.replace('-', '_')}"
    home = tmp_path / package / "pegasos"
    (home / "codes").mkdir(parents=True)
    (home.parent / "__init__.py").write_text("")
    (home / "codes" / "status.json").write_text(json.dumps(STATUS))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, package, raising=False)
    write(home, WHOLE)
    return home


def write(home: Path, head: str) -> None:
    rest = "".join(
        f'  - {{plan: "{pattern}", why: test}}\n' for pattern in FIELDS if pattern != "header.status"
    )
    (home / "plan.yaml").write_text(head + rest)


def name_of(home: Path) -> str:
    return f"{home.parent.name}:pegasos"


def test_a_fifth_mapping_is_loaded_from_its_own_package(folder: Path) -> None:
    lens = load(name_of(folder))
    assert (lens.system, lens.version) == ("pegasos", "1")
    assert lens.put_leaves({}, {"header.status": "active"}).native == {"tila": "ACTIVE"}


@pytest.mark.parametrize(
    ("old", "new", "row", "reason"),
    [
        ("native: tila", "nativ: tila", "status", "native"),
        ("codes: status", "codes: tila", "status", "code table tila"),
        ("codes: status", "codec: rot13", "status", "codec rot13"),
        ("native: tila", "native: 'a[b'", "status", "native path"),
        ("native: tila", "native: 'a[b=c]'", "status", "must end in a member"),
        ("plan: header.status", "plan: header.state", "status", "no field of the plan"),
        ("version: 1", "version: 1\nversion: 2", "-", "stands twice"),
        ("never:", "never:\n  - {plan: header.status, why: x}", "never", "mapped as well"),
        ("never:", "never:\n  - {plan: 'nothing*', why: x}", "never", "no field of the plan"),
    ],
)
def test_a_mistake_is_named_by_file_row_and_reason(
    folder: Path, old: str, new: str, row: str, reason: str
) -> None:
    write(folder, WHOLE.replace(old, new))
    with pytest.raises(MappingBroken, match=reason) as broken:
        load(name_of(folder))
    assert broken.value.row == row
    assert broken.value.file == f"{name_of(folder)}/plan.yaml"


def test_a_field_that_is_neither_mapped_nor_listed_is_a_mistake(folder: Path) -> None:
    text = (folder / "plan.yaml").read_text()
    (folder / "plan.yaml").write_text(text.replace('  - {plan: "closing.summary", why: test}\n', ""))
    with pytest.raises(MappingBroken, match=r"closing\.summary is neither mapped nor listed"):
        load(name_of(folder))
    assert load_draft(name_of(folder)).system == "pegasos"


def test_a_code_table_that_forgets_a_code_is_a_mistake(folder: Path) -> None:
    short = json.loads(json.dumps(STATUS))
    del short["group"][0]["element"][0]
    (folder / "codes" / "status.json").write_text(json.dumps(short))
    with pytest.raises(MappingBroken, match="silent about active"):
        load(name_of(folder))


def test_a_code_table_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "codes" / "status.json").write_text("{")
    with pytest.raises(MappingBroken) as broken:
        load(name_of(folder))
    assert broken.value.file.endswith("codes/status.json")


def test_a_mapping_that_is_not_there_is_named() -> None:
    for name in ("tyokyky_mappings:nowhere", "no_such_package:x"):
        with pytest.raises(MappingBroken, match="no such file"):
            load(name)


def test_mappings_are_read_by_libyaml_and_mean_the_same_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert issubclass(catalogue._Loader, yaml.CSafeLoader)
    monkeypatch.delattr(yaml, "CSafeLoader")
    slow = runpy.run_path(catalogue.__file__)
    assert issubclass(slow["_Loader"], yaml.SafeLoader)
    for system in SHIPPED:
        text = files("tyokyky_mappings").joinpath(system, "plan.yaml").read_text("utf-8")
        assert slow["read_spec"](text) == read_spec(text)


def test_yaml_means_what_people_read() -> None:
    head = "system: x\nversion: 01\nrecord: no\n"
    create = "{a: 01, b: yes, c: 7, d: true, e: 2026-02-03}"
    spec = read_spec(head + f"lists: [{{id: a, plan: p, native: n, key: {{native: k}}, create: {create}}}]")
    assert spec.version == "01"
    assert spec.record == "no"
    assert spec.lists[0].create == {"a": "01", "b": "yes", "c": 7, "d": True, "e": "2026-02-03"}


def changed(old: str, new: str) -> Lens:
    assert old in PLAN_YAML
    return Lens(read_spec(PLAN_YAML.replace(old, new)), maps=TABLES)


def found(lens: Lens) -> str:
    return "\n".join(f"{row}: {reason}" for row, reason in problems(lens) if "neither mapped" not in reason)


def test_the_toy_is_whole_but_for_what_it_leaves_out() -> None:
    assert found(toy_lens()) == ""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("native: rajoite", "native: tila", "native tila is written by"),
        ("native_only: {koodi: [BDI-II]}\n", "\n", "part them by native_only"),
        ("id: bdi-value", "id: b4-value", "more than once"),
        ("native: ajokortit", "native: mittaukset", "native mittaukset is written by"),
        (
            "- {id: bdi-value, plan: value, native: arvo",
            "- {id: bdi-value, plan: value, native: tunniste",
            "written by bdi",
        ),
    ],
)
def test_rows_that_fight_for_a_field_are_told(old: str, new: str, reason: str) -> None:
    assert reason in found(changed(old, new))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("label: Asuminen", "label: 'Asuminen:'", "no colon"),
        ("label: Päivärytmi", "label: Asuminen", "stands twice in the block"),
        ("label: \"Tavoite {id}\"", "label: Tavoite", "needs 1 x"),
        ("born: \"was-{effective_on}\"", "born: \"was-{mode}\"", "born names fields"),
        ("template: \"#WAS=", "template: \"{value} #WAS=", "own mark"),
        ("only: {instrument: [kykyviisari_b4]}", "only: {instrument: [kykyviisari_b4, bdi_ii]}", "which one is read"),
        ("native_only: {koodi: [KV-B4]}", "native_only: {koodi: [KV-B4, B4]}", "say in create"),
        ("codes: status, loss: \"under_revision is written as voimassa\"", "codes: status", "declare the loss"),
    ],
)  # fmt: skip
def test_rows_that_are_not_clear_do_not_compile(old: str, new: str, reason: str) -> None:
    with pytest.raises(MappingBroken, match=reason):
        changed(old, new)


def test_what_goes_one_way_only_is_found() -> None:
    lens = changed("native: rajoite,", "native: rajoite, way: read,")
    told = dict(half_carried(lens))
    assert told["flag"] == "health.work_limitation_flag is read only"
    assert "other" in told["service-type"]
    put = lens.put_leaves({}, {"health.work_limitation_flag": True})
    assert (put.native, put.carried) == ({}, frozenset())
    assert lens.get({"rajoite": "K"}).leaves == {"health.work_limitation_flag": True}


@pytest.mark.parametrize("system", SHIPPED)
def test_the_shipped_mappings_are_whole(system: str) -> None:
    lens, empty = shipped(system)
    assert list(problems(lens)) == []
    assert lens.system == system
    assert lens.get(dict(empty)).notes == ()


def test_the_border_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="extra"):
        Spec.model_validate({"system": "x", "version": 1, "record": "r", "sections": []})
    document: dict[str, Any] = {"id": "a", "plan": "p[]", "label": "L", "template": "T"}
    with pytest.raises(ValueError, match="either a label or a template"):
        Spec.model_validate(
            {
                "system": "x",
                "version": 1,
                "record": "r",
                "blocks": [{"id": "b", "native": "n", "rows": [document]}],
            }
        )

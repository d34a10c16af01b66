"""A fifth system is two new folders and nothing else (how-to: add a system).

``pegasos/adapters/pegasos`` and ``pegasos/mappings/pegasos`` beside this file are those two folders. What ``uv sync``
would do with them in the repository is done here in a site directory of its own: the package and its entry point are
installed, and the mapping stands among the others. Hub, worker and simulators find it there by PYTHONPATH.
"""

import ast
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
import yaml

import tyokyky_bridge
from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import (
    HEALTH,
    HELMI,
    Y100_CATEGORIES,
    Person,
    day,
    moment,
    on_the_clock,
    plan,
    y100,
)
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.registry import GROUP
from worlds.strangers import stranger

SOURCES = Path(__file__).parent / "pegasos"
NAME, PACKAGE, PARTY = "pegasos", "tyokyky_adapter_pegasos", "jarvialue-health"
GOAL, LATER = "Takaisin puutarhalle.", "Puutarhalle jo keväällä."
OWN_LINE, OWN_UNIT = "Soitettu asiakkaalle 2.2., palaa asiaan.", "Järvialueen terveysasema 3"
CONCLUSION = "Kokoaikatyö onnistuu kevennettynä."

ADAPTER_NAMES = re.compile(r"\b(tyokyky_adapter_\w+|lifecare|sosiaali_effica|ura|typpi|pegasos)\b")
NAMED_WITHOUT_HARM = {
    "api/sync_examples.py": {"ura"},
    "api/examples.py": {"ura"},  # examples in the API's description
    "api/v1.py": {"ura"},
    "domain/parties.py": {"typpi"},  # the channel of the joint register, which the law knows
    "mapping/fidelity.py": {"lifecare", "sosiaali_effica", "ura", "typpi"},  # columns of the report's matrix
}


def install(site: Path) -> None:
    """Put the two folders where an installation has them: the adapter with its dist-info, the mapping."""
    project = tomllib.loads((SOURCES / "adapters" / NAME / "pyproject.toml").read_text("utf-8"))["project"]
    shutil.copytree(SOURCES / "adapters" / NAME / PACKAGE, site / PACKAGE)
    with as_file(files("tyokyky_mappings")) as mappings:
        shutil.copytree(mappings, site / "tyokyky_mappings", ignore=shutil.ignore_patterns("*.egg-info"))
    shutil.copytree(SOURCES / "mappings" / NAME, site / "tyokyky_mappings" / NAME)
    info = site / f"{PACKAGE}-{project['version']}.dist-info"
    info.mkdir()
    head = ("Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}", "")
    (info / "METADATA").write_text("\n".join(head), "utf-8")
    points = [f"{name} = {package}" for name, package in project["entry-points"][GROUP].items()]
    (info / "entry_points.txt").write_text("\n".join((f"[{GROUP}]", *points, "")), "utf-8")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, engine_url: str | None) -> Iterator[Stage]:
    """An installation with one system more: the fifth beside one of the four."""
    site = tmp_path_factory.mktemp("site")
    install(site)
    shipped = files("tyokyky_mappings").joinpath("canonical/demo_directory.yaml").read_text("utf-8")
    directory: dict[str, Any] = yaml.safe_load(shipped)
    directory["systems"].append(
        {"id": NAME, "adapter": NAME, "party": PARTY, "base_url": "http://127.0.0.1:1"}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        patch.setenv("PYTHONPATH", str(site))
        folder = tmp_path_factory.mktemp("stage-of-five")
        with Stage(
            folder, database_url=engine_url, directory=directory, systems=("ura", NAME), calm=True
        ) as running:
            running.simulators["ura"].clock(set=on_the_clock(10))
            yield running
    for module in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[module]


@pytest.fixture(scope="module")
def desk(stage: Stage) -> Desk:
    return Desk(stage)


@dataclass(frozen=True)
class Told:
    """One client's plan in the fifth system: as first synced, after an update, and after the withdrawal.

    *effects* counts the changes that the fifth's journal knows after each of the three.
    """

    case: Opened
    wire: Wire
    sent_before_consent: bool
    first: dict[str, Any]
    updated: dict[str, Any]
    after: dict[str, Any]
    effects: tuple[int, int, int]


def kept(stage: Stage, patient: str = "101") -> dict[str, Any]:
    """The record of one patient in the fifth system, with its texts by heading."""
    (record,) = (r for r in stage.simulators[NAME].records() if r["potilas"] == patient)
    return record | {h["otsikko"]: h["teksti"] for h in record["otsikot"]}


def opened(desk: Desk, client: Person) -> Opened:
    content = plan(client, HEALTH, coordinator=HELMI) | {
        "health": {"work_ability_conclusion": CONCLUSION},
        "goals": [{"id": "g-1", "text_client": GOAL, "status": "active"}],
    }
    content["network"]["members"].append(
        {
            "id": "n-jarvi",
            "organization": {"party": PARTY},
            "sector": "health",
            "approved_by_client_on": day(-8),
            "period": {"start": day(-8)},
        }
    )
    return desk.open_plan(HELMI, client, content)


def consented(desk: Desk, case: Opened) -> str:
    form = y100(HEALTH, PARTY, categories=Y100_CATEGORIES, taken_by=HELMI)
    return desk.record_form(HELMI, case.client_id, form)["consent"]["consent_id"]


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    client, fifth = stranger(55), stage.simulators[NAME]
    fifth.seed(persons=[client.seed | {"oma_teksti": {"suu": OWN_LINE, "palveluyksikko": OWN_UNIT}}])
    wire = Wire.from_now(fifth)
    case = opened(desk, client)
    stage.settle(case.plan_id)
    early = wire.holds(GOAL) or wire.holds(CONCLUSION)
    consent = consented(desk, case)
    stage.settle(case.plan_id)
    first, one = kept(stage), len(wire.effects)
    desk.revise(HELMI, case.plan_id, {"goals[g-1].text_client": LATER})
    stage.settle(case.plan_id)
    updated, two = kept(stage), len(wire.effects)
    desk.withdraw(HELMI, consent, at=moment())
    stage.settle(case.plan_id)
    return Told(case, wire, early, first, updated, kept(stage), (one, two, len(wire.effects)))


def test_a_plan_written_to_the_hub_stands_in_the_fifth_system(told: Told) -> None:
    assert f"Johtopäätös: {CONCLUSION}" in told.first["TER"]
    assert f"Tavoite g-1: {GOAL}" in told.first["SUU"]
    assert told.wire.holds(GOAL)


def test_an_update_goes_there_in_one_effective_write(told: Told) -> None:
    assert f"Tavoite g-1: {LATER}" in told.updated["SUU"]
    assert GOAL not in told.updated["SUU"]
    assert told.effects[1] == told.effects[0] + 1


def test_after_a_withdrawal_what_the_hub_wrote_is_gone_and_what_its_own_workers_wrote_is_not(
    told: Told,
) -> None:
    assert not any(words in str(told.after) for words in (GOAL, LATER, CONCLUSION))
    assert (told.after["SUU"], told.after["palveluyksikko"]) == (OWN_LINE, OWN_UNIT)
    assert told.effects[2] == told.effects[1] + 1


def test_the_fifth_is_bound_by_the_same_decisions(told: Told, desk: Desk) -> None:
    assert not told.sent_before_consent
    items = desk.disclosures(told.case.plan_id, NAME)
    assert {items[p]["outcome"] for p in ("goals[g-1].text_client", "health.work_ability_conclusion")} == {
        "DENY"
    }


def test_a_client_without_a_plan_there_gets_one(told: Told, stage: Stage, desk: Desk) -> None:
    client, wire = stranger(56), Wire.from_now(stage.simulators[NAME])
    stage.simulators[NAME].seed(persons=[client.seed])
    case = opened(desk, client)
    consented(desk, case)
    assert stage.settle(case.plan_id)[NAME]["state"] == "in_sync"
    assert wire.effects == ["suunnitelma 102 v1"]
    assert GOAL in kept(stage, "102")["SUU"]


def test_the_fifth_lies_in_its_two_folders_only() -> None:
    found = {path.relative_to(SOURCES).parts[:2] for path in SOURCES.rglob("*") if path.is_file()}
    assert found == {("adapters", NAME), ("mappings", NAME)}


def named_in(file: Path) -> set[str]:
    """Names of adapters in imports and in texts that the program uses; docstrings only tell."""
    tree = ast.parse(file.read_text("utf-8"))
    told = {
        id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)
    }
    used = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told)
    ]
    return set(ADAPTER_NAMES.findall("\n".join(used)))


def test_no_code_of_the_hub_names_an_adapter() -> None:
    home = Path(tyokyky_bridge.__file__).parent
    product = [
        file for file in home.rglob("*.py") if "demo" not in file.relative_to(home).parts
    ]  # it tells a story
    named = {str(file.relative_to(home)): named_in(file) for file in product}
    assert {file: names for file, names in named.items() if names} == NAMED_WITHOUT_HARM
    assert not [f for f in home.rglob("*.py") if NAME in f.read_text("utf-8").lower()]

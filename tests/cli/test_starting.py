"""How a process starts: with nothing that it does not need, and with one sentence where it cannot."""

import asyncio
import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from joserfc.jwk import ECKey
from typer.testing import CliRunner, Result

from tyokyky_bridge import observability, registry, worker
from tyokyky_bridge.cli import app
from tyokyky_bridge.mapping.compiled import MappingBroken
from tyokyky_bridge.storage import head, migrate, take_role

PROCESSES = ("serve", "work", "run")
NEEDED_BY_SOME = {"alembic", "fastapi", "httpx", "joserfc", "pytest", "sqlalchemy", "starlette", "uvicorn"}


class Installation:
    """The settings of a hub without partners, and its database."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'hub.db'}"
        self.directory = folder / "directory.yaml"
        self.keys = folder / "keys.json"
        key = ECKey.generate_key("P-256", {"kid": "k-1"}, private=True).as_dict(private=False)
        self.keys.write_text(json.dumps({"keys": [key]}))
        self.write_directory([])
        asyncio.run(migrate(self.url))

    def write_directory(self, systems: list[dict[str, Any]]) -> None:
        shipped = files("tyokyky_mappings").joinpath("canonical/demo_directory.yaml").read_text("utf-8")
        self.directory.write_text(yaml.safe_dump({**yaml.safe_load(shipped), "systems": systems}))

    def starts(self, process: str) -> Result:
        environment = {
            "TYOKYKY_DATABASE_URL": self.url,
            "TYOKYKY_DIRECTORY_FILE": str(self.directory),
            "TYOKYKY_INDEX_KEY": "x" * 32,
            "TYOKYKY_TOKEN_KEYS_FILE": str(self.keys),
            "TYOKYKY_TOKEN_ISSUER": "https://issuer.example",
        }
        return CliRunner().invoke(app, [process], env=environment)

    def cannot_start(self, process: str) -> str:
        result = self.starts(process)
        assert result.exit_code == 78, result.output
        return result.output.removeprefix("cannot start: ").strip()


@pytest.fixture(autouse=True)
def log_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that run in this process must not send its log to where the runner collects their output."""
    monkeypatch.setattr(observability, "configure", lambda: None)


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Ends each process as soon as it is up, and notes whether garbage is collected then."""
    found: list[bool] = []

    async def is_up(*_: object, **__: object) -> None:
        found.append(gc.isenabled() and gc.get_freeze_count() > 0)

    monkeypatch.setattr(worker, "run", is_up)
    monkeypatch.setattr(uvicorn.Server, "serve", is_up)
    yield found
    gc.unfreeze()


@pytest.fixture
def installation(tmp_path: Path, up: list[bool]) -> Installation:
    return Installation(tmp_path)


def loaded(modules: str) -> set[str]:
    """Which packages a fresh interpreter has after it imported *modules*; ours with their second name."""
    code = f"import json, sys, {modules}; print(json.dumps(sorted(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    names: list[str] = json.loads(said.stdout)
    return {".".join(name.split(".")[: 1 + name.startswith("tyokyky_bridge.")]) for name in names}


def test_the_commands_are_shown_without_loading_what_they_do() -> None:
    found = loaded("tyokyky_bridge.cli")
    assert not found & NEEDED_BY_SOME
    assert {name for name in found if name.startswith("tyokyky_bridge.")} == {
        "tyokyky_bridge.cli",
        "tyokyky_bridge.cli_settings",
        "tyokyky_bridge.cli_sync",
        "tyokyky_bridge.settings",
    }


def test_a_worker_starts_without_the_http_face() -> None:
    found = loaded("tyokyky_bridge.cli, tyokyky_bridge.processes.working")
    assert "tyokyky_bridge.worker" in found
    assert not found & {"fastapi", "starlette", "pytest"}
    assert not found & {f"tyokyky_bridge.{name}" for name in ("api", "demo", "fhir", "reference")}


def test_the_http_face_starts_without_the_worker() -> None:
    found = loaded("tyokyky_bridge.cli, tyokyky_bridge.processes.serving")
    assert "tyokyky_bridge.api" in found
    assert "pytest" not in found
    assert not found & {f"tyokyky_bridge.{name}" for name in ("demo", "feeds", "reference", "worker")}


@pytest.mark.parametrize("process", PROCESSES)
def test_garbage_is_collected_once_a_process_is_up(
    process: str, installation: Installation, up: list[bool]
) -> None:
    assert installation.starts(process).exit_code == 0
    assert up == [True] * (1 + (process == "run"))


@pytest.mark.parametrize("process", PROCESSES)
def test_a_schema_that_is_not_at_the_head(process: str, installation: Installation) -> None:
    asyncio.run(migrate(installation.url, "base"))
    assert installation.cannot_start(process) == (
        f"the database is at no revision, this version needs {head()}: run migrate first"
    )
    assert gc.isenabled()


@pytest.mark.parametrize("process", PROCESSES)
def test_a_system_without_its_adapter(process: str, installation: Installation) -> None:
    system = {
        "id": "pegasos",
        "adapter": "pegasos",
        "party": "lrha-health",
        "base_url": "https://pegasos.example",
    }
    installation.write_directory([system])
    assert installation.cannot_start(process) == (
        f"system pegasos needs the adapter pegasos; installed: {', '.join(registry.find_adapters())}"
    )


@pytest.mark.parametrize("process", PROCESSES)
def test_a_broken_mapping(process: str, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(mapping: str, codecs: object) -> None:
        raise MappingBroken(mapping, "goal-status", "codec stars is unknown")

    monkeypatch.setattr(registry, "load", broken)
    told = installation.cannot_start(process)
    assert told == "tyokyky_mappings:lifecare, row goal-status: codec stars is unknown"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_role_that_is_taken(process: str, installation: Installation) -> None:
    held = take_role(installation.url, "work" if process == "work" else "serve")
    assert held is not None
    told = installation.cannot_start(process)
    held.release()
    assert told.startswith("another process (pid ")
    assert told.endswith("more need PostgreSQL")


def test_a_file_that_is_not_there(installation: Installation) -> None:
    installation.directory.unlink()
    assert "No such file" in installation.cannot_start("work")

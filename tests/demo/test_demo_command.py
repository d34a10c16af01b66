"""What ``tyokyky-bridge demo --once`` promises to whoever calls it: a last line and an exit code to go by."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from tyokyky_bridge.cli import app
from tyokyky_bridge.demo import command, story
from tyokyky_bridge.demo.evidence import spellings
from tyokyky_bridge.demo.narration import Narrator
from tyokyky_bridge.demo.scene import Scene

Told = Callable[..., Any]


class EmptyStage:
    """A stage on which nothing runs; *folder* is kept to see that it goes away."""

    folders: list[Path] = []  # noqa: RUF012  # read by the tests

    def __init__(self, folder: Path) -> None:
        self.folders.append(folder)
        self.simulators = {"ura": SimpleNamespace(clock=lambda **_: None)}
        self.hub = SimpleNamespace(log=folder / "hub.log")
        self.worker = SimpleNamespace(log=folder / "worker.log")

    def __enter__(self) -> "EmptyStage":
        self.worker.log.write_text("delivery.broken\n")
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Told:
    def run(*chapters: Callable[[Scene], None]) -> Any:
        monkeypatch.setattr(command, "Stage", EmptyStage)
        monkeypatch.setattr(story, "CHAPTERS", chapters)
        return CliRunner().invoke(app, ["demo", "--once"])

    return run


def holds(scene: Scene) -> None:
    scene.narrator.check("Ura got B4 as a tag", passed=True)


def fails(scene: Scene) -> None:
    scene.narrator.check("Effica got nothing", passed=False)


def breaks_off(scene: Scene) -> None:
    raise TimeoutError("links did not settle")


def test_when_every_check_holds_the_last_line_says_so_and_the_exit_is_0(tell: Told) -> None:
    result = tell(holds, holds)
    assert result.output.splitlines()[-1] == "demo: 2 checks, 0 failed"
    assert result.exit_code == 0


def test_a_failed_check_is_named_and_the_exit_is_1(tell: Told) -> None:
    result = tell(fails, holds)
    assert result.output.splitlines()[-2:] == ["failed: Effica got nothing", "demo: 2 checks, 1 failed"]
    assert result.exit_code == 1


def test_a_chapter_that_breaks_off_is_a_failed_check_with_the_log_to_read(tell: Told) -> None:
    result = tell(breaks_off, holds)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "demo: 2 checks, 1 failed"
    assert "worker.log" in result.output
    assert "delivery.broken" in result.output


def test_nothing_is_left_behind(tell: Told) -> None:
    EmptyStage.folders.clear()
    tell(holds)
    assert [folder.exists() for folder in EmptyStage.folders] == [False]


def test_a_stage_that_does_not_start_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> EmptyStage:
        raise RuntimeError("the hub did not become ready")

    monkeypatch.setattr(command, "Stage", refuse)
    result = CliRunner().invoke(app, ["demo", "--once"])
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "demo: 1 checks, 1 failed"


def test_a_name_is_searched_for_in_every_spelling_of_the_wire() -> None:
    found = spellings("Đặng & Äiti")
    assert "Đặng & Äiti".encode() in found
    assert rb"\u0110\u1eb7ng & \u00c4iti" in found
    assert b"&#272;&#7863;ng &amp; &#196;iti" in found
    assert "Äiti".encode("iso-8859-15") in spellings("Äiti")


def test_what_was_withheld_is_told_with_the_reason_that_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    denied = {"outcome": "DENY", "reason": "NO_BASIS", "labels": ["health.scores"]}
    consent = denied | {"reasons": ["TYP_CHANNEL", "TYP_MARK", "CONSENT_CATEGORY"]}
    joint = denied | {"reasons": ["TYP_MARK", "CONSENT_NONE"]}
    Narrator().withheld("Ura", {"scores[bdi-1].value": consent})
    assert "does not name every category" in " ".join(capsys.readouterr().out.split())
    Narrator().withheld("TYPPI", {"health.work_limitation_text": joint})
    assert "marked the information as necessary" in " ".join(capsys.readouterr().out.split())

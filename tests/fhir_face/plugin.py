"""Hooks of pytest: record from the start, judge at the end; whatever the panel objects to fails the run."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fhir_face import recorder

if TYPE_CHECKING:
    from fhir_face.corpus import Judgement

JUDGED: "pytest.StashKey[Judgement]" = pytest.StashKey()
SCOREBOARD = "--write-fhir-scoreboard"
BODIES = "--keep-fhir-bodies"


def _worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The scoreboard is written when it is asked for."""
    parser.addoption(
        SCOREBOARD,
        action="store_true",
        help="write docs/reference/fhir-judges.md from what this run recorded",
    )
    parser.addoption(
        BODIES,
        metavar="FOLDER",
        help="keep the recorded bodies in FOLDER, for judges that are no part of the run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the corpus, or find that of the process that started this one; stand around the applications."""
    if not _worker(config):
        os.environ[recorder.VARIABLE] = tempfile.mkdtemp(prefix="fhir-corpus-")
    at = recorder.folder()
    assert at is not None
    recorder.record(at)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Judge, in the process that started the run, when something was recorded."""
    at = recorder.folder()
    if _worker(session.config) or at is None:
        return
    try:
        if any(at.glob("*.json")):
            from fhir_face.corpus import judge

            found = session.config.stash[JUDGED] = judge(at)
            if found.findings and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
            if kept := session.config.getoption(BODIES):
                from fhir_face.corpus import keep

                keep(at, Path(kept))
            if session.config.getoption(SCOREBOARD):
                from fhir_face.scoreboard import PAGE, render

                PAGE.write_text(render(found), "utf-8")
    finally:
        shutil.rmtree(at, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the panel found."""
    found = config.stash.get(JUDGED, None)
    if found is None:
        return
    count = sum(found.bodies.values())
    terminalreporter.write_line(
        f"FHIR judges: {count} bodies, {len(found.findings)} findings, appealed: {dict(found.appealed)}"
    )
    for finding, tests in sorted(found.findings.items()):
        terminalreporter.write_line(
            f"  {finding.judge} on {finding.type}: {finding.rule}: {finding.text[:300]} ({len(tests)}x, {tests[0]})"
        )

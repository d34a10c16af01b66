"""The corpus of a test run before the panel: each answer is held to our own rules, each body to every judge."""

import json
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from fhir_face.exchanges import Exchange, broken_rules
from fhir_face.judges import Finding, standing, verdict

WORTH_A_SECOND_PROCESS = 400


@dataclass
class Judgement:
    """What the panel says of a corpus."""

    bodies: Counter[str] = field(default_factory=Counter[str])
    """How many bodies of each type were judged."""
    answers: int = 0
    findings: dict[Finding, list[str]] = field(default_factory=dict[Finding, list[str]])
    """What no appeal covers, each with the tests in which it came up."""
    appealed: Counter[str] = field(default_factory=Counter[str])
    """How many findings of each judge an appeal covers."""


def judged(path: Path) -> tuple[str, str, tuple[Finding, ...]]:
    """One answer: the type of its body, the test, and every finding."""
    answer = Exchange(**json.loads(path.read_text("utf-8")))
    wire = [Finding("exchange", "", rule, text) for rule, text in broken_rules(answer)]
    document = answer.document
    if document is None:
        return "", answer.test, tuple(wire)
    return document.get("resourceType", "?"), answer.test, (*wire, *verdict(document))


def judge(folder: Path) -> Judgement:
    """Everything in a folder."""
    paths = sorted(folder.glob("*.json"))
    said = Judgement(answers=len(paths))
    for type_, test, found in _all(paths):
        if type_:
            said.bodies[type_] += 1
        left = standing(found)
        said.appealed.update(each.judge for each in found if each not in left)
        for each in left:
            said.findings.setdefault(each, []).append(test)
    return said


def keep(folder: Path, at: Path) -> None:
    """Write every body of a corpus to a file of its own under *at*."""
    at.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob("*.json")):
        document = Exchange(**json.loads(path.read_text("utf-8"))).document
        if document is not None:
            (at / path.name).write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")


def _all(paths: list[Path]) -> Iterable[tuple[str, str, tuple[Finding, ...]]]:
    if len(paths) < WORTH_A_SECOND_PROCESS:
        return map(judged, paths)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        return list(pool.map(judged, paths, chunksize=50))

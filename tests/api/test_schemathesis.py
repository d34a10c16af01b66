"""Requests made from the interface document: no fault of ours, and no answer that it does not announce."""

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.hooks import unregister

from fhir_face.live import served
from tyokyky_bridge.services import plans
from worlds.fuzzed import Stage, a_stage, dress
from worlds.web import DOCUMENT

SEED = 20260302
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
MOST_AT_ONCE = {"POST /v1/plans"}
"""Their bodies have so many members that one by one takes thousands of requests: these are drawn only."""


@dataclass
class Told:
    """What a run did."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter[int])
    operations: set[str] = field(default_factory=set[str])
    failures: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, event: events.ScenarioFinished) -> None:
        """Count what one operation was asked, and keep one failure of each kind with a request that shows it."""
        for interaction in event.recorder.interactions.values():
            self.cases += 1
            self.operations.add(event.recorder.label)
            if interaction.response is not None:
                self.statuses[interaction.response.status_code] += 1
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    key = f"{event.recorder.label}: {failure.title}: {failure.message[:200]}"
                    self.failures.setdefault(key, check.failure_info.code_sample)


def run(
    stage: Stage, document: Mapping[str, Any], *, most: int, one_by_one: bool = False, seed: int = SEED
) -> Told:
    """
    Send what schemathesis makes of the document, dressed for the stage, and check every answer.

    Args:
        document: The interface, or a part of it.
        most: Drawn requests for each operation.
        one_by_one: Also try every border and every wrong type of each parameter and member by itself.
    """
    alike = {"extra-data-sources": {"responses": False}}  # what is sent depends on the seed, not on answers
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": stage.url,
            "continue-on-failure": True,
            "warnings": False,
            "request-timeout": 60,  # a receipt may be waited for half a minute
            "generation": {"max-examples": most, "database": "none", "no-shrink": True},
            "phases": {
                "examples": {"enabled": False},
                "coverage": {"enabled": one_by_one, **alike},
                "fuzzing": {"enabled": True, "error-feedback": {"enabled": False}, **alike},
                "stateful": {"enabled": False},
            },
            "operations": [
                {"include-name": name, "phases": {"coverage": {"enabled": False}}} for name in MOST_AT_ONCE
            ],
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
        }
    )
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(document)), config=config)
    told = Told()

    def before_call(_: Any, case: Any, __: Any) -> None:
        dress(stage, case)

    schemathesis.hook(before_call)
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                told.note(event)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                told.failures[f"{type(event).__name__}: {event}"] = ""
    finally:
        unregister(before_call)
    return told


def judge(told: Told, document: Mapping[str, Any]) -> None:
    """No failures; and the run has really met every operation, and got somewhere."""
    assert not told.failures, "\n\n".join(f"{what}\n{sample}" for what, sample in told.failures.items())
    assert len(told.operations) == sum(map(len, document["paths"].values()))
    assert told.statuses[200] > told.cases / 12, told.statuses
    assert {201, 400, 401, 403, 404, 409, 422} <= told.statuses.keys()


def part(*paths: str) -> dict[str, Any]:
    """The document with only these paths."""
    return {**DOCUMENT, "paths": {path: DOCUMENT["paths"][path] for path in paths}}


@pytest.fixture
def stage(sqlite_url):
    with served(sqlite_url) as base:
        yield a_stage(base.removesuffix("/fhir"))


def test_no_request_of_the_document_brings_about_a_fault_or_an_unannounced_answer(stage):
    told = run(stage, DOCUMENT, most=4)
    judge(told, DOCUMENT)
    assert told.cases >= 150


@pytest.mark.campaign
def test_thousands_of_requests_bring_about_no_fault_and_no_unannounced_answer(stage, capsys):
    told = run(stage, DOCUMENT, most=80, one_by_one=True)
    with capsys.disabled():
        print(f"\n{told.cases} requests of {len(told.operations)} operations: {dict(told.statuses)}")
    judge(told, DOCUMENT)
    assert told.cases >= 5_000


REVISIONS = "/v1/plans/{plan_id}/revisions"


def test_a_planted_fault_is_found(stage, monkeypatch):
    def broken(*_: Any, **__: Any) -> None:
        raise KeyError

    monkeypatch.setattr(plans, "list_revisions", broken)
    told = run(stage, part(REVISIONS), most=10)
    assert any("Server error" in what for what in told.failures)


def test_a_status_that_is_not_announced_is_found(stage):
    document = copy.deepcopy(part(REVISIONS))
    del document["paths"][REVISIONS]["get"]["responses"]["200"]
    told = run(stage, document, most=10)
    assert any("Undocumented status code" in what for what in told.failures)


@pytest.mark.campaign
def test_a_run_is_repeatable(stage):
    told = [run(stage, part(REVISIONS, "/fhir/{resource_type}"), most=10) for _ in range(2)]
    assert told[0].statuses == told[1].statuses

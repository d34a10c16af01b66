"""Nothing that the face emits escapes the judges, however many processes the tests run in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import Response

from fhir_face import recorder

TESTS = Path(__file__).parents[1]
SUITE = """
import httpx, pytest
from fastapi import FastAPI
from fastapi.responses import Response

BODY = b'{"resourceType":"Goal","id":"g","lifecycleStatus":"%s","description":{"text":"x"},"subject":{"display":"y"}}'

@pytest.mark.anyio
@pytest.mark.parametrize("status", [b"active", b"aktiivinen"])
async def test_it(status):
    app = FastAPI()
    kind = "application/fhir+json; charset=utf-8"
    app.add_api_route("/fhir/Goal/g", lambda: Response(BODY % status, media_type=kind))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        assert (await client.get("/fhir/Goal/g")).status_code == 200
"""
CONFTEST = """
import pytest
from fhir_face.plugin import (
    pytest_addoption, pytest_configure, pytest_sessionfinish, pytest_terminal_summary,
)

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


@pytest.mark.anyio
async def test_each_answer_of_the_face_is_kept_once(tmp_path, monkeypatch):
    unrecorded = getattr(FastAPI.__call__, "__wrapped__", FastAPI.__call__)
    monkeypatch.setattr(FastAPI, "__call__", unrecorded)  # these bodies are for nobody to judge
    recorder.record(tmp_path)
    app, ids = FastAPI(), iter(range(10))
    body = '{"resourceType":"Patient","id":"01a202dc-e0e5-73fc-b954-b0f6cd79eab%s","gender":"%s"}'

    def answer(gender: str) -> Response:
        return Response(body % (next(ids), gender), media_type="application/fhir+json")

    app.add_api_route("/fhir/Patient/{gender}", answer)
    app.add_api_route("/v1/plans/{gender}", answer)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        for _ in range(3):
            await client.get("/fhir/Patient/female?_pretty=true")
        await client.get("/fhir/Patient/male")
        await client.get("/v1/plans/other")
        with recorder.not_recorded():
            await client.get("/fhir/Patient/unknown")

    kept = [json.loads(path.read_text("utf-8")) for path in tmp_path.glob("*.json")]
    assert sorted(json.loads(each["body"])["gender"] for each in kept) == ["female", "male"]
    assert {each["url"] for each in kept} == {"/fhir/Patient/female?_pretty=true", "/fhir/Patient/male"}


def test_a_bad_body_fails_a_run_in_which_every_test_passes(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
    (tmp_path / "test_it.py").write_text(SUITE, "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != recorder.VARIABLE}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)],
        env={**environment, "PYTHONPATH": str(TESTS)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "FHIR judges: 2 bodies, 2 findings" in run.stdout, run.stdout + run.stderr
    assert "2 passed" in run.stdout
    assert run.returncode == 1

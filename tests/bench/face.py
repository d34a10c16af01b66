"""The FHIR face under load: read, 304, search, create and a transaction of 30, each beside a bare yardstick.

The yardsticks run in the same minute on the same machine: a FastAPI route that returns stored bytes, and a loop of
durable SQLite commits. What counts is processor time per answer, for clients share the machine with the server.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from bench import bare, load
from bench.installation import HEALTH, a_plan, cpu_s
from tyokyky_bridge.demo.stage import Stage

HETU = "120385-921T"
SECONDS = 3.0
WARM_S = 1.0


@dataclass(frozen=True)
class Measured:
    """One kind of request: answers a second, processor microseconds of the server for each, and its slowest."""

    per_s: float
    cpu_us: float
    p99_ms: float


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Stage(folder / "hub", systems=()) as stage:
            found = _face(stage)
            body = stage.call("GET", f"/fhir/CarePlan/{found.plan_id}", party=HEALTH).content
            with _bare_route(folder, body) as (port, pid):
                route = _measure(port, pid, load.request("GET", "/stored/1"), {200})
            commits, commit_s = bare.commits_per_s(folder, body)
    table = Table("", "answers/s", "CPU per answer (µs)", "p99 (ms)", "to bare FastAPI", "to bare commits")
    table.title = f"The FHIR face on SQLite, one process, {load.CONNECTIONS} connections"
    table.add_row(
        "bare FastAPI route", f"{route.per_s:.0f}", f"{route.cpu_us:.0f}", f"{route.p99_ms:.1f}", "1.00x", ""
    )
    table.add_row("bare durable commits", f"{commits:.0f}", f"{1e6 * commit_s:.0f}", "", "", "1.00x")
    for kind, measured in found.kinds.items():
        table.add_row(
            kind,
            f"{measured.per_s:.0f}",
            f"{measured.cpu_us:.0f}",
            f"{measured.p99_ms:.1f}",
            f"{route.cpu_us / measured.cpu_us:.2f}x",
            f"{measured.per_s / commits:.2f}x",
        )
    Console(width=130).print(table)


@dataclass(frozen=True)
class Face:
    """What was measured of the FHIR face, and the plan it was measured on."""

    plan_id: str
    kinds: dict[str, Measured]


def _face(stage: Stage) -> Face:
    plan_id = a_plan(stage, HETU, goals=4)
    token = stage.token(HEALTH)
    careplan = stage.call("GET", f"/fhir/CarePlan/{plan_id}", party=HEALTH)
    careplan.raise_for_status()
    subject = careplan.json()["subject"]["reference"]
    etag = careplan.headers["etag"]
    stranger = stage.call(
        "POST", "/fhir/Patient", party=HEALTH, body={"resourceType": "Patient", "name": [{"family": "Malli"}]}
    )
    stranger.raise_for_status()
    score = _score(f"Patient/{stranger.json()['id']}")
    many = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": score, "request": {"method": "POST", "url": "Observation"}} for _ in range(30)
        ],
    }
    kinds = {
        "read": (load.request("GET", f"/fhir/CarePlan/{plan_id}", token=token), 200),
        "304": (
            load.request("GET", f"/fhir/CarePlan/{plan_id}", token=token, headers={"If-None-Match": etag}),
            304,
        ),
        "search, 4 hits": (load.request("GET", f"/fhir/Goal?patient={subject}", token=token), 200),
        "create": (
            load.request("POST", "/fhir/Observation", token=token, body=json.dumps(score).encode()),
            201,
        ),
        "transaction of 30": (
            load.request("POST", "/fhir", token=token, body=json.dumps(many).encode()),
            200,
        ),
    }
    assert stage.hub.process is not None
    pid = stage.hub.process.pid
    return Face(plan_id, {kind: _measure(stage.port, pid, raw, {ok}) for kind, (raw, ok) in kinds.items()})


def _measure(port: int, pid: int, raw: bytes, ok: set[int]) -> Measured:
    load.run(port, raw, seconds=WARM_S)
    used = cpu_s(pid)
    found = load.run(port, raw, seconds=SECONDS)
    used = cpu_s(pid) - used
    if not found.statuses.keys() <= ok:
        msg = f"answers with other statuses than {ok}: {dict(found.statuses)}"
        raise RuntimeError(msg)
    return Measured(found.per_s, 1e6 * used / sum(found.statuses.values()), found.p99_ms)


@contextmanager
def _bare_route(folder: Path, body: bytes) -> Iterator[tuple[int, int]]:
    stored, port = folder / "stored.json", _free_port()
    stored.write_bytes(body)
    with subprocess.Popen([sys.executable, str(Path(bare.__file__)), str(port), str(stored)]) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/stored/1")
            yield port, server.pid
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _score(subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}
                ]
            }
        ],
        "code": {"text": "Työkykypistemäärä"},
        "subject": {"reference": subject},
        "effectiveDateTime": "2026-11-02",
        "valueQuantity": {"value": 6, "unit": "pistettä"},
        "note": [{"text": "Kysytty vastaanotolla, vastattu suomeksi ilman tulkkia. " * 8}],
    }

"""The whole way: changes synced to partners, on real processes and sockets, beside a bare httpx loop.

The bare loop posts the very bodies that the hub wrote, taken from the simulators' journals, to the same simulators, and
decides, journals, reads and fences nothing. Both are given per second of processor time, so that the simulators, which
share the machine, do not count.
"""

import asyncio
import os
import ssl
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from tyokyky_bridge.adapterkit.testing import Entry
from tyokyky_bridge.demo.stage import Child, Stage

HEALTH = "lrha-health"
OFFICE_HOURS = "2026-11-23T10:00:00+02:00"
WRITES = ("PUT", "POST")
TICKS = os.sysconf("SC_CLK_TCK")


def run(plans: int) -> None:
    """Print the table for one system and for four."""
    table = Table(
        "systems",
        "changes",
        "seconds",
        "changes/s",
        "hub+worker CPU (s)",
        "changes per core-s",
        "writes per core-s",
        "bare httpx posts per core-s",
        "ratio",
        title=f"Changes fully synced, {plans} plans",
    )
    for systems in (("lifecare",), ("lifecare", "effica", "ura", "typpi")):
        with (
            tempfile.TemporaryDirectory() as folder,
            Stage(Path(folder), systems=systems, calm=True) as stage,
        ):
            table.add_row(*_measured(stage, plans))
    Console().print(table)


def _measured(stage: Stage, plans: int) -> list[str]:
    hetus = [_hetu(n) for n in range(plans)]
    for system, simulator in stage.simulators.items():
        simulator.seed(persons=[{"hetu": h, "family_name": "Malli", "given_names": "Maija"} for h in hetus])
        if system == "ura":
            simulator.clock(set=OFFICE_HOURS)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda hetu: _plan(stage, hetu), hetus))
        _settled(stage, len(ids) * len(stage.simulators))
        marks = {system: len(s.journal()) for system, s in stage.simulators.items()}
        cpu, started = _cpu_s(stage.hub) + _cpu_s(stage.worker), time.perf_counter()
        list(pool.map(lambda plan: _change(stage, plan), ids))
        _settled(stage, len(ids) * len(stage.simulators))
        seconds = time.perf_counter() - started
        used_s = _cpu_s(stage.hub) + _cpu_s(stage.worker) - cpu
    writes = [
        (simulator, entry)
        for system, simulator in stage.simulators.items()
        for entry in simulator.journal(since=marks[system])
        if entry.effects and entry.method in WRITES
    ]
    bare = asyncio.run(_bare(writes))
    per_core = len(writes) / used_s
    return [
        str(len(stage.simulators)),
        str(plans),
        f"{seconds:.1f}",
        f"{plans / seconds:.0f}",
        f"{used_s:.2f}",
        f"{plans / used_s:.0f}",
        f"{per_core:.0f}",
        f"{bare:.0f}",
        f"{per_core / bare:.2f}x",
    ]


async def _bare(writes: list[tuple[Any, Entry]]) -> float:
    """Posts per second of processor time of a plain httpx loop with eight connections."""
    clients = {
        simulator: httpx.AsyncClient(
            base_url=simulator.base_url,
            verify=simulator.client_tls or ssl.create_default_context(),
            trust_env=False,
            limits=httpx.Limits(max_connections=8),
        )
        for simulator, _ in writes
    }
    gate = asyncio.Semaphore(8)

    async def post(simulator: Any, entry: Entry) -> None:
        async with gate:
            headers = {
                n: v for n, v in entry.headers if n.lower() in {"content-type", "soapaction", "if-match"}
            }
            await clients[simulator].request(entry.method, entry.path, content=entry.body, headers=headers)

    started = time.process_time()
    await asyncio.gather(*(post(*write) for write in writes))
    used_s = time.process_time() - started
    for client in clients.values():
        await client.aclose()
    return len(writes) / used_s


def _plan(stage: Stage, hetu: str) -> str:
    client = stage.call("POST", "/v1/clients", party=HEALTH, body={"hetu": hetu}).json()["client_id"]
    parties = ("lrha-social", "meriniemi-employment", "typ")
    members = [
        {
            "id": f"n-{i}",
            "organization": {"party": party},
            "role": "other",
            "period": {"start": "2026-01-01"},
        }
        for i, party in enumerate(parties)
    ]
    plan = {
        "header": {"status": "active"},
        "client": {
            "hetu": [{"id": "h-1", "value": hetu, "kind": "official"}],
            "family_name": "Malli",
            "given_names": "Maija",
            "birth_date": f"19{hetu[4:6]}-{hetu[2:4]}-{hetu[:2]}",
            "non_disclosure": {"active": False},
        },
        "care_team": {
            "coordinator": {
                "party": HEALTH,
                "since": "2026-02-10",
                "worker": {
                    "name": "Helmi Virta",
                    "role": "work_ability_coordinator",
                    "party": HEALTH,
                    "user": "HVIRTA",
                },
            },
        },
        "network": {"members": members},
        "goals": [{"id": "g-1", "text_client": "Osa-aikatyö syksyllä.", "status": "active"}],
        "health": {"work_ability_conclusion": "Osa-aikatyö mahdollinen"},
    }
    answer = stage.call("POST", "/v1/plans", party=HEALTH, body={"client_id": client, "plan": plan})
    answer.raise_for_status()
    stage.call("POST", f"/v1/clients/{client}/consents", party=HEALTH, body=_form(parties)).raise_for_status()
    return str(answer.json()["plan_id"])


def _form(parties: tuple[str, ...]) -> dict[str, Any]:
    categories = ["plan.goals", "health.conclusion", "identity.core", "admin.case"]
    return {
        "form_kind": "Y100_WRITTEN",
        "form_id": "Y100",
        "form_version": "2025-1",
        "status": "active",
        "granted_at": "2026-02-02T10:00:00+02:00",
        "valid_from": "2026-02-02",
        "valid_until": "2027-02-01",
        "purpose_text": "Työkyvyn tuki",
        "taken_by": {"name": "Helmi Virta", "role": "public_health_nurse", "party": HEALTH},
        "evidence": {
            "kind": "scan",
            "sha256": "a" * 64,
            "mime": "application/pdf",
            "stored_at": HEALTH,
            "signed_on": "2026-02-02",
        },
        "grants": [
            {
                "discloser": HEALTH,
                "recipient": party,
                "categories": categories,
                "purpose": "typ" if party == "typ" else "work_ability_support",
            }
            for party in parties
        ],
    }


def _change(stage: Stage, plan_id: str) -> None:
    changes = [{"path": "goals[g-1].text_client", "value": f"Osa-aikatyö keväällä {time.time_ns() % 10**6}."}]
    stage.call(
        "PATCH", f"/v1/plans/{plan_id}", party=HEALTH, etag="*", body={"changes": changes}
    ).raise_for_status()


def _settled(stage: Stage, links: int, *, wait_s: float = 300) -> None:
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        lines = stage.http.get("/health").json()["systems"]
        if sum(line["parked"] for line in lines):
            msg = f"parked links: {lines}"
            raise RuntimeError(msg)
        if sum(line["in_sync"] for line in lines) == links:
            return
        time.sleep(0.05)
    msg = f"not settled in {wait_s} s: {stage.http.get('/health').text}"
    raise TimeoutError(msg)


def _cpu_s(child: Child) -> float:
    """Processor seconds that a process has used so far, all its threads together."""
    assert child.process is not None
    fields = Path(f"/proc/{child.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _hetu(number: int) -> str:
    """A synthetic identity number: individual number 900–999, birth dates of the 1960s onwards."""
    day, month, year = 1 + number % 28, 1 + number // 28 % 12, 60 + number // 336
    digits = f"{day:02}{month:02}{year:02}{900 + number % 100}"
    return f"{digits[:6]}-{digits[6:]}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(digits) % 31]}"

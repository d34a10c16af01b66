"""Real installations to be measured: hub, worker and four calm simulators, with clients whose plans are in step."""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from tyokyky_bridge.adapterkit.http import Carrier
from tyokyky_bridge.demo.stage import Child, Stage
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.storage import open_store
from worlds.postgres import Postgres

HEALTH = "lrha-health"
ALL = ("lifecare", "effica", "ura", "typpi")
OFFICE_HOURS = "2026-11-23T10:00:00+02:00"
LOOK_S = 0.2
"""Between two looks at the hub's health: each costs the hub some of what is being measured."""
TICKS = os.sysconf("SC_CLK_TCK")
Engine = Literal["sqlite", "postgresql"]
ENGINES: tuple[Engine, ...] = ("sqlite", "postgresql")


@dataclass
class Installation:
    """A running stage, its plans, and whatever serves it."""

    stage: Stage
    plans: list[str]
    workers: list[Child]
    server: Postgres | None

    def change(self, plan_id: str) -> None:
        """Change one goal of a plan, as a professional of health care does."""
        text = f"Osa-aikatyö keväällä {time.time_ns() % 10**6}."
        changes = [{"path": "goals[g-1].text_client", "value": text}]
        self.stage.call(
            "PATCH", f"/v1/plans/{plan_id}", party=HEALTH, etag="*", body={"changes": changes}
        ).raise_for_status()

    def settled(self, *, but: str | None = None, wait_s: float = 300) -> None:
        """Wait until every link is in step, apart from those of one system."""
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            lines = [
                line for line in self.stage.http.get("/health").json()["systems"] if line["system"] != but
            ]
            if sum(line["parked"] for line in lines):
                msg = f"parked links: {lines}"
                raise RuntimeError(msg)
            if sum(line["in_sync"] for line in lines) == len(lines) * len(self.plans):
                return
            time.sleep(LOOK_S)
        msg = f"not settled in {wait_s} s: {self.stage.http.get('/health').text}"
        raise TimeoutError(msg)

    def writes(self) -> int:
        """How many requests changed something at the partners."""
        return sum(bool(e.effects) for s in self.stage.simulators.values() for e in s.journal())

    def used_s(self) -> float:
        """Processor seconds that hub, workers and the database server have used so far."""
        own = [c.process.pid for c in (self.stage.hub, *self.workers) if c.process is not None]
        served = [] if self.server is None else self.server.processes()
        return sum(cpu_s(pid) for pid in (*own, *served))

    def cpu_s(self, child: Child) -> float:
        """Processor seconds of one of our processes."""
        assert child.process is not None
        return cpu_s(child.process.pid)

    async def latencies(self) -> list[tuple[str, float]]:
        """For each link that was sent the plan's last revision: its system, and the seconds from the revision to the
        end of the attempt that brought it there. A link's own acknowledgement is moved on by every later look.
        """
        store = open_store(self.stage.database_url, index_key=b"0" * 32)
        found: list[tuple[str, float]] = []
        for plan in self.plans:
            found += await store.read(lambda tx, plan=plan: _latencies(tx, UUID(plan)))
        await store.aclose()
        return found

    @contextmanager
    def more_workers(self, number: int) -> Iterator[None]:
        """Let as many more workers help."""
        helping = [
            Child(("work",), self.stage.worker.environment, self.stage.folder / f"worker-{n}.log")
            for n in range(number)
        ]
        for child in helping:
            child.start()
        time.sleep(2)
        self.workers += helping
        try:
            yield
        finally:
            for child in helping:
                self.workers.remove(child)
                child.end()


def _latencies(tx: Tx, plan: UUID) -> list[tuple[str, float]]:
    row = tx.plans.get(plan)
    assert row is not None
    found: list[tuple[str, float]] = []
    for link in tx.links.of_plan(plan):
        decision = tx.decisions.latest(plan, link.system)
        attempt = None if decision is None else tx.decisions.attempt(decision.id)
        if decision is not None and attempt is not None and decision.plan_version == row.version:
            found.append((link.system, (attempt.ended_at - row.updated_at).total_seconds()))
    return found


@contextmanager
def installed(
    engine: Engine, plans: int, systems: tuple[str, ...] = ALL, carrier: Carrier = "httpx"
) -> Iterator[Installation]:
    """An installation on *engine* with that many plans, all in step with all *systems*."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = None
        url = None
        if engine == "postgresql":
            server = Postgres(fsync=True)
            stack.callback(server.close)
            server.start()
            url = server.empty_database()
        stage = stack.enter_context(
            Stage(folder, database_url=url, systems=systems, calm=True, carrier=carrier)
        )
        hetus = [_hetu(n) for n in range(plans)]
        for system, simulator in stage.simulators.items():
            simulator.seed(
                persons=[{"hetu": h, "family_name": "Malli", "given_names": "Maija"} for h in hetus]
            )
            if system == "ura":
                simulator.clock(set=OFFICE_HOURS)
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda hetu: a_plan(stage, hetu), hetus))
        place = Installation(stage, ids, [stage.worker], server)
        place.settled()
        yield place


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def a_plan(stage: Stage, hetu: str, *, goals: int = 1) -> str:
    """An active plan of a made-up client with a form for all its parties; returns its id."""
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
        "goals": [
            {"id": f"g-{n}", "text_client": "Osa-aikatyö syksyllä.", "status": "active"}
            for n in range(1, goals + 1)
        ],
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


def _hetu(number: int) -> str:
    """A synthetic identity number: individual number 900–999, birth dates of the 1960s onwards."""
    day, month, year = 1 + number % 28, 1 + number // 28 % 12, 60 + number // 336
    digits = f"{day:02}{month:02}{year:02}{900 + number % 100}"
    return f"{digits[:6]}-{digits[6:]}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(digits) % 31]}"

"""Everything of one scenario that is not the engine: time, chance, the log, the processes, the partners."""

import asyncio
import random
import traceback
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from simulation.client import PartnerClient
from simulation.history import History
from simulation.invariants import Invariants
from simulation.native import Mark, lens_of
from simulation.nemesis import Nemesis
from simulation.partner import PartnerSystem
from simulation.process import Process
from simulation.store import Database
from tyokyky_bridge.adapterkit.manifest import Limits, Manifest
from tyokyky_bridge.domain.parties import Directory, Purpose, System
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.ports import ConstraintBroken, Tx
from worlds.parties import DIRECTORY, EMPLOYMENT, HEALTH, LEGAL_BASES, SOCIAL

T = TypeVar("T")

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HETUS = ("120385-921T", "120385Y921T")
"""Two clients whose numbers differ in nothing but the century sign."""
DEADLINE_S = 20.0
PARTIES = (SOCIAL, EMPLOYMENT, HEALTH)


class World:
    """One scenario's world."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.violations: list[tuple[str, str]] = []
        self.over = False
        self.numbers = 0
        self.marks: dict[str, Mark] = {}
        self.clients: list[UUID] = []
        self.plans: list[UUID] = []
        self.processes: dict[str, Process] = {}
        self.background: set[asyncio.Task[Any]] = set()
        self.commits = 0
        self._never: list[asyncio.Future[None]] = []
        self.database = Database(lambda: self.now)
        self.nemesis = Nemesis(self)
        self.invariants = Invariants(self)
        self.history = History(self)
        self.partners = self._partners()
        self._systems = [
            System(p.id, "simulated", p.party, p.id, Purpose.WORK_ABILITY_SUPPORT, "")
            for p in self.partners.values()
        ]

    # Time and chance

    @property
    def now_s(self) -> float:
        """Virtual seconds since the beginning."""
        return asyncio.get_running_loop().time()

    @property
    def now(self) -> datetime:
        """The hub clock."""
        return BEGIN + timedelta(microseconds=int(self.now_s * 1_000_000))

    def chance(self, share: float) -> bool:
        """Whether something happens that does in that share of cases; without a share nothing is drawn."""
        return share > 0 and self.rng.random() < share

    def draw(self, low: float, high: float) -> float:
        """A number between two others."""
        return self.rng.uniform(low, high)

    def draw_number(self) -> int:
        """The next of a series that never repeats."""
        self.numbers += 1
        return self.numbers

    def tick(self) -> float:
        """How long a step takes: mostly next to nothing, now and then long enough for others to come between."""
        drawn = self.rng.random()
        if drawn < 0.7:
            return drawn / 200
        return drawn * 0.2 if drawn < 0.97 else drawn * 1.5

    # What happened

    def note(self, what: str) -> None:
        """Write a line of the log."""
        self.lines.append(f"{self.now_s:10.4f}  {what}")

    def found(self, invariant: str, what: str) -> None:
        """Something that must never be."""
        self.note(f"VIOLATION {invariant}: {what}")
        self.violations.append((invariant, what))

    def new_mark(self, name: str, client: int, path: str, *, party: str | None, system: str | None) -> str:
        """A text that was never written before."""
        mark = f"{name}~{self.draw_number()}"
        self.marks[mark] = Mark(mark, client, path, system, set() if party is None else {party})
        return mark

    def person_of(self, hetu: str) -> str:
        """A partner's own id of a person."""
        return f"person-{HETUS.index(hetu) + 1}"

    def person_of_client(self, client: UUID) -> str:
        """The same, by the hub's id of the client."""
        return f"person-{self.clients.index(client) + 1}"

    def plan_of_person(self, person: str) -> UUID:
        """The plan of a partner's person."""
        return self.plans[int(person.partition("-")[2]) - 1]

    # What runs

    def never(self) -> asyncio.Future[None]:
        """What a dead process waits for. Kept, or the dead would be swept up while the scenario goes on."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._never.append(future)
        return future

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let something happen that belongs to no process of the hub."""
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self._spawned_ended)
        return task

    def _spawned_ended(self, task: asyncio.Task[Any]) -> None:
        self.background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.over:
            self.lines.append("".join(traceback.format_exception(error)))
            self.found("play", f"{type(error).__name__}: {error}")

    def process(self, name: str) -> Process:
        """Start a process of that name."""
        process = self.processes[name] = Process(self, name)
        return process

    def commit(self, who: str, fn: Callable[[Tx], T]) -> tuple[T, set[str]]:
        """Run a transaction of the hub, and look at everything afterwards."""
        try:
            value, due = self.database.write(fn)
        except ConstraintBroken as broken:
            self.found("I4", f"{who} broke the constraint {broken.constraint}")
            raise
        self.commits += 1
        self.invariants.committed(who)
        return value, due

    def bridge(self, process: Process) -> Bridge:
        """The hub as one process has it wired."""
        rows = [row for group in DIRECTORY.parties.values() for row in group]
        partners = {
            system.id: Partner(
                system,
                manifest_of(self.partners[system.id]),
                lens_of(system.id),
                PartnerClient(process, self.partners[system.id]),
            )
            for system in self._systems
        }
        return Bridge(
            process.store, Directory(rows, self._systems), LEGAL_BASES, partners, synthetic_only=True
        )

    def _partners(self) -> dict[str, PartnerSystem]:
        kinds = ["keyed", "conditional", "locked"]
        self.rng.shuffle(kinds)
        parties = list(PARTIES)
        self.rng.shuffle(parties)
        drawn = self.rng.choices((1, 2, 3), (1, 6, 2))[0]
        made: dict[str, PartnerSystem] = {}
        for party, kind in zip(parties[:drawn], kinds, strict=False):
            retract = "blank" if kind != "keyed" else self.rng.choice(["void", "blank", "retained"])
            system = f"{party.partition('-')[2]}-{kind}"
            made[system] = PartnerSystem(self, system, party, kind, retract)  # type: ignore[arg-type]
        return made


def manifest_of(partner: PartnerSystem) -> Manifest:
    """What the partner's adapter says of it."""
    return Manifest(
        system=partner.id,
        title=partner.id,
        contract=1,
        mapping="-",
        read_back=partner.kind == "conditional",
        retract=partner.retract,  # type: ignore[arg-type]
        feed="poll",
        limits=Limits(deadline_s=DEADLINE_S, slots=4),
    )

"""What a worker keeps an eye on for all its systems: what is due, what it has lost from its hands, who has died."""

import asyncio
from dataclasses import dataclass

import structlog

from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import ANY_SYSTEM, Bell, StoreError, Tx
from tyokyky_bridge.services.records import Lease

log = structlog.get_logger()

SOONEST_S = 0.01
LOOK_FOR_DEATH_S = 0.5
STRAY_S = 1.0
"""How long a lease of ours may be on record without anybody here knowing of it: longer than an answer takes."""

Hands = dict[int, int]
"""The links that this worker is working on, each with the epoch of its lease."""


@dataclass(frozen=True)
class Pace:
    """How often a worker looks (seconds)."""

    poll_s: float = 0.25
    """Between two looks while there is work."""
    lease_s: float = 30.0
    heartbeat_s: float = 5.0
    idle_s: float = 1.0
    """Between two looks when nothing was due for a while. A bell or a moment that is foreseen comes first."""


class Lookout:
    """One look for all systems, and bells for those that have something due. This polling is the guarantee behind all
    wake-ups; the rest of what it does only makes recovery faster than the end of a lease.
    """

    def __init__(self, bridge: Bridge, worker: str, pace: Pace, hands: Hands, *, among_others: bool) -> None:
        self._store = bridge.store
        self._systems = tuple(sorted(bridge.partners))
        self._worker = worker
        self._pace = pace
        self._hands = hands
        self._among_others = among_others
        self._unknown: dict[Lease, float] = {}
        self._looked_for_death = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Look until *stop* is set."""
        bell = self._store.bell(ANY_SYSTEM)
        stopping = asyncio.create_task(ring_when(stop, bell))
        pause_s = self._pace.poll_s
        try:
            while not stop.is_set():
                pause_s = min(2 * pause_s, max(self._pace.idle_s, self._pace.poll_s))
                try:
                    pause_s = await self._look(pause_s)
                except StoreError as error:
                    log.warning("worker.store", worker=self._worker, error=error.code)
                await bell.wait(pause_s)
        finally:
            stopping.cancel()

    async def _look(self, pause_s: float) -> float:
        """Ring, free, and say after how many seconds to look again."""
        now, agenda, leases = await self._store.read(
            lambda tx: (tx.now(), tx.workers.agenda(self._systems), tx.workers.leases())
        )
        for system, at in agenda.items():
            if at <= now:
                self._store.bell(system).ring()
                pause_s = self._pace.poll_s
            else:
                pause_s = min(pause_s, (at - now).total_seconds())
        if self._hands:
            pause_s = min(pause_s, self._pace.poll_s)
        await self._free_strays(leases)
        if self._among_others and any(lease.worker != self._worker for lease in leases):
            await self._free_what_the_dead_hold(leases)
            pause_s = min(pause_s, LOOK_FOR_DEATH_S)
        return max(pause_s, SOONEST_S)

    async def _free_strays(self, leases: tuple[Lease, ...]) -> None:
        """Free what is on record as ours but is not in our hands: an answer of the database was lost."""
        now_s = asyncio.get_running_loop().time()
        ours = (lease for lease in leases if lease.worker == self._worker)
        unknown = [lease for lease in ours if self._hands.get(lease.link_id) != lease.epoch]
        self._unknown = {lease: self._unknown.get(lease, now_s) for lease in unknown}
        strays = [lease for lease, since_s in self._unknown.items() if now_s - since_s >= STRAY_S]
        if strays:
            freed = await self._store.write(lambda tx: tx.workers.free(strays, harmless=True))
            log.info("worker.strays_freed", worker=self._worker, count=freed)

    async def _free_what_the_dead_hold(self, leases: tuple[Lease, ...]) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._looked_for_death < LOOK_FOR_DEATH_S:
            return
        self._looked_for_death = now_s
        others = sorted({lease.worker for lease in leases} - {self._worker})

        def free(tx: Tx) -> int:
            freed = 0
            for name in others:
                if tx.workers.gone(name):
                    freed += tx.workers.free([lease for lease in leases if lease.worker == name])
                    tx.workers.stop(name)
            return freed

        freed = await self._store.write(free)
        if freed:
            log.info("worker.dead_freed", worker=self._worker, count=freed)


async def ring_when(stop: asyncio.Event, bell: Bell) -> None:
    """Wake whoever waits for *bell* when *stop* is set."""
    await stop.wait()
    bell.ring()

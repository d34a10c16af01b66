"""The loops that hear of changes: change logs, changed numbers, the comparing trickle; and what sweeps out old rows.

One worker tends a system at a time, by a lease that it renews; when it dies another takes over after the lease.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from tyokyky_bridge.adapterkit.errors import Blocked, PartnerError, TryLater
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.identity_changes import follow_waiting
from tyokyky_bridge.services.intake import hold, poll
from tyokyky_bridge.services.ports import StoreError, Tx
from tyokyky_bridge.services.rate_gate import listening_every_s
from tyokyky_bridge.services.reconciling import Trickle

log = structlog.get_logger()

FAILING = 5
"""How many times as long as the slowest pace a partner may be left alone when it asks for that or keeps us out."""

Step = Callable[[], Awaitable[bool]]
"""One turn of a loop; whether it found something, so that the next turn should come soon."""


@dataclass(frozen=True)
class FeedPace:
    """How often a system is tended (seconds)."""

    poll_fastest_s: float = 2.0
    """Between two looks into a change log after something came."""
    poll_slowest_s: float = 60.0
    """The same after nothing came for long, or the partner did not answer."""
    lease_s: float = 60.0
    """How long a tender may be silent until another takes over; above what one request to a partner may take."""
    take_over: bool = False
    """Whether one that is seen to be dead is replaced at once: for workers that show each other that they live."""
    verify_tick_s: float = 5.0
    verify_every_s: float = 20 * 3600.0
    """After how long a link is compared again: below the 24 h of the coverage figure, so that it can be full."""
    prune_after_s: float = 60.0
    prune_every_s: float = 3600.0
    hints_kept_s: float = 30 * 86400.0


DEFAULT = FeedPace()


async def run(bridge: Bridge, worker: str, stop: asyncio.Event, pace: FeedPace = DEFAULT) -> None:
    """Tend every system until *stop* is set. A partner or a database that fails ends no loop."""
    async with asyncio.TaskGroup() as group:
        loops = [group.create_task(_prune(bridge, pace))]
        for partner in bridge.partners.values():
            tender = _Tender(bridge, partner, worker, pace)
            loops += [group.create_task(each) for each in tender.loops()]
        await stop.wait()
        for loop in loops:
            loop.cancel()
    for system in bridge.partners:
        with contextlib.suppress(StoreError):
            await bridge.store.write(lambda tx, system=system: tx.feeds.release(system, worker=worker))


class _Tender:
    """One worker's care of one system."""

    def __init__(self, bridge: Bridge, partner: Partner, worker: str, pace: FeedPace) -> None:
        self._bridge = bridge
        self._partner = partner
        self._system = partner.system.id
        self._worker = worker
        self._pace = pace
        self._lease = timedelta(seconds=pace.lease_s)
        self._trickle = Trickle(partner, every=timedelta(seconds=pace.verify_every_s))

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """Its loops, by how the partner lets changes be heard of."""
        least_s = listening_every_s(self._partner.manifest.limits)
        fastest_s, slowest_s = (
            max(least_s, each_s) for each_s in (self._pace.poll_fastest_s, self._pace.poll_slowest_s)
        )
        heard: dict[str, Step] = {"poll": self._read_log, "push": self._follow_numbers}
        step = heard.get(self._partner.manifest.feed)
        listening = [] if step is None else [_repeat(self._system, step, fastest_s, slowest_s)]
        tick_s = self._pace.verify_tick_s
        return [*listening, _repeat(self._system, self._compare, tick_s, tick_s)]

    async def _read_log(self) -> bool:
        polled = await poll(
            self._bridge,
            self._partner,
            worker=self._worker,
            lease=self._lease,
            take_over=self._pace.take_over,
        )
        return polled is not None and polled.taken.looks > 0

    async def _follow_numbers(self) -> bool:
        """Changed identity numbers that messages told of. Nothing waits nearly always: that is one cheap look."""
        store = self._bridge.store
        if not await store.read(lambda tx: tx.inbox.identities(self._system, limit=1)):
            return True
        if not await store.write(self._is_ours):
            return False
        return await follow_waiting(self._bridge, self._partner) > 0

    async def _compare(self) -> bool:
        store = self._bridge.store
        limit = self._trickle.allowed(await store.read(self._trickle.room), self._pace.verify_tick_s)
        if limit and await store.read(self._trickle.waits):
            asked = await store.write(
                lambda tx: self._trickle.ask(tx, limit=limit) if self._is_ours(tx) else 0
            )
            self._trickle.spent(asked)
        return False

    def _is_ours(self, tx: Tx) -> bool:
        take_over = self._pace.take_over
        held = hold(tx, self._system, worker=self._worker, lease=self._lease, take_over=take_over)
        return held is not None


async def _repeat(system: str, step: Step, fastest_s: float, slowest_s: float) -> None:
    """Take turns for ever: soon again after something was found, ever less often while nothing is, or it fails."""
    wait_s = fastest_s
    while True:
        await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # noqa: S311
        try:
            found = await step()
        except TryLater as error:
            asked_s = error.after.total_seconds() if error.after is not None else wait_s * 2
            wait_s = min(max(asked_s, wait_s * 1.5), slowest_s * FAILING)
            log.info("feed.later", system=system, error=error.code)
        except Blocked as error:
            wait_s = slowest_s * FAILING
            log.error("feed.blocked", system=system, error=error.code)  # noqa: TRY400
        except (PartnerError, StoreError) as error:
            wait_s = min(wait_s * 2, slowest_s)
            log.warning("feed.failed", system=system, error=error.code)
        except Exception as error:  # noqa: BLE001  # a fault in one adapter must not end the worker
            wait_s = slowest_s
            log.error("feed.broken", system=system, error=type(error).__name__)  # noqa: TRY400
        else:
            wait_s = fastest_s if found else min(slowest_s, wait_s * 1.5)


async def _prune(bridge: Bridge, pace: FeedPace) -> None:
    """Forget hints and stored answers that nobody can repeat any more."""
    kept = timedelta(seconds=pace.hints_kept_s)
    wait_s = pace.prune_after_s
    while True:
        await asyncio.sleep(wait_s)
        wait_s = pace.prune_every_s
        with contextlib.suppress(StoreError):
            await bridge.store.write(lambda tx: (tx.inbox.prune(kept), tx.idempotency.prune()))

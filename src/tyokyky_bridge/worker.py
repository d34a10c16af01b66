"""The loops that keep links true: one bulkhead for each partner system, so that a dead one holds up nothing else."""

import asyncio
import contextlib
import socket
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from tyokyky_bridge import feeds
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.next_change import next_change
from tyokyky_bridge.feeds import FeedPace
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.delivery import Engine, deliver
from tyokyky_bridge.services.linking import refresh_links
from tyokyky_bridge.services.loading import facts_of, latest_revision
from tyokyky_bridge.services.poison import park_poison
from tyokyky_bridge.services.ports import StoreError, Tx
from tyokyky_bridge.services.rate_gate import claim_within
from tyokyky_bridge.services.records import LinkRow, PlanRow
from tyokyky_bridge.worker_lookout import Hands, Lookout, Pace, ring_when
from tyokyky_bridge.worker_ward import Ward

__all__ = ["Pace", "Swept", "run", "sweep", "sweep_in_time"]

log = structlog.get_logger()

DRAIN_S = 10.0
"""How long sends in flight may take to end after the worker was asked to stop."""
GIVE_BACK_S = 2.0
UNHEARD_S = 30.0
"""How long a system's loop waits for its bell, which the lookout rings at every look while something is due."""
SILENT = timedelta(minutes=1)
SWEEP_PAGE = 50
SWEEP_AFTER_S = 30.0
"""How long a worker that has just started delivers what waits before it looks at what the calendar changed."""


async def run(
    bridge: Bridge,
    engine: Engine,
    pace: Pace,
    stop: asyncio.Event,
    *,
    among_others: bool = False,
    feed_pace: FeedPace | None = None,
) -> None:
    """Work until *stop* is set, then let sends in flight end and give back the rest.

    *among_others*: show that this worker lives, hear other processes' wake-ups, and free what dead workers held. For
    that its name must be its own, of this start of the process alone. *feed_pace*: tend the partners' change logs too.
    """
    await bridge.store.write(lambda tx: _start(tx, engine.worker))
    log.info("worker.started", worker=engine.worker, systems=len(bridge.partners))
    hands: Hands = {}
    present = asyncio.create_task(bridge.store.attend(engine.worker)) if among_others else None
    try:
        async with asyncio.TaskGroup() as group:
            lookout = Lookout(bridge, engine.worker, pace, hands, among_others=among_others)
            group.create_task(lookout.run(stop))
            ward = Ward(bridge.store, bridge.partners)
            for partner in bridge.partners.values():
                group.create_task(_keep_true(engine, partner, pace, stop, hands, ward))
            group.create_task(_beat(bridge, engine.worker, pace, stop, among_others=among_others))
            group.create_task(_sweep_daily(bridge, stop))
            if feed_pace is not None:
                group.create_task(feeds.run(bridge, engine.worker, stop, feed_pace))
    finally:
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(GIVE_BACK_S):
                await bridge.store.write(lambda tx: _end(tx, engine.worker))
        if present is not None:  # to the last, so that nobody takes what is being given back
            present.cancel()
        log.info("worker.stopped", worker=engine.worker)


def _start(tx: Tx, worker: str) -> int:
    """A restarted worker takes back what it held under its name; fencing makes that safe even if it still lives."""
    tx.workers.start(worker, host=socket.gethostname())
    return _give_back(tx, worker, harmless=False)


def _end(tx: Tx, worker: str) -> None:
    _give_back(tx, worker, harmless=True)
    tx.workers.stop(worker)


def _give_back(tx: Tx, worker: str, *, harmless: bool) -> int:
    leases = [lease for lease in tx.workers.leases() if lease.worker == worker]
    return tx.workers.free(leases, harmless=harmless)


async def _keep_true(
    engine: Engine, partner: Partner, pace: Pace, stop: asyncio.Event, hands: Hands, ward: Ward
) -> None:
    """Claim and deliver the links of one system, never more than its slots at once."""
    running: dict[asyncio.Task[None], LinkRow] = {}
    bell = engine.bridge.store.bell(partner.system.id)
    stopping = asyncio.create_task(ring_when(stop, bell))
    try:
        while not stop.is_set():
            free = partner.manifest.limits.slots - len(running)
            claimed = await _claim(engine, partner, pace, free, ward) if free else ()
            for link in claimed:
                hands[link.id] = link.lease_epoch
                task = asyncio.create_task(deliver(engine, partner, link))
                running[task] = link
                if link.is_suspect:
                    task.add_done_callback(ward.leave)
            if not free:
                await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            elif len(claimed) < free:
                await bell.wait(UNHEARD_S)
            _put_down(running, hands)
        if running:
            log.info("worker.draining", worker=engine.worker, system=partner.system.id, count=len(running))
            await asyncio.wait(running, timeout=DRAIN_S)
    finally:
        stopping.cancel()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        _put_down(running, hands)


def _put_down(running: dict[asyncio.Task[None], LinkRow], hands: Hands) -> None:
    """Let go of links whose attempt has ended."""
    for task in [task for task in running if task.done()]:
        link = running.pop(task)
        if hands.get(link.id) == link.lease_epoch:
            del hands[link.id]
        if not task.cancelled():
            task.result()


async def _claim(
    engine: Engine, partner: Partner, pace: Pace, free: int, ward: Ward | None = None
) -> tuple[LinkRow, ...]:
    """Lease due links as far as the partner's rate has room, unless its gate is shut; an opening one lets one through.

    A suspect comes only while no other is in this worker's hands; one that has had its last claim is parked instead.
    """
    system = partner.system.id
    store = engine.bridge.store
    ward = ward or Ward(store, ())

    def claim(tx: Tx) -> tuple[LinkRow, ...]:
        gate = tx.gates.get(system, lock="update")
        if gate.paused_until is not None and gate.paused_until > tx.now():
            return ()
        lease = timedelta(seconds=pace.lease_s)
        suspects = ward.is_free

        def take(limit: int, *, only_urgent: bool = False) -> tuple[LinkRow, ...]:
            nonlocal suspects
            leased = tx.links.claim(
                system,
                limit=limit,
                worker=engine.worker,
                lease=lease,
                suspects=suspects,
                only_urgent=only_urgent,
            )
            suspects = suspects and not any(link.is_suspect for link in leased)
            return park_poison(tx, leased)

        is_well = gate.breaker == "closed"
        claimed, charged = claim_within(gate, partner.manifest.limits, tx.now(), free if is_well else 1, take)
        if claimed and not is_well:
            charged = replace(charged, breaker="half", paused_until=tx.now() + lease)
        if charged != gate:
            tx.gates.save(charged)
        return claimed

    try:
        return await ward.admit(await store.write(claim), engine.worker)
    except StoreError as error:
        log.warning("worker.store", system=system, error=error.code)
        return ()


async def _beat(bridge: Bridge, worker: str, pace: Pace, stop: asyncio.Event, *, among_others: bool) -> None:
    def beat(tx: Tx) -> None:
        if not tx.workers.beat(worker):  # somebody took us for dead
            tx.workers.start(worker, host=socket.gethostname())
        if among_others:
            for silent in tx.workers.silent(SILENT):
                if tx.workers.gone(silent.name):
                    tx.workers.stop(silent.name)

    while not await _stopped(stop, pace.heartbeat_s):
        with contextlib.suppress(StoreError):
            await bridge.store.write(beat)


async def _sweep_daily(bridge: Bridge, stop: asyncio.Event) -> None:
    """Look at every open plan once a Finnish day: forms, customerships and laws begin and end by the calendar.

    What is sent is decided afresh anyway; this finds what has to be taken back or may go now although nobody did
    anything. So it can wait until a worker has been up for a while, and restarts in a row cost nothing.
    """
    swept: Swept | None = None
    while not await _stopped(stop, SWEEP_AFTER_S):
        with contextlib.suppress(StoreError):
            swept = await sweep_in_time(bridge, swept)


@dataclass(frozen=True)
class Swept:
    """What a sweep found: how many links it marked, and from when some plan has to be looked at again."""

    day: date
    marked: int
    again_at: datetime | None


async def sweep_in_time(bridge: Bridge, last: Swept | None) -> Swept:
    """Sweep when there was none today, or when a moment has come that the last one foresaw."""
    now = await bridge.store.read(lambda tx: tx.now())
    foreseen = last is not None and last.again_at is not None and last.again_at <= now
    if last is None or foreseen or last.day != finnish_day(now):
        return await sweep(bridge)
    return last


async def sweep(bridge: Bridge) -> Swept:
    """Mark dirty every link whose desired state changed by the passing of time alone."""
    after = None
    marked = 0
    moments: list[datetime] = []
    now = await bridge.store.read(lambda tx: tx.now())
    while True:
        page = await bridge.store.read(lambda tx, after=after: tx.plans.page(after=after, limit=SWEEP_PAGE))
        for plan in page:
            try:
                links, moment = await bridge.store.write(lambda tx, plan=plan: _refresh(tx, bridge, plan))
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001  # one broken plan must not stop the others (I10)
                log.error("sweep.broken", plan=str(plan.id), error=type(error).__name__)  # noqa: TRY400
                continue
            marked += len(links)
            moments += [moment] if moment is not None else []
        if len(page) < SWEEP_PAGE:
            return Swept(finnish_day(now), marked, min(moments, default=None))
        after = page[-1].id


def _refresh(tx: Tx, bridge: Bridge, plan: PlanRow) -> tuple[tuple[LinkRow, ...], datetime | None]:
    revision = latest_revision(tx, plan.id, lock="update")
    links = refresh_links(
        tx, bridge, plan_id=plan.id, client_id=plan.client_id, revision=revision, nothing_happened=True
    )
    return links, next_change(revision.plan, facts_of(tx, bridge, plan.client_id), tx.now())


async def _stopped(stop: asyncio.Event, after_s: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), after_s)
    except TimeoutError:
        return False
    return True

"""The worker as a process."""

import asyncio
import secrets

from tyokyky_bridge import worker
from tyokyky_bridge.feeds import FeedPace
from tyokyky_bridge.processes.opening import collect_from_now_on, opened, stop_on_signals
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.delivery import Engine
from tyokyky_bridge.settings import Settings


async def work(settings: Settings) -> None:
    """Keep links true until SIGTERM or SIGINT. Raises `CANNOT_START`."""
    async with opened(settings, "work") as bridge:
        collect_from_now_on()
        await work_until(stop_on_signals(), settings, bridge)


async def work_until(stop: asyncio.Event, settings: Settings, bridge: Bridge) -> None:
    """Keep links true until *stop* is set."""
    # A name for this start alone: others judge by it whether we live.
    engine = Engine(bridge, f"{settings.worker_name}-{secrets.token_hex(4)}", licence_s=settings.licence_s)
    pace = worker.Pace(poll_s=settings.poll_s, lease_s=settings.lease_s)
    heard = FeedPace(
        poll_fastest_s=settings.poll_fastest_s,
        poll_slowest_s=max(settings.poll_slowest_s, settings.poll_fastest_s),
        verify_every_s=settings.verify_every_s,
        take_over=True,
    )
    await worker.run(bridge, engine, pace, stop, among_others=True, feed_pace=heard)

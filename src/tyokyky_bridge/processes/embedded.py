"""The HTTP face and the worker in one process, whose commits need nobody else to be seen (ADR 0005)."""

import asyncio

from tyokyky_bridge.processes.opening import collect_from_now_on, opened, stop_on_signals
from tyokyky_bridge.processes.serving import server_of
from tyokyky_bridge.processes.working import work_until
from tyokyky_bridge.settings import Settings


async def run(settings: Settings) -> None:
    """Serve and work in one process until SIGTERM or SIGINT. Raises `CANNOT_START`."""
    async with opened(settings, "serve", "work") as bridge:
        stop = stop_on_signals()
        server = server_of(settings, bridge)
        collect_from_now_on()

        async def face() -> None:
            await server.serve()
            stop.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(face())
            group.create_task(work_until(stop, settings, bridge))

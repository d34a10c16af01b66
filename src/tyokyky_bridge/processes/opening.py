"""What every long-running process does first and last: check the schema, take its roles, wire the hub, close it."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from uvicorn.loops.auto import auto_loop_factory

from tyokyky_bridge import bootstrap, observability
from tyokyky_bridge.mapping.compiled import MappingBroken
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import StoreError
from tyokyky_bridge.settings import Settings
from tyokyky_bridge.storage import Role, RoleTaken, head, revision_of, take_role

CLOSE_S = 2.0
"""How long connections may take to close: a process that was asked to end is gone within 15 s."""


class SchemaNotAtHead(Exception):
    """The database schema is not the one this code was written for."""

    def __init__(self, found: str | None) -> None:
        super().__init__(
            f"the database is at {found or 'no revision'}, this version needs {head()}: run migrate first"
        )


CANNOT_START = (
    SchemaNotAtHead,
    RoleTaken,
    bootstrap.AdapterMissing,
    MappingBroken,
    StoreError,
    OSError,
    ValueError,
)
"""What keeps a process from starting and is told in one sentence."""


def complete(process: Coroutine[Any, Any, None]) -> None:
    """Run a process to its end, on uvloop where that is installed."""
    with asyncio.Runner(loop_factory=auto_loop_factory(use_subprocess=False)) as runner:
        runner.run(process)


@asynccontextmanager
async def opened(settings: Settings, *roles: Role) -> AsyncGenerator[Bridge]:
    """The hub, with its roles on the database taken for as long as it is open. Raises `CANNOT_START`."""
    observability.configure()
    taken = [take_role(settings.database_url, role) for role in roles]
    try:
        async with beside(settings) as bridge:
            yield bridge
    finally:
        for lock in taken:
            if lock is not None:
                lock.release()


@asynccontextmanager
async def beside(settings: Settings) -> AsyncGenerator[Bridge]:
    """The hub without a role, beside its processes: for a command of its operator. Raises `CANNOT_START`."""
    found = await revision_of(settings.database_url)
    if found != head():
        raise SchemaNotAtHead(found)
    bridge = bootstrap.wire(settings)
    try:
        yield bridge
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                for partner in bridge.partners.values():
                    with contextlib.suppress(OSError):
                        await partner.adapter.aclose()
                await bridge.store.aclose()


def collect_from_now_on() -> None:
    """Let the garbage collector begin, without what the start has made (routes, tables, mappings).

    That never becomes garbage, and going through all of it would stop every request for a tenth of a second now and
    then.
    """
    gc.freeze()
    gc.enable()


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop

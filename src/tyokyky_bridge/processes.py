"""The long-running processes: the HTTP face and the worker, each by itself or both in one."""

import asyncio
import contextlib
import gc
import hmac
import json
import secrets
import signal
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from tyokyky_bridge import bootstrap, observability, worker
from tyokyky_bridge.api.app import create_app
from tyokyky_bridge.api.auth import TokenReader
from tyokyky_bridge.domain.parties import Directory
from tyokyky_bridge.feeds import FeedPace
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.delivery import Engine
from tyokyky_bridge.settings import Settings
from tyokyky_bridge.storage import Role, RoleTaken, head, revision_of, take_role

__all__ = ["RoleTaken", "SchemaNotAtHead", "complete", "run", "serve", "work"]

CLOSE_S = 2.0
"""How long connections may take to close: a process that was asked to end is gone within 15 s."""


class SchemaNotAtHead(Exception):
    """The database schema is not the one this code was written for."""

    def __init__(self, found: str | None) -> None:
        super().__init__(
            f"the database is at {found or 'no revision'}, this version needs {head()}: run migrate first"
        )


def complete(process: Coroutine[Any, Any, None]) -> None:
    """Run a process to its end, on uvloop where that is installed."""
    with asyncio.Runner(loop_factory=auto_loop_factory(use_subprocess=False)) as runner:
        runner.run(process)


async def serve(settings: Settings) -> None:
    """Serve HTTP until SIGTERM or SIGINT. Raises `SchemaNotAtHead`, `RoleTaken`."""
    observability.configure()
    async with _wired(settings, "serve") as bridge:
        _stop_on_signals()
        server = _server(settings, bridge)
        _spare_the_collector()
        await server.serve()


async def work(settings: Settings) -> None:
    """Keep links true until SIGTERM or SIGINT. Raises `SchemaNotAtHead`, `RoleTaken`."""
    observability.configure()
    async with _wired(settings, "work") as bridge:
        _spare_the_collector()
        await _work(settings, bridge, _stop_on_signals())


async def run(settings: Settings) -> None:
    """Serve and work in one process, whose commits need nobody else to be seen (ADR 0005). Raises as the two do."""
    observability.configure()
    async with _wired(settings, "serve", "work") as bridge:
        stop = _stop_on_signals()
        server = _server(settings, bridge)
        _spare_the_collector()

        async def face() -> None:
            await server.serve()
            stop.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(face())
            group.create_task(_work(settings, bridge, stop))


def _server(settings: Settings, bridge: Bridge) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_app(
                bridge,
                _tokens(settings, bridge.directory),
                close_bridge=False,
                cursor_key=_cursor_key(settings),
                public_url=settings.public_url,
                token_endpoint=settings.token_endpoint,
            ),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )


def _cursor_key(settings: Settings) -> bytes:
    """A key of its own for the links between pages, the same in every process of an installation."""
    return hmac.digest(settings.index_key.get_secret_value().encode(), b"links between pages", "sha256")


async def _work(settings: Settings, bridge: Bridge, stop: asyncio.Event) -> None:
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


def _spare_the_collector() -> None:
    """Take what the start has made (routes, tables, mappings) out of the garbage collector's rounds.

    It never becomes garbage, and going through all of it would stop every request for a tenth of a second now and then.
    """
    gc.freeze()


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _wired(settings: Settings, *roles: Role) -> AsyncGenerator[Bridge]:
    """The hub, with its roles on the database taken for as long as it is open."""
    taken = [take_role(settings.database_url, role) for role in roles]
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
        for lock in taken:
            if lock is not None:
                lock.release()


def _tokens(settings: Settings, directory: Directory) -> TokenReader:
    """The reader of bearer tokens: the issuer's public keys and the parties that a token may name."""
    return TokenReader(
        json.loads(settings.token_keys_file.read_text("utf-8")),
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        parties=frozenset(directory.parties),
    )

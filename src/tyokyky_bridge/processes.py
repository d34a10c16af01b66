"""The two long-running processes: the HTTP face and the worker."""

import asyncio
import contextlib
import json
import signal

import uvicorn

from tyokyky_bridge import bootstrap, observability, worker
from tyokyky_bridge.api.app import create_app
from tyokyky_bridge.api.auth import TokenReader
from tyokyky_bridge.domain.parties import Directory
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.delivery import Engine
from tyokyky_bridge.settings import Settings
from tyokyky_bridge.storage import head, revision_of


class SchemaNotAtHead(Exception):
    """The database schema is not the one this code was written for."""

    def __init__(self, found: str | None) -> None:
        super().__init__(
            f"the database is at {found or 'no revision'}, this version needs {head()}: run migrate first"
        )


async def serve(settings: Settings) -> None:
    """Serve HTTP until SIGTERM or SIGINT. Raises `SchemaNotAtHead`."""
    observability.configure()
    bridge = await _ready(settings)
    app = create_app(bridge, _tokens(settings, bridge.directory))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        await _close(bridge, store=False)


async def work(settings: Settings) -> None:
    """Keep links true until SIGTERM or SIGINT. Raises `SchemaNotAtHead`."""
    observability.configure()
    bridge = await _ready(settings)
    engine = Engine(bridge, settings.worker_name, licence_s=settings.licence_s)
    pace = worker.Pace(poll_s=settings.poll_s, lease_s=settings.lease_s)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await worker.run(bridge, engine, pace, stop)
    finally:
        await _close(bridge, store=True)


def _tokens(settings: Settings, directory: Directory) -> TokenReader:
    """The reader of bearer tokens: the issuer's public keys and the parties that a token may name."""
    return TokenReader(
        json.loads(settings.token_keys_file.read_text("utf-8")),
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        parties=frozenset(directory.parties),
    )


async def _ready(settings: Settings) -> Bridge:
    found = await revision_of(settings.database_url)
    if found != head():
        raise SchemaNotAtHead(found)
    return bootstrap.wire(settings)


async def _close(bridge: Bridge, *, store: bool) -> None:
    for partner in bridge.partners.values():
        with contextlib.suppress(OSError):
            await partner.adapter.aclose()
    if store:
        await bridge.store.aclose()

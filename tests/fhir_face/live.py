"""A FHIR server on a socket, for clients that bring an HTTP library of their own."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tyokyky_bridge.storage import open_store
from worlds.web import a_web

INDEX_KEY = b"a key for made-up people only...."
PATIENCE_S = 60.0


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """
    Serve a hub over this database until the end of the block.

    Yields:
        The base URL of its FHIR face.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    port: int = listening.getsockname()[1]
    started = threading.Event()
    server: list[uvicorn.Server] = []

    async def run() -> None:
        store = open_store(database_url, index_key=INDEX_KEY)
        try:
            config = uvicorn.Config(a_web(store).app, log_config=None, access_log=False, lifespan="off")
            server.append(uvicorn.Server(config))
            started.set()
            await server[0].serve(sockets=[listening])
        finally:
            await store.aclose()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(PATIENCE_S)
    try:
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        server[0].should_exit = True
        thread.join(PATIENCE_S)
        listening.close()
        assert not thread.is_alive()

"""Work in another thread or process, with a store and an event loop of its own."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.storage import open_store

T = TypeVar("T")
TESTS = Path(__file__).parents[1]


def write_elsewhere(url: str, index_key: bytes, fn: Callable[[Tx], T]) -> "Future[T]":
    """Run one write in a thread through its own store; *fn* may block there without holding up anybody."""
    future: Future[T] = Future()

    async def work() -> T:
        store = open_store(url, index_key=index_key)
        try:
            return await store.write(fn)
        finally:
            await store.aclose()

    def run() -> None:
        try:
            future.set_result(asyncio.run(work()))
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def start_python(source: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a Python process that runs *source* and can import the test worlds."""
    return subprocess.Popen(
        [sys.executable, "-c", source, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"},
    )

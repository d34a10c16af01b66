"""A proxy before PostgreSQL that cuts connections at chosen places of a transaction.

It reads what the client says (PostgreSQL's frontend protocol) just far enough to know where a transaction begins and
commits. Reading transactions are left alone: nothing hangs on them.
"""

import asyncio
import random
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

PHASES = ("begin", "statement", "statement's answer", "before commit", "half a commit", "commit's answer")
"""Where a connection is cut. Only after the last one has the transaction been committed."""
CHUNK = 1 << 16
SPECIAL = {80877103, 80877104}
"""Codes of the requests for TLS or GSS encryption, which come before the start-up packet."""


class DatabaseProxy:
    """Listens on loopback in a thread of its own and passes everything on to a server's Unix socket.

    Args:
        socket_path: Of the server.
        rng: Decides where to cut.
    """

    def __init__(self, socket_path: str, rng: random.Random) -> None:
        self.cut_share = 0.0
        """Which share of writing transactions is cut."""
        self.cuts: Counter[str] = Counter()
        self.port = 0
        self._socket_path = socket_path
        self._rng = rng
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "DatabaseProxy":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def chooses(self) -> str | None:
        """Where this writing transaction is to be cut, if at all."""
        return self._rng.choice(PHASES) if self._rng.random() < self.cut_share else None

    def _run(self) -> None:
        async def listen() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(listen())
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_unix_connection(self._socket_path)
        except OSError:  # the server is down
            writer.transport.abort()
            return
        line = _Line(self, writer, there[1])
        ways = [
            asyncio.create_task(line.out(reader)),
            asyncio.create_task(line.back(there[0])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            line.cut()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


@dataclass
class _Line:
    """One connection through the proxy."""

    proxy: DatabaseProxy
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    cut_at: str | None = None
    statements_left: int = 0
    swallows: bool = False
    started: bool = False
    waiting: bytearray = field(default_factory=bytearray)

    async def out(self, reader: asyncio.StreamReader) -> None:
        """From the client to the server, message by message."""
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                self.waiting += data
                for message in self._messages():
                    if not self._passes(message):
                        await self._finish(message)
                        return
                    self.server.write(message)
                await self.server.drain()

    async def back(self, reader: asyncio.StreamReader) -> None:
        """From the server to the client; an answer that is swallowed ends the connection."""
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                if self.swallows:
                    return
                self.client.write(data)
                await self.client.drain()

    def cut(self) -> None:
        """End both sides without a farewell."""
        self.client.transport.abort()
        self.server.transport.abort()

    def _messages(self) -> Iterator[bytes]:
        while True:
            head = 1 if self.started else 0
            if len(self.waiting) < head + 4:
                return
            (length,) = struct.unpack_from("!I", self.waiting, head)
            if len(self.waiting) < head + length:
                return
            message = bytes(self.waiting[: head + length])
            del self.waiting[: head + length]
            if not self.started and struct.unpack_from("!I", message, 4)[0] not in SPECIAL:
                self.started = True
            yield message

    def _passes(self, message: bytes) -> bool:
        """Whether a message goes on whole; notes when the answer to it must not come back."""
        text = message[5:].upper() if message[:1] == b"Q" else b""
        if text.startswith(b"BEGIN") and b"READ ONLY" not in text:
            self.cut_at = self.proxy.chooses()
            self.statements_left = self.proxy._rng.randint(1, 6)
            return self.cut_at != "begin"
        if self.cut_at is None:
            return True
        if message[:1] == b"E" and self.cut_at.startswith("statement"):
            self.statements_left -= 1
            if self.statements_left:
                return True
            self._swallow("statement's answer")
            return self.swallows
        if text.startswith(b"COMMIT"):
            if self.cut_at.startswith("statement"):  # it had fewer statements than that
                self.cut_at = "before commit"
            self._swallow("commit's answer")
            return self.swallows
        return True

    def _swallow(self, phase: str) -> None:
        if self.cut_at == phase:
            self.swallows = True
            self.proxy.cuts[phase] += 1

    async def _finish(self, message: bytes) -> None:
        assert self.cut_at is not None
        self.proxy.cuts[self.cut_at] += 1
        if self.cut_at == "half a commit":
            self.server.write(message[: len(message) // 2])
            await self.server.drain()

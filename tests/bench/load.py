"""A load that costs little itself: prepared requests over kept-alive connections, answers read by their length."""

import asyncio
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field

CONNECTIONS = 16


@dataclass
class Load:
    """What a load found: answers by status, seconds of each, and how long it all took."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    latencies: list[float] = field(default_factory=list[float])
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return sum(self.statuses.values()) / self.seconds

    @property
    def p99_ms(self) -> float:
        """The slowest but one in a hundred, in milliseconds."""
        return 1000 * statistics.quantiles(self.latencies, n=100)[98]


def request(
    method: str,
    path: str,
    *,
    token: str | None = None,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: hub", "Accept: application/fhir+json"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/fhir+json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(port: int, raw: bytes, *, seconds: float) -> Load:
    """Send *raw* again and again over every connection for *seconds*."""
    return asyncio.run(_run(port, raw, seconds))


async def _run(port: int, raw: bytes, seconds: float) -> Load:
    load = Load()
    until = time.perf_counter() + seconds
    began = time.perf_counter()
    await asyncio.gather(*(_connection(port, raw, until, load) for _ in range(CONNECTIONS)))
    load.seconds = time.perf_counter() - began
    return load


async def _connection(port: int, raw: bytes, until: float, load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        if length:
            await reader.readexactly(length)
        load.latencies.append(time.perf_counter() - began)
        load.statuses[int(head[9:12])] += 1
    writer.close()

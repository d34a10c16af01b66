"""The whole way: changes synced to partners, on real processes and sockets, beside a bare httpx loop.

The bare loop posts the very bodies that the hub wrote, taken from the simulators' journals, to the same simulators, and
decides, journals, reads and fences nothing. The hub sends over httpx's own transport and over the optional one; both it
and the loop are given per second of processor time (hub, worker and, on PostgreSQL, the server), so that the
simulators, which share the machine, do not count.
"""

import asyncio
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from bench.installation import ALL, ENGINES, Installation, installed
from tyokyky_bridge.adapterkit.testing import Entry

WRITES = ("PUT", "POST")


def run(plans: int) -> None:
    """Print the table for one system and for four, on both engines."""
    table = Table(
        "engine",
        "systems",
        "transport",
        "changes",
        "seconds",
        "changes/s",
        "CPU (s)",
        "changes per core-s",
        "writes per core-s",
        "bare httpx posts per core-s",
        "ratio",
        title=f"Changes fully synced, {plans} plans",
    )
    for engine in ENGINES:
        for systems, carrier in ((("lifecare",), "httpx"), (ALL, "httpx"), (ALL, "aiohttp")):
            with installed(engine, plans, systems, carrier) as place:
                table.add_row(engine, str(len(systems)), carrier, *_measured(place))
    Console(width=160).print(table)


def _measured(place: Installation) -> list[str]:
    simulators, plans = place.stage.simulators, len(place.plans)
    marks = {system: len(s.journal()) for system, s in simulators.items()}
    cpu, started = place.used_s(), time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(place.change, place.plans))
    place.settled()
    seconds = time.perf_counter() - started
    used_s = place.used_s() - cpu
    writes = [
        (simulator, entry)
        for system, simulator in simulators.items()
        for entry in simulator.journal(since=marks[system])
        if entry.effects and entry.method in WRITES
    ]
    bare = asyncio.run(_bare(writes))
    per_core = len(writes) / used_s
    return [
        str(plans),
        f"{seconds:.1f}",
        f"{plans / seconds:.0f}",
        f"{used_s:.2f}",
        f"{plans / used_s:.0f}",
        f"{per_core:.0f}",
        f"{bare:.0f}",
        f"{per_core / bare:.2f}x",
    ]


async def _bare(writes: list[tuple[Any, Entry]]) -> float:
    """Posts per second of processor time of a plain httpx loop with eight connections."""
    clients = {
        simulator: httpx.AsyncClient(
            base_url=simulator.base_url,
            verify=simulator.client_tls or ssl.create_default_context(),
            trust_env=False,
            limits=httpx.Limits(max_connections=8),
        )
        for simulator, _ in writes
    }
    gate = asyncio.Semaphore(8)

    async def post(simulator: Any, entry: Entry) -> None:
        async with gate:
            headers = {
                n: v for n, v in entry.headers if n.lower() in {"content-type", "soapaction", "if-match"}
            }
            await clients[simulator].request(entry.method, entry.path, content=entry.body, headers=headers)

    started = time.process_time()
    await asyncio.gather(*(post(*write) for write in writes))
    used_s = time.process_time() - started
    for client in clients.values():
        await client.aclose()
    return len(writes) / used_s

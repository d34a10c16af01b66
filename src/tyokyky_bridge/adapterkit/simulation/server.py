"""Runs a simulator as a real HTTP server on loopback."""

import argparse
import asyncio
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn

from tyokyky_bridge.adapterkit.simulation.chaos import Knob
from tyokyky_bridge.adapterkit.simulation.state import SimState
from tyokyky_bridge.adapterkit.simulation.surface import Made, Simulation, control_surface


def run(
    name: str,
    make: Callable[[Simulation, argparse.Namespace], Made],
    *,
    knobs: Mapping[str, Knob] | None = None,
    arguments: Callable[[argparse.ArgumentParser], None] | None = None,
    argv: list[str] | None = None,
) -> None:
    """Serve until stopped; print ``listening on http://127.0.0.1:PORT`` when ready.

    Args:
        name: Of the simulated system.
        make: Builds the simulator over its state.
        knobs: The simulator's own fault knobs, and other starting values of the shared ones.
        arguments: Adds the simulator's own command line options.
        argv: Instead of the command line.
    """
    parser = argparse.ArgumentParser(description=f"Simulator of {name}. Loopback only.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--state", type=Path, help="SQLite file; without it everything is forgotten at exit")
    parser.add_argument(
        "--allow-sim-control", action="store_true", help="open /__sim/ (reset, seed, chaos, journal)"
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input closes")
    parser.add_argument("--ssl-certfile", type=Path)
    parser.add_argument("--ssl-keyfile", type=Path)
    parser.add_argument("--ssl-ca-certs", type=Path, help="demand a client certificate signed by these")
    if arguments is not None:
        arguments(parser)
    args = parser.parse_args(argv)

    sim = Simulation(name, SimState(args.state), knobs=knobs)
    made = make(sim, args)
    config = uvicorn.Config(
        control_surface(sim, made, allow=args.allow_sim_control),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,  # a TLS client that does not close its idle connection would hold us up
        ssl_certfile=args.ssl_certfile,
        ssl_keyfile=args.ssl_keyfile,
        ssl_ca_certs=str(args.ssl_ca_certs) if args.ssl_ca_certs else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if args.ssl_ca_certs else ssl.CERT_NONE,
    )
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", args.port))
    if args.exit_with_stdin:
        threading.Thread(target=_leave_with_stdin, daemon=True).start()
    scheme = "https" if args.ssl_certfile else "http"
    greeting = f"listening on {scheme}://127.0.0.1:{door.getsockname()[1]}"
    _Server(config, greeting, made).run(sockets=[door])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, greeting: str, made: Made) -> None:
        super().__init__(config)
        self._greeting = greeting
        self._made = made

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(work()) for work in self._made.background]
            await super().serve(sockets)
            for task in background:
                task.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        sys.stdout.write(self._greeting + "\n")
        sys.stdout.flush()


def _leave_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)

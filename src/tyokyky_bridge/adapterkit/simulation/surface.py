"""The control surface and the journalled, fault-ridden way in to a simulated partner."""

import asyncio
import json
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tyokyky_bridge.adapterkit.simulation.chaos import Chaos, Faults, Knob
from tyokyky_bridge.adapterkit.simulation.clock import Clock
from tyokyky_bridge.adapterkit.simulation.journal import Journal
from tyokyky_bridge.adapterkit.simulation.state import SimState

_LOOPBACK = {"127.0.0.1", "::1", "testclient"}


class ControlError(ValueError):
    """A control request that makes no sense; answered with 400 and this text."""


class Simulation:
    """One running simulator: its state, clock, faults and journal."""

    def __init__(self, name: str, state: SimState, *, knobs: Mapping[str, Knob] | None = None) -> None:
        self.name = name
        self.state = state
        self.clock = Clock(state)
        self.chaos = Chaos(state, knobs)
        self.journal = Journal(state, self.clock)

    def effect(self, what: str) -> None:
        """Name one change of a record made by the request at hand, e.g. ``suunnitelma 77120 v3``."""
        self.journal.effect(what)


Act = Callable[[dict[str, Any]], Any]
"""Something a user of the partner system does; takes the control request, returns JSON."""


def _no_records() -> list[dict[str, Any]]:
    return []


@dataclass(frozen=True)
class Made:
    """What a simulator consists of.

    Attributes:
        app: The partner's own interface.
        seed: Takes the body of ``/__sim/seed``: persons, records and whatever else the simulator understands.
        records: The native records as they stand, for ``GET /__sim/records``.
        acts: Named acts of users for ``POST /__sim/act {"act": name, …}``.
        background: What goes on by itself while the simulator runs, e.g. `Outbox.deliver`; never returns.
    """

    app: ASGIApp
    seed: Act
    records: Callable[[], list[dict[str, Any]]] = _no_records
    acts: Mapping[str, Act] = field(default_factory=dict[str, Act])
    background: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()


def control_surface(sim: Simulation, made: Made, *, allow: bool) -> ASGIApp:
    """Put journal and faults in front of a simulated partner, and ``/__sim/…`` beside it.

    The control surface answers only on loopback and only when *allow*; it never shows in the journal.
    """

    async def entrance(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await made.app(scope, receive, send)
        elif scope["path"].startswith("/__sim/"):
            answer = await _control(sim, made, Request(scope, receive), allow=allow)
            await answer(scope, receive, send)
        else:
            await _partner(sim, made.app, scope, receive, send)

    return entrance


async def _control(sim: Simulation, made: Made, request: Request, *, allow: bool) -> Response:
    if not allow or (request.client is not None and request.client.host not in _LOOPBACK):
        return JSONResponse({"error": "control is not allowed here"}, status_code=403)
    what = f"{request.method} {request.url.path.removeprefix('/__sim/')}"
    raw = await request.body()
    try:
        given = cast("dict[str, Any]", json.loads(raw)) if raw else {}
        return JSONResponse(_obey(sim, made, what, given, request.query_params))
    except (ValueError, KeyError) as wrong:
        return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, status_code=400)


def _obey(sim: Simulation, made: Made, what: str, given: dict[str, Any], query: Mapping[str, str]) -> Any:
    match what:
        case "POST reset":
            sim.state.clear()
            return {"ok": True}
        case "POST seed":
            with sim.state.transaction():
                return made.seed(given) or {"ok": True}
        case "POST act":
            if given.get("act") not in made.acts:
                msg = f"acts of this simulator: {', '.join(sorted(made.acts))}"
                raise ControlError(msg)
            with sim.state.transaction():
                return made.acts[given["act"]](given) or {"ok": True}
        case "POST clock":
            if given.keys() - {"set", "advance_s"}:
                msg = "clock takes set or advance_s"
                raise ControlError(msg)
            if "set" in given:
                sim.clock.set(datetime.fromisoformat(given["set"]))
            sim.clock.advance(float(given.get("advance_s", 0)))
            return {"now": sim.clock.now().isoformat()}
        case "POST chaos":
            if given.pop("calm", False):
                sim.chaos.calm()
            sim.chaos.turn(given)
            return sim.chaos.knobs()
        case "GET journal":
            return {"entries": sim.journal.entries(since=int(query.get("since", "0")))}
        case "GET records":
            return {"records": made.records()}
        case _:
            msg = "reset, seed, act, clock, chaos (POST); journal, records (GET)"
            raise ControlError(msg)


async def _partner(sim: Simulation, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1") + (f"?{query}" if query else "")
    seq = sim.journal.begin(scope["method"], path, scope["headers"], body)
    # All SOAP operations share one path; only the action tells a reading request from a writing one.
    action = dict(scope["headers"]).get(b"soapaction", b"").decode("latin-1").strip('"')
    faults = sim.chaos.faults_for(f"{scope['method']} {path} {action}".rstrip())
    await asyncio.sleep(faults.latency_s)
    if faults.drop:
        sim.journal.finish(seq, status=None, response=b"", outcome="dropped")
        await _cut(send)
        return
    start, answer = await _answer(sim, app, faults, scope, receive, body=body)
    outcome = "lost" if faults.lost_answer else "error" if faults.error else "answered"
    sim.journal.finish(seq, status=start["status"], response=answer, outcome=outcome)
    if faults.lost_answer:
        await _cut(send)
        return
    padding = b" " * int(sim.chaos["padding_bytes"])
    kept = [(n, v) for n, v in start["headers"] if n.lower() not in {b"content-length", b"transfer-encoding"}]
    length = (b"content-length", str(len(answer) + len(padding)).encode())
    await send({**start, "headers": [*kept, length]})
    await send({"type": "http.response.body", "body": answer + padding})


async def _answer(
    sim: Simulation, app: ASGIApp, faults: Faults, scope: Scope, receive: Receive, *, body: bytes
) -> tuple[Message, bytes]:
    if faults.error:
        wait = sim.chaos["retry_after_s"]
        headers = [] if wait is None else [(b"retry-after", str(wait).encode())]
        start = {"type": "http.response.start", "status": sim.chaos["error_status"], "headers": headers}
        return start, b"simulated failure"
    arrived = False
    messages: list[Message] = []

    async def replay() -> Message:
        nonlocal arrived
        if arrived:
            return await receive()
        arrived = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def collect(message: Message) -> None:
        messages.append(message)

    try:
        await app(scope, replay, collect)
    except Exception:  # noqa: BLE001  # the fault of a simulator is a 500 on the wire and a traceback for its author
        traceback.print_exc(file=sys.stderr)
    if not messages:
        return {"type": "http.response.start", "status": 500, "headers": []}, b""
    answer = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")
    return messages[0], b"<html>maintenance</html>" if faults.garbage else answer


async def _cut(send: Send) -> None:
    """Break the connection without a byte of answer. ASGI has no word for it: uvicorn's transport is used."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:  # in-process transport of tests
        msg = "cut by the simulator"
        raise ConnectionError(msg)
    transport.abort()
    for _ in range(10):  # until uvicorn has noticed; else it would try to answer 500
        await asyncio.sleep(0)

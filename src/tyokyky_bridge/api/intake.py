"""What a request has to pass before any handler sees it: size and time of its body, its caller, its JSON."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, cast

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tyokyky_bridge.api import problems
from tyokyky_bridge.api.auth import authenticate

MAX_BODY_BYTES = 2 * 1024 * 1024
BODY_WITHIN_S = 10.0
"""Seconds in which a body has to have arrived: the server itself would wait for ever."""
MAX_DEPTH = 32
"""Deepest nesting of a JSON body; a plan has six levels."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class StrictRoute(APIRoute):
    """Authenticates before it reads, and reads JSON without leniency."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind caller, media type and parser."""
        handler = super().get_route_handler()

        async def serve(request: Request) -> Response:
            request.state.caller = authenticate(request, at=datetime.now(UTC))
            if self.body_field is not None and not _is_json(request.headers.get("content-type", "")):
                raise HTTPException(415)
            return await handler(_StrictRequest(request.scope, request.receive))

        return serve


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class NotStrict(ValueError):
    """JSON that others would take and that could be read in two ways; the message is ours alone."""


class _StrictRequest(Request):
    async def json(self) -> Any:
        try:
            return parse(await self.body())
        except NotStrict as error:
            raise json.JSONDecodeError(str(error), "", 0) from None
        except (ValueError, RecursionError):
            msg = "not well-formed"
            raise json.JSONDecodeError(msg, "", 0) from None


def parse(body: bytes) -> Any:
    """JSON in UTF-8 of which nothing can be read in two ways: no member twice, no NaN, no half character.

    Raises: NotStrict, ValueError, RecursionError.
    """
    text = body.decode("utf-8")
    document = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_number)
    if _SURROGATE.search(text):
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    _refuse_depth(document)
    return document


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "a member stands twice"
        raise NotStrict(msg)
    return members


def _no_number(_: str) -> None:
    msg = "NaN and Infinity are not JSON"
    raise NotStrict(msg)


def _refuse_depth(document: Any) -> None:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    msg = f"more than {MAX_DEPTH} levels"
    raise NotStrict(msg)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).values())
    return cast("list[Any]", value) if isinstance(value, list) else []


class BodyLimit:
    """Reads a body whole before anybody works on it: 413 over `MAX_BODY_BYTES`, 408 when it does not come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
            await problems.refuse(scope, problems.Verdict("request/too-large"))(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                body = await _whole(receive)
        except TimeoutError:
            await problems.refuse(scope, problems.Verdict("request/timeout"))(scope, receive, send)
            return
        if body is None:
            await problems.refuse(scope, problems.Verdict("request/too-large"))(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


async def _whole(receive: Receive) -> list[Message] | None:
    messages: list[Message] = []
    read = 0
    while True:
        message = await receive()
        messages.append(message)
        read += len(message.get("body", b""))
        if read > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def again() -> Message:
        for message in waiting:
            return message
        return await receive()

    return again


class Faults:
    """The outermost layer: a fault is answered as a problem and logged by its type alone; nothing is cached."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), (b"cache-control", b"no-store")]
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001  # the server would log its message, which may hold values
            answer = problems.answer_fault(scope, error)
            if not started:
                await answer(scope, receive, guarded)

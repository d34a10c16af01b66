"""The recorder: every answer of the FHIR face in this test run is kept on disk, to be judged at its end.

It stands around every FastAPI application of the test process, whoever made it, so nothing that the face emits escapes.
Answers that differ in nothing but made-up ids and moments are one answer. With several test processes all write into
one folder, and the one that started them judges.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

VARIABLE = "TYOKYKY_FHIR_CORPUS"
"""Names the folder, for this process and for those that it starts."""

_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{20,64}|(?<=-)[0-9a-f]{8}(?=\")"
)
_CURSOR = re.compile(rb"_cursor=[A-Za-z0-9_.%-]+")
_silent: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def not_recorded() -> Iterator[None]:
    """What a build with a planted bug says is not ours."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def folder() -> Path | None:
    """Where answers are kept, if they are."""
    found = os.environ.get(VARIABLE)
    return Path(found) if found else None


class Recorder:
    """Keeps answers, each once."""

    def __init__(self, at: Path) -> None:
        self._at = at
        self._known: set[str] = set()

    def keep(self, scope: Scope, status: int, headers: dict[str, str], body: bytes) -> None:
        """Write one answer down, unless one like it is there."""
        alike = _CURSOR.sub(b"", _ID.sub(b"#", _MOMENT.sub(b"@", body)))
        kind = headers.get("content-type", "")
        name = sha256(b"\0".join((str(status).encode(), kind.encode(), alike))).hexdigest()[:32]
        if name in self._known:
            return
        self._known.add(name)
        path = self._at / f"{name}.json"
        if path.exists():
            return
        query = scope.get("query_string", b"").decode("ascii", "replace")
        said: dict[str, Any] = {
            "method": scope["method"],
            "url": scope["path"] + (f"?{query}" if query else ""),
            "status": status,
            "headers": headers,
            "body": body.decode("utf-8", "surrogateescape"),
            "test": os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0],
        }
        half = path.with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps(said), "utf-8")
        half.replace(path)


def record(at: Path) -> None:
    """Stand around every application of this process from now on."""
    recorder = Recorder(at)
    inner = FastAPI.__call__

    @wraps(inner)
    async def recorded(self: FastAPI, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _of_the_face(scope["path"]) or _silent.get():
            await inner(self, scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    names = {n.decode("latin-1"): v.decode("latin-1") for n, v in start["headers"]}
                    recorder.keep(scope, start["status"], names, bytes(body))
            await send(message)

        await inner(self, scope, receive, keep)

    FastAPI.__call__ = recorded  # type: ignore[method-assign]


def _of_the_face(path: str) -> bool:
    return path == "/fhir" or path.startswith("/fhir/")

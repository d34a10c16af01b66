"""A hostile integrator on a socket: a good token, and requests that no client library would send."""

import json
import socket
import time
from urllib.parse import urlsplit

import httpx

from worlds.fhir_web import FHIR_JSON, small
from worlds.web import token

PATIENCE_S = 10.0
"""Far above what any request takes on a machine that is busy with other tests, far below what some took once."""


class Attacker:
    """Somebody with a good token and bad manners."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.address = (parts.hostname or "", parts.port or 0)
        self.bearer = token(fhir_versioning="versioned")
        self.http = httpx.Client(
            base_url=base, headers={"Authorization": f"Bearer {self.bearer}"}, timeout=60
        )

    def send(self, method: str, path: str, body: object = None, kind: str = FHIR_JSON) -> httpx.Response:
        """One request over a client that is well-behaved; answered soon, and with no fault."""
        content = body if isinstance(body, bytes | None) else json.dumps(body, ensure_ascii=False).encode()
        started = time.monotonic()
        answer = self.http.request(method, path, content=content, headers={"Content-Type": kind})
        assert answer.status_code < 500, answer.text
        assert time.monotonic() - started < PATIENCE_S
        return answer

    def raw(self, method: str, target: bytes, *headers: bytes, body: bytes = b"") -> tuple[int, bytes]:
        """One request as bytes on a socket, for what no client library would send: status, and all that came."""
        own = (b"Host: hub.test", b"Connection: close", b"Authorization: Bearer " + self.bearer.encode())
        lines = [method.encode() + b" " + target + b" HTTP/1.1", *own, *headers]
        with socket.create_connection(self.address, timeout=PATIENCE_S) as line:
            line.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            came = b""
            while piece := line.recv(65536):
                came += piece
        return int(came.split(b" ", 2)[1]), came

    def somebody(self) -> str:
        """The path of a Patient of its own."""
        return f"/Patient/{self.send('POST', '/Patient', small('Patient')).json()['id']}"

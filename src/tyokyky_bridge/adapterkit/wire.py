"""Connections to a partner: whom to trust, what to say in every request, and httpx's transport at less cost."""

import select
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, cast

import httpcore
import httpx

KEEPALIVE_S = 5.0
"""How long an idle connection is kept."""
MOST_IDLE = 8


class Transport(httpx.AsyncHTTPTransport):
    """HTTP/1.1 over at most *slots* connections, without proxies."""

    def __init__(self, verify: ssl.SSLContext, *, slots: int) -> None:
        super().__init__(verify=verify, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verify,
            max_connections=slots,
            max_keepalive_connections=min(slots, MOST_IDLE),
            keepalive_expiry=KEEPALIVE_S,
            network_backend=_Backend(),
        )


def public_trust(base_url: str) -> ssl.SSLContext:
    """The public authorities; without TLS a context that trusts nobody, since loading authorities takes long."""
    if base_url.startswith("https:"):
        return httpx.create_ssl_context(trust_env=False)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def merged(headers: Mapping[str, str], given: Mapping[str, str] | None) -> dict[str, str]:
    """Both; where both name a header, in whatever case, the given one."""
    if not given:
        return dict(headers)
    names = {name.lower() for name in given}
    return {**{name: value for name, value in headers.items() if name.lower() not in names}, **given}


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._backend = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.AsyncNetworkStream):
    """A stream that knows its socket.

    Before every request the pool asks each idle connection whether the partner has closed it. To answer, anyio's
    stream gathers all it knows of itself, which took a fifth of the processor time of a request.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket: socket.socket | None = stream.get_extra_info("socket")
        self.read = stream.read
        self.write = stream.write
        self.aclose = stream.aclose

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return _is_readable(self._socket)
        return self._stream.get_extra_info(info)


def _is_readable(sock: socket.socket | None) -> bool:
    """Whether something has come unasked: an idle connection of which that is true was closed by the partner."""
    if sock is None or sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))

"""How far one request to a partner has come: whether a lost one can have had an effect."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import httpx

from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.adapterkit.errors import OutcomeUnknown, TryLater

current_phase: ContextVar["Phase"] = ContextVar("phase")
"""The phase of the request that the running task sends, for transports that take no extensions."""


_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Phase:
    """One request, by what its transport tells of it. Where that tells nothing, it counts as sent."""

    def __init__(self, licence: Licence | None) -> None:
        self._licence = licence
        self._waiting = False
        self._sending = False

    def wait(self) -> None:
        """Nothing has been sent yet, and the transport will say when that begins."""
        self._waiting = True

    def begin(self) -> None:
        """The first byte is about to go. Raises: LicenceExpired.

        A transport that starts again after a lost connection is stopped: with a licence, what was sent may have had an
        effect, and what comes next is the engine's to say.
        """
        if self._licence is not None:
            if self._sending:
                msg = "the connection was lost after sending had begun"
                raise httpx.WriteError(msg)
            self._licence.check()
        self._waiting, self._sending = False, True

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Be told by httpcore (its ``trace`` extension)."""
        if event == "connection.connect_tcp.started":
            self.wait()
        elif event.endswith("send_request_headers.started"):
            self.begin()

    def failure(self, error: Exception, *, reason: str) -> TryLater | OutcomeUnknown:
        """What it means that *error* came instead of a whole answer.

        Its class counts only as long as sending has not begun: aiohttp's transport calls a connection that was lost
        later a failure to connect.
        """
        sent = self._sending or not (self._waiting or isinstance(error, _NOT_SENT))
        return OutcomeUnknown(reason) if sent and self._licence is not None else TryLater(reason)

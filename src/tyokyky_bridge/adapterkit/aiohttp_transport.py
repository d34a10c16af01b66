"""The optional transport: aiohttp's connections behind httpx's client, at about a third of the processor time.

Needs the extra ``aiohttp``. Source: sync.md 3 (decision 4) and 11.
"""

import logging
import ssl
from types import SimpleNamespace

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from tyokyky_bridge.adapterkit.phase import current_phase


class PartnerTransport(AiohttpTransport):
    """Connections to one partner: no cookies, at most *slots*, and told when the first byte of a request goes."""

    def __init__(self, *, verify: ssl.SSLContext | bool, slots: int) -> None:
        logging.getLogger("aiohttp").setLevel(logging.WARNING)
        self._slots = slots
        super().__init__(verify=verify, trust_env=False, client=self._session)

    def _session(self) -> aiohttp.ClientSession:
        """Made with the first request, because it belongs to the loop that runs then."""
        told = aiohttp.TraceConfig()
        told.on_request_headers_sent.append(_begin)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._slots, ssl=self.ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[told],
            trust_env=False,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; raises httpx's errors, also for answers that are no HTTP, which the library lets through as its own."""
        current_phase.get().wait()
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:
            raise httpx.RemoteProtocolError(type(error).__name__) from error


async def _begin(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    """In spite of its name the signal comes before the headers are written."""
    current_phase.get().begin()

"""The only maker of HTTP clients: deadlines, size caps, licences, and failures named by what to do next."""

import asyncio
import contextlib
import email.utils
import logging
import re
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from urllib.parse import quote

import httpx
import orjson

from tyokyky_bridge.adapterkit.contract import Licence, SystemConfig
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    OutcomeUnknown,
    PartnerError,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.adapterkit.meter import count_request
from tyokyky_bridge.adapterkit.phase import Phase, current_phase

DEFAULT_MAX_RESPONSE_BYTES = 4 * 1024 * 1024
LONGEST_RETRY_AFTER = timedelta(hours=1)

_HETU = re.compile(r"(?<![0-9A-Za-z])\d{6}[-+A-FU-Ya-fu-y]\d{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y](?![0-9A-Za-z])")
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)

Carrier = Literal["httpx", "aiohttp"]
"""What carries the requests: httpx's own transport, or aiohttp's, which is faster (the extra ``aiohttp``)."""


class PartnerHttp:
    """HTTP to one partner system.

    No redirects, no proxy from the environment, no compression (so that the size cap is exact), at most
    *slots* connections. It logs nothing and raises only `PartnerError`s.

    Args:
        base_url: Scheme, host, port and an optional path that every request starts with.
        deadline_s: Seconds for one adapter call, all its requests together (see `one_call`).
        headers: Sent with every request.
        verify: TLS context, with a client certificate loaded where the partner wants one.
        max_response_bytes: A longer answer is `Refused` and never held in memory.
        slots: Requests in flight at once.
        carrier: The transport.
    """

    def __init__(  # all but one are keywords with defaults
        self,
        base_url: str,
        *,
        deadline_s: float,
        headers: Mapping[str, str] | None = None,
        verify: ssl.SSLContext | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        slots: int = 8,
        carrier: Carrier = "httpx",
    ) -> None:
        # httpx logs each URL at INFO and httpcore each header at DEBUG.
        for logger in ("httpx", "httpcore"):
            logging.getLogger(logger).setLevel(logging.WARNING)
        self.deadline_s = deadline_s
        self._max_response_bytes = max_response_bytes
        trust = verify if verify is not None else _default_trust(base_url)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"accept-encoding": "identity", **(headers or {})},
            transport=_transport(carrier, trust=trust, slots=slots),
            timeout=httpx.Timeout(deadline_s, connect=5.0, pool=5.0),
            trust_env=False,
            follow_redirects=False,
        )

    @classmethod
    def of(
        cls,
        config: SystemConfig,
        manifest: Manifest,
        *,
        headers: Mapping[str, str] | None = None,
        verify: ssl.SSLContext | None = None,
    ) -> "PartnerHttp":
        """Make the client of one configured system.

        The options ``deadline_s`` and ``max_response_bytes`` of the system override the manifest, and ``transport``
        may name the other `Carrier`. Raises: ValueError for a transport that is neither.
        """
        carrier = config.options.get("transport", "httpx")
        if carrier not in ("httpx", "aiohttp"):
            msg = f"system {config.id}: transport is httpx or aiohttp"
            raise ValueError(msg)
        return cls(
            config.base_url,
            deadline_s=float(config.options.get("deadline_s", manifest.limits.deadline_s)),
            headers=headers,
            verify=verify,
            max_response_bytes=int(config.options.get("max_response_bytes", DEFAULT_MAX_RESPONSE_BYTES)),
            slots=manifest.limits.slots,
            carrier=carrier,
        )

    @contextlib.asynccontextmanager
    async def one_call(self) -> AsyncGenerator[None]:
        """Give everything sent inside one common deadline; nested calls keep the outer one."""
        if _deadline.get() is not None:
            yield
            return
        token = _deadline.set(time.monotonic() + self.deadline_s)
        try:
            yield
        finally:
            _deadline.reset(token)

    async def send(  # a request has these parts
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        licence: Licence | None = None,
    ) -> httpx.Response:
        """Send one request and read its whole answer, whatever its status.

        Args:
            licence: Given for every request that carries plan items or changes anything; checked right
                before the first byte. It also decides what a cut connection means.

        Raises:
            LicenceExpired: Nothing was sent.
            TryLater: The partner cannot be reached, or an answer to a harmless request was lost.
            OutcomeUnknown: The answer to a licensed request was lost after sending began.
            Refused: The answer is larger than the cap.
            ValueError: An identity number stands in the URL; a fault of the adapter.
        """
        if _HETU.search(path) or any(_HETU.search(v) for v in (params or {}).values()):
            msg = "an identity number may not stand in a URL"
            raise ValueError(msg)
        phase = Phase(licence)
        request = self._client.build_request(
            method, path, content=content, headers=headers, params=params, extensions={"trace": phase.trace}
        )
        until = _deadline.get()
        left_s = self.deadline_s if until is None else until - time.monotonic()
        if left_s <= 0:
            raise TryLater(reason="deadline")
        if licence is not None:
            licence.check()
        count_request()
        current_phase.set(phase)
        try:
            # Beside httpx's own timeouts, which a partner that drips bytes can outwit.
            async with asyncio.timeout(left_s):
                return await self._exchange(request)
        except PartnerError:
            raise
        except TimeoutError as lost:
            raise phase.failure(lost, reason="deadline") from lost
        except Exception as lost:
            # Not httpx's errors alone: a connection that ends at once is an AttributeError of anyio's over uvloop.
            raise phase.failure(lost, reason=type(lost).__name__) from lost

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        answer = await self._client.send(request, stream=True)
        try:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise Refused((Refusal("answer-compressed", rule="an uncompressed answer was asked for"),))
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > self._max_response_bytes:
                    raise Refused(
                        (Refusal("answer-too-large", rule=f"at most {self._max_response_bytes} bytes"),)
                    )
        finally:
            await answer.aclose()
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=bytes(body), request=request
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _transport(carrier: Carrier, *, trust: ssl.SSLContext | bool, slots: int) -> httpx.AsyncBaseTransport:
    if carrier == "aiohttp":  # an extra, so it may not be there, and is not loaded where it is not used
        from tyokyky_bridge.adapterkit.aiohttp_transport import PartnerTransport  # noqa: PLC0415

        return PartnerTransport(verify=trust, slots=slots)
    limits = httpx.Limits(max_connections=slots, max_keepalive_connections=min(slots, 8))
    return httpx.AsyncHTTPTransport(verify=trust, limits=limits, trust_env=False)


def _default_trust(base_url: str) -> ssl.SSLContext | bool:
    """The public authorities; without TLS a context that trusts nobody, since loading authorities takes long."""
    return True if base_url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def segment(value: str) -> str:
    """Quote *value* as one path segment; a partner's own ids are not trusted to be harmless."""
    return quote(value, safe="")


def retry_after(response: httpx.Response) -> timedelta | None:
    """Read ``Retry-After`` (seconds or an HTTP date), at most one hour; ``None`` when absent or nonsense."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=min(int(value[:9]), 86_400)), LONGEST_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(timedelta(0), min(moment - datetime.now(UTC), LONGEST_RETRY_AFTER))


def raise_for_outage(response: httpx.Response, *, wrote: bool) -> None:
    """Raise for answers that mean the same everywhere: overload, failure, and an unannounced redirect.

    429 and 503 say that the request was not taken. Any other 5xx to a request that *wrote* leaves its outcome
    open.
    """
    status = response.status_code
    reason = f"http-{status}"
    if status in {429, 503}:
        raise TryLater(reason, after=retry_after(response), throttled=status == 429)
    if status >= 500:
        if wrote:
            raise OutcomeUnknown(reason)
        raise TryLater(reason, after=retry_after(response))
    if 300 <= status < 400 and status != 304:
        raise Blocked(reason)


def json_object(response: httpx.Response, *, wrote: bool) -> dict[str, Any]:
    """Read an answer that must be a JSON object; anything else is a broken partner or a page of some proxy.

    Raises: OutcomeUnknown when the request *wrote*, else TryLater.
    """
    read: Callable[[bytes], object] = orjson.loads
    with contextlib.suppress(ValueError):
        document = read(response.content)
        if isinstance(document, dict):
            return cast("dict[str, Any]", document)
    reason = "malformed-answer"
    raise OutcomeUnknown(reason) if wrote else TryLater(reason)

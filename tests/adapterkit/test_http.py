"""The one maker of HTTP clients, over both transports: licences, deadlines, caps, and what a lost request means."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.adapterkit.errors import LicenceExpired, OutcomeUnknown, Refused, TryLater
from tyokyky_bridge.adapterkit.http import PartnerHttp
from tyokyky_bridge.adapterkit.meter import start_meter
from tyokyky_bridge.adapterkit.phase import current_phase

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
DEFAULTS: dict[str, Any] = {"deadline_s": 2}


@pytest.fixture(autouse=True, params=["httpx", "aiohttp"])
def carrier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds whatever carries the requests."""
    monkeypatch.setitem(DEFAULTS, "carrier", request.param)


@contextlib.asynccontextmanager
async def served(serve: Serve) -> AsyncGenerator[str]:
    """A bare TCP server that answers as *serve* does; everything real but the partner."""

    async def careful(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(careful, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def told(serve: Serve, story: Callable[[PartnerHttp], Awaitable[Any]], **options: Any) -> Any:
    async def run() -> Any:
        async with served(serve) as url:
            http = PartnerHttp(url, **{**DEFAULTS, **options})
            try:
                return await story(http)
            finally:
                await http.aclose()

    return asyncio.run(run())


def licence(seconds: float = 5) -> Licence:
    return Licence("d-1", time.monotonic() + seconds)


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def stays_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(30)


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    for _ in range(300):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def compresses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc")
    await writer.drain()


def test_an_answer_comes_back_whole() -> None:
    assert told(answers, lambda http: http.send("GET", "/")).content == b"ok"


def test_an_expired_licence_opens_no_connection() -> None:
    came: list[bytes] = []

    async def notes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1))

    with pytest.raises(LicenceExpired):
        told(notes, lambda http: http.send("PUT", "/", content=b"x", licence=licence(-0.001)))
    assert came == []


def test_a_licence_is_looked_at_again_right_before_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting took so long that the licence ran out: the connection stands, and no byte goes."""
    came: list[bytes] = []

    async def notes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1))

    checks = iter([None, LicenceExpired()])

    def check(self: Licence) -> None:
        wrong = next(checks)
        if wrong is not None:
            raise wrong

    monkeypatch.setattr(Licence, "check", check)
    with pytest.raises(LicenceExpired):
        told(notes, lambda http: http.send("PUT", "/", content=b"x", licence=licence()))
    assert came in ([], [b""])


@pytest.mark.parametrize(("given", "meaning"), [(None, TryLater), (licence(600), OutcomeUnknown)])
@pytest.mark.parametrize("serve", [hangs_up, stays_silent, drips])
def test_a_lost_answer_is_unknown_only_for_what_may_have_changed_something(
    serve: Serve, given: Licence | None, meaning: type[Exception]
) -> None:
    began = time.monotonic()
    with pytest.raises(meaning):
        told(serve, lambda http: http.send("PUT", "/", content=b"x", licence=given), deadline_s=0.5)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(("given", "meaning"), [(None, TryLater), (licence(600), OutcomeUnknown)])
def test_an_answer_that_is_no_http_is_a_lost_one(given: Licence | None, meaning: type[Exception]) -> None:
    async def babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x16\x03\x01 what?\r\n\r\n")
        await writer.drain()

    with pytest.raises(meaning):
        told(babbles, lambda http: http.send("PUT", "/", content=b"x", licence=given))


def test_what_was_lost_on_a_connection_kept_alive_is_not_sent_again_unasked() -> None:
    """The first answer keeps the connection; the second request arrives there and its answer is lost."""
    came: list[bytes] = []

    async def forgets_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\nx"))
        writer.write(OK)
        await writer.drain()
        came.append(await reader.readuntil(b"\r\n\r\nx"))

    async def story(http: PartnerHttp) -> None:
        await http.send("PUT", "/1", content=b"x", licence=licence())
        with pytest.raises(OutcomeUnknown):
            await http.send("PUT", "/2", content=b"x", licence=licence())

    told(forgets_the_second, story)
    assert [request.split()[1] for request in came] == [b"/1", b"/2"]


def test_where_nobody_listens_nothing_was_sent() -> None:
    async def story() -> None:
        async with served(answers) as url:
            pass
        http = PartnerHttp(url, **DEFAULTS)
        with pytest.raises(TryLater):
            await http.send("PUT", "/", content=b"x", licence=licence())
        await http.aclose()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("begun", "given", "meaning"),
    [(False, licence(600), TryLater), (True, licence(600), OutcomeUnknown), (True, None, TryLater)],
)
def test_a_connection_that_is_lost_with_an_error_of_another_library_is_lost_all_the_same(
    begun: bool, given: Licence | None, meaning: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over uvloop, anyio fails with an AttributeError where the partner resets a connection as it is made."""

    async def stumbles(request: httpx.Request) -> httpx.Response:
        current_phase.get().wait()
        if begun:
            current_phase.get().begin()
        return None.getpeername()  # type: ignore[attr-defined]

    async def story(http: PartnerHttp) -> None:
        monkeypatch.setattr(http._client._transport, "handle_async_request", stumbles)
        with pytest.raises(meaning, match="AttributeError"):
            await http.send("PUT", "/", content=b"x", licence=given)

    told(answers, story)


def test_who_never_finishes_shaking_hands_has_got_nothing() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def story() -> None:
        async with served(mute) as url:
            http = PartnerHttp(url.replace("http:", "https:"), **{**DEFAULTS, "deadline_s": 0.4})
            with pytest.raises(TryLater):
                await http.send("PUT", "/", content=b"x", licence=licence())
            await http.aclose()

    asyncio.run(story())


def test_an_endless_answer_is_refused_without_being_held() -> None:
    with pytest.raises(Refused) as refused:
        told(pours, lambda http: http.send("GET", "/"), max_response_bytes=200_000, deadline_s=5)
    assert refused.value.reasons[0].native_code == "answer-too-large"


def test_a_compressed_answer_is_refused_so_that_the_cap_is_a_cap() -> None:
    with pytest.raises(Refused):
        told(compresses, lambda http: http.send("GET", "/"))


def test_all_requests_of_one_call_share_its_deadline() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.4)
            writer.write(OK)
            await writer.drain()

    async def story(http: PartnerHttp) -> None:
        async with http.one_call():
            await http.send("GET", "/")
            async with http.one_call():
                await http.send("GET", "/")

    began = time.monotonic()
    with pytest.raises(TryLater):
        told(slow, story, deadline_s=0.6)
    assert time.monotonic() - began < 1.2


def test_a_deadline_ends_with_its_call() -> None:
    async def story(http: PartnerHttp) -> httpx.Response:
        async with http.one_call():
            pass
        await asyncio.sleep(0.3)
        return await http.send("GET", "/")

    assert told(answers, story, deadline_s=0.25).status_code == 200


@pytest.mark.parametrize("where", ["path", "query"])
def test_an_identity_number_never_gets_into_a_url(where: str) -> None:
    hetu = "120385-921t"

    async def story(http: PartnerHttp) -> None:
        if where == "path":
            await http.send("GET", f"/x/{hetu}")
        else:
            await http.send("GET", "/x", params={"h": hetu})

    with pytest.raises(ValueError, match="identity number") as wrong:
        told(answers, story)
    assert hetu not in str(wrong.value)


def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    assert told(elsewhere, lambda http: http.send("GET", "/")).status_code == 302


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert told(answers, lambda http: http.send("GET", "/")).status_code == 200


def test_nothing_of_a_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told(
        answers,
        lambda http: http.send("POST", "/marked-path", content=b"marked-body", params={"q": "marked"}),
    )
    assert "marked" not in caplog.text


def test_whoever_counts_is_told_of_each_request_once() -> None:
    async def story(http: PartnerHttp) -> list[int]:
        meter = start_meter()
        for _ in range(3):
            await http.send("GET", "/")
        with pytest.raises(LicenceExpired):
            await http.send("PUT", "/", licence=licence(-1))
        return [meter.requests, meter.taken(), meter.taken()]

    assert told(answers, story) == [3, 3, 0]

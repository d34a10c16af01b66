"""Connections are kept while they are good, and every request carries what was asked for once."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncGenerator

import pytest

from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.adapterkit.http import PartnerHttp
from tyokyky_bridge.adapterkit.wire import merged, public_trust

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Partner:
    """A bare TCP server that answers *each* times on a connection and then closes it without a word."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.connections = 0
        self.heads: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            for _ in range(self.each):
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(OK)
                await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def heard(self) -> AsyncGenerator[PartnerHttp]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        http = PartnerHttp(
            f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/",
            deadline_s=2,
            headers={"X-System": "hub"},
        )
        try:
            yield http
        finally:
            await http.aclose()
            server.close()


async def test_one_connection_serves_requests_that_follow_each_other():
    partner = Partner(each=9)
    async with partner.heard() as http:
        for _ in range(4):
            assert (await http.send("GET", "/records")).content == b"ok"
    assert partner.connections == 1


async def test_a_connection_that_the_partner_closed_while_idle_is_not_used_again():
    partner = Partner(each=1)
    async with partner.heard() as http:
        for _ in range(3):
            answer = await http.send("PUT", "/records", licence=Licence("d-1", time.monotonic() + 5))
            assert answer.status_code == 200  # on the closed one its outcome would be unknown
            await asyncio.sleep(0.05)
    assert partner.connections == 3


async def test_a_request_says_each_header_once_and_starts_at_the_base_path():
    partner = Partner(each=1)
    async with partner.heard() as http:
        await http.send("GET", "records/7", params={"page": "2"}, headers={"Accept": "text/xml"})
    lines = partner.heads[0].decode().lower().split("\r\n")
    assert lines[0] == "get /base/records/7?page=2 http/1.1"
    assert "accept: text/xml" in lines
    assert {"accept-encoding: identity", "connection: keep-alive", "x-system: hub"} < set(lines)
    names = [line.partition(":")[0] for line in lines[1:] if line]
    assert len(names) == len(set(names))


def test_what_is_given_for_one_request_stands_before_what_is_always_said():
    assert merged({"Accept": "a", "X": "1"}, {"accept": "b"}) == {"X": "1", "accept": "b"}
    assert merged({"Accept": "a"}, None) == {"Accept": "a"}


def test_without_tls_nobody_is_trusted_and_with_it_the_public_authorities_are():
    assert public_trust("http://partner.example").get_ca_certs() == []
    public = public_trust("https://partner.example")
    assert public.verify_mode is ssl.CERT_REQUIRED
    assert public.check_hostname
    assert public.get_ca_certs()

"""The door for pushed messages: no token, one answer to all that is proved, and never a fault, whatever is sent."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tyokyky_adapter_lifecare import connect
from tyokyky_bridge.adapterkit.contract import SystemConfig
from tyokyky_bridge.api.notices import MOST_BYTES
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.storage import open_store
from worlds.hub import HELMI, a_case
from worlds.telling import SIGNED, a_telling_hub, message, settled
from worlds.web import Web

DOOR = "/v1/systems/lifecare/notices"
KNOWN = {"kind": "changed", "person_id": "p-1", "record_id": "r-1", "version": "4"}
STRANGER = {"kind": "changed", "person_id": "p-404", "record_id": "r-404", "version": "4"}


async def a_door(store):
    case = await a_case(a_telling_hub(store), HELMI)
    await settled(case, "lifecare")
    return case, Web(case.bridge)


async def send(web, body, *, headers=SIGNED, path=DOOR):
    return await web.call("POST", path, raw=body, headers=headers, bearer="")


def code(answer):
    return answer.json()["type"].removeprefix("urn:tyokyky-bridge:problem:")


@pytest.mark.anyio
async def test_a_proved_message_needs_no_token_and_wakes_the_link(store):
    case, web = await a_door(store)
    answer = await send(web, message("e-1", KNOWN))
    assert (answer.status_code, answer.json()) == (202, {"received": True})
    assert (await case.link("lifecare")).state == "due"


@pytest.mark.anyio
async def test_known_and_unknown_and_repeated_are_answered_alike(store):
    case, web = await a_door(store)
    answers = [
        await send(web, message(event, hint))
        for event, hint in (("e-1", KNOWN), ("e-2", STRANGER), ("e-1", KNOWN))
    ]
    assert len({(a.status_code, a.content, tuple(sorted(a.headers.items()))) for a in answers}) == 1
    link = await case.link("lifecare")
    assert len(await store.read(lambda tx: tx.inbox.of_link(link.id))) == 1


@pytest.mark.anyio
async def test_what_is_not_proved_or_not_readable_is_refused_without_effect(store):
    case, web = await a_door(store)
    unproved = await send(web, message("e-1", KNOWN), headers={"content-type": "application/json"})
    assert (unproved.status_code, code(unproved)) == (401, "notice/not-authentic")
    assert unproved.headers["www-authenticate"] == "Signature"
    unreadable = await send(web, b"\xff\xfe")
    assert (unreadable.status_code, code(unreadable)) == (400, "notice/unreadable")
    assert (await case.link("lifecare")).state == "in_sync"


@pytest.mark.anyio
@pytest.mark.parametrize("system", ["ura", "nowhere"])
async def test_a_system_that_does_not_push_is_as_unknown_as_one_that_is_not_there(store, system):
    _, web = await a_door(store)
    answer = await send(web, message("e-1", KNOWN), path=f"/v1/systems/{system}/notices")
    assert (answer.status_code, code(answer)) == (404, "notice/no-such-system")


@pytest.mark.anyio
async def test_a_message_is_short(store):
    _, web = await a_door(store)
    filler = b" " * (MOST_BYTES - len(message("e-1", STRANGER)))
    assert (await send(web, message("e-1", STRANGER) + filler)).status_code == 202
    too_long = await send(web, message("e-1", STRANGER) + filler + b" ")
    assert (too_long.status_code, code(too_long)) == (413, "request/too-large")


@pytest.mark.anyio
async def test_a_bearer_token_neither_helps_nor_hurts(store):
    _, web = await a_door(store)
    given_token = await web.call("POST", DOOR, raw=message("e-1", KNOWN), headers=SIGNED)
    assert given_token.status_code == 202
    alone = await web.call("POST", DOOR, raw=message("e-2", KNOWN))
    assert code(alone) == "notice/not-authentic"


class Door:
    """The door in a thread of its own, with the real reader of Lifecare's messages behind it."""

    def __init__(self, portal: Any, url: str) -> None:
        self._portal = portal
        self.web = portal.call(self._made, url)

    @staticmethod
    async def _made(url: str) -> Web:
        bridge = a_telling_hub(open_store(url, index_key=b"a key for made-up people only...."))
        options = {"notify_secret": "s" * 32, "client_id": "x", "client_secret": "y", "customer_id": "z"}
        config = SystemConfig("lifecare", "http://127.0.0.1:1", options)
        toy = bridge.partners["lifecare"]
        real = Partner(toy.system, toy.manifest, toy.lens, connect(config))
        return Web(replace(bridge, partners={**bridge.partners, "lifecare": real, "ura": toy}))

    def send(self, body: bytes, headers: Any, path: str) -> Any:
        return self._portal.call(lambda: send(self.web, body, headers=headers, path=path))

    def end(self) -> None:
        self._portal.call(self.web.bridge.store.aclose)


@pytest.fixture
def door(database_url) -> Iterator[Door]:
    with anyio.from_thread.start_blocking_portal() as portal:
        made = Door(portal, database_url)
        yield made
        made.end()


VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
SIGNATURES = VALUES | st.builds("t={},v1={}".format, st.integers() | VALUES, VALUES)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "lc-signature": SIGNATURES,
        "content-type": st.sampled_from(["application/json", "application/hl7-v2", "text/plain", ""])
        | VALUES,
        "lc-attempt": VALUES,
        "x-signed": st.just("yes"),
    },
).map(lambda headers: {name: value.encode("latin-1") for name, value in headers.items()})
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")),
    st.just(message("e-1", KNOWN)),
    st.just(b'{"event": [], "hints": [{"kind": 3}]}'),
    st.just(b"[" * 50_000),
    st.builds(lambda text: b"MSH|^~\\&|" + text.encode("latin-1", "replace"), st.text(max_size=80)),
)


@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=BODIES, headers=HEADERS, system=st.sampled_from(["lifecare", "ura", "effica", "no-such"]))
def test_whatever_is_sent_there_is_no_fault(door, body, headers, system):
    """Lifecare reads as it does in production; the reader behind ``ura`` trips over much, which is no fault either."""
    answer = door.send(body, headers, f"/v1/systems/{system}/notices")
    assert answer.status_code in {202, 400, 401, 404, 413}
    if system == "lifecare":
        assert answer.status_code in {400, 401}, "nothing here is signed with the secret"

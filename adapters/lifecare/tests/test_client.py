"""The client at its edges: tokens that run out, answers that are lost, late, too long or not what they should be."""

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import respx

from tyokyky_adapter_lifecare import connect
from tyokyky_adapter_lifecare.records import EMPTY
from tyokyky_bridge.adapterkit.contract import Adapter, Found, Licence, Standing, SystemConfig
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    ChangedUnderneath,
    LicenceExpired,
    NotThere,
    OutcomeUnknown,
    PartnerError,
    Refused,
    TryLater,
)

HOST = "http://lifecare.test"
API = f"{HOST}/lifecare/api/v2"
CONFIG = SystemConfig(
    "lifecare", HOST, {"client_id": "hub", "client_secret": "hush", "customer_id": "LRHA", "deadline_s": "2"}
)
FOUND = Found("P-1", "LC-1")
STANDING = Standing(copy.deepcopy(EMPTY), "LC-1", 'W/"7";W/"3"')


def licence(seconds: float = 5) -> Licence:
    return Licence("d-1", time.monotonic() + seconds)


def changed() -> dict[str, Any]:
    content = copy.deepcopy(EMPTY)
    content["otsikot"][7]["teksti"] = "uusi"
    return content


async def write(adapter: Adapter) -> Any:
    return await adapter.write(FOUND, changed(), standing=STANDING, key="k-1", licence=licence())


def told(story: Callable[[Adapter], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        adapter = connect(CONFIG)
        try:
            return await story(adapter)
        finally:
            await adapter.aclose()

    return asyncio.run(run())


def fault(status: int, code: str, **extra: Any) -> httpx.Response:
    return httpx.Response(status, json={"virhe": {"koodi": code, "viesti": "120385-921T", **extra}})


@pytest.fixture
def lifecare() -> Any:
    with respx.mock(assert_all_called=False) as router:
        tokens = (f"token-{n}" for n in range(1, 100))
        router.post(f"{HOST}/lifecare/oauth2/token").mock(
            side_effect=lambda _: httpx.Response(200, json={"access_token": next(tokens), "expires_in": 600})
        )
        yield router


def test_a_token_that_runs_out_in_the_middle_is_renewed_once_and_the_same_write_is_sent(
    lifecare: Any,
) -> None:
    put = lifecare.put(f"{API}/asiakirjat/LC-1").mock(
        side_effect=[fault(401, "LC-1001"), httpx.Response(200, json={}, headers={"etag": 'W/"8"'})]
    )
    written = told(write)
    assert written.version == 'W/"8";W/"3"'
    first, second = (call.request for call in put.calls)
    assert first.content == second.content
    assert {first.headers["x-viite"], second.headers["x-viite"]} == {"k-1"}
    assert (first.headers["if-match"], second.headers["if-match"]) == ('W/"7"', 'W/"7"')
    assert (first.headers["authorization"], second.headers["authorization"]) == (
        "Bearer token-1",
        "Bearer token-2",
    )


def test_a_token_that_is_refused_twice_blocks_the_system(lifecare: Any) -> None:
    lifecare.put(f"{API}/asiakirjat/LC-1").mock(return_value=fault(401, "LC-1001"))
    with pytest.raises(Blocked) as blocked:
        told(write)
    assert blocked.value.native_code == "LC-1001"


def test_calls_at_once_log_in_once(lifecare: Any) -> None:
    lifecare.post(f"{API}/potilaat/haku").mock(return_value=httpx.Response(200, json={"potilasId": "P-1"}))
    lifecare.post(f"{API}/asiakirjat/haku").mock(return_value=httpx.Response(200, json={"asiakirjat": []}))

    async def story(adapter: Adapter) -> None:
        await asyncio.gather(*(adapter.find("120385-921T") for _ in range(5)))

    told(story)
    logins = [call for call in lifecare.calls if call.request.url.path.endswith("/token")]
    assert len(logins) == 1


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (httpx.Response(500), OutcomeUnknown),
        (httpx.Response(502, text="<html>"), OutcomeUnknown),
        (httpx.Response(503), TryLater),
        (httpx.Response(429, headers={"retry-after": "9"}), TryLater),
        (httpx.Response(302, headers={"location": "http://elsewhere.test/"}), Blocked),
        (fault(403, "LC-1002"), Blocked),
        (fault(404, "LC-2005"), NotThere),
        (fault(422, "LC-4221", kentta="otsikot.SUU.teksti"), Refused),
        (fault(422, "LC-4224"), ChangedUnderneath),
        (httpx.ReadError("cut"), OutcomeUnknown),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
        (httpx.RemoteProtocolError("cut"), OutcomeUnknown),
        (httpx.ConnectError("down"), TryLater),
        (httpx.ConnectTimeout("down"), TryLater),
        (httpx.PoolTimeout("busy"), TryLater),
    ],
)
def test_what_comes_back_from_a_write_says_what_to_do_next(
    lifecare: Any, answer: Any, meaning: type[Exception]
) -> None:
    lifecare.put(f"{API}/asiakirjat/LC-1").mock(side_effect=[answer, answer])
    with pytest.raises(meaning) as raised:
        told(write)
    assert type(raised.value) is meaning
    assert "120385-921T" not in str(raised.value)


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.ReadError("cut"), httpx.Response(200, text="<html>")]
)
def test_a_lost_answer_to_a_question_is_asked_again_later(lifecare: Any, answer: Any) -> None:
    lifecare.post(f"{API}/potilaat/haku").mock(side_effect=[answer])
    with pytest.raises(TryLater):
        told(lambda adapter: adapter.find("120385-921T"))


@pytest.mark.parametrize("body", [{}, {"potilasId": None}, {"potilasId": 7}])
def test_an_answer_without_what_it_must_hold_is_no_answer(lifecare: Any, body: Any) -> None:
    lifecare.post(f"{API}/potilaat/haku").mock(return_value=httpx.Response(200, json=body))
    with pytest.raises(TryLater):
        told(lambda adapter: adapter.find("120385-921T"))


@pytest.mark.parametrize("hits", [None, [{}], ["x"], {"a": 1}])
def test_a_document_list_that_makes_no_sense_is_no_answer(lifecare: Any, hits: Any) -> None:
    lifecare.post(f"{API}/potilaat/haku").mock(return_value=httpx.Response(200, json={"potilasId": "P-1"}))
    lifecare.post(f"{API}/asiakirjat/haku").mock(return_value=httpx.Response(200, json={"asiakirjat": hits}))
    with pytest.raises(TryLater):
        told(lambda adapter: adapter.find("120385-921T"))


def test_a_creation_whose_answer_makes_no_sense_has_an_unknown_outcome(lifecare: Any) -> None:
    lifecare.get(f"{API}/potilaat/P-1").mock(return_value=httpx.Response(200, json={"potilasId": "P-1"}))
    lifecare.post(f"{API}/asiakirjat/haku").mock(return_value=httpx.Response(200, json={"asiakirjat": []}))
    lifecare.post(f"{API}/asiakirjat").mock(return_value=httpx.Response(201, text="<html>"))
    found, standing = Found("P-1", None), Standing(copy.deepcopy(EMPTY))
    with pytest.raises(OutcomeUnknown):
        told(lambda a: a.write(found, changed(), standing=standing, key="k-1", licence=licence()))


def test_a_licence_that_runs_out_while_logging_in_sends_no_content(lifecare: Any) -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.2)
        return httpx.Response(200, json={"access_token": "late", "expires_in": 600})

    lifecare.post(f"{HOST}/lifecare/oauth2/token").mock(side_effect=slow)
    put = lifecare.put(f"{API}/asiakirjat/LC-1")
    with pytest.raises(LicenceExpired):
        told(lambda a: a.write(FOUND, changed(), standing=STANDING, key="k", licence=licence(0.1)))
    assert not put.called


def test_the_deadline_counts_all_requests_of_a_call_together(lifecare: Any) -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1.5)
        return httpx.Response(200, json={"potilasId": "P-1"})

    lifecare.post(f"{API}/potilaat/haku").mock(side_effect=slow)
    lifecare.post(f"{API}/asiakirjat/haku").mock(side_effect=slow)
    began = time.monotonic()
    with pytest.raises(TryLater):
        told(lambda adapter: adapter.find("120385-921T"))
    assert time.monotonic() - began < 2.6


def test_an_id_of_theirs_cannot_lead_to_another_address(lifecare: Any) -> None:
    anything = lifecare.get(url__startswith=API).mock(return_value=fault(404, "LC-2005"))
    with pytest.raises(PartnerError):
        told(lambda adapter: adapter.fetch(Found("../../x?y=1#z", None)))
    assert anything.calls[0].request.url.raw_path == b"/lifecare/api/v2/potilaat/..%2F..%2Fx%3Fy%3D1%23z"


def test_the_field_and_rule_of_a_refusal_are_told_but_not_its_words(lifecare: Any) -> None:
    lifecare.put(f"{API}/asiakirjat/LC-1").mock(
        return_value=fault(422, "LC-4221", kentta="otsikot.SUU.teksti")
    )
    with pytest.raises(Refused) as refused:
        told(write)
    (reason,) = refused.value.reasons
    assert (reason.native_code, reason.field) == ("LC-4221", "otsikot.SUU.teksti")
    assert "120385-921T" not in str(refused.value)

"""Answers that the simulator does not give: broken, half or hostile ones, and what becomes of them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from tyokyky_adapter_typpi import connect
from tyokyky_adapter_typpi.assertion import make_key
from tyokyky_adapter_typpi.records import SECTIONS, content_of, unescaped
from tyokyky_bridge.adapterkit.contract import Adapter, Found, Licence, Standing, SystemConfig
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    ChangedUnderneath,
    NotThere,
    OutcomeUnknown,
    Refused,
    TryLater,
)

URL = "http://typpi.test"
FOUND = Found("3301", "5512")
TAGS = {name: f'"{name}-3"' for name in SECTIONS}
PEM = make_key()[0]


def standing(**sections: dict[str, Any]) -> Standing:
    content = {"osiot": [{"osio": name, "tiedot": sections.get(name, {})} for name in SECTIONS]}
    return Standing(content, "5512", json.dumps(TAGS))


def tell(story: Callable[[Adapter], Awaitable[Any]]) -> Any:
    async def told() -> Any:
        adapter = connect(SystemConfig("typpi", URL, {"client_id": "hub", "private_key": PEM}))
        try:
            return await story(adapter)
        finally:
            await adapter.aclose()

    return asyncio.run(told())


async def write(adapter: Adapter, **sections: dict[str, Any]) -> Any:
    return await adapter.write(
        FOUND,
        standing(**sections).content,
        standing=standing(),
        key="k1",
        licence=Licence("d", time.monotonic() + 10),
    )


@pytest.fixture
def typpi() -> Any:
    with respx.mock(base_url=URL, assert_all_called=False) as router:
        router.post("/typpi/token").respond(json={"access_token": "t", "expires_in": 300})
        yield router


def put(typpi: Any, section: str) -> Any:
    return typpi.put(f"/typpi/suunnitelmat/5512/osiot/{section}")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (422, b"", Refused),
        (422, b"<html>", Refused),
        (422, b'{"type": null, "osio": 7}', Refused),
        (400, b"{}", Refused),
        (409, b'{"title": "?"}', ChangedUnderneath),
        (412, b"", ChangedUnderneath),
        (404, b"", NotThere),
        (410, b"", NotThere),
        (403, b"", Blocked),
        (302, b"", Blocked),
        (503, b"", TryLater),
        (500, b"", OutcomeUnknown),
    ],
)
def test_an_answer_without_a_proper_problem_is_still_understood(
    typpi: Any, status: int, body: bytes, error: type[Exception]
) -> None:
    put(typpi, "kela").respond(status, content=body)
    with pytest.raises(error):
        tell(lambda a: write(a, kela={"kelanArvio": "x"}))


def test_a_problem_is_quoted_in_codes_and_never_in_prose(typpi: Any) -> None:
    """Scenario 8 with a talkative server: what we sent must not come back through an error text."""
    problem = {
        "type": "https://typpi/ongelmat/BDI 22 Sanna",
        "title": "Malliviite Sanna, BDI 22",
        "detail": "BDI 22",
        "osio": "terveys",
        "kentta": "arvo BDI 22",
        "saanto": "ei sallittu: 030278-958K",
    }
    put(typpi, "terveys").respond(422, json=problem)
    with pytest.raises(Refused) as refused:
        tell(lambda a: write(a, terveys={"bdi": 22}))
    assert str(refused.value) == "http-422 osiot[osio=terveys].tiedot"


def test_the_code_of_a_problem_may_also_be_a_urn(typpi: Any) -> None:
    problem = {"type": "urn:typpi:ongelma:tietosisalto-ei-sallittu", "osio": "terveys", "kentta": "bdi"}
    put(typpi, "terveys").respond(422, json=problem)
    with pytest.raises(Refused) as refused:
        tell(lambda a: write(a, terveys={"bdi": 22}))
    reason = refused.value.reasons[0]
    assert reason.native_code == "tietosisalto-ei-sallittu"
    assert reason.field == "osiot[osio=terveys].tiedot.bdi"


def test_the_conditions_go_out_as_they_came_in(typpi: Any) -> None:
    kela = put(typpi, "kela").respond(200, json={}, headers={"etag": '"kela-4"'})
    health = put(typpi, "terveys").respond(200, json={}, headers={"etag": '"x;y"'})
    written = tell(lambda a: write(a, kela={"kelanArvio": "x"}, terveys={"voimavarat": "&auml; ä"}))
    sent = [route.calls[0].request for route in (health, kela)]
    assert [r.headers["if-match"] for r in sent] == ['"terveys-3"', '"kela-3"']
    assert [r.headers["idempotency-key"] for r in sent] == ["k1-terveys", "k1-kela"]
    assert json.loads(sent[0].content) == {"tiedot": {"voimavarat": "&auml; ä"}}
    assert json.loads(written.version) == {**TAGS, "kela": '"kela-4"', "terveys": '"x;y"'}


def test_a_412_on_the_third_section_leaves_the_fourth_unsent(typpi: Any) -> None:
    for name in ("osaaminen", "terveys"):
        put(typpi, name).respond(200, json={}, headers={"etag": '"n"'})
    put(typpi, "kela").respond(412, json={"type": "x/osio-muuttunut", "osio": "kela"})
    fourth = put(typpi, "seuranta").respond(200, json={}, headers={"etag": '"n"'})
    fields = {"a": 1}
    with pytest.raises(ChangedUnderneath, match="osio-muuttunut"):
        tell(lambda a: write(a, osaaminen=fields, terveys=fields, kela=fields, seuranta=fields))
    assert not fourth.called


def test_an_acknowledgement_without_a_validator_leaves_the_version_open(typpi: Any) -> None:
    put(typpi, "kela").respond(200, json={})
    assert tell(lambda a: write(a, kela={"kelanArvio": "x"})).version is None


def test_a_section_without_a_known_version_is_not_written_blindly(typpi: Any) -> None:
    async def story(adapter: Adapter) -> None:
        old = standing()
        await adapter.write(
            FOUND,
            standing(kela={"kelanArvio": "x"}).content,
            standing=Standing(old.content, "5512", "{}"),
            key="k",
            licence=Licence("d", time.monotonic() + 10),
        )

    with pytest.raises(ChangedUnderneath):
        tell(story)


@pytest.mark.parametrize(("header", "after"), [("7", timedelta(seconds=7)), (None, None), ("soon", None)])
def test_too_many_requests_say_when_to_come_back_or_do_not(
    typpi: Any, header: str | None, after: timedelta | None
) -> None:
    headers = {"retry-after": header} if header else {}
    typpi.post("/typpi/asiakkaat/haku").respond(429, headers=headers)
    with pytest.raises(TryLater) as later:
        tell(lambda a: a.find("030278-958K"))
    assert later.value.after == after


def test_a_token_refused_twice_blocks_the_system(typpi: Any) -> None:
    search = typpi.post("/typpi/asiakkaat/haku").respond(401)
    with pytest.raises(Blocked):
        tell(lambda a: a.find("030278-958K"))
    assert search.call_count == 2


def test_a_login_that_fails_for_want_of_a_server_is_no_reason_to_block(typpi: Any) -> None:
    typpi.post("/typpi/token").respond(503, headers={"retry-after": "9"})
    with pytest.raises(TryLater) as later:
        tell(lambda a: a.find("030278-958K"))
    assert later.value.after == timedelta(seconds=9)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"_embedded": {"osiot": 3}}', b"\xff", b""])
def test_a_plan_that_is_no_plan_is_tried_later(typpi: Any, body: bytes) -> None:
    typpi.get("/typpi/suunnitelmat/5512").respond(200, content=body)
    with pytest.raises(TryLater):
        tell(lambda a: a.fetch(FOUND))


def test_an_opened_plan_that_is_no_plan_leaves_the_outcome_open(typpi: Any) -> None:
    typpi.post("/typpi/suunnitelmat").respond(201, json={"suunnitelmaId": "1"})

    async def story(adapter: Adapter) -> None:
        content = standing(kela={"kelanArvio": "x"}).content
        empty = Standing(standing().content)
        await adapter.write(
            Found("3301", None),
            content,
            standing=empty,
            key="k",
            licence=Licence("d", time.monotonic() + 10),
        )

    with pytest.raises(OutcomeUnknown):
        tell(story)


def test_sections_nobody_has_written_may_be_left_out_and_new_ones_may_come() -> None:
    hal = {
        "_links": {},
        "suunnitelmaId": "1",
        "_embedded": {
            "osiot": [
                {"osio": "tuleva", "etag": '"t-1"', "versio": 1, "tiedot": {"x": 1}},
                {"osio": "kela", "etag": '"k-1"', "versio": 1, "tiedot": {"kelanArvio": "&auml;"}},
            ]
        },
    }
    content = content_of(hal)
    assert [s["osio"] for s in content["osiot"]] == [*SECTIONS, "tuleva"]
    assert {s["osio"]: s["tiedot"] for s in content["osiot"] if s["tiedot"]} == {
        "kela": {"kelanArvio": "ä"},
        "tuleva": {"x": 1},
    }


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("Ty&ouml;kyky", "Työkyky"),
        ("&#x27;&#39;&lt;&quot;", "''<\""),
        ("&amp;ouml;", "&ouml;"),
        ("AT&T &copy 3 & 4;", "AT&T &copy 3 & 4;"),
        ("&tuntematon;", "&tuntematon;"),
    ],
)
def test_one_round_of_escaping_is_undone_and_no_more(sent: str, meant: str) -> None:
    assert unescaped({"a": [sent, 3, None]}) == {"a": [meant, 3, None]}


def test_a_partners_own_id_cannot_lead_us_elsewhere(typpi: Any) -> None:
    route = typpi.route(method="GET").mock(return_value=httpx.Response(404))
    with pytest.raises(NotThere):
        tell(lambda a: a.fetch(Found("1", "../asiakkaat/3301?x=1")))
    assert route.calls[0].request.url.raw_path == b"/typpi/suunnitelmat/..%2Fasiakkaat%2F3301%3Fx%3D1"

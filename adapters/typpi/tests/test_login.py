"""Logging in to the simulated TYPPI: what an assertion has to be, and what becomes of a token."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tyokyky_adapter_typpi import connect
from tyokyky_adapter_typpi.assertion import Signer, make_key
from tyokyky_bridge.adapterkit.contract import Adapter, SystemConfig

SANNA = "030278-958K"


def log_in(office: Any, assertion: str, **form: str) -> httpx.Response:
    given = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        **form,
    }
    return httpx.post(f"{office.simulator.base_url}/typpi/token", data=given, trust_env=False)


def signed(office: Any, *, key: Any = None, alg: str = "ES256", **claims: Any) -> str:
    now = int(time.time())
    standard = {
        "iss": "hub",
        "sub": "hub",
        "aud": "urn:typpi:token",
        "iat": now,
        "exp": now + 60,
        "jti": f"j-{time.time_ns()}",
    }
    key = key or ECKey.import_key(office.keys["hub"])
    body = {name: value for name, value in {**standard, **claims}.items() if value is not None}
    return jwt.encode({"alg": alg}, body, key, algorithms=[alg])


def test_a_right_assertion_gives_a_token_once(office: Any) -> None:
    assertion = signed(office)
    first, replay = log_in(office, assertion), log_in(office, assertion)
    assert first.status_code == 200
    assert first.json()["token_type"] == "Bearer"
    assert (replay.status_code, replay.json()["error_description"]) == (401, "jti-replay")


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        ({"sub": "te"}, "iss-sub"),
        ({"iss": "nobody"}, "iss-sub"),
        ({"aud": "urn:else:token"}, "aud"),
        ({"exp": 1}, "exp"),
        ({"exp": 4_000_000_000}, "exp"),
        ({"exp": None}, "exp"),
        ({"jti": None}, "jti"),
    ],
)
def test_an_assertion_that_is_not_exactly_right_is_refused(
    office: Any, claims: dict[str, Any], rule: str
) -> None:
    answer = log_in(office, signed(office, **claims))
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "invalid_client", "error_description": rule},
    )


def test_a_foreign_key_and_a_foreign_algorithm_are_refused(office: Any) -> None:
    stranger = ECKey.import_key(make_key()[0])
    assert log_in(office, signed(office, key=stranger)).json()["error_description"] == "signature"
    shared = OctKey.import_key("not a secret, and longer than it has to be")
    assert log_in(office, signed(office, key=shared, alg="HS256")).json()["error_description"] == "alg"
    assert log_in(office, "no.assertion").json()["error_description"] == "assertion"
    assert log_in(office, signed(office), grant_type="password").status_code == 400


def test_another_systems_key_does_not_speak_for_us(office: Any) -> None:
    theirs = ECKey.import_key(office.keys["te"])
    assert log_in(office, signed(office, key=theirs)).json()["error_description"] == "signature"


def test_without_a_token_nothing_is_shown(office: Any) -> None:
    bare = {"base_url": office.simulator.base_url, "trust_env": False}
    with httpx.Client(**bare) as browser:
        answers = [
            browser.get("/typpi/asiakkaat/3301"),
            browser.get("/typpi/asiakkaat/3301", headers={"authorization": "Bearer x.y.z"}),
        ]
    assert [a.status_code for a in answers] == [401, 401]
    assert all("www-authenticate" in a.headers for a in answers)


def test_a_token_that_ran_out_is_renewed_once_and_the_call_goes_through(office: Any) -> None:
    office.simulator.chaos(token_life_s=0.3)

    async def story(adapter: Adapter) -> None:
        await adapter.find(SANNA)
        await asyncio.sleep(0.4)
        await adapter.find(SANNA)

    office.tell(story)
    assert [e.status for e in office.simulator.journal()] == [200, 200, 401, 200, 200]


def test_one_login_serves_many_calls_at_once(office: Any) -> None:
    async def story(adapter: Adapter) -> None:
        await asyncio.gather(*(adapter.find(SANNA) for _ in range(6)))

    office.tell(story)
    assert sum(e.path == "/typpi/token" for e in office.simulator.journal()) == 1


def test_moving_the_simulated_clock_logs_nobody_out(office: Any) -> None:
    async def story(adapter: Adapter) -> None:
        await adapter.find(SANNA)
        office.simulator.clock(advance_s=86_400)
        await adapter.find(SANNA)

    office.tell(story)
    assert sum(e.path == "/typpi/token" for e in office.simulator.journal()) == 1


@pytest.mark.parametrize(
    "options",
    [{}, {"client_id": "hub"}, {"private_key": "x"}, {"client_id": "hub", "private_key": "not a key"}],
)
def test_options_that_cannot_work_stop_the_start(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="key"):
        connect(SystemConfig("typpi", "http://127.0.0.1:1", options))


def test_a_key_may_come_from_a_file(tmp_path: Any) -> None:
    pem, _ = make_key()
    file = tmp_path / "key.pem"
    file.write_text(pem, "utf-8")
    signer = Signer.of(SystemConfig("t", "http://x", {"client_id": "hub", "private_key_file": str(file)}))
    assert signer.key.thumbprint() == ECKey.import_key(pem).thumbprint()

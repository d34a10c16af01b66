"""The simulator kit: durable, journalled to the byte, and able to fail in every way a partner can."""

import asyncio
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.adapterkit.errors import OutcomeUnknown, TryLater
from tyokyky_bridge.adapterkit.http import PartnerHttp
from tyokyky_bridge.adapterkit.testing import SimulatorProcess

HERE = Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    """Let the child process import the toy."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(HERE) + (os.pathsep + before if before else "")
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture(scope="module")
def process(importable: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    state = tmp_path_factory.mktemp("toy") / "state.sqlite"
    with SimulatorProcess("toy_simulator", state=state, args=["--greeting", "terve"]) as toy:
        yield toy


@pytest.fixture
def toy(process: SimulatorProcess) -> SimulatorProcess:
    process.reset()
    return process


@pytest.fixture
def client(toy: SimulatorProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=toy.base_url, trust_env=False, timeout=10) as client:
        yield client


def test_the_journal_keeps_every_byte_and_no_secret(toy: SimulatorProcess, client: httpx.Client) -> None:
    body = b'{"a": "\xc3\xa4",\r\n "b":1}'
    client.put(
        "/note/a%C3%A4?x=1&y=%20",
        content=body,
        headers=httpx.Headers(
            [
                (b"Authorization", b"Bearer secret"),
                (b"KIPA-Subscription-Key", b"secret"),
                (b"X-Odd", b"b\xe4"),
            ]
        ),
    )
    (entry,) = toy.journal()
    assert (entry.method, entry.path, entry.body, entry.status) == (
        "PUT",
        "/note/a%C3%A4?x=1&y=%20",
        body,
        200,
    )
    assert entry.response == b'{"version":1}'
    assert ("authorization", "***") in entry.headers
    assert ("x-odd", "b\xe4") in entry.headers
    assert "secret" not in str(entry)
    assert entry.effects == ("note aä v1",)


def test_the_control_surface_leaves_no_trace_in_the_journal(toy: SimulatorProcess) -> None:
    toy.seed(records=[{"name": "a"}])
    toy.chaos(error_rate=0.0)
    toy.clock(advance_s=1)
    assert toy.records() == [{"name": "a"}]
    toy.act("wipe", name="a")
    assert toy.records() == []
    assert toy.journal() == []


def test_an_effect_and_its_entry_stand_or_fall_together(toy: SimulatorProcess, client: httpx.Client) -> None:
    assert client.put("/note/a", json={"fail": True}).status_code == 500
    (entry,) = toy.journal()
    assert (entry.status, entry.effects, toy.records()) == (500, (), [])


def test_state_journal_clock_and_faults_survive_kill_9(toy: SimulatorProcess, client: httpx.Client) -> None:
    toy.clock(set="2026-02-10T22:30:00+02:00")
    toy.chaos(next_errors=3)
    client.put("/note/a", json={})
    toy.chaos(next_errors=1)
    before = toy.journal()
    toy.kill()
    toy.start()
    assert toy.journal() == before
    assert client.get("/").status_code == 503
    assert client.get("/").json()["now"].startswith("2026-02-10T22:3")


def test_a_lost_answer_is_an_effect_without_an_answer(toy: SimulatorProcess) -> None:
    async def story() -> None:
        http = PartnerHttp(toy.base_url, deadline_s=5)
        toy.chaos(next_lost_answers=1, on="^PUT ")
        licence = Licence("d", time.monotonic() + 5)
        with pytest.raises(OutcomeUnknown):
            await http.send("PUT", "/note/a", content=b"{}", licence=licence)
        await http.aclose()

    asyncio.run(story())
    (entry,) = toy.journal()
    assert (entry.outcome, entry.effects) == ("lost", ("note a v1",))


def test_a_dropped_request_has_no_effect(toy: SimulatorProcess) -> None:
    async def story() -> None:
        http = PartnerHttp(toy.base_url, deadline_s=5)
        toy.chaos(drop_rate=1.0)
        with pytest.raises(TryLater):
            await http.send("PUT", "/note/a", content=b"{}")
        await http.aclose()

    asyncio.run(story())
    (entry,) = toy.journal()
    assert (entry.outcome, entry.effects, toy.records()) == ("dropped", (), [])


def test_faults_strike_only_the_requests_they_are_aimed_at(
    toy: SimulatorProcess, client: httpx.Client
) -> None:
    toy.chaos(error_rate=1.0, error_status=502, retry_after_s=9, on="^PUT /note/b")
    assert client.put("/note/a", json={}).status_code == 200
    struck = client.put("/note/b", json={})
    assert (struck.status_code, struck.headers["retry-after"]) == (502, "9")
    toy.chaos(calm=True)
    assert client.put("/note/b", json={}).status_code == 200


def test_latency_padding_and_garbage_come_as_asked(toy: SimulatorProcess, client: httpx.Client) -> None:
    toy.chaos(latency_ms=[200, 250], padding_bytes=5000, next_garbage=1)
    began = time.monotonic()
    answer = client.put("/note/a", json={})
    assert time.monotonic() - began >= 0.2
    assert answer.content.startswith(b"<html>")
    assert len(answer.content) > 5000
    assert toy.effects() == ["note a v1"]


def test_a_knob_that_does_not_exist_is_refused(toy: SimulatorProcess) -> None:
    with pytest.raises(RuntimeError, match="no such knob: latencyms"):
        toy.chaos(latencyms=[1, 2])


def test_an_act_that_does_not_exist_is_refused_with_those_that_do(toy: SimulatorProcess) -> None:
    with pytest.raises(RuntimeError, match="wipe"):
        toy.act("sing")


def test_a_simulator_has_its_own_knobs_and_options(toy: SimulatorProcess, client: httpx.Client) -> None:
    assert client.get("/").json()["surprise"] == 0.25
    assert client.get("/").json()["greeting"] == "terve"
    toy.chaos(charset_surprise=1.0)
    assert client.get("/").json()["surprise"] == 1.0


def test_the_clock_moves_and_knows_finnish_time(toy: SimulatorProcess, client: httpx.Client) -> None:
    toy.clock(set="2026-07-01T12:00:00+00:00")
    toy.clock(advance_s=3600)
    assert client.get("/").json()["now"].startswith("2026-07-01T16:00:")
    toy.reset()
    real = datetime.fromisoformat(client.get("/").json()["now"])
    assert abs(real - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_word_that_the_clock_does_not_know_is_refused_and_not_swallowed(toy: SimulatorProcess) -> None:
    with pytest.raises(RuntimeError, match="advance_s"):
        toy.clock(advance=600)


def test_control_is_refused_unless_the_simulator_was_started_with_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "toy_simulator", "--exit-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url = child.stdout.readline().removeprefix("listening on ").strip()
        try:
            assert url.startswith("http://127.0.0.1:")
            for path in ("reset", "seed", "chaos", "clock", "act"):
                assert httpx.post(f"{url}/__sim/{path}", trust_env=False).status_code == 403
            for path in ("journal", "records"):
                assert httpx.get(f"{url}/__sim/{path}", trust_env=False).status_code == 403
            assert httpx.get(f"{url}/", trust_env=False).status_code == 200
        finally:
            child.stdin.close()
    assert child.returncode == 0


def test_a_simulator_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="--nonsense"):
        SimulatorProcess("toy_simulator", state=tmp_path / "s", args=["--nonsense"]).start()


def test_a_client_certificate_can_be_demanded(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    known = ssl.create_default_context(cafile=str(cert))
    known.load_cert_chain(cert, key)
    args = ["--ssl-certfile", str(cert), "--ssl-keyfile", str(key), "--ssl-ca-certs", str(cert)]

    async def ask(url: str, context: ssl.SSLContext) -> int:
        http = PartnerHttp(url, deadline_s=5, verify=context)
        try:
            return (await http.send("GET", "/")).status_code
        finally:
            await http.aclose()

    with SimulatorProcess("toy_simulator", state=tmp_path / "s", args=args, client_tls=known) as toy:
        assert toy.base_url.startswith("https://")
        assert asyncio.run(ask(toy.base_url, known)) == 200
        with pytest.raises(TryLater):
            asyncio.run(ask(toy.base_url, ssl.create_default_context(cafile=str(cert))))
        assert len(toy.journal()) == 1


def certificate(folder: Path) -> tuple[Path, Path]:
    """One self-signed certificate that serves as authority, server and client."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(IPv4Address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return cert, secret

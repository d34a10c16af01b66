"""More processes than one of a kind, on real sockets: side by side on PostgreSQL, refused on one SQLite file."""

import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tyokyky_bridge.demo.child import Child
from tyokyky_bridge.demo.stage import Stage
from worlds.casework import ALL_CATEGORIES, Casework, person, plan_of
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.warm import wait_until

pytestmark = pytest.mark.both_engines

LIFECARE = frozenset({"lifecare"})


@pytest.fixture(scope="module")
def small_stage(warm_processes, engine_url, tmp_path_factory) -> Iterator[Stage]:
    """An installation with one partner, for tests that start and end its processes."""
    folder = tmp_path_factory.mktemp("many")
    with Stage(folder, database_url=engine_url, systems=LIFECARE, calm=True) as running:
        yield running


@contextmanager
def another(stage: Stage, command: str, **settings: str) -> Iterator[Child]:
    """One more process of the hub."""
    like = stage.hub if command == "serve" else stage.worker
    log = stage.folder / f"{command}-{uuid4().hex[:6]}.log"
    child = Child((command,), {**like.environment, **settings}, log)
    child.start()
    try:
        yield child
    finally:
        child.end(signal.SIGKILL)


def ended(child: Child, *, within_s: float = 20) -> int:
    assert child.process is not None
    return child.process.wait(within_s)


def test_a_second_process_on_a_sqlite_file_is_refused_and_on_postgres_welcome(small_stage):
    for command, does in (("serve", "serves"), ("work", "works on")):
        with another(small_stage, command, TYOKYKY_PORT="0") as child:
            if small_stage.database_url.startswith("sqlite"):
                assert ended(child) == 78
                log = child.log.read_text()
                told = log.strip().splitlines()[-1]
                assert told.startswith("cannot start: another process (pid ")
                assert f"already {does} " in told
                assert "Traceback" not in log
            else:
                with pytest.raises(subprocess.TimeoutExpired):
                    ended(child, within_s=2)
    assert small_stage.http.get("/readyz").status_code == 200


def test_asked_to_end_both_processes_end_soon_and_well(small_stage):
    for child, ready in ((small_stage.worker, b"worker.stopped"), (small_stage.hub, b"")):
        process = child.process
        assert process is not None
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert time.monotonic() - began < 5
        assert ready in child.log.read_bytes()
        child.start()
    small_stage.wait_ready()


def test_one_that_is_asked_to_end_gives_its_links_to_the_next(small_stage):
    work = Casework(small_stage)
    who = person(41)
    work.known_to([who])
    simulator = small_stage.simulators["lifecare"]
    simulator.chaos(latency_ms=[400, 400])
    try:
        plan = a_plan(work, who)
        wait_until(lambda: work.counts()["lifecare"]["leased"] == 1, wait_s=10, every_s=0.02)
        process = small_stage.worker.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert work.counts()["lifecare"]["leased"] == 0
    finally:
        simulator.chaos(latency_ms=[0, 0])
    small_stage.worker.start()
    work.settle(plan)
    assert len(simulator.effects()) == len(set(simulator.effects()))


def test_what_a_killed_worker_held_is_taken_up_within_a_second_or_so(small_stage):
    work = Casework(small_stage)
    who = person(43)
    work.known_to([who])
    simulator = small_stage.simulators["lifecare"]
    wait_until(lambda: small_stage.http.get("/health").json()["workers"] >= 1, wait_s=10, every_s=0.05)
    time.sleep(3.1)  # a server that has just started holds nobody for dead
    simulator.chaos(latency_ms=[20_000, 20_000])
    plan = a_plan(work, who)
    wait_until(lambda: work.counts()["lifecare"]["leased"] == 1, wait_s=10, every_s=0.02)
    simulator.chaos(latency_ms=[0, 0])
    small_stage.worker.end(signal.SIGKILL)
    began = time.monotonic()
    small_stage.worker.start()
    work.settle(plan)
    assert time.monotonic() - began < 10, "the lease alone would have held it for thirty seconds"


def test_one_process_can_do_both_and_ends_as_well(small_stage):
    """`tyokyky-bridge run`, in place of the other two."""
    for child in (small_stage.hub, small_stage.worker):
        child.end()
    work = Casework(small_stage)
    who = person(46)
    work.known_to([who])
    both = Child(("run",), small_stage.hub.environment, small_stage.folder / "both.log")
    both.start()
    try:
        wait_until(lambda: _ready(small_stage.http), wait_s=20, every_s=0.05)
        work.settle(a_plan(work, who))
        if small_stage.database_url.startswith("sqlite"):
            with another(small_stage, "work") as child:
                assert ended(child) == 78
        process = both.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        both.end(signal.SIGKILL)
        for child in (small_stage.hub, small_stage.worker):
            child.start()
    small_stage.wait_ready()


def a_plan(work: Casework, who: Any) -> str:
    client = work.register(who)
    work.consent(client, (EMPLOYMENT, HEALTH, ALL_CATEGORIES))
    return work.plan(client, goal_of(who, "Haluan töihin."))


def goal_of(who: Any, text: str) -> dict[str, Any]:
    return plan_of(who, goals=[{"id": "g-1", "text_client": text, "status": "active"}])


@pytest.fixture(scope="module")
def second_hub(small_stage: Stage) -> Iterator[httpx.Client]:
    """One more hub on the same PostgreSQL; on SQLite the first one once more, which must answer alike."""
    if small_stage.database_url.startswith("sqlite"):
        yield small_stage.http
        return
    beside = Stage(Path(small_stage.folder), systems=())  # for a free port
    beside.http.close()
    with (
        another(small_stage, "serve", TYOKYKY_PORT=str(beside.port)),
        httpx.Client(base_url=beside.url, trust_env=False, timeout=30) as http,
    ):
        wait_until(lambda: _ready(http), wait_s=20, every_s=0.05)
        yield http


def _ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_two_hubs_give_one_answer_to_one_request_however_often_it_comes(small_stage, second_hub):
    work = Casework(small_stage)
    who = person(42)
    work.known_to([who])
    client = work.register(who)
    headers = {"Authorization": f"Bearer {small_stage.token(HEALTH)}", "Idempotency-Key": "once-only-42"}
    body = {"client_id": client, "plan": goal_of(who, "Vain kerran.")}

    def ask(hub: httpx.Client) -> httpx.Response:
        for _ in range(20):  # while the first is at work, the others may be told to come again
            answer = hub.post("/v1/plans", json=body, headers=headers)
            if answer.status_code == 201:
                return answer
            assert answer.status_code in {409, 503}, answer.text
            time.sleep(0.1)
        return answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [small_stage.http, second_hub] * 8))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["plan_id"] for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1


def test_of_edits_of_one_revision_at_two_hubs_one_is_taken(small_stage, second_hub):
    work = Casework(small_stage)
    who = person(44)
    work.known_to([who])
    plan = a_plan(work, who)
    token = {"Authorization": f"Bearer {small_stage.token(HEALTH)}"}
    for turn in range(4):
        etag = small_stage.http.get(f"/v1/plans/{plan}", headers=token).headers["etag"]

        def edit(number: int, etag: str = etag, turn: int = turn) -> int:
            hub = (small_stage.http, second_hub)[number % 2]
            value = f"Kierros {turn}, muokkaus {number}."
            body = {"changes": [{"path": "goals[g-1].text_client", "value": value}]}
            headers = {**token, "If-Match": etag}
            return hub.patch(f"/v1/plans/{plan}", json=body, headers=headers).status_code

        with ThreadPoolExecutor(6) as pool:
            taken = sorted(pool.map(edit, range(6)))
        assert taken == [200, 412, 412, 412, 412, 412]
    work.settle(plan)


def test_a_withdrawal_at_one_hub_counts_for_edits_at_the_other(small_stage, second_hub):
    """The consent's epoch fences everybody: after its answer nothing starts, whoever had the edit in hand."""
    work = Casework(small_stage, party=EMPLOYMENT)
    who = person(45)
    work.known_to([who])
    client = work.register(who)
    consent = work.consent(client, (EMPLOYMENT, HEALTH, ALL_CATEGORIES))
    plan = work.plan(client, goal_of(who, "Salaisuus 0."))
    work.settle(plan)
    simulator = small_stage.simulators["lifecare"]
    token = {"Authorization": f"Bearer {small_stage.token(EMPLOYMENT)}", "If-Match": "*"}

    def edit(number: int) -> int:
        changes = [{"path": "goals[g-1].text_client", "value": f"Salaisuus {number}."}]
        hub = (small_stage.http, second_hub)[number % 2]
        return hub.patch(f"/v1/plans/{plan}", json={"changes": changes}, headers=token).status_code

    with ThreadPoolExecutor(4) as pool:
        edits = [pool.submit(edit, number) for number in range(1, 25)]
        time.sleep(0.1)
        work.withdraw(consent)
        seen = len(simulator.journal())
        assert {done.result() for done in edits} == {200}
    work.settle(plan)
    late = [e for e in simulator.journal(since=seen) if b"Salaisuus" in e.body]
    assert [(e.method, e.path) for e in late] == []

"""What a unit of work may rely on, on both engines."""

import asyncio
import threading

import pytest
from sqlalchemy.exc import SQLAlchemyError

from conftest import INDEX_KEY
from tyokyky_bridge.services.ports import ConstraintBroken, StoreError, StoreUnavailable
from tyokyky_bridge.storage import open_store
from worlds.postgres import Postgres
from worlds.processes import write_elsewhere
from worlds.rows import HETU, a_link, a_plan, claim, revise, want_again

pytestmark = pytest.mark.anyio


async def test_an_exception_undoes_everything_and_reaches_the_caller(store):
    made = []

    def fail(tx):
        made.append(a_plan(tx))
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await store.write(fail)
    assert await store.read(lambda tx: tx.plans.get(made[0].id)) is None


async def test_a_read_cannot_write(store):
    with pytest.raises(StoreError):
        await store.read(lambda tx: tx.clients.create())
    assert await store.read(lambda tx: tx.plans.page()) == ()


async def test_a_read_sees_one_moment(store, database_url):
    plan = await store.write(a_plan)

    def look_twice(tx):
        before = tx.plans.get(plan.id).version
        write_elsewhere(database_url, INDEX_KEY, lambda tx: revise(tx, plan, expected=1, leaves={})).result(
            30
        )
        return before, tx.plans.get(plan.id).version

    assert await store.read(look_twice) == (1, 1)
    assert (await store.read(lambda tx: tx.plans.get(plan.id))).version == 2


async def test_what_was_written_is_read(store):
    for _ in range(20):
        plan = await store.write(a_plan)
        assert await store.read(lambda tx, plan=plan: tx.plans.get(plan.id)) == plan


async def test_errors_name_the_rule_and_no_value(store):
    secret = "Työkyky heikentynyt"

    def broken(tx):
        plan = a_plan(tx, leaves={"client.hetu[h-1].value": HETU, "health.text": secret})
        tx.plans.append(
            plan.id, expected=1, status="", leaves={"x": secret}, origins={}, cause=secret, actor=HETU
        )

    with pytest.raises(ConstraintBroken) as caught:
        await store.write(broken)
    error = caught.value
    assert error.constraint == "ck_plan_status"
    assert error.__cause__ is None
    assert error.__context__ is None
    assert secret not in repr(error)
    assert not isinstance(error, SQLAlchemyError)


async def test_a_naive_moment_is_refused(store):
    def naive(tx):
        link = a_link(tx)
        from worlds.rows import a_decision

        made = a_decision(tx, link)
        tx.decisions.record_attempt(made.id, "ok", ms=1, started_at=made.at.replace(tzinfo=None))

    with pytest.raises(StoreError):
        await store.write(naive)


async def test_moments_come_back_in_utc_with_their_microseconds(store):
    from datetime import UTC, datetime, timedelta, timezone

    helsinki = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    fixed = open_store_like(store, lambda: helsinki)
    try:
        client = await fixed.write(lambda tx: tx.clients.create())
        kept = await fixed.read(lambda tx: tx.clients.get(client.id))
    finally:
        await fixed.aclose()
    assert kept.created_at == datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert kept.created_at.tzinfo is UTC


def open_store_like(store, clock):
    return open_store(store.test_url, index_key=INDEX_KEY, clock=clock)


@pytest.fixture(autouse=True)
def remember_url(request):
    if {"store", "database_url"} <= set(request.fixturenames):
        request.getfixturevalue("store").test_url = request.getfixturevalue("database_url")


async def test_a_closed_store_says_so(store):
    await store.aclose()
    await store.aclose()
    with pytest.raises(StoreUnavailable):
        await store.write(a_plan)
    with pytest.raises(StoreUnavailable):
        await store.read(lambda tx: tx.plans.page())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
async def test_a_database_that_could_not_work_is_refused_at_once(url):
    with pytest.raises(ValueError, match="sqlite:///path"):
        open_store(url, index_key=INDEX_KEY)


class TestOnPostgresWritersMeet:
    """What the one SQLite writer makes impossible, PostgreSQL has to handle."""

    pytestmark = pytest.mark.postgres

    async def test_a_claim_skips_clients_whose_consent_is_being_changed(self, postgres_url):
        store = open_store(postgres_url, index_key=INDEX_KEY)
        changed, go_on = threading.Event(), threading.Event()
        link = await store.write(a_link)

        def withdraw(tx):
            tx.clients.bump_epoch(link.client_id)
            changed.set()
            assert go_on.wait(30)

        withdrawal = write_elsewhere(postgres_url, INDEX_KEY, withdraw)
        await asyncio.to_thread(changed.wait, 30)
        assert await store.write(claim) == ()
        go_on.set()
        await asyncio.wrap_future(withdrawal)
        assert len(await store.write(claim)) == 1
        await store.aclose()

    async def test_a_withdrawal_waits_for_an_open_claim(self, postgres_url):
        store = open_store(postgres_url, index_key=INDEX_KEY)
        claimed, go_on = threading.Event(), threading.Event()
        link = await store.write(a_link)

        def decide(tx):
            taken = claim(tx)
            claimed.set()
            assert go_on.wait(30)
            return taken, tx.clients.get(link.client_id).epoch

        deciding = write_elsewhere(postgres_url, INDEX_KEY, decide)
        await asyncio.to_thread(claimed.wait, 30)
        withdrawal = asyncio.create_task(store.write(lambda tx: tx.clients.bump_epoch(link.client_id)))
        await asyncio.sleep(0.2)
        assert not withdrawal.done()
        go_on.set()
        taken, epoch = await asyncio.wrap_future(deciding)
        assert (len(taken), epoch, await withdrawal) == (1, 1, 2)
        await store.aclose()

    async def test_a_claim_skips_a_link_that_is_being_changed(self, postgres_url):
        store = open_store(postgres_url, index_key=INDEX_KEY)
        changed, go_on = threading.Event(), threading.Event()
        link = await store.write(a_link)

        def change(tx):
            want_again(tx, link)
            changed.set()
            assert go_on.wait(30)

        changing = write_elsewhere(postgres_url, INDEX_KEY, change)
        await asyncio.to_thread(changed.wait, 30)
        assert await store.write(claim) == ()
        go_on.set()
        await asyncio.wrap_future(changing)
        assert [row.desired_gen for row in await store.write(claim)] == [2]
        await store.aclose()

    async def test_a_deadlock_is_answered_by_running_the_function_again(self, postgres_url):
        store = open_store(postgres_url, index_key=INDEX_KEY)
        plans = await store.write(lambda tx: [a_plan(tx), a_plan(tx)])
        both_hold_one = threading.Barrier(2)
        runs = []

        def lock(first, second):
            def run(tx):
                runs.append(first.id)
                tx.plans.get(first.id, lock="update")
                if runs.count(first.id) == 1:
                    both_hold_one.wait(30)
                tx.plans.get(second.id, lock="update")
                return "done"

            return run

        one = write_elsewhere(postgres_url, INDEX_KEY, lock(plans[0], plans[1]))
        two = write_elsewhere(postgres_url, INDEX_KEY, lock(plans[1], plans[0]))
        assert await asyncio.wrap_future(one) == await asyncio.wrap_future(two) == "done"
        assert len(runs) == 3
        await store.aclose()

    async def test_the_store_outlives_a_restart_of_the_server(self):
        server = Postgres()
        server.start()
        store = open_store(server.migrated_database(), index_key=INDEX_KEY)
        try:
            plan = await store.write(a_plan)
            server.crash()
            with pytest.raises(StoreUnavailable):
                await store.write(a_plan)
            server.start()
            assert await store.read(lambda tx: tx.plans.get(plan.id)) == plan
            await store.write(a_plan)
        finally:
            await store.aclose()
            server.close()

    @pytest.mark.parametrize("door", ["read", "write"])
    async def test_a_connection_that_died_idle_is_replaced(self, postgres_url, postgres_server, door):
        store = open_store(postgres_url, index_key=INDEX_KEY)
        await store.write(a_plan)
        database = postgres_url.removeprefix("postgresql://postgres@/").partition("?")[0]
        postgres_server.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        )
        assert len(await getattr(store, door)(lambda tx: tx.plans.page())) == 1
        await store.aclose()

    async def test_the_clock_is_the_databases(self, postgres_url):
        store = open_store(postgres_url, index_key=INDEX_KEY)
        waited = threading.Event()

        def two_moments(tx):
            first = tx.now()
            waited.wait(0.05)
            same = tx.now()
            tx.plans.get(tx.new_id(), lock="update")
            return first, same, tx.now()

        first, same, later = await store.write(two_moments)
        assert first == same < later
        await store.aclose()

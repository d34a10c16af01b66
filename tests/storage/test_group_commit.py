"""SQLite: one writer, one COMMIT for all who wait, and nobody pays for another's mistake."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from conftest import INDEX_KEY
from tyokyky_bridge.services.ports import StoreUnavailable
from tyokyky_bridge.storage import open_store
from tyokyky_bridge.storage.faults import translate
from worlds.rows import a_plan

pytestmark = pytest.mark.anyio


@pytest.fixture
async def embedded(sqlite_url):
    store = open_store(sqlite_url, index_key=INDEX_KEY)
    yield store
    await store.aclose()


async def held_up(store, *functions):
    """Let the writer wait in one transaction until all *functions* are queued, so that they share its COMMIT."""
    started, go_on = threading.Event(), threading.Event()

    def hold(tx):
        started.set()
        assert go_on.wait(30)

    first = asyncio.create_task(store.write(hold))
    await asyncio.to_thread(started.wait, 30)
    rest = [asyncio.create_task(store.write(fn)) for fn in functions]
    await asyncio.sleep(0.05)
    go_on.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_a_mistake_undoes_only_its_own_transaction(embedded):
    made = []

    def fail(tx):
        made.append(a_plan(tx))
        raise LookupError

    def broken(tx):
        made.append(plan := a_plan(tx))
        a_plan(tx, client_id=tx.new_id())
        return plan

    before, error, constraint, after = await held_up(embedded, a_plan, fail, broken, a_plan)
    assert isinstance(error, LookupError)
    assert constraint.code == "store/constraint"
    kept = await embedded.read(lambda tx: {plan.id for plan in tx.plans.page()})
    assert kept == {before.id, after.id}
    assert kept.isdisjoint(plan.id for plan in made)


async def test_the_first_of_a_batch_is_undone_without_the_others(embedded):
    """It has no savepoint: what follows begins a transaction of its own."""
    started, go_on = threading.Event(), threading.Event()

    def fail(tx):
        a_plan(tx)
        started.set()
        assert go_on.wait(30)
        raise LookupError

    first = asyncio.create_task(embedded.write(fail))
    await asyncio.to_thread(started.wait, 30)
    rest = [asyncio.create_task(embedded.write(fn)) for fn in (a_plan, lambda _tx: 1 / 0, a_plan)]
    await asyncio.sleep(0.05)
    go_on.set()
    with pytest.raises(LookupError):
        await first
    one, error, other = await asyncio.gather(*rest, return_exceptions=True)
    assert isinstance(error, ZeroDivisionError)
    assert await embedded.read(lambda tx: {plan.id for plan in tx.plans.page()}) == {one.id, other.id}


def test_what_the_driver_itself_raises_is_the_same_fact(tmp_path):
    """The store speaks to the driver without SQLAlchemy where it begins and undoes."""
    one, other = (
        sqlite3.connect(tmp_path / "held.db", timeout=0, isolation_level=None, check_same_thread=False)
        for _ in range(2)
    )
    one.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as busy:
        other.execute("BEGIN IMMEDIATE")
    assert isinstance(translate(busy.value), StoreUnavailable)
    with pytest.raises(sqlite3.OperationalError) as mistake:
        other.execute("RELEASE nothing")
    assert not isinstance(translate(mistake.value), StoreUnavailable)
    one.close()
    other.close()


async def test_many_transactions_share_one_commit(embedded, sqlite_url, monkeypatch):
    commits = []
    from sqlalchemy import event

    event.listen(embedded._writing, "commit", lambda _connection: commits.append(1))
    await held_up(embedded, *[a_plan] * 20)
    assert len(commits) == 1
    assert len(await embedded.read(lambda tx: tx.plans.page())) == 20


async def test_a_batch_has_an_end(embedded):
    commits = []
    from sqlalchemy import event

    event.listen(embedded._writing, "commit", lambda _connection: commits.append(1))
    await held_up(embedded, *[a_plan] * 150)
    assert len(commits) == 3
    assert len(await embedded.read(lambda tx: tx.plans.page(limit=500))) == 150


async def test_a_failed_commit_fails_all_who_share_it(embedded):
    from sqlalchemy import event
    from sqlalchemy.exc import OperationalError

    def no_room(_connection):
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))

    event.listen(embedded._writing, "commit", no_room)
    answers = await asyncio.gather(*(embedded.write(a_plan) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(answer, StoreUnavailable) for answer in answers)
    event.remove(embedded._writing, "commit", no_room)
    assert await embedded.read(lambda tx: tx.plans.page()) == ()
    await embedded.write(a_plan)


def most_pages(tx, pages):
    """Limit the file; only the connection of the writer knows of it."""
    connection = tx._session.connection
    present = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {present + pages}")


async def test_a_full_disk_is_told_and_the_store_goes_on_when_there_is_room(embedded):
    await embedded.write(a_plan)
    await embedded.write(lambda tx: most_pages(tx, 4))
    big = {f"k{n}": "x" * 1000 for n in range(200)}
    answers = await asyncio.gather(
        *(embedded.write(lambda tx: a_plan(tx, leaves=big)) for _ in range(4)), return_exceptions=True
    )
    assert all(isinstance(answer, StoreUnavailable) for answer in answers)
    await embedded.write(lambda tx: most_pages(tx, 10000))
    await embedded.write(lambda tx: a_plan(tx, leaves=big))
    assert len(await embedded.read(lambda tx: tx.plans.page())) == 2


async def test_a_commit_is_flushed_to_the_disk(embedded, sqlite_url):
    with embedded._writing.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("synchronous", "journal_mode", "foreign_keys", "busy_timeout")
        }
    assert settings == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30000}


def rights_of(folder: Path) -> set[str]:
    return {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}


async def test_only_the_owner_can_read_the_file(tmp_path):
    from tyokyky_bridge.storage import migrate

    path = tmp_path / "new.db"
    await migrate(f"sqlite:///{path}")
    store = open_store(f"sqlite:///{path}", index_key=INDEX_KEY)
    await store.write(a_plan)
    assert rights_of(tmp_path) == {"0o600"}
    await store.aclose()


async def test_a_caller_who_gave_up_holds_up_nobody(embedded):
    started, go_on = threading.Event(), threading.Event()

    def hold(tx):
        started.set()
        assert go_on.wait(30)

    first = asyncio.create_task(embedded.write(hold))
    await asyncio.to_thread(started.wait, 30)
    gave_up = asyncio.create_task(embedded.write(a_plan))
    await asyncio.sleep(0.01)
    gave_up.cancel()
    await asyncio.gather(gave_up, return_exceptions=True)
    go_on.set()
    await first
    await embedded.write(a_plan)
    assert len(await embedded.read(lambda tx: tx.plans.page())) == 1


async def test_closing_commits_what_was_queued(sqlite_url):
    store = open_store(sqlite_url, index_key=INDEX_KEY)
    queued = [asyncio.create_task(store.write(a_plan)) for _ in range(100)]
    await asyncio.sleep(0)
    await store.aclose()
    await asyncio.gather(*queued)
    again = open_store(sqlite_url, index_key=INDEX_KEY)
    assert len(await again.read(lambda tx: tx.plans.page(limit=200))) == 100
    await again.aclose()

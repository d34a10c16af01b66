"""A SQLite file: one process of each role, and whole when it is closed."""

import sqlite3
import threading
from pathlib import Path

import pytest

from conftest import INDEX_KEY
from tyokyky_bridge.storage import RoleTaken, head, migrate, open_store, revision_of, take_role
from worlds.processes import start_python
from worlds.rows import a_plan

pytestmark = pytest.mark.anyio

TAKER = """
import sys, time
from tyokyky_bridge.storage import take_role
lock = take_role(sys.argv[1], sys.argv[2])
print("taken", flush=True)
time.sleep(60)
"""


def test_a_second_process_of_a_role_is_told_so_in_one_sentence(sqlite_url):
    path = sqlite_url.removeprefix("sqlite:///")
    process = start_python(TAKER, sqlite_url, "serve")
    assert process.stdout.readline().strip() == "taken"
    with pytest.raises(RoleTaken) as refused:
        take_role(sqlite_url, "serve")
    assert str(refused.value) == (
        f"another process (pid {process.pid}) already serves {path}:"
        " a SQLite file takes one 'serve' process, more need PostgreSQL"
    )
    beside = take_role(sqlite_url, "work")
    process.kill()
    process.wait()
    take_role(sqlite_url, "serve").release()
    beside.release()


def test_on_postgres_everybody_may_have_a_role():
    assert take_role("postgresql://u@h/d", "serve") is take_role("postgresql://u@h/d", "serve") is None


def in_its_log(path):
    return len(Path(f"{path}-wal").read_bytes())


async def test_closing_leaves_all_of_a_sqlite_file_in_the_file(sqlite_url):
    path = sqlite_url.removeprefix("sqlite:///")
    keeps_open = sqlite3.connect(path)  # else SQLite itself would tidy up behind the last one
    keeps_open.execute("SELECT count(*) FROM plan").fetchone()
    store = open_store(sqlite_url, index_key=INDEX_KEY)
    await store.write(a_plan)
    assert in_its_log(path) > 0
    await store.aclose()
    assert in_its_log(path) == 0
    keeps_open.close()


async def test_a_new_file_that_somebody_else_is_writing_to_is_waited_for(tmp_path):
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # before the file keeps a log, SQLite would not wait for this
    threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
    await migrate(f"sqlite:///{path}")
    assert await revision_of(f"sqlite:///{path}") == head()
    other.close()

"""The migrations make the schema that the code declares, go down again, and wait for each other."""

import asyncio
import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

from conftest import ENGINES, INDEX_KEY
from tyokyky_bridge.storage import head, migrate, open_store, revision_of
from tyokyky_bridge.storage.migrate import _with_connection
from tyokyky_bridge.storage.tables import metadata
from worlds.rows import a_link, a_plan, claim

pytestmark = pytest.mark.anyio


@pytest.fixture(params=ENGINES)
def empty_url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.empty_database()
        yield url
        server.drop(url)


async def tables(url):
    return await _with_connection(url, lambda connection: set(inspect(connection).get_table_names()))


async def test_up_down_and_up_again(empty_url):
    assert await revision_of(empty_url) is None
    await migrate(empty_url)
    assert await revision_of(empty_url) == head()
    assert await tables(empty_url) == {*metadata.tables, "alembic_version"}
    await migrate(empty_url, "base")
    assert await revision_of(empty_url) is None
    assert await tables(empty_url) == {"alembic_version"}
    await migrate(empty_url)
    store = open_store(empty_url, index_key=INDEX_KEY)
    await store.write(a_plan)
    await store.aclose()


async def test_the_migrated_schema_is_the_declared_one(empty_url):
    await migrate(empty_url)

    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert await _with_connection(empty_url, differences) == []


async def test_the_checks_of_the_migrated_schema_are_the_declared_ones(empty_url):
    await migrate(empty_url)
    declared = {
        (table.name, str(constraint.name)): squeezed(str(constraint.sqltext))
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }

    def present(connection):
        inspector = inspect(connection)
        return {
            (table, check["name"]): squeezed(check["sqltext"])
            for table in metadata.tables
            for check in inspector.get_check_constraints(table)
        }

    found = await _with_connection(empty_url, present)
    assert set(found) == set(declared)
    if empty_url.startswith("sqlite"):  # PostgreSQL tells them in its own words
        assert found == declared


def squeezed(sql):
    return re.sub(r"\s+", " ", sql).strip()


async def test_migrating_to_the_present_revision_changes_nothing(empty_url):
    await migrate(empty_url)
    store = open_store(empty_url, index_key=INDEX_KEY)
    plan = await store.write(a_plan)
    await migrate(empty_url, head())
    await migrate(empty_url)
    assert await store.read(lambda tx: tx.plans.get(plan.id)) == plan
    await store.aclose()


async def test_a_look_that_a_hint_asked_for_is_a_look_in_an_older_release(empty_url):
    await migrate(empty_url)
    store = open_store(empty_url, index_key=INDEX_KEY)
    await store.write(a_link)
    (link,) = await store.write(claim)
    await store.write(lambda tx: tx.links.look(link.id, told=True))
    await store.aclose()
    await migrate(empty_url, "0003")

    def wanted(connection):
        return connection.execute(text("SELECT want FROM link")).scalar_one()

    assert await _with_connection(empty_url, wanted) == 2
    await migrate(empty_url)


async def test_two_who_migrate_at_once_wait_for_each_other(empty_url):
    await asyncio.gather(*(migrate(empty_url) for _ in range(3)))
    assert await revision_of(empty_url) == head()


async def test_a_migration_that_breaks_leaves_nothing(empty_url, monkeypatch):
    from alembic import op

    def stop(*_arguments, **_options):
        raise LookupError

    monkeypatch.setattr(op, "execute", stop)  # the triggers come last
    with pytest.raises(LookupError):
        await migrate(empty_url)
    assert await tables(empty_url) == set()

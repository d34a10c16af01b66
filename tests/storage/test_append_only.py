"""History cannot be rewritten, not even by whoever holds the database's password."""

import sqlite3

import pytest

from tyokyky_bridge.services.records import AuditEntry
from tyokyky_bridge.services.sync_records import IntakeRow
from worlds.postgres import Postgres
from worlds.rows import a_consent, a_decision, a_link, claim

pytestmark = pytest.mark.anyio

TABLES = {
    "plan_revision": "cause",
    "consent_event": "actor",
    "oral_use": "use",
    "decision": "system",
    "attempt": "outcome",
    "cancelled_item": "path",
    "intake": "system",
    "audit": "event",
    "fhir_version": "method",
}


async def history(store) -> None:
    def world(tx):
        link = a_link(tx)
        (link,) = claim(tx)
        decision = a_decision(tx, link)
        tx.decisions.record_attempt(decision.id, "ok", ms=1, started_at=decision.at)
        consent = a_consent(tx, link.client_id)
        tx.consents.use_once(consent, "grant-0", decision_id=decision.id)
        tx.decisions.cancel(link.id, ["a.b"], consent_id=consent)
        tx.intakes.add(
            IntakeRow(
                id=tx.new_id(),
                link_id=link.id,
                client_id=link.client_id,
                system=link.system,
                plan_version=1,
                remote_version="1",
                items=({"path": "a.b", "state": "taken"},),
                at=tx.now(),
            )
        )
        tx.audit.add(AuditEntry("plan/created", "ok"))
        tx.documents.append("kela", "Patient", "p-1", version=1, at=tx.now(), method="POST", body=b"{}")

    await store.write(world)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "act", ["UPDATE {table} SET {column} = 'x'", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
async def test_no_row_of_history_changes(store, database_url, request, table, act):
    await history(store)
    statement = act.format(table=table, column=f'"{TABLES[table]}"')
    if database_url.startswith("sqlite"):
        if act.startswith("TRUNCATE"):
            statement = f"DELETE FROM {table} WHERE 1"  # what SQLite has for it
        file = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        with pytest.raises(sqlite3.IntegrityError, match=f"append_only_{table}"):
            file.execute(statement)
        assert file.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
        file.close()
    else:
        server: Postgres = request.getfixturevalue("postgres_server")
        database = database_url.removeprefix("postgresql://postgres@/").partition("?")[0]
        with pytest.raises(RuntimeError, match="never changed or deleted"):
            server.sql(statement, database=database)
        assert server.sql(f"SELECT count(*) FROM {table}", database=database) == "1"


async def test_every_table_that_says_so_is_append_only():
    from tyokyky_bridge.storage.tables import APPEND_ONLY

    assert set(APPEND_ONLY) == set(TABLES)

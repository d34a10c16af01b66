"""Which personal data a look into the database file shows, and which it does not."""

import json
import re

import pytest

from tyokyky_bridge.services.records import AuditEntry
from tyokyky_bridge.storage.migrate import _with_connection
from tyokyky_bridge.storage.tables import metadata
from worlds.postgres import in_own_loop
from worlds.rows import HETU, TWIN, a_decision, a_link, a_plan, claim

pytestmark = pytest.mark.anyio

HETU_LIKE = re.compile(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]")


async def test_an_identity_number_stands_in_the_revisions_alone(store, database_url):
    def world(tx):
        plan = a_plan(tx, leaves={"client.hetu[h-1].value": HETU, "client.family_name": "Đặng"})
        tx.clients.add_identifier(plan.client_id, HETU, kind="final")
        tx.clients.add_identifier(tx.clients.create().id, TWIN, kind="temporary")
        a_link(tx, plan=plan)
        (link,) = claim(tx)
        a_decision(tx, link)
        tx.audit.add(AuditEntry("plan/created", "ok", client_id=plan.client_id, plan_id=plan.id))

    await store.write(world)

    def everything(connection):
        return {
            name: [
                json.dumps([str(value) for value in row], ensure_ascii=False)
                for row in connection.execute(table.select())
            ]
            for name, table in metadata.tables.items()
        }

    shown = await _with_connection(database_url, everything)
    found = {name for name, rows in shown.items() for row in rows if HETU_LIKE.search(row)}
    assert found == {"plan_revision"}
    assert not any("Đặng" in row for name, rows in shown.items() if name != "plan_revision" for row in rows)


def test_the_blind_index_is_the_keyed_digest_and_nothing_else(sqlite_url):
    import hashlib
    import hmac
    import sqlite3

    from conftest import INDEX_KEY
    from tyokyky_bridge.storage import open_store

    async def enrol():
        opened = open_store(sqlite_url, index_key=INDEX_KEY)
        await opened.write(lambda tx: tx.clients.add_identifier(tx.clients.create().id, HETU, kind="final"))
        await opened.aclose()

    in_own_loop(enrol())
    file = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    (blind,) = file.execute("SELECT blind FROM client_identifier").fetchone()
    file.close()
    assert blind == hmac.digest(INDEX_KEY, HETU.encode(), hashlib.sha256)

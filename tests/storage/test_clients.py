"""Clients are found by identity number, though the number itself is not in the table."""

import pytest

from tyokyky_bridge.services.ports import IdentifierTaken, RowMissing
from tyokyky_bridge.storage import open_store
from worlds.rows import HETU, TWIN

pytestmark = pytest.mark.anyio


async def test_a_client_is_found_by_the_number_in_force(store):
    def enrol(tx):
        client = tx.clients.create()
        tx.clients.add_identifier(client.id, HETU, kind="final")
        return client

    client = await store.write(enrol)
    assert await store.read(lambda tx: tx.clients.find(HETU)) == client
    assert await store.read(lambda tx: tx.clients.get(client.id)) == client


async def test_the_century_sign_tells_people_apart(store):
    def enrol(tx):
        tx.clients.add_identifier(tx.clients.create().id, HETU, kind="final")

    await store.write(enrol)
    assert await store.read(lambda tx: tx.clients.find(TWIN)) is None


async def test_one_number_belongs_to_one_client(store):
    def enrol(tx):
        tx.clients.add_identifier(tx.clients.create().id, HETU, kind="final")

    await store.write(enrol)
    with pytest.raises(IdentifierTaken) as caught:
        await store.write(enrol)
    assert HETU not in str(caught.value)


async def test_a_retired_number_finds_nobody_and_is_remembered(store):
    def change_number(tx):
        client = tx.clients.create()
        tx.clients.add_identifier(client.id, HETU, kind="temporary")
        retired = tx.clients.retire_identifier(client.id, HETU)
        again = tx.clients.retire_identifier(client.id, HETU)
        tx.clients.add_identifier(client.id, TWIN, kind="final")
        return client, retired, again

    client, retired, again = await store.write(change_number)
    assert (retired, again) == (True, False)
    assert await store.read(lambda tx: tx.clients.find(HETU)) is None
    assert await store.read(lambda tx: tx.clients.find(TWIN)) == client
    assert await store.read(lambda tx: tx.clients.holders(HETU)) == (client.id,)
    history = await store.read(lambda tx: tx.clients.identifiers(client.id))
    assert [(row.kind, row.retired_at is None) for row in history] == [("temporary", False), ("final", True)]


async def test_the_epoch_grows_by_one(store):
    client = await store.write(lambda tx: tx.clients.create())
    assert client.epoch == 1
    assert await store.write(lambda tx: tx.clients.bump_epoch(client.id)) == 2
    assert await store.write(lambda tx: tx.clients.bump_epoch(client.id)) == 3
    assert (await store.read(lambda tx: tx.clients.get(client.id, lock=None))).epoch == 3


async def test_the_epoch_of_nobody_cannot_grow(store):
    with pytest.raises(RowMissing):
        await store.write(lambda tx: tx.clients.bump_epoch(tx.new_id()))


async def test_with_another_key_nobody_is_found(store, database_url):
    await store.write(lambda tx: tx.clients.add_identifier(tx.clients.create().id, HETU, kind="final"))
    other = open_store(database_url, index_key=b"another key for made-up people..")
    try:
        assert await other.read(lambda tx: tx.clients.find(HETU)) is None
    finally:
        await other.aclose()


async def test_a_short_key_is_refused(tmp_path):
    with pytest.raises(ValueError, match="32 bytes"):
        open_store(f"sqlite:///{tmp_path}/x.db", index_key=b"short")


async def test_new_identifiers_are_version_7_and_follow_time(store):
    from datetime import timedelta

    first = await store.write(lambda tx: tx.new_id())
    store.clock_offset = timedelta(seconds=1)
    second = await store.write(lambda tx: tx.new_id())
    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first < second

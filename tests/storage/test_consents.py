"""A consent has a present and a history; a once-only consent is used once."""

import asyncio

import pytest

from tyokyky_bridge.services.ports import ConstraintBroken, RowMissing
from worlds.rows import a_consent

pytestmark = pytest.mark.anyio

WITHDRAWN = {"withdrawn": {"by": "client"}}


async def test_a_withdrawal_is_the_present_and_the_grant_stays_in_the_history(store):
    client = await store.write(lambda tx: tx.clients.create())
    consent = await store.write(lambda tx: a_consent(tx, client.id))
    changed = await store.write(
        lambda tx: tx.consents.change(consent, status="withdrawn", doc=WITHDRAWN, actor="typ")
    )
    now, listed, events = await store.read(
        lambda tx: (tx.consents.get(consent), tx.consents.of_client(client.id), tx.consents.events(consent))
    )
    assert now == changed == listed[0]
    assert (now.status, now.doc) == ("withdrawn", WITHDRAWN)
    assert [(e.seq, e.status, e.actor) for e in events] == [
        (1, "active", "lrha-health"),
        (2, "withdrawn", "typ"),
    ]
    assert events[0].doc == {"form_kind": "Y100_WRITTEN"}


async def test_only_a_recorded_consent_changes(store):
    with pytest.raises(RowMissing):
        await store.write(lambda tx: tx.consents.change(tx.new_id(), status="withdrawn", doc={}, actor="typ"))


async def test_a_status_outside_the_list_is_refused(store):
    client = await store.write(lambda tx: tx.clients.create())
    with pytest.raises(ConstraintBroken) as caught:
        await store.write(lambda tx: a_consent(tx, client.id, status="perhaps"))
    assert caught.value.constraint == "ck_consent_status"


async def test_a_once_only_consent_is_used_once(store):
    client = await store.write(lambda tx: tx.clients.create())
    consent = await store.write(lambda tx: a_consent(tx, client.id))
    answers = await asyncio.gather(
        *(store.write(lambda tx: tx.consents.use_once(consent, "grant-0")) for _ in range(6))
    )
    assert sorted(answers) == [False] * 5 + [True]
    assert await store.write(lambda tx: tx.consents.use_once(consent, "grant-1"))
    assert [row.use for row in await store.read(lambda tx: tx.consents.uses(client.id))] == [
        "grant-0",
        "grant-1",
    ]

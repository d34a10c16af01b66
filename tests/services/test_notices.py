"""A party fetches what it has to be told, and signs for it once."""

from uuid import uuid4

import pytest

from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.notices import NoticeNotFound, list_notices, receive_notice
from worlds.contested import HELMI, KAISA, TEEMU, one_of
from worlds.paper import Office, Paper
from worlds.parties import HEALTH, SOCIAL

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(store):
    office = Office(store, Paper(), licence_s=1.0)
    await office.open()
    office.form = await office.consent("health.conclusion")
    await office.withdraw(office.form)
    return office


async def test_every_party_of_the_form_is_told_of_its_end_and_nobody_else(office):
    for caller in (HELMI, KAISA):
        (notice,) = await list_notices(office.bridge, caller)
        assert (notice.kind, notice.consent_id) == ("consent_withdrawn", office.form)
        assert (notice.client_id, notice.party) == (office.client_id, caller.party)
    assert await list_notices(office.bridge, TEEMU) == ()


async def test_what_is_signed_for_is_told_no_more_and_signed_for_once(office):
    (notice,) = await list_notices(office.bridge, KAISA)
    first = await receive_notice(office.bridge, KAISA, notice.id)
    assert first.delivered_at is not None
    assert await receive_notice(office.bridge, KAISA, notice.id) == first
    assert await list_notices(office.bridge, KAISA) == ()
    assert len(await list_notices(office.bridge, HELMI)) == 1
    rows = await office.store.read(lambda tx: tx.audit.of_client(office.client_id, limit=500))
    (entry,) = [row.entry for row in rows if row.entry.event == "notice/received"]
    assert (entry.actor_party, entry.basis) == (SOCIAL, str(office.form))


async def test_nobody_signs_for_another_party(office):
    (notice,) = await list_notices(office.bridge, KAISA)
    for caller, number in ((HELMI, notice.id), (KAISA, uuid4())):
        with pytest.raises(NoticeNotFound):
            await receive_notice(office.bridge, caller, number)
    assert len(await list_notices(office.bridge, KAISA)) == 1


async def test_notices_are_for_those_who_act_for_the_party(office):
    (notice,) = await list_notices(office.bridge, HELMI)
    for role in (Role.OVERSIGHT, Role.OPERATIONS, Role.CLIENT):
        with pytest.raises(NotForRole):
            await list_notices(office.bridge, one_of(HEALTH, role))
        with pytest.raises(NotForRole):
            await receive_notice(office.bridge, one_of(HEALTH, role), notice.id)

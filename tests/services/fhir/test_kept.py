"""A stranger's resources are kept whole, in versions that are the party's own and nobody else's."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tyokyky_bridge.fhir.wire.issues import Invalid
from tyokyky_bridge.fhir.wire.text import parse
from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.fhir import kept
from tyokyky_bridge.services.fhir.refusals import Gone, NotFound, Stale
from tyokyky_bridge.storage.migrate import _with_connection
from tyokyky_bridge.storage.tables import audit
from worlds.hub import HETU, KAISA, TEEMU, caller
from worlds.parties import KELA

pytestmark = [pytest.mark.anyio, pytest.mark.both_engines]

SENT = (
    '{"resourceType":"Observation","id":"theirs","meta":{"versionId":"77","source":"urn:x","tag":[{"code":"t"}]},'
    '"effectiveDateTime":"2026-02","valueQuantity":{"value":2.50,"unit":"ä"},'
    '"component":[{"valueQuantity":{"value":1.0e2}},{"valueInteger":-7}],'
    '"extension":[{"url":"urn:unknown","valueDecimal":0.10}],"_status":{"extension":[{"url":"urn:y"}]}}'
).encode()


def patient(family="Korhonen"):
    return {"resourceType": "Patient", "name": [{"family": family}]}


def expecting(*versions):
    """The condition that one of these versions stands."""

    def check(standing):
        if standing is None or standing.version not in versions:
            raise Stale

    return check


def only_new(standing):
    """The condition that nothing stands."""
    if standing is not None:
        raise Stale


async def put(store, id_="p-1", document=None, *, by=TEEMU, **options):
    sent = document or patient()
    return await store.write(lambda tx: kept.update(tx, by, "Patient", id_, sent, **options))


async def drop(store, id_="p-1", *, by=TEEMU, **options):
    return await store.write(lambda tx: kept.delete(tx, by, "Patient", id_, **options))


async def read(store, id_="p-1", *, by=TEEMU):
    return await store.read(lambda tx: kept.current(tx, by, "Patient", id_))


async def vread(store, named, id_="p-1", *, by=TEEMU):
    return await store.read(lambda tx: kept.version(tx, by, "Patient", id_, named))


async def past(store, *of, by=TEEMU, **options):
    rows = await store.read(lambda tx: kept.history(tx, by, *of, **options))
    return [(row.id, row.version, row.method, row.body is None) for row in rows]


async def test_what_is_kept_is_what_was_sent_under_the_hubs_id_and_version(store):
    made = await store.write(lambda tx: kept.create(tx, TEEMU, "Observation", parse(SENT)))
    stamp = made.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = (
        f'{{"resourceType":"Observation","id":"{made.id}","meta":{{"versionId":"1","lastUpdated":"{stamp}",'
    )
    rest = SENT.decode().partition('"source"')
    assert made.body.decode() == head + '"source"' + rest[2]
    assert made.document == parse(made.body)
    found = await store.read(lambda tx: kept.current(tx, TEEMU, "Observation", made.id))
    assert (found.body, found.etag, found.method, found.by) == (made.body, 'W/"1"', "POST", KELA)
    assert found.document["meta"]["lastUpdated"] == stamp


async def test_bytes_are_not_made_again_when_they_are_read(store):
    made = await store.write(lambda tx: kept.create(tx, TEEMU, "Observation", parse(SENT)))
    row = await store.read(lambda tx: tx.documents.newest(KELA, "Observation", made.id))
    found = await store.read(lambda tx: kept.current(tx, TEEMU, "Observation", made.id))
    assert found.body is found.stored
    assert found.stored == row.body


async def test_another_party_finds_nothing(store):
    await put(store)
    await put(store, "p-2")
    await drop(store, "p-2")
    for attempt in (read(store, by=KAISA), vread(store, "1", by=KAISA), read(store, "p-2", by=KAISA)):
        with pytest.raises(NotFound):
            await attempt
    assert await past(store, by=KAISA) == []
    assert await store.read(lambda tx: kept.standing(tx, KAISA, "Patient")) == ()
    assert await drop(store, by=KAISA) is None
    _, new = await put(store, by=KAISA)
    assert new
    assert (await read(store)).version == "1"


@pytest.mark.parametrize("role", [Role.OVERSIGHT, Role.OPERATIONS, Role.CLIENT])
async def test_only_professionals_and_systems_write(store, role):
    other = caller(KELA, role)
    for act in (
        put(store, by=other),
        drop(store, by=other),
        store.write(lambda tx: kept.create(tx, other, "Patient", patient())),
    ):
        with pytest.raises(NotForRole):
            await act


async def test_an_update_brings_a_resource_under_the_callers_id_and_then_replaces_it(store):
    first, new = await put(store, "their-1")
    second, new_again = await put(store, "their-1", patient("Virtanen"))
    assert (new, new_again, first.version, second.version) == (True, False, "1", "2")
    assert (first.method, second.method) == ("PUT", "PUT")
    now = await read(store, "their-1")
    assert (now.document["id"], now.document["name"]) == ("their-1", [{"family": "Virtanen"}])
    assert (await vread(store, "1", "their-1")).document["name"] == [{"family": "Korhonen"}]


async def test_an_update_of_another_state_than_was_read_is_refused(store):
    await put(store)
    second, _ = await put(store, check=expecting("1"))
    with pytest.raises(Stale):
        await put(store, check=expecting("1"))
    with pytest.raises(Stale):
        await put(store, check=only_new)
    with pytest.raises(Stale):
        await drop(store, check=expecting("1"))
    with pytest.raises(Stale):
        await put(store, "p-2", check=expecting("1"))
    assert (await read(store)).version == second.version == "2"
    third, _ = await put(store, check=expecting("1", "2"))
    assert third.version == "3"


async def test_a_deletion_is_a_version_of_its_own(store):
    await put(store)
    gone, new = await drop(store, check=expecting("1"))
    assert (gone.version, gone.document, gone.deleted, new) == ("2", None, True, True)
    with pytest.raises(Gone):
        await read(store)
    with pytest.raises(Gone):
        await vread(store, "2")
    assert (await vread(store, "1")).document["name"] == [{"family": "Korhonen"}]
    assert await drop(store) == (gone, False)
    with pytest.raises(Stale):
        await drop(store, check=expecting("2"))
    assert await past(store, "Patient", "p-1") == [("p-1", 2, "DELETE", True), ("p-1", 1, "PUT", False)]


async def test_what_never_was_is_not_deleted(store):
    assert await drop(store) is None
    with pytest.raises(NotFound):
        await read(store)
    assert await past(store) == []


async def test_what_comes_again_after_a_deletion_goes_on_counting(store):
    await put(store)
    await drop(store)
    third, new = await put(store, document=patient("Virtanen"), check=only_new)
    assert (third.version, new) == ("3", True)
    assert [version for _, version, *_ in await past(store, "Patient", "p-1")] == [3, 2, 1]
    assert (await read(store)).body == third.body


async def test_histories_of_a_type_are_newest_first_and_go_on_after_a_mark(store):
    for id_ in ("p-1", "p-2", "p-1"):
        await put(store, id_)
        store.clock_offset += timedelta(seconds=1)
    await store.write(lambda tx: kept.create(tx, TEEMU, "Observation", parse(SENT)))
    listed = [("p-1", 2, "PUT", False), ("p-2", 1, "PUT", False), ("p-1", 1, "PUT", False)]
    assert await past(store, "Patient") == listed
    (first, *_) = await store.read(lambda tx: kept.history(tx, TEEMU, "Patient", limit=1))
    assert await past(store, "Patient", after=(first.at, first.seq)) == listed[1:]
    assert await past(store, "Patient", since=first.at) == listed[:1]
    assert len(await past(store)) == 4
    whole = await store.read(lambda tx: kept.standing(tx, TEEMU, "Patient"))
    assert [(each.id, each.version) for each in whole] == [("p-1", "2"), ("p-2", "1")]


@pytest.mark.parametrize("named", ["0", "2", "01", "-1", "1-abc", "", "x", "9" * 12, "1\n"])
async def test_a_version_that_never_was_is_not_found(store, named):
    await put(store)
    with pytest.raises(NotFound):
        await vread(store, named)


@pytest.mark.parametrize("id_", ["", "a" * 65, "a b", "a/b", "ä", "a_b", HETU, f"p.{HETU}", HETU.lower()])
async def test_an_id_that_is_none_or_names_a_person_is_refused(store, id_):
    with pytest.raises(Invalid) as refusal:
        await put(store, id_)
    assert [each.expression for each in refusal.value.issues] == ["Patient.id"]
    assert not id_.strip() or id_ not in str(refusal.value)


@pytest.mark.parametrize("id_", ["a", "a" * 64, "A-1.b", "00120385-921a-4000-8000-000000000000"])
async def test_other_ids_are_the_callers_choice(store, id_):
    made, _ = await put(store, id_)
    assert made.id == id_


async def test_a_clock_that_is_set_back_does_not_turn_versions_round(store):
    first, _ = await put(store)
    store.clock_offset = -timedelta(hours=1)
    second, _ = await put(store)
    assert second.at == first.at
    assert [version for _, version, *_ in await past(store, "Patient")] == [2, 1]


async def test_each_write_is_audited_without_content(store, database_url):
    await put(store)
    await put(store)
    await drop(store)
    await drop(store)
    await put(store)

    def rows(connection):
        return connection.execute(select(audit).order_by(audit.c.seq)).all()

    found = await _with_connection(database_url, rows)
    assert [(row.event, row.what["version"]) for row in found] == [
        ("document/created", 1),
        ("document/updated", 2),
        ("document/deleted", 3),
        ("document/created", 4),
    ]
    assert {(row.actor_party, row.actor_role, row.actor_sub) for row in found} == {
        (KELA, "professional", f"professional@{KELA}")
    }
    assert "Korhonen" not in repr(found)
    assert all(set(row.what) == {"id", "type", "version"} for row in found)


async def test_of_32_who_write_the_same_version_one_wins(store):
    await put(store)
    results = await asyncio.gather(
        *(put(store, document=patient(f"N{n}"), check=expecting("1")) for n in range(32)),
        return_exceptions=True,
    )
    refused = [each for each in results if isinstance(each, Stale)]
    ((won, new),) = [each for each in results if not isinstance(each, BaseException)]
    assert (len(refused), won.version, new) == (31, "2", False)
    assert (await read(store)).body == won.body


async def test_of_32_who_bring_the_same_new_id_one_is_first(store):
    results = await asyncio.gather(*(put(store, "their-1") for _ in range(32)))
    assert sorted(int(version.version) for version, _ in results) == list(range(1, 33))
    assert [version.version for version, new in results if new] == ["1"]


async def test_moments_are_as_precise_as_they_are_told(store):
    made, _ = await put(store)
    assert made.at.microsecond % 1000 == 0
    told = datetime.fromisoformat(made.document["meta"]["lastUpdated"].replace("Z", "+00:00"))
    assert told == made.at
    assert made.at.tzinfo is UTC

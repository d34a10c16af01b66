"""Resources that belong to no plan: every version stays, numbers have no gaps, and one search at a time may create."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from conftest import INDEX_KEY
from tyokyky_bridge.services.ports import ConstraintBroken
from tyokyky_bridge.storage import open_store
from tyokyky_bridge.storage.migrate import _with_connection

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ODD = b'{"resourceType":"Observation","valueDecimal":2.50,"x":"\xc3\xa5","birthDate":"1985-03"}'


def add(tx, id_, version=1, *, party="kela", type_="Patient", at=AT, body=b"{}"):
    method = "DELETE" if body is None else "POST" if version == 1 else "PUT"
    return tx.documents.append(party, type_, id_, version=version, at=at, method=method, body=body)


async def test_bytes_come_back_as_they_went_in(store):
    made = await store.write(lambda tx: add(tx, "o-1", type_="Observation", body=ODD))
    (newest, first, (standing,), (past,)) = await store.read(
        lambda tx: (
            tx.documents.newest("kela", "Observation", "o-1"),
            tx.documents.version("kela", "Observation", "o-1", 1),
            tx.documents.standing("kela", "Observation"),
            tx.documents.history("kela", "Observation", "o-1"),
        )
    )
    assert newest == first == standing == past == made
    assert (made.body, made.version, made.at, made.method, made.deleted) == (ODD, 1, AT, "POST", False)


async def test_a_party_meets_its_own_documents_only(store):
    await store.write(lambda tx: add(tx, "p-1", body=b'{"a":1}'))
    await store.write(lambda tx: add(tx, "p-1", party="te-office", body=b'{"b":2}'))

    def read(tx):
        found = {}
        for party in ("kela", "te-office", "stranger"):
            newest = tx.documents.newest(party, "Patient", "p-1")
            version = tx.documents.version(party, "Patient", "p-1", 1)
            listed = tx.documents.standing(party, "Patient")
            past = tx.documents.history(party)
            found[party] = [newest.body if newest else None, version.body if version else None]
            found[party] += [[each.body for each in listed], [each.body for each in past]]
        return found

    a, b = b'{"a":1}', b'{"b":2}'
    assert await store.read(read) == {
        "kela": [a, a, [a], [a]],
        "te-office": [b, b, [b], [b]],
        "stranger": [None, None, [], []],
    }


async def test_a_deletion_is_a_version_and_numbers_go_on_after_it(store):
    for version, body in enumerate((b"1", b"2", None, b"4"), start=1):
        await store.write(lambda tx, v=version, b=body: add(tx, "p-1", v, body=b, at=AT + v * HOUR))
        newest = await store.read(lambda tx: tx.documents.newest("kela", "Patient", "p-1"))
        listed = await store.read(lambda tx: tx.documents.standing("kela", "Patient"))
        assert (newest.version, newest.body) == (version, body)
        assert [each.version for each in listed] == ([] if body is None else [version])
    past = await store.read(lambda tx: tx.documents.history("kela", "Patient", "p-1"))
    assert [(each.version, each.body) for each in past] == [(4, b"4"), (3, None), (2, b"2"), (1, b"1")]
    assert [each.method for each in past] == ["PUT", "DELETE", "PUT", "POST"]


@pytest.mark.parametrize("version", [1, 2, 4])
async def test_no_number_is_left_out_or_given_twice(store, version):
    await store.write(lambda tx: (add(tx, "p-1"), add(tx, "p-1", 2)))
    with pytest.raises(ConstraintBroken):
        await store.write(lambda tx: add(tx, "p-1", version))
    past = await store.read(lambda tx: tx.documents.history("kela", "Patient", "p-1"))
    assert [each.version for each in past] == [2, 1]


async def test_nothing_starts_with_a_deletion(store):
    with pytest.raises(ConstraintBroken):
        await store.write(lambda tx: add(tx, "p-1", body=None))


async def test_standing_documents_are_listed_in_pages_by_id(store):
    ids = [f"p-{n:02}" for n in range(10)]
    await store.write(lambda tx: [add(tx, each) for each in reversed(ids)])
    await store.write(lambda tx: add(tx, "p-04", 2, body=None))
    await store.write(lambda tx: add(tx, "o-1", type_="Observation"))
    found, after = [], None
    while page := await store.read(
        lambda tx, a=after: tx.documents.standing("kela", "Patient", after=a, limit=4)
    ):
        assert len(page) <= 4
        found += [each.id for each in page]
        after = found[-1]
    assert found == [each for each in ids if each != "p-04"]


async def test_a_thousand_equal_moments_page_by_seven_without_a_repeat_or_a_gap(store):
    await store.write(lambda tx: [add(tx, f"p-{n % 250:03}", n // 250 + 1) for n in range(1000)])
    found, after = [], None
    while page := await store.read(
        lambda tx, a=after: tx.documents.history("kela", "Patient", after=a, limit=7)
    ):
        found += page
        after = (page[-1].at, page[-1].seq)
    assert len(found) == len({(each.id, each.version) for each in found}) == 1000
    assert [each.seq for each in found] == sorted((each.seq for each in found), reverse=True)


async def test_history_of_a_type_and_of_all_is_newest_first_and_reaches_back_to_a_moment(store):
    await store.write(lambda tx: add(tx, "p-1", at=AT))
    await store.write(lambda tx: add(tx, "o-1", type_="Observation", at=AT + HOUR))
    await store.write(lambda tx: add(tx, "p-2", at=AT + 2 * HOUR))
    await store.write(lambda tx: add(tx, "p-1", 2, at=AT + 3 * HOUR))

    async def listed(*of, **options):
        past = await store.read(lambda tx: tx.documents.history("kela", *of, **options))
        return [(each.id, each.version) for each in past]

    assert await listed() == [("p-1", 2), ("p-2", 1), ("o-1", 1), ("p-1", 1)]
    assert await listed("Patient") == [("p-1", 2), ("p-2", 1), ("p-1", 1)]
    assert await listed(since=AT + 2 * HOUR) == [("p-1", 2), ("p-2", 1)]
    assert await listed("Patient", "p-1", since=AT + timedelta(microseconds=1)) == [("p-1", 2)]


async def test_of_32_conditional_creations_at_once_one_creates(store, database_url):
    other = open_store(database_url, index_key=INDEX_KEY)  # a second process on the same database

    def create_if_none(tx):
        tx.documents.hold("kela", [("Patient", "identifier=urn:x|7")])
        found = tx.documents.standing("kela", "Patient")
        return found[0] if found else add(tx, str(tx.new_id()))

    made = await asyncio.gather(*((store, other)[n % 2].write(create_if_none) for n in range(32)))
    await other.aclose()
    assert len({each.id for each in made}) == 1
    assert len(await store.read(lambda tx: tx.documents.standing("kela", "Patient"))) == 1


async def test_versions_written_at_once_have_no_gaps_and_none_is_lost(store):
    runs = []

    def next_version(tx):
        newest = tx.documents.newest("kela", "Patient", "p-1", lock="update")
        runs.append(newest)
        return add(tx, "p-1", newest.version + 1 if newest else 1)

    first = await store.write(next_version)
    made = await asyncio.gather(*(store.write(next_version) for _ in range(31)))
    assert first.version == 1
    assert sorted(each.version for each in made) == list(range(2, 33))
    assert len(runs) == 32  # each waited for the one before, and none had to be run again


async def test_bundles_hold_their_conditions_in_one_order(store):
    conditions = [("Patient", f"identifier=urn:x|{n}") for n in range(6)]

    def bundle(turned):
        def hold(tx):
            tx.documents.hold("kela", conditions[::-1] if turned else conditions)
            return add(tx, str(tx.new_id()))

        return hold

    await asyncio.gather(*(store.write(bundle(n % 2)) for n in range(16)))
    assert len(await store.read(lambda tx: tx.documents.standing("kela", "Patient"))) == 16


async def test_criteria_are_not_kept(store, database_url):
    await store.write(lambda tx: tx.documents.hold("kela", [("Patient", "identifier=urn:x|7")] * 2))

    def kept(connection):
        return connection.execute(text("SELECT party, type, digest FROM fhir_condition")).all()

    ((party, type_, digest),) = await _with_connection(database_url, kept)
    assert (party, type_, len(digest)) == ("kela", "Patient", 32)
    assert b"urn:x" not in bytes(digest)

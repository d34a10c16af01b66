"""The suite would notice: every planted bug is caught by the check that it names."""

import pytest

from fhir_face.checks import CHECKS
from fhir_face.planted import PLANTED, Planted
from fhir_face.recorder import not_recorded
from fhir_face.ward import Ward
from tyokyky_bridge.storage import open_store

INDEX_KEY = b"a key for made-up people only...."


def test_the_museum_is_not_small():
    assert len(PLANTED) >= 20
    assert {bug.check for bug in PLANTED} <= CHECKS.keys()


def test_every_check_is_needed_by_a_bug():
    assert CHECKS.keys() - {bug.check for bug in PLANTED} == set()


@pytest.mark.anyio
@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.title.replace(" ", "-"))
async def test_it_is_noticed(bug: Planted, sqlite_url, monkeypatch):
    bug.plant(monkeypatch)
    store = open_store(sqlite_url, index_key=INDEX_KEY)
    try:
        with not_recorded(), pytest.raises(AssertionError):
            await CHECKS[bug.check](Ward(store))
    finally:
        await store.aclose()

"""Every promise holds on the build as it is."""

import pytest

from fhir_face.checks import CHECKS
from fhir_face.ward import Ward
from tyokyky_bridge.storage import open_store

INDEX_KEY = b"a key for made-up people only...."


@pytest.mark.anyio
@pytest.mark.parametrize("name", CHECKS)
async def test_it_holds(name, sqlite_url):
    store = open_store(sqlite_url, index_key=INDEX_KEY)
    try:
        await CHECKS[name](Ward(store))
    finally:
        await store.aclose()

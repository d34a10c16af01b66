"""What criteria find is held while it is changed: nobody else's write comes between the condition and the change."""

import asyncio

import pytest
from sqlalchemy.util import await_only

from tyokyky_bridge.services.fhir import writeset, writing
from tyokyky_bridge.services.fhir.refusals import Stale
from tyokyky_bridge.storage import open_store
from worlds.fhir import Client
from worlds.hub import HELMI, a_case, a_hub

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


INDEX_KEY = b"a key for made-up people only...."


@pytest.fixture
async def hub(postgres_url):
    """SQLite has one writer at a time; only PostgreSQL lets two come near each other."""
    store = open_store(postgres_url, index_key=INDEX_KEY)
    yield a_hub(store)
    await store.aclose()


def meanwhile(monkeypatch, other):
    """Let *other* have its chance after the conditions of the first write were asked, before it changes anything."""
    started = []

    def link(*given):
        monkeypatch.setattr(writeset, "link", plain)
        started.append(asyncio.ensure_future(other()))
        await_only(asyncio.wait(started, timeout=0.5))
        return plain(*given)

    plain = writeset.link
    monkeypatch.setattr(writeset, "link", link)
    return started


async def of_a_plan(hub):
    case = await a_case(hub)
    goal = await Client(hub, HELMI).only("Goal")
    assert goal["id"].startswith(case.plan_id.hex)
    return goal, lambda text: goal | {"description": {"text": text}}


async def kept_whole(hub):
    code = {"text": "jotain"}
    written = await Client(hub, HELMI).create(
        {"resourceType": "Observation", "status": "final", "code": code}
    )
    document = dict(written.version.document)
    return document, lambda text: document | {"code": {"text": text}}


@pytest.mark.parametrize("prepare", [of_a_plan, kept_whole])
async def test_a_write_by_criteria_is_not_overtaken_by_one_by_id(hub, monkeypatch, prepare):
    document, saying = await prepare(hub)
    match = f'W/"{document["meta"]["versionId"]}"'
    kind, id_ = document["resourceType"], document["id"]
    others = meanwhile(
        monkeypatch, lambda: writing.update(hub, HELMI, kind, id_, saying("Toinen."), if_match=match)
    )
    first = await writing.update_where(hub, HELMI, kind, (("_id", id_),), saying("Oma."), if_match=match)
    assert first.changed
    with pytest.raises(Stale):
        await others[0]
    assert "Oma." in str(await Client(hub, HELMI).read(kind, id_))

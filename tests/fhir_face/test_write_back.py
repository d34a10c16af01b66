"""What a caller does not see outlives its writes: a view read, edited in one element and put back changes only that."""

import copy
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fhir_face.non_interference_asked import Answer, Request
from fhir_face.non_interference_script import WRITTEN
from fhir_face.non_interference_stage import Chance, Hub, a_hub_with
from fhir_face.non_interference_worlds import Pair, a_pair
from tyokyky_bridge.services.fhir import plan_sight

pytestmark = pytest.mark.anyio

SEEDS = (1, pytest.param(3, marks=pytest.mark.campaign))
CHANGED = " muutettu"


class Desk:
    """A caller who sees a part of two plans, and all that the store holds of them."""

    def __init__(self, hub: Hub, pair: Pair) -> None:
        self._hub = hub
        self._plans = [story.plan_id for story in pair.plain.stories]
        self._asked = 0

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        self._asked += 1
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._hub.ask(self._asked, Request(method, f"/fhir{path}", body, named))

    async def resources(self) -> list[dict[str, Any]]:
        """Every resource of the plans that the caller may see and write."""
        found: list[dict[str, Any]] = []
        for type_ in WRITTEN:
            answer = await self.ask("GET", f"/{type_}?_count=200")
            found += [entry["resource"] for entry in answer.json.get("entry", ())]
        return [document for document in found if not document["id"].startswith("own-")]

    async def stored(self) -> dict[str, Any]:
        """Every item of the plans with its origin, seen or not."""

        def read(tx: Any) -> dict[str, Any]:
            rows = [tx.plans.latest(plan_id) for plan_id in self._plans]
            return {
                f"{row.plan_id}/{path}": (value, row.origins[path])
                for row in rows
                for path, value in row.leaves.items()
            }

        return await self._hub.web.bridge.store.read(read)

    async def revisions(self) -> int:
        """How many revisions the plans have."""
        plans = self._plans
        return await self._hub.web.bridge.store.read(lambda tx: sum(len(tx.plans.history(p)) for p in plans))


@pytest.fixture(params=SEEDS)
async def desk(request: Any, migrated_sqlite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A desk in a world drawn by seed."""
    pair = a_pair(request.param)
    monkeypatch.setattr(plan_sight, "_SIGHTS", plan_sight._SIGHTS)
    shutil.copyfile(migrated_sqlite_file, tmp_path / "hub.db")
    chance = Chance(monkeypatch)
    async with a_hub_with(f"sqlite:///{tmp_path}/hub.db", pair.party, pair.plain, chance) as hub:
        yield Desk(hub, pair)


def at(document: Mapping[str, Any]) -> str:
    return f"/{document['resourceType']}/{document['id']}"


def etag(document: Mapping[str, Any]) -> str:
    return f'W/"{document["meta"]["versionId"]}"'


def texts(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a body holds words of somebody."""
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and name in {"valueString", "text", "family", "description"}:
                yield (*steps, name)
            elif name not in {"meta", "name"}:  # what a name is as text follows from its parts
                yield from texts(each, (*steps, name))
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from texts(each, (*steps, n))


def edited(document: Mapping[str, Any], steps: tuple[Any, ...]) -> dict[str, Any]:
    """The body with other words at one place."""
    made = copy.deepcopy(dict(document))
    holder: Any = made
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] += CHANGED
    return made


async def test_every_resource_put_back_as_it_was_read_makes_no_revision(desk):
    before, count = await desk.stored(), await desk.revisions()
    documents = await desk.resources()
    assert len({document["resourceType"] for document in documents}) >= 6
    for document in documents:
        answer = await desk.ask("PUT", at(document), document, If_Match=etag(document))
        assert (answer.status, answer.headers["etag"]) == (200, etag(document)), (document, answer.body)
        assert answer.json == document
    assert await desk.revisions() == count
    assert await desk.stored() == before


async def test_an_edit_of_one_element_changes_that_item_and_no_other(desk):
    done: set[str] = set()
    for document in await desk.resources():
        places = list(texts(document))
        for steps in places[:1] + places[len(places) // 2 :][:1]:
            now = (await desk.ask("GET", at(document))).json
            before = await desk.stored()
            answer = await desk.ask("PUT", at(document), edited(now, steps), If_Match=etag(now))
            after = await desk.stored()
            if answer.status in {403, 422}:  # another register's, or no words of this body alone
                assert after == before
                continue
            assert answer.status == 200, answer.body
            assert before.keys() == after.keys()
            changed = [path for path in after if after[path] != before[path]]
            assert len(changed) == 1, (changed, steps, now)
            (path,) = changed
            assert after[path][0] == before[path][0] + CHANGED
            assert answer.json["meta"]["versionId"] != now["meta"]["versionId"]
            done.add(document["resourceType"])
    assert len(done) >= 3, done


async def test_what_is_left_out_of_a_body_is_removed_and_what_is_hidden_stays(desk):
    removed = 0
    for document in await desk.resources():
        extensions = document.get("extension", [])
        if not extensions:
            continue
        before = await desk.stored()
        body = {**document, "extension": extensions[1:]}
        answer = await desk.ask("PUT", at(document), body, If_Match=etag(document))
        after = await desk.stored()
        if answer.status != 200:
            assert after == before
            continue
        assert after.keys() <= before.keys()  # what stands in another place as well, stays
        assert all(after[path] == before[path] for path in after)
        removed += after.keys() < before.keys()
    assert removed >= 2


@pytest.mark.parametrize("part", ["_elements=id", "_summary=true", "_summary=text"])
async def test_a_part_of_a_resource_is_refused_as_an_update(desk, part):
    count = await desk.revisions()
    for document in (await desk.resources())[:6]:
        shown = (await desk.ask("GET", f"{at(document)}?{part}")).json
        answer = await desk.ask("PUT", at(document), shown, If_Match=etag(document))
        assert answer.status == 422, answer.body
        whole = {**document, "meta": {**document["meta"], "tag": shown["meta"]["tag"]}}
        answer = await desk.ask("PUT", at(document), whole, If_Match=etag(document))
        told = [each for issue in answer.json["issue"] for each in issue.get("expression", ())]
        assert (answer.status, [".meta.tag[" in each for each in told]) == (422, [True]), answer.body
    assert await desk.revisions() == count


async def test_whoever_may_not_see_an_element_cannot_reach_it_by_its_id(desk):
    plan = next(document for document in await desk.resources() if document["resourceType"] == "CarePlan")
    hidden = f"{UUID(plan['id']).hex}.go-hidden"
    before = await desk.stored()
    for id_ in (hidden, f"{UUID(plan['id']).hex}.go-e-7"):
        body = {"resourceType": "Goal", "id": id_, "lifecycleStatus": "active", "description": {"text": "x"}}
        subject = plan.get("subject", {})
        answer = await desk.ask("PUT", f"/Goal/{id_}", {**body, "subject": subject}, If_None_Match="*")
        assert answer.status == 405, answer.body
    assert await desk.stored() == before

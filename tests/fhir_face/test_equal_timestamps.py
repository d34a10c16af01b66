"""A thousand resources of one moment: pages of seven repeat nothing and lose nothing, in a history and in a search."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fhir_face.non_interference_asked import Answer, Request
from fhir_face.non_interference_stage import Chance, Hub, a_hub_with
from fhir_face.non_interference_worlds import World
from tyokyky_bridge.services.fhir import kept, plan_sight
from worlds.hub import caller
from worlds.parties import NGO, NOW

pytestmark = pytest.mark.anyio

MANY = 1000
PAGE = 7
NOTHING = World((), (), ())


@pytest.fixture
async def hub(migrated_sqlite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A hub in which a party has kept a thousand Observations, all at once."""
    shutil.copyfile(migrated_sqlite_file, tmp_path / "hub.db")
    monkeypatch.setattr(plan_sight, "_SIGHTS", plan_sight._SIGHTS)
    chance = Chance(monkeypatch)
    async with a_hub_with(f"sqlite:///{tmp_path}/hub.db", NGO, NOTHING, chance) as made:

        def keep(tx: Any) -> None:
            for n in range(MANY):
                kept.create(tx, caller(NGO), "Observation", {**OBSERVATION, "valueInteger": n})

        made.begin(0)
        await made.web.bridge.store.write(keep)
        yield made


OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
    "subject": {"reference": "Patient/somebody"},
}


async def pages(hub: Hub, path: str) -> tuple[list[dict[str, Any]], list[Answer]]:
    """Every entry of a list, by its links."""
    entries: list[dict[str, Any]] = []
    answers: list[Answer] = []
    at: str | None = path
    while at is not None:
        answer = await hub.ask(1, Request("GET", f"/fhir{at}"))
        assert answer.status == 200, answer.body
        answers.append(answer)
        entries += answer.json["entry"]
        links = {each["relation"]: each["url"] for each in answer.json["link"]}
        at = links["next"].partition("/fhir")[2] if "next" in links else None
    return entries, answers


@pytest.mark.parametrize(
    "path",
    [
        f"/Observation/_history?_count={PAGE}",
        f"/Observation?_sort=-_lastUpdated&_count={PAGE}",
        f"/Observation?status=final&_count={PAGE}",
    ],
)
async def test_a_thousand_of_one_moment_page_by_seven_without_a_repeat_or_a_gap(hub, path):
    entries, answers = await pages(hub, path)
    told = Counter(entry["resource"]["valueInteger"] for entry in entries)
    assert told == Counter(range(MANY))
    assert len({entry["resource"]["meta"]["lastUpdated"] for entry in entries}) == 1
    assert [len(answer.json["entry"]) for answer in answers] == [PAGE] * (MANY // PAGE) + [MANY % PAGE]
    assert {answer.json["total"] for answer in answers} == {MANY}


async def test_pages_go_on_where_they_were_when_others_of_the_same_moment_come_in_between(hub):
    path = f"/Observation?_sort=_lastUpdated&_count={MANY // 5}"
    first = await hub.ask(1, Request("GET", f"/fhir{path}"))
    await hub.web.bridge.store.write(
        lambda tx: kept.create(tx, caller(NGO), "Observation", {**OBSERVATION, "valueInteger": MANY})
    )
    following = next(each["url"] for each in first.json["link"] if each["relation"] == "next")
    entries, _ = await pages(hub, following.partition("/fhir")[2])
    told = [entry["resource"]["valueInteger"] for entry in (*first.json["entry"], *entries)]
    assert len(told) == len(set(told))
    assert set(range(MANY)) <= set(told)
    assert NOW.isoformat()[:16] in first.json["entry"][0]["resource"]["meta"]["lastUpdated"]

"""What a caller may not see moves nothing that it sees: hubs that differ in nothing else answer byte for byte alike."""

import shutil
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhir_face.leaky_builds import LEAKS
from fhir_face.non_interference_stage import Chance, Comparison, a_hub_with
from fhir_face.non_interference_twins import differing
from fhir_face.non_interference_worlds import Pair, a_pair
from tyokyky_bridge.services.fhir import plan_sight

pytestmark = pytest.mark.anyio

SEEDS = (1,)
MORE_SEEDS = (2, *range(100, 110))


@cache
def pair_of(seed: int) -> Pair:
    """A pair is made once for all tests."""
    return a_pair(seed)


@pytest.fixture
async def comparison(migrated_sqlite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes the two hubs of a pair, each over a fresh database."""
    async with AsyncExitStack() as open_ones:
        monkeypatch.setattr(plan_sight, "_SIGHTS", plan_sight._SIGHTS)
        chance = Chance(monkeypatch)

        async def make(pair: Pair, **options: Any) -> Comparison:
            hubs = []
            for name, world in (("plain", pair.plain), ("other", pair.other)):
                shutil.copyfile(migrated_sqlite_file, tmp_path / f"{name}.db")
                hub = a_hub_with(f"sqlite:///{tmp_path / name}.db", pair.party, world, chance)
                hubs.append(await open_ones.enter_async_context(hub))
            return Comparison(pair, *hubs, **options)

        yield make


@pytest.mark.parametrize("seed", SEEDS)
async def test_hidden_items_move_no_byte_of_any_answer(seed, comparison):
    made = await comparison(pair_of(seed))
    await made.run(seed)
    assert not made.differences, "\n".join(made.differences)
    assert made.asked >= 200


@pytest.mark.campaign
@pytest.mark.parametrize("seed", MORE_SEEDS)
async def test_hidden_items_move_no_byte_of_any_answer_over_many_pairs(seed, comparison):
    made = await comparison(pair_of(seed))
    await made.run(seed)
    assert not made.differences, "\n".join(made.differences)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
async def test_a_build_that_leaks_is_caught_by_the_same_script(leak, comparison, monkeypatch):
    leak(monkeypatch)
    made = await comparison(pair_of(SEEDS[0]), at_most=1)
    await made.run(0, LEAKS[leak])
    assert made.differences


def test_the_pairs_really_differ_in_what_is_hidden():
    for seed in SEEDS:
        pair = pair_of(seed)
        for mine, theirs in zip(pair.plain.stories, pair.other.stories[:2], strict=True):
            assert differing(mine.states, theirs.states) >= 60
            assert len(theirs.states) > len(mine.states) + 2
        assert len(pair.other.stories) > len(pair.plain.stories)

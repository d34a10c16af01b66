"""A hundred and a half seeded scenarios with faults, and the proof that a seed is all it takes to see one again."""

import pytest

from simulation.campaign import campaign
from simulation.scenario import scenario

SCENARIOS = 120


def test_the_same_seed_gives_the_same_log_to_the_letter():
    assert scenario(5).lines == scenario(5).lines
    assert scenario(5).digest != scenario(6).digest


@pytest.mark.parametrize("first", [1, 1 + SCENARIOS // 2])
def test_no_scenario_breaks_an_invariant(first):
    seeds = range(first, first + SCENARIOS // 2)
    broken = {r.seed: r.violations[0] for r in campaign(seeds, cores=1) if r.violations}
    assert broken == {}, "replay with: PYTHONPATH=tests python -m simulation --seed N"

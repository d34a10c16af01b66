"""Seeded scenarios with faults: a seed is all it takes to see one again, and a lost guard does not go unnoticed."""

import pytest

from simulation.campaign import campaign, hunt_all, replay
from simulation.planted import PLANTED

SCENARIOS, SHARE = 200, 50
QUICK = (
    "lease fence when the intent is stored",
    "links marked with the plan",
    "withdrawals overtake",
    "a conflict waits for a person",
)


def test_the_same_seed_gives_the_same_log_to_the_letter():
    once, again = replay(5), replay(5)
    assert once.lines == again.lines
    assert once.digest != replay(6).digest


@pytest.mark.parametrize("first", range(1, SCENARIOS, SHARE))
def test_no_scenario_breaks_an_invariant(first):
    broken = {r.seed: r.violations[0] for r in campaign(range(first, first + SHARE), cores=1) if r.violations}
    assert broken == {}, "replay with: PYTHONPATH=tests python -m simulation --seed N"


def test_guards_that_are_taken_away_are_noticed():
    assert [each.guard for each in hunt_all(QUICK, most=40, cores=1) if each.invariant is None] == []


def test_every_planted_bug_has_a_name_of_its_own():
    assert len({each.guard for each in PLANTED}) == len(PLANTED) >= 15

"""The laws of the lens on every shipped mapping (and on the toy, which uses the whole grammar)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.laws import SEEDED, codes_are_total, declared_losses_occur
from mapping.systems import SHIPPED, shipped

SYSTEMS = [*SHIPPED, "toy"]


def test_the_four_systems_ship_a_mapping() -> None:
    assert SHIPPED == ["lifecare", "sosiaali_effica", "typpi", "ura"]


@pytest.mark.parametrize("law", SEEDED)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_law_holds_on_the_mapping(system: str, law: str) -> None:
    lens, empty = shipped(system)

    @settings(max_examples=500, deadline=None, derandomize=True, database=None)
    @given(st.integers(min_value=0, max_value=2**48))
    def holds(seed: int) -> None:
        SEEDED[law](lens, empty, seed)

    holds()


@pytest.mark.parametrize("system", SYSTEMS)
def test_code_tables_say_something_of_every_code(system: str) -> None:
    codes_are_total(shipped(system)[0])


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_declared_loss_does_occur(system: str) -> None:
    declared_losses_occur(*shipped(system))

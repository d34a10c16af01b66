"""Trouble at a simulated partner that is over when its block ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tyokyky_bridge.adapterkit.simulation.chaos import SHARED_KNOBS, SIMULATOR_KNOBS
from tyokyky_bridge.adapterkit.testing import SimulatorProcess

QUIET = {**SHARED_KNOBS, **SIMULATOR_KNOBS, "night_window": False, "security_clock_skew_s": 0}


@contextmanager
def trouble(simulator: SimulatorProcess, **knobs: Any) -> Iterator[None]:
    """Turn these knobs, and afterwards turn them back to where a calm partner has them."""
    simulator.chaos(**knobs)
    try:
        yield
    finally:
        simulator.chaos(**{name: QUIET[name] for name in knobs})

"""Faults on demand: knobs that a test turns, some used by the surface, some by the simulator itself."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.adapterkit.simulation.state import SimState

Knob = Any

SHARED_KNOBS: dict[str, Knob] = {
    "latency_ms": [0, 0],  # lowest and highest, drawn evenly
    "error_rate": 0.0,  # answered with error_status before anything happens
    "drop_rate": 0.0,  # connection cut before anything happens
    "lost_answer_rate": 0.0,  # the effect is done, then the connection is cut
    "next_errors": 0,  # the same faults for exactly the next n matching requests
    "next_drops": 0,
    "next_lost_answers": 0,
    "next_garbage": 0,  # the effect is done, the answer is not what it should be
    "error_status": 503,
    "retry_after_s": None,
    "padding_bytes": 0,  # bytes of white space added to each answer
    "on": "",  # regular expression on "METHOD /path?query [SOAPAction]": whom the faults above concern
    "random_seed": None,
}
SIMULATOR_KNOBS: dict[str, Knob] = {  # mean something only where the simulator says so
    "duplicate": 0.0,
    "reorder": 0.0,
    "rate_per_min": None,
    "leave_lock": 0.0,
    "charset_surprise": 0.0,
}


@dataclass(frozen=True)
class Faults:
    """What happens to one request."""

    latency_s: float = 0.0
    error: bool = False
    drop: bool = False
    lost_answer: bool = False
    garbage: bool = False


class Chaos:
    """The knobs of one simulator, durable.

    Read one with ``chaos["leave_lock"]``, draw with ``chaos.happens("leave_lock")``.

    Args:
        defaults: The simulator's own knobs and other starting values, e.g. ``{"latency_ms": [150, 800]}``.
    """

    def __init__(self, state: SimState, defaults: Mapping[str, Knob] | None = None) -> None:
        self._state = state
        self._defaults = {**SHARED_KNOBS, **SIMULATOR_KNOBS, **(defaults or {})}
        self.random = random.Random(self["random_seed"])  # noqa: S311  # faults, not secrets

    def knobs(self) -> dict[str, Knob]:
        """Every knob as it stands."""
        return {**self._defaults, **(self._state.get("_sim", "chaos") or {})}

    def __getitem__(self, knob: str) -> Knob:
        return self.knobs()[knob]

    def turn(self, knobs: Mapping[str, Knob]) -> None:
        """Turn some knobs. Raises `ValueError` naming those that do not exist."""
        unknown = sorted(set(knobs) - set(self._defaults))
        if unknown:
            msg = f"no such knob: {', '.join(unknown)}"
            raise ValueError(msg)
        self._state.put("_sim", "chaos", {**(self._state.get("_sim", "chaos") or {}), **knobs})
        if "random_seed" in knobs:
            self.random = random.Random(knobs["random_seed"])  # noqa: S311

    def calm(self) -> None:
        """Back to the defaults."""
        self._state.delete("_sim", "chaos")

    def happens(self, knob: str) -> bool:
        """Draw once with the probability that *knob* holds."""
        return self.random.random() < float(self[knob] or 0)

    def faults_for(self, request_line: str) -> Faults:
        """Decide the fate of one request; "next" knobs count down."""
        knobs = self.knobs()
        if not re.search(knobs["on"], request_line):
            return Faults()
        low, high = knobs["latency_ms"]
        return Faults(
            latency_s=self.random.uniform(low, high) / 1000,
            error=self._countdown("next_errors") or self.happens("error_rate"),
            drop=self._countdown("next_drops") or self.happens("drop_rate"),
            lost_answer=self._countdown("next_lost_answers") or self.happens("lost_answer_rate"),
            garbage=self._countdown("next_garbage"),
        )

    def _countdown(self, knob: str) -> bool:
        left = int(self[knob] or 0)
        if left > 0:
            self.turn({knob: left - 1})
        return left > 0

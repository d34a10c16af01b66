"""Takes clock, chance and log of the engine's modules into a scenario's own hands, for its duration only."""

import random
import secrets
import sys
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tyokyky_bridge.services import outcomes

if TYPE_CHECKING:
    from simulation.world import World

_STUMBLED = {"delivery.broken", "sweep.broken"}


class _Instead:
    """A standard module of which some functions answer otherwise."""

    def __init__(self, module: Any, **replaced: Any) -> None:
        self.__dict__.update(replaced)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class _Log:
    """In place of an engine module's logger: what went wrong goes to the scenario's log."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def info(self, event: str, **_values: Any) -> None:
        """Of no interest: the tables tell."""

    debug = info

    def warning(self, event: str, **values: Any) -> None:
        self._world.note(f"log: {event} {values}")

    def error(self, event: str, **values: Any) -> None:
        self._world.note(f"log: {event} {values}")
        if event in _STUMBLED and isinstance(sys.exc_info()[1], Exception):
            self._world.lines.append(traceback.format_exc())


@contextmanager
def virtual(world: "World") -> Iterator[None]:
    """Let the engine live in the time and by the chance of *world*."""
    instead = {
        "time": _Instead(time, monotonic=lambda: world.now_s),
        "random": _Instead(random, uniform=world.rng.uniform, random=world.rng.random),
        "secrets": _Instead(secrets, randbits=world.rng.getrandbits),
        "uuid": _Instead(uuid, uuid4=lambda: uuid.UUID(int=world.rng.getrandbits(128), version=4)),
        "log": _Log(world),
    }
    real = {"time": time, "random": random, "secrets": secrets, "uuid": uuid}
    changed: list[tuple[Any, str, Any]] = []

    def change(owner: Any, name: str, value: Any) -> None:
        changed.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    for place, module in list(sys.modules.items()):
        if not place.startswith("tyokyky_bridge."):
            continue
        for name, value in instead.items():
            present = getattr(module, name, None)
            if present is not None and (name == "log" or present is real[name]):
                change(module, name, value)
    change(outcomes, "_jitter", world.rng)
    change(outcomes, "BACKOFF_MOST_S", 20.0)
    change(outcomes, "OPEN_MOST_S", 20.0)
    try:
        yield
    finally:
        for owner, name, value in reversed(changed):
            setattr(owner, name, value)

"""Ways to break a FHIR body: one change somewhere in it, as a careless sender would make it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Step = str | int


def places(value: Any, above: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Every place in *value*, but the resourceType at the top."""
    members: list[tuple[Step, Any]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    for step, inner in members:
        here = (*above, step)
        if here != ("resourceType",):
            yield here
            yield from places(inner, here)


def broken_at(document: Any, place: tuple[Step, ...], how: str) -> Any:
    """A copy of *document* that is changed at *place* in one of the ways of `WAYS`."""
    copy = deepcopy(document)
    here: Any = copy
    for step in place[:-1]:
        here = here[step]
    last = place[-1]
    if how == "left out":
        del here[last]
    elif how == "renamed" and isinstance(here, dict):
        here[f"{last}X"] = here.pop(last)
    else:
        here[last] = WAYS[how](here[last])
    return copy


WAYS = {
    "left out": None,
    "renamed": lambda value: value,
    "a text": lambda _: "zzz",
    "a number": lambda _: 7,
    "a fraction": lambda _: 1.5,
    "true": lambda _: True,
    "null": lambda _: None,
    "nothing": lambda _: {},
    "none": lambda _: [],
    "listed": lambda value: [value],
    "wrapped": lambda value: {"zzz": value},
    "unlisted": lambda value: value[0] if isinstance(value, list) and value else value,
    "spaced": lambda value: f" {value} ",
    "a day that never was": lambda _: "2026-02-30",
    "a long text": lambda _: "a" * 70,
}

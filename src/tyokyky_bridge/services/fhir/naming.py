"""Where a pattern of the plan stands in FHIR, so that a broken rule of the plan can name the element of the body."""

from functools import cache

from tyokyky_bridge.fhir.lens.rows import Unit
from tyokyky_bridge.fhir.lens.units import LENS


def owner_of(pattern: str) -> Unit | None:
    """The unit that carries a pattern, or what is below it; ``None`` where the plan has no such place."""
    return LENS.owner.get(_leaf(pattern))


@cache
def element_at(pattern: str) -> str | None:
    """The element path of a pattern (``Patient.birthDate``); of a place that holds several, where they stand."""
    leaf = _leaf(pattern)
    unit = LENS.owner.get(leaf)
    if unit is None:
        return None
    tree = LENS.trees[unit]
    spot = tree.shown.get(leaf) or tree.placed.get(leaf)
    if spot is None:
        return None
    element = spot[1].element
    return element if leaf == pattern else element.rpartition(".")[0]


@cache
def _leaf(pattern: str) -> str:
    """The pattern itself, or the first item below it."""
    if pattern in LENS.owner:
        return pattern
    return next((each for each in LENS.owner if each.startswith((f"{pattern}.", f"{pattern}["))), pattern)

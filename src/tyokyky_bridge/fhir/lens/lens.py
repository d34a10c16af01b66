"""The whole lens: every unit compiled, and every pattern of the plan given to exactly one of them."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from tyokyky_bridge.domain.items import FIELDS, Scalar
from tyokyky_bridge.fhir.derived.practitioner import WORKER_PATTERNS
from tyokyky_bridge.fhir.lens.generated import Extension
from tyokyky_bridge.fhir.lens.ids import resource_id
from tyokyky_bridge.fhir.lens.nodes import Node, Spot
from tyokyky_bridge.fhir.lens.rows import Key, Place, Unit
from tyokyky_bridge.fhir.lens.tree import BadUnit, Tree, taken_apart


def owners(units: Iterable[Unit]) -> dict[str, Unit]:
    """
    The unit of every pattern: the one with the longest claim on it.

    Raises:
        BadUnit: a pattern belongs to no unit, or to two.
    """
    claims: dict[str, Unit] = {}
    for unit in units:
        for claim in unit.claims or (unit.anchor,):
            if not claim.startswith(unit.anchor) or claim in claims:
                msg = f"{unit.type}: the claim {claim!r} is not below its anchor, or made twice"
                raise BadUnit(msg)
            claims[claim] = unit
    found: dict[str, Unit] = {}
    for pattern in FIELDS:
        best = max((c for c in claims if _covers(c, pattern)), key=len, default=None)
        if best is None:
            msg = f"no unit carries {pattern}"
            raise BadUnit(msg)
        found[pattern] = claims[best]
    return found


def _covers(claim: str, pattern: str) -> bool:
    return not claim or pattern == claim or pattern.startswith((f"{claim}.", f"{claim}["))


Home = tuple[Unit, int, Node, Spot, tuple[Node, Spot] | None]
"""Of a pattern: its unit, the depth of the anchor, where the leaf stands, and where it is shown besides."""


class Lens:
    """Units compiled together. Made once; it holds nothing of any plan."""

    def __init__(self, units: tuple[Unit, ...]) -> None:
        """Compile *units*. Raises BadUnit."""
        self.units: Final = units
        self.owner: Final[Mapping[str, Unit]] = owners(units)
        by_unit: dict[Unit, set[str]] = {unit: set() for unit in units}
        for pattern, unit in self.owner.items():
            by_unit[unit].add(pattern)
        self.trees: Final = {unit: Tree(unit, frozenset(owned)) for unit, owned in by_unit.items()}
        self.home: Final[Mapping[str, Home]] = {
            pattern: (
                unit,
                unit.depth,
                *self.trees[unit].placed[pattern],
                self.trees[unit].shown.get(pattern),
            )
            for pattern, unit in self.owner.items()
        }

    @cached_property
    def workers(self) -> Mapping[str, Node]:
        """The Reference to a worker, by each pattern that can tell who the worker is."""
        found: dict[str, Node] = {}
        for at in WORKER_PATTERNS:
            _, _, node, spot, _ = self.home[f"{at}.name"]
            if spot.member == "display":  # else the worker stands in an extension, which is no Reference
                found |= {f"{at}.name": node, f"{at}.user": node}
        return found

    @cached_property
    def extensions(self) -> tuple[Extension, ...]:
        """Every generated extension, in the order of the units."""
        return tuple(each for unit in self.units for each in self.trees[unit].extensions)

    def units_of(self, resource_type: str) -> tuple[Unit, ...]:
        """The units that make resources of this type."""
        return tuple(unit for unit in self.units if unit.type == resource_type)

    def place(self, path: str) -> Place:
        """The place that a leaf belongs to."""
        pattern, keys = taken_apart(path)
        unit, depth, *_ = self.home[pattern]
        return Place(unit, keys[:depth])

    def places(self, plan_id: str, leaves: Mapping[str, Scalar]) -> dict[Key, Place]:
        """
        The resources that the caller's *leaves* of a plan make, by type and id, in the order of the units.

        A leaf whose unit has no name for this caller makes none.
        """
        found: dict[Place, None] = {}
        for path in leaves:
            pattern, keys = taken_apart(path)
            unit, depth, *_ = self.home[pattern]
            found[Place(unit, keys[:depth])] = None
        if leaves:
            found.update((Place(unit), None) for unit in self.units if unit.always)
        by_unit: dict[Unit, list[Place]] = {}
        for place in found:
            by_unit.setdefault(place.unit, []).append(place)
        named: dict[Key, Place] = {}
        for unit in self.units:
            for place in by_unit.get(unit, ()):
                id_ = resource_id(place, plan_id, leaves)
                if id_ is not None:
                    named[unit.type, id_] = place
        return named

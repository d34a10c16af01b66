"""Whose register each resource of a plan is from: the parties of the items that are in it."""

from collections.abc import Mapping
from functools import cached_property

from tyokyky_bridge.fhir.lens.rows import Place
from tyokyky_bridge.fhir.lens.tree import taken_apart
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.services.fhir.states import Key
from tyokyky_bridge.services.sight import Seen


class Custodians:
    """The parties whose registers each resource of a revision is from, whoever gave most of it first."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def __call__(self, key: Key) -> tuple[str, ...]:
        """The parties of one resource."""
        counted = self._by_key.get(key, {})
        return tuple(sorted(counted, key=lambda party: (-counted[party], party)))

    @cached_property
    def _by_key(self) -> Mapping[Key, Mapping[str, int]]:
        leaves = self._seen.disclosure.view.leaves
        origins = self._seen.revision.origins
        by_place: dict[Place, dict[str, int]] = {}
        for path in leaves:
            pattern, keys = taken_apart(path)
            unit = LENS.owner[pattern]
            counted = by_place.setdefault(Place(unit, keys[: unit.depth]), {})
            party = origins[path].party
            counted[party] = counted.get(party, 0) + 1
        places = LENS.places(self._seen.disclosure.view.plan_id, leaves)
        return {key: by_place.get(place, {}) for key, place in places.items()}

"""The ids of resources that stand for a place of a plan."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.fhir.lens.rows import Keys, Place, Unit

LONGEST: Final = 64
_ELEMENT: Final = re.compile(r"([0-9a-f]{32})\.([a-z]{2})-([a-z0-9-]+(?:\.[a-z0-9-]+)*)\Z")
_HASHED: Final = re.compile(r"h[0-9a-f]{20}\Z")


def hex_of(plan_id: str) -> str:
    """A UUID without its dashes."""
    return plan_id.replace("-", "")


def resource_id(place: Place, plan_id: str, leaves: Mapping[str, Scalar]) -> str | None:
    """
    The id of the resource at *place*; ``None`` where a unit without a list cannot be named to this caller.

    Args:
        place: The unit and the element ids.
        plan_id: The plan.
        leaves: What the caller sees of the plan.
    """
    unit, keys = place.unit, place.keys
    if not unit.depth:
        return unit.singleton_id(plan_id, leaves)
    start = f"{hex_of(plan_id)}.{unit.tag}-"
    whole = start + ".".join(keys)
    if len(whole) <= LONGEST:
        return whole
    return f"{start}h{hashlib.sha256(place.anchor.encode()).hexdigest()[:20]}"


def place_of(units: tuple[Unit, ...], resource_type: str, id_: str) -> tuple[str, Place] | None:
    """
    The plan (a UUID) and the place that the id of an element's resource names.

    ``None`` for every other id, and for one so long that it stands for its path: that place is found among the
    places of the plan.
    """
    found = _ELEMENT.match(id_)
    if found is None:
        return None
    bare, tag, rest = found.groups()
    keys: Keys = tuple(rest.split("."))
    for unit in units:
        if unit.type == resource_type and unit.tag == tag and unit.depth == len(keys):
            if _HASHED.match(rest):
                return None
            plan_id = "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))
            return plan_id, Place(unit, keys)
    return None

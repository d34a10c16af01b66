"""What only the hub writes, taken out of a new body: a client may send what it read elsewhere, and is not believed."""

from functools import cache
from typing import Any, cast

from tyokyky_bridge.domain.authority import SET_BY_HUB
from tyokyky_bridge.fhir.lens.paths import Entry, Step, parse_path
from tyokyky_bridge.fhir.lens.rows import Unit
from tyokyky_bridge.fhir.wire.issues import Document


def without_hub_fields(document: Document, unit: Unit) -> Document:
    """A copy of *document* without the elements of *unit* that the hub alone sets, and without its own ``meta``."""
    made = dict(document)
    for steps, member in _places(unit):
        if not steps:
            made.pop(member, None)
            continue
        first = steps[0]
        held: Any = made.get(first.name)
        if isinstance(first, Entry) and isinstance(held, list):
            entries = cast("list[Any]", held)
            left = [each for each in entries if not (isinstance(each, dict) and first.matches(each))]  # type: ignore[arg-type]
            made[first.name] = left
            if not left:
                del made[first.name]
    return made


@cache
def _places(unit: Unit) -> tuple[tuple[tuple[Step, ...], str], ...]:
    prefix = f"{unit.anchor}." if unit.anchor else ""
    return tuple(parse_path(row.element) for row in unit.rows if prefix + row.plan in SET_BY_HUB)

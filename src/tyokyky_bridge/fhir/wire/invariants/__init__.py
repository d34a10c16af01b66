"""The invariants of R4 for the types that we serve and every data type, as tests in Python.

Each is named by its key in the specification. Those that say nothing more than the structure does (ele-1 on objects)
are in `tyokyky_bridge.fhir.wire.shapes`; best practices (dom-6: a narrative should be there) are left alone.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from tyokyky_bridge.fhir.wire.invariants.bundles import BUNDLE_FINDINGS
from tyokyky_bridge.fhir.wire.invariants.clinical import CLINICAL
from tyokyky_bridge.fhir.wire.invariants.containing import check_containing
from tyokyky_bridge.fhir.wire.invariants.datatypes import DATA_TYPES
from tyokyky_bridge.fhir.wire.invariants.definitions import DEFINITIONS
from tyokyky_bridge.fhir.wire.invariants.element_definitions import ELEMENT_DEFINITIONS
from tyokyky_bridge.fhir.wire.invariants.forms import FORMS
from tyokyky_bridge.fhir.wire.invariants.rule import Finding, Invariant
from tyokyky_bridge.fhir.wire.invariants.schemas import SCHEMAS
from tyokyky_bridge.fhir.wire.references import (
    check_extension,
    check_on_behalf,
    check_reference,
    check_system,
)
from tyokyky_bridge.fhir.wire.structure import members, resource_types

INVARIANTS: tuple[Invariant, ...] = (
    *DATA_TYPES,
    *CLINICAL,
    *FORMS,
    *DEFINITIONS,
    *ELEMENT_DEFINITIONS,
    *SCHEMAS,
)

OF_ADDRESSES = {
    "Reference": check_reference,
    "Coding": check_system,
    "Identifier": check_system,
    "Extension": check_extension,
    "CareTeam.participant": check_on_behalf,
}

__all__ = ["INVARIANTS", "Finding", "Invariant", "findings_of"]


@cache
def _by_node() -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = defaultdict(list)
    for each in INVARIANTS:
        found[each.node].append(each.finding)
    return found


def findings_of(node: str) -> tuple[Finding, ...]:
    """Everything that is asked of a node (``CarePlan``, ``CarePlan.activity``, ``Period``) whose structure is sound."""
    return tuple(_findings(node))


def _findings(node: str) -> Iterator[Finding]:
    yield from _by_node().get(node, ())
    yield from BUNDLE_FINDINGS.get(node, ())
    if node in OF_ADDRESSES:
        yield OF_ADDRESSES[node]
    if node in resource_types() and "contained" in members(node):
        yield check_containing

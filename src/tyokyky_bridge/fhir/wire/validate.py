"""The judgement on a body at the edge: is it acceptable R4, and if not, where and by which rule."""

from typing import Any, cast

from tyokyky_bridge.fhir.wire.issues import Document, Issue
from tyokyky_bridge.fhir.wire.shapes import check_resource
from tyokyky_bridge.fhir.wire.structure import resource_types
from tyokyky_bridge.fhir.wire.walk import Known, Walk, type_name


def validate(
    document: Any, *, resource_type: str | None = None, references: Known | None = None
) -> tuple[Issue, ...]:
    """
    Everything that is wrong with *document* as a resource of FHIR R4: structure, formats, required bindings,
    invariants, narrative, references. Profiles are not looked at.

    A document without errors is acceptable; warnings do not refuse. No finding repeats a value of the document.

    Args:
        document: What `tyokyky_bridge.fhir.wire.text.parse` gave, or any other JSON value. Never raises.
        resource_type: The type that the request is about, when there is one.
        references: Asked for each literal reference ``Type/id`` that no entry of the same Bundle answers; what it
            does not know is refused.

    Source: hl7.org/fhir/R4; fhir report 2.2 and performance report 1.3 (what other validators let through).
    """
    walk = Walk(references)
    if type(document) is dict:
        walk.root = cast("Document", document)
    stated = type_name(document)
    if (
        resource_type is not None
        and stated is not None
        and stated in resource_types()
        and stated != resource_type
    ):
        walk.fault((None, stated, -1), "invalid", "the resource is of the type that the request is about")
    else:
        check_resource(document, None, walk, name=resource_type or "Resource")
    return tuple(walk.issues)


def acceptable(issues: tuple[Issue, ...]) -> bool:
    """Whether a document with these findings may be taken."""
    return not any(each.refuses for each in issues)

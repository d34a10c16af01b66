"""The operations that the FHIR face offers, as OperationDefinitions.

Where HL7 defines the operation, ours is a profile of that definition: it names the parameters that this server
takes, and refuses the others.
"""

from collections.abc import Iterator
from typing import Final

from tyokyky_bridge.fhir.conformance.header import HL7, header, pascal
from tyokyky_bridge.fhir.conformance.operation import Operation, Taken
from tyokyky_bridge.fhir.conformance.terminology_operations import TERMINOLOGY_OPERATIONS
from tyokyky_bridge.fhir.wire.issues import Document

_JUDGED: Final = (
    "Appointment",
    "CarePlan",
    "CareTeam",
    "Communication",
    "Condition",
    "Consent",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Goal",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "ServiceRequest",
    "Task",
)
"""The types whose bodies are judged on request."""

_RETURNS_BUNDLE = Taken("return", "Bundle", "A searchset of what the caller may see.", 1)
_PAGE = (
    Taken("_since", "instant", "Only resources changed at or after this moment."),
    Taken("_type", "code", "Only resources of these types.", 0, "*"),
    Taken("_count", "integer", "How many resources on a page."),
)

_ON_RECORDS: Final[tuple[Operation, ...]] = (
    Operation(
        "CarePlan-everything",
        "everything",
        ("CarePlan",),
        "Everything of a plan",
        "The plan with its goals, team, services, meetings and everything else that hangs on it, as far as the "
        "caller may see it.",
        None,
        on_type=False,
        on_instance=True,
        takes=_PAGE,
        gives=(_RETURNS_BUNDLE,),
    ),
    Operation(
        "Patient-everything",
        "everything",
        ("Patient",),
        "Everything of a client",
        "The client with everything that the caller may see of their plans and consents.",
        "Patient-everything",
        on_type=False,
        on_instance=True,
        takes=_PAGE,
        gives=(_RETURNS_BUNDLE,),
    ),
    Operation(
        "CarePlan-explain",
        "explain",
        ("CarePlan",),
        "Why something was disclosed or not",
        "Says of each element of the plan that the caller may see whether it would be disclosed to a recipient, "
        "and on which basis or why not.",
        None,
        on_type=False,
        on_instance=True,
        takes=(Taken("recipient", "string", "The party that would receive the plan: an Organization.", 1),),
        gives=(
            Taken(
                "element",
                None,
                "One element of the plan, for one system of the recipient.",
                0,
                "*",
                parts=(
                    Taken("system", "code", "The system of the recipient.", 1),
                    Taken("path", "string", "The canonical path of the element.", 1),
                    Taken("disclosed", "boolean", "Whether it may go to the recipient.", 1),
                    Taken("state", "code", "Where the element is on its way there.", 1),
                    Taken("category", "Coding", "Its information categories.", 0, "*"),
                    Taken("basis", "string", "What it is disclosed on."),
                    Taken("reason", "code", "Why it is not disclosed."),
                    Taken("explanation", "string", "More about it in words."),
                ),
            ),
        ),
    ),
    Operation(
        "Resource-validate",
        "validate",
        _JUDGED,
        "Validate a resource",
        "Judges a resource as a create or an update of it would be judged, and changes nothing.",
        "Resource-validate",
        on_type=True,
        on_instance=True,
        takes=(
            Taken("resource", "Resource", "The resource to judge; not needed for a delete."),
            Taken("mode", "code", "create, update or delete."),
            Taken("profile", "uri", "A profile that the resource has to follow as well."),
        ),
        gives=(Taken("return", "OperationOutcome", "Every finding, or that there is none.", 1),),
    ),
)

OPERATIONS: Final = (*_ON_RECORDS, *TERMINOLOGY_OPERATIONS)
"""Every operation of the FHIR face. Source: hl7.org/fhir/R4/operationslist."""


def operations_of(type_: str) -> tuple[Operation, ...]:
    """The operations that can be called on this type or its instances."""
    return tuple(each for each in OPERATIONS if type_ in each.types)


def _parameter(taken: Taken, use: str) -> Document:
    said: Document = {
        "name": taken.name,
        "use": use,
        "min": taken.min,
        "max": taken.max,
        "documentation": taken.says,
    }
    if taken.type_ is not None:
        said["type"] = taken.type_
    if taken.parts:
        said["part"] = [_parameter(each, use) for each in taken.parts]
    return said


def operation_definitions() -> Iterator[Document]:
    """Every operation as a definition."""
    for each in OPERATIONS:
        said = header(
            "OperationDefinition", each.id, name=pascal(each.id), title=each.title, description=each.says
        )
        said |= {"kind": "operation", "affectsState": False, "code": each.code}
        if each.base is not None:
            said["base"] = f"{HL7}/OperationDefinition/{each.base}"
        said |= {
            "resource": list(each.types),
            "system": False,
            "type": each.on_type,
            "instance": each.on_instance,
            "parameter": [
                *(_parameter(taken, "in") for taken in each.takes),
                *(_parameter(given, "out") for given in each.gives),
            ],
        }
        yield said

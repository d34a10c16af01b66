"""What the FHIR face can do, type by type: the one table that routes and CapabilityStatement are both made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tyokyky_bridge.fhir.conformance.header import HL7
from tyokyky_bridge.fhir.conformance.operations import Operation, operations_of
from tyokyky_bridge.fhir.conformance.profiles import profiles_of


class Interaction(StrEnum):
    """What can be done with a type. Source: hl7.org/fhir/R4/valueset-type-restful-interaction."""

    READ = "read"
    VREAD = "vread"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    HISTORY_INSTANCE = "history-instance"
    HISTORY_TYPE = "history-type"
    CREATE = "create"
    SEARCH = "search-type"


class Conditional(StrEnum):
    """Forms of interactions that name the resource by criteria or act only under a condition."""

    READ = "conditionalRead"
    CREATE = "conditionalCreate"
    UPDATE = "conditionalUpdate"
    DELETE = "conditionalDelete"


_SEEN: Final = frozenset(
    {
        Interaction.READ,
        Interaction.VREAD,
        Interaction.HISTORY_INSTANCE,
        Interaction.HISTORY_TYPE,
        Interaction.SEARCH,
    }
)
_WRITTEN: Final = frozenset({Interaction.CREATE, Interaction.UPDATE, Interaction.PATCH, Interaction.DELETE})
_PUBLISHED: Final = frozenset({Interaction.READ, Interaction.SEARCH})


@dataclass(frozen=True)
class Kind:
    """Where the resources of a type come from, and what follows from it for everybody who calls."""

    interactions: frozenset[Interaction]
    conditional: frozenset[Conditional]
    says: str

    @property
    def written(self) -> bool:
        """Whether callers write resources of that type."""
        return Interaction.UPDATE in self.interactions


RECORDED: Final = Kind(
    _SEEN | _WRITTEN,
    frozenset(Conditional),
    "Part of a client's plan as far as the caller may see it; of a person without a plan, kept whole for the "
    "caller's party alone.",
)
DERIVED: Final = Kind(
    _SEEN,
    frozenset({Conditional.READ}),
    "Made by the bridge from what it records; to change it, change what it is made from.",
)
PUBLISHED: Final = Kind(
    _PUBLISHED,
    frozenset({Conditional.READ}),
    "Published by the bridge, the same for everybody.",
)

_RECORDED_TYPES: Final = (
    "Appointment",
    "CarePlan",
    "CareTeam",
    "Communication",
    "Condition",
    "DocumentReference",
    "EpisodeOfCare",
    "Goal",
    "Observation",
    "Patient",
    "ServiceRequest",
    "Task",
)
_DERIVED_TYPES: Final = (
    "Consent",
    "Encounter",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
)
PUBLISHED_TYPES: Final = (
    "CapabilityStatement",
    "CodeSystem",
    "ConceptMap",
    "NamingSystem",
    "OperationDefinition",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
)


@dataclass(frozen=True)
class Served:
    """One type that this server has."""

    type: str
    kind: Kind

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations that can be called on it."""
        return operations_of(self.type)

    @property
    def profile(self) -> str:
        """The profile that every resource of the type follows: ours where the bridge makes all of them."""
        own = profiles_of(self.type)
        return own[0] if self.kind is DERIVED and own else f"{HL7}/StructureDefinition/{self.type}"

    @property
    def supported_profiles(self) -> tuple[str, ...]:
        """The profiles that resources of a plan follow; what is kept whole follows whatever it likes."""
        return profiles_of(self.type) if self.kind is RECORDED else ()

    def operation(self, code: str, *, on_instance: bool) -> Operation | None:
        """The operation called *code* at that level, if there is one."""
        return next(
            (o for o in self.operations if o.code == code and (o.on_instance if on_instance else o.on_type)),
            None,
        )


REGISTRY: Final[Mapping[str, Served]] = {
    type_: Served(type_, kind)
    for type_, kind in sorted(
        [
            *((type_, RECORDED) for type_ in _RECORDED_TYPES),
            *((type_, DERIVED) for type_ in _DERIVED_TYPES),
            *((type_, PUBLISHED) for type_ in PUBLISHED_TYPES),
        ],
        key=lambda each: each[0],
    )
}
"""Every type of this server by its name."""

SYSTEM_INTERACTIONS: Final = ("transaction", "batch")
"""What can be posted to the base."""

"""Every definition that this server answers for, by type and id; made once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from tyokyky_bridge.fhir.conformance.coded import code_systems, value_sets
from tyokyky_bridge.fhir.conformance.extensions import extension_definitions
from tyokyky_bridge.fhir.conformance.header import sealed
from tyokyky_bridge.fhir.conformance.naming import naming_systems
from tyokyky_bridge.fhir.conformance.operations import operation_definitions
from tyokyky_bridge.fhir.conformance.profiles import profile_definitions
from tyokyky_bridge.fhir.conformance.searches import search_parameters
from tyokyky_bridge.fhir.conformance.tables import concept_maps
from tyokyky_bridge.fhir.wire.issues import Document

_SOURCES: Final[Mapping[str, tuple[Callable[[], Iterator[Document]], ...]]] = {
    "CodeSystem": (code_systems,),
    "ConceptMap": (concept_maps,),
    "NamingSystem": (naming_systems,),
    "OperationDefinition": (operation_definitions,),
    "SearchParameter": (search_parameters,),
    "StructureDefinition": (profile_definitions, extension_definitions),
    "ValueSet": (value_sets,),
}

TYPES: Final = frozenset(_SOURCES)
"""The types of the definitions that are published here; the CapabilityStatement is made by the routes."""


@cache
def _published(type_: str) -> Mapping[str, Document]:
    made = [sealed(each) for source in _SOURCES.get(type_, ()) for each in source()]
    return {each["id"]: each for each in sorted(made, key=lambda each: each["id"])}


def read(type_: str, id_: str) -> Document | None:
    """The definition with this id, or ``None``. Not to be changed: everybody gets the same one."""
    return _published(type_).get(id_)


def listed(type_: str) -> Iterable[Document]:
    """Every definition of this type, by id; none for a type that we publish nothing of."""
    return _published(type_).values()

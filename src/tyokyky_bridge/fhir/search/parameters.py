"""The one table of search parameters: what may be asked of each served type.

Parsing, matching, the SearchParameter documents and the CapabilityStatement are all made from it, so that nothing is
claimed that is not done, and nothing is done that is not claimed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tyokyky_bridge.fhir.search.kinds import Kind, Parameter, Path
from tyokyky_bridge.fhir.search.table.contacts import CONTACTS
from tyokyky_bridge.fhir.search.table.definitions import DEFINITIONS
from tyokyky_bridge.fhir.search.table.findings import FINDINGS
from tyokyky_bridge.fhir.search.table.people import PEOPLE
from tyokyky_bridge.fhir.search.table.plan import PLAN


def _common(name: str, kind: Kind, at: str) -> Parameter:
    return Parameter(name, kind, (Path.of(at),), family="Resource")


COMMON: Final[Mapping[str, Parameter]] = MappingProxyType(
    {
        each.name: each
        for each in (
            _common("_id", Kind.TOKEN, "id"),
            _common("_lastUpdated", Kind.DATE, "meta.lastUpdated"),
            _common("_profile", Kind.URI, "meta.profile"),
            _common("_security", Kind.TOKEN, "meta.security"),
            _common("_tag", Kind.TOKEN, "meta.tag"),
        )
    }
)
"""Parameters of every type."""

PARAMETERS: Final[Mapping[str, Mapping[str, Parameter]]] = MappingProxyType(
    {
        type_: MappingProxyType({**COMMON, **rows})
        for type_, rows in sorted({**PEOPLE, **PLAN, **FINDINGS, **CONTACTS, **DEFINITIONS}.items())
    }
)
"""Parameters by type and name, those of every type among them."""

RESULT_PARAMETERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "_sort": (
            "string",
            "Order of the matches: names of parameters, each with - in front for descending.",
        ),
        "_count": ("number", "Most matches on a page; a greater number than the server allows is lowered."),
        "_include": ("string", "Also what a match points at: Type:parameter[:TargetType]."),
        "_revinclude": ("string", "Also what points at a match: Type:parameter[:TargetType]."),
        "_total": ("token", "Whether the Bundle says how many match: none, estimate or accurate."),
        "_summary": ("token", "A part of each resource: true, text, data, count or false."),
        "_elements": ("string", "Only these elements, and those that a resource of the type must have."),
        "_format": ("token", "The media type of the answer."),
        "_pretty": ("token", "Whether the answer is indented: true or false."),
    }
)
"""What shapes an answer and not which resources match: name → kind, meaning."""


def reference_parameter(type_: str, name: str) -> Parameter | None:
    """The reference parameter *name* of *type_*, which an include may follow; ``None`` when there is none."""
    found = PARAMETERS.get(type_, {}).get(name)
    return found if found is not None and found.kind is Kind.REFERENCE else None


def follows(parameter: Parameter) -> tuple[str, ...]:
    """The types searched here that references of *parameter* lead to."""
    return tuple(each for each in PARAMETERS if parameter.reaches(each))

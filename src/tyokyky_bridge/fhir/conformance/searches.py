"""The search parameters as SearchParameter resources, from the table that searching itself goes by.

Where HL7 defines the parameter, ours is derived from that definition: it names the types, modifiers and prefixes
that this server understands.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from tyokyky_bridge.fhir.conformance.header import canonical, header, pascal
from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.parameters import COMMON, PARAMETERS
from tyokyky_bridge.fhir.wire.issues import Document

_EVERY_TYPE: Final = "Resource"


def search_definition(parameter: Parameter) -> str:
    """The canonical URL of our definition of a parameter, which this server answers for."""
    return canonical("SearchParameter", parameter.id)


def search_parameters() -> Iterator[Document]:
    """One definition for each parameter; types that share one share it here too."""
    shared: dict[str, list[Parameter]] = {each.id: [each] for each in COMMON.values()}
    for named in PARAMETERS.values():
        for name, each in named.items():
            if name not in COMMON:
                shared.setdefault(each.id, []).append(each)
    for id_, alike in shared.items():
        yield _definition(id_, alike)


def _definition(id_: str, alike: list[Parameter]) -> Document:
    first = alike[0]
    expression = " | ".join(each.expression for each in alike)
    said = header(
        "SearchParameter",
        id_,
        name=pascal(id_),
        title=None,
        description=first.says or f"Matches what stands in {expression}.",
    )
    if not first.own:
        said["derivedFrom"] = first.url
    said |= {
        "code": first.name,
        "base": [each.type or _EVERY_TYPE for each in alike],
        "type": first.kind.value,
        "expression": expression,
    }
    targets = _once(target for each in alike for target in each.targets)
    if targets:
        said["target"] = targets
    said |= {"multipleOr": True, "multipleAnd": True}
    if first.prefixes:
        said["comparator"] = list(first.prefixes)
    modifiers = _once(modifier for each in alike for modifier in each.modifiers)
    if modifiers:
        said["modifier"] = modifiers
    if first.kind is Kind.COMPOSITE:
        said["component"] = [
            {
                "definition": search_definition(PARAMETERS[first.type][part.name]),
                "expression": " | ".join(path.fhirpath("") for path in part.paths),
            }
            for part in first.parts
        ]
    return said


def _once(held: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(held))

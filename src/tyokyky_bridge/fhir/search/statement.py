"""What the table claims, as FHIR says it: SearchParameter documents and the search part of a CapabilityStatement.

A parameter of HL7 keeps HL7's canonical URL, and the document says how much of it is done here: for which types, with
which modifiers, prefixes and chains. What HL7 does not have is ours, under our own URL.

Source: hl7.org/fhir/R4/searchparameter.html, capabilitystatement.html.
"""

from collections.abc import Iterable
from typing import Final

from tyokyky_bridge.fhir.search.kinds import Kind, Parameter, Part
from tyokyky_bridge.fhir.search.parameters import (
    COMMON,
    PARAMETERS,
    RESULT_PARAMETERS,
    follows,
)
from tyokyky_bridge.fhir.wire.issues import Document

PUBLISHED: Final = "2026-11-22"
_HL7_VERSION: Final = "4.0.1"
_OWN_VERSION: Final = "1.0.0"


def definitions() -> list[Document]:
    """A SearchParameter for each definition that a parameter follows, by id; unique in id, URL and name."""
    held: dict[str, list[Parameter]] = {}
    for parameters in PARAMETERS.values():
        for each in parameters.values():
            held.setdefault(each.id, []).append(each)
    return [_definition(alike) for _, alike in sorted(held.items())]


def _definition(alike: list[Parameter]) -> Document:
    """The document of the parameters that share one id, one for each type."""
    first = alike[0]
    common = first.name in COMMON
    targets = sorted({type_ for each in alike for type_ in each.targets or follows(each)})
    document: Document = {
        "resourceType": "SearchParameter",
        "id": first.id,
        "url": first.url,
        "version": _OWN_VERSION if first.own else _HL7_VERSION,
        "name": _pascal(first.id),
        "status": "active",
        "experimental": False,
        "date": PUBLISHED,
        "publisher": "tyokyky-bridge" if first.own else "HL7 International; as done by tyokyky-bridge",
        "description": _description(alike),
        "code": first.name,
        "base": ["Resource"] if common else [each.type for each in alike],
        "type": first.kind.value,
        "expression": first.expression if common else " | ".join(each.expression for each in alike),
        "xpathUsage": "normal",
        "target": targets,
        "multipleOr": True,
        "multipleAnd": True,
        "comparator": list(first.prefixes),
        "modifier": sorted({modifier for each in alike for modifier in each.modifiers}),
        "chain": _chains(alike),
        "component": [_component(first, each) for each in first.parts],
    }
    return {name: value for name, value in document.items() if value != []}


def _description(alike: list[Parameter]) -> str:
    first = alike[0]
    if first.says:
        return first.says
    where = "; ".join(each.expression for each in alike)
    shown = "the parts of" if first.kind is Kind.COMPOSITE else "what is in"
    return f"Finds by {shown} {where}."


def _chains(alike: Iterable[Parameter]) -> list[str]:
    """The parameters that can be chained: those of every served type that is pointed at."""
    return sorted(
        {name for each in alike for type_ in follows(each) for name in PARAMETERS[type_] if each.targets}
    )


def _component(composite: Parameter, part: Part) -> Document:
    followed = PARAMETERS[composite.type][part.name]
    expression = " | ".join(path.fhirpath("") for path in part.paths)
    return {"definition": followed.url, "expression": expression}


def _pascal(id_: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in id_.split("-"))


def claims(type_: str) -> Document:
    """The search members of ``CapabilityStatement.rest.resource`` for *type_*."""
    return {
        "searchInclude": sorted(
            f"{type_}:{each.name}" for each in PARAMETERS[type_].values() if each.kind is Kind.REFERENCE
        ),
        "searchRevInclude": sorted(
            f"{source}:{each.name}"
            for source, parameters in PARAMETERS.items()
            for each in parameters.values()
            if each.reaches(type_)
        ),
        "searchParam": [
            *map(_claim, PARAMETERS[type_].values()),
            *(_result_claim(name) for name in RESULT_PARAMETERS),
        ],
    }


def common_claims() -> list[Document]:
    """``CapabilityStatement.rest.searchParam``: the parameters of every type."""
    return [*map(_claim, COMMON.values()), *(_result_claim(name) for name in RESULT_PARAMETERS)]


def _claim(parameter: Parameter) -> Document:
    said: Document = {"name": parameter.name, "definition": parameter.url, "type": parameter.kind.value}
    notes = [f":{each}" for each in parameter.modifiers]
    said["documentation"] = " ".join(
        (
            f"Modifiers: {', '.join(notes) or 'none'}.",
            *((f"Prefixes: {', '.join(parameter.prefixes)}.",) if parameter.prefixes else ()),
            *(
                ("Values of a Finnish identity number by POST only.",)
                if parameter.name == "identifier"
                else ()
            ),
        )
    )
    return said


def _result_claim(name: str) -> Document:
    kind, meaning = RESULT_PARAMETERS[name]
    return {"name": name, "type": kind, "documentation": meaning}

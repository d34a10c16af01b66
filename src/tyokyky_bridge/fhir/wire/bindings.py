"""Required bindings: a code that must be one of a closed list, and codings of which one must be."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from tyokyky_bridge.fhir.wire import primitives
from tyokyky_bridge.fhir.wire.issues import Document, Severity
from tyokyky_bridge.fhir.wire.structure import Element, codes_of
from tyokyky_bridge.fhir.wire.walk import Place, Walk

Bound = Callable[[Any, Place, Walk], None]

DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FORMATS = frozenset({"xml", "json", "ttl"})
"""Short names that CapabilityStatement.format allows beside media types. Source: hl7.org/fhir/R4/http.html."""


def code_rule(element: Element) -> primitives.Rule | None:
    """The rule of a primitive that is bound to a closed list, or to an open one whose codes have a form."""
    if element.strength != "required" or element.bound is None:
        return None
    if element.path == "CapabilityStatement.format":
        return _format
    by_system = codes_of(element.bound)
    if by_system is None:
        return primitives.OPEN_SETS.get(element.bound)
    allowed = frozenset[str]().union(*by_system.values())
    text = f"the code is one of {_listed(allowed)}"

    def check(value: Any) -> primitives.Fault | None:
        if type(value) is str:
            return None if value in allowed else primitives.CODE(value) or ("code-invalid", text)
        return primitives.CODE(value)

    return check


def _format(value: Any) -> primitives.Fault | None:
    return None if type(value) is str and value in FORMATS else primitives.MEDIA_TYPE(value)


def _listed(codes: Iterable[str]) -> str:
    known = sorted(codes)
    return ", ".join(known) if len(known) <= 20 else f"the {len(known)} codes of the required value set"


def bound_check(element: Element, kind: str) -> Bound | None:
    """The check of a concept, coding or quantity that is bound; a warning where the binding is only extensible."""
    if element.bound is None or kind not in {"CodeableConcept", "Coding", "Quantity"}:
        return None
    by_system = codes_of(element.bound)
    if by_system is None:
        return _languages if element.bound.endswith("/all-languages") else None
    severity: Severity = "error" if element.strength == "required" else "warning"
    allowed = frozenset[str]().union(*by_system.values())
    text = f"a coding is one of {_listed(allowed)}"
    if severity == "warning":
        text = f"{text}, unless none of them fits"

    def check(value: Any, place: Place, walk: Walk) -> None:
        node = cast("Document", value)
        codings = _codings(node, kind)
        if any(_is_in(each, by_system) for each in codings) or _is_absent(node):
            return
        if severity == "error" or codings:
            walk.fault(place, "code-invalid", text, severity)

    return check


def _codings(node: Document, kind: str) -> list[Document]:
    return node.get("coding", []) if kind == "CodeableConcept" else [node]


def _is_in(coding: Document, by_system: Mapping[str, frozenset[str]]) -> bool:
    return coding.get("code") in by_system.get(coding.get("system", ""), ())


def _is_absent(node: Document) -> bool:
    return any(each.get("url") == DATA_ABSENT for each in node.get("extension", ()))


def _languages(value: Any, place: Place, walk: Walk) -> None:
    """Every coding of the system of language tags has the form of one."""
    for index, each in enumerate(value.get("coding", ())):
        if each.get("system") == "urn:ietf:bcp:47" and primitives.LANGUAGE(each.get("code")) is not None:
            walk.fault(((place, "coding", index), "code", -1), "value", "the code is a language tag (BCP 47)")

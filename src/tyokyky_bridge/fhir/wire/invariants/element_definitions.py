"""Invariants of the element definitions in a StructureDefinition."""

import re

from tyokyky_bridge.fhir.wire.invariants.definitions import distinct
from tyokyky_bridge.fhir.wire.invariants.rule import Invariant
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.walk import has, has_choice

SEGMENT = r"[^\s.,:;'\"/|?!@#$%&*()\[\]{}]{1,64}"
PATH = re.compile(rf"{SEGMENT}(?:\.{SEGMENT}(?:\[x\])?(?::[^\s.]+)?)*")
PLAIN_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*(?:\[x\])?)*")
SLICE = re.compile(r"[a-zA-Z0-9/\-_\[\]@]+")
WEB = ("http:", "https", "urn:")
CODED = frozenset({"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"})
LINKING = frozenset({"Reference", "canonical"})
REFERRED_HAS_NOT = frozenset({"type", "binding"})
SET_VALUES = ("defaultValue", "fixed", "pattern", "minValue", "maxValue")


def _bounds(x: Document) -> bool:
    most = x.get("max", "*")
    if most == "*":
        return True
    return most.isdecimal() and x.get("min", 0) <= int(most[:10])


def _types(x: Document) -> list[str]:
    return [each["code"] for each in x.get("type", ()) if "code" in each]


def _refers(x: Document) -> bool:
    """What has its content elsewhere says nothing of it here."""
    filled = x.keys() & (REFERRED_HAS_NOT | {"example"}) or has(x, "maxLength")
    return not has(x, "contentReference") or not (filled or any(has_choice(x, each) for each in SET_VALUES))


ELEMENT_DEFINITIONS = (
    Invariant(
        "eld-1",
        "ElementDefinition.slicing",
        "discriminators or a description",
        lambda x: "discriminator" in x or has(x, "description"),
    ),
    Invariant("eld-2", "ElementDefinition", "min is not above max", _bounds),
    Invariant(
        "eld-3",
        "ElementDefinition",
        "max is a number or *",
        lambda x: x.get("max", "*") == "*" or x["max"].isdecimal(),
        "max",
    ),
    Invariant(
        "eld-4",
        "ElementDefinition.type",
        "only references aggregate",
        lambda x: not has(x, "aggregation") or x.get("code") in LINKING,
    ),
    Invariant("eld-5", "ElementDefinition", "content stands here or elsewhere", _refers),
    Invariant(
        "eld-6",
        "ElementDefinition",
        "a fixed value has one type",
        lambda x: not has_choice(x, "fixed") or len(x.get("type", ())) <= 1,
    ),
    Invariant(
        "eld-7",
        "ElementDefinition",
        "a pattern has one type",
        lambda x: not has_choice(x, "pattern") or len(x.get("type", ())) <= 1,
    ),
    Invariant(
        "eld-8",
        "ElementDefinition",
        "a fixed value or a pattern",
        lambda x: not (has_choice(x, "fixed") and has_choice(x, "pattern")),
    ),
    Invariant(
        "eld-11",
        "ElementDefinition",
        "only what is coded is bound",
        lambda x: "binding" not in x or not _types(x) or CODED & set(_types(x)),
    ),
    Invariant(
        "eld-12",
        "ElementDefinition.binding",
        "a value set is named by an absolute URI",
        lambda x: "valueSet" not in x or x["valueSet"].startswith((*WEB, "#")),
        "valueSet",
    ),
    Invariant("eld-13", "ElementDefinition", "types are distinct", lambda x: distinct(_types(x)), "type"),
    Invariant(
        "eld-14",
        "ElementDefinition",
        "keys of constraints are distinct",
        lambda x: distinct(each.get("key") for each in x.get("constraint", ())),
        "constraint",
    ),
    Invariant(
        "eld-15",
        "ElementDefinition",
        "a default or a meaning of what is missing",
        lambda x: not (has_choice(x, "defaultValue") and has(x, "meaningWhenMissing")),
    ),
    Invariant(
        "eld-16",
        "ElementDefinition",
        "the name of a slice has no spaces",
        lambda x: "sliceName" not in x or SLICE.fullmatch(x["sliceName"]),
        "sliceName",
    ),
    Invariant(
        "eld-17",
        "ElementDefinition.type",
        "only references have target profiles",
        lambda x: not has(x, "targetProfile") or x.get("code") in LINKING,
    ),
    Invariant(
        "eld-18",
        "ElementDefinition",
        "what modifies says why",
        lambda x: x.get("isModifier") is not True or has(x, "isModifierReason"),
    ),
    Invariant(
        "eld-19",
        "ElementDefinition",
        "a path is names with dots between",
        lambda x: "path" not in x or PATH.fullmatch(x["path"]),
        "path",
    ),
    Invariant(
        "eld-20",
        "ElementDefinition",
        "names in a path are plain",
        lambda x: "path" not in x or PLAIN_PATH.fullmatch(x["path"]),
        "path",
        "warning",
    ),
    Invariant(
        "eld-21",
        "ElementDefinition.constraint",
        "a constraint has an expression",
        lambda x: has(x, "expression"),
        severity="warning",
    ),
    Invariant(
        "eld-22",
        "ElementDefinition",
        "only a slice constrains a slice",
        lambda x: not has(x, "sliceIsConstraining") or has(x, "sliceName"),
    ),
)

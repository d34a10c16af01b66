"""Making the element table: what of HL7's definitions is kept, and how."""

import json
from pathlib import Path
from typing import Any

import orjson

from tyokyky_bridge.fhir.wire.generate import FILES, main

STATUS = "http://hl7.org/fhir/ValueSet/colour"
COLOURS = "http://hl7.org/fhir/colours"
ATTRIBUTE = [{"code": "http://hl7.org/fhirpath/System.String"}]
PATIENT = "http://hl7.org/fhir/StructureDefinition/Patient"
SIMPLE = "http://hl7.org/fhir/StructureDefinition/SimpleQuantity"


def element(path: str, least: int = 0, most: str = "1", **more: Any) -> dict[str, Any]:
    return {"path": path, "min": least, "max": most, **more}


def definition(name: str, *elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "name": name,
        "url": f"http://hl7.org/fhir/StructureDefinition/{name}",
        "kind": "resource",
        "abstract": False,
        "fhirVersion": "4.0.1",
        "snapshot": {"element": list(elements)},
        **more,
    }


def table_of(folder: Path, *resources: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    for name in FILES:
        (folder / name).write_text(json.dumps({"entry": []}))
    (folder / FILES[0]).write_text(json.dumps({"entry": [{"resource": each} for each in resources]}))
    main(folder, folder / "r4")
    lines = [orjson.loads(line) for line in (folder / "r4" / "elements.jsonl").read_bytes().splitlines()]
    codes = [orjson.loads(line) for line in (folder / "r4" / "codes.jsonl").read_bytes().splitlines()]
    return {each["type"]: each["nodes"] for each in lines}, {each["set"]: each["codes"] for each in codes}


def test_an_element_keeps_what_a_body_can_be_checked_against(tmp_path: Path) -> None:
    wall = definition(
        "Wall",
        element("Wall", most="*"),
        element("Wall.id", type=ATTRIBUTE),
        element(
            "Wall.colour",
            1,
            type=[{"code": "code"}],
            isSummary=True,
            binding={"strength": "required", "valueSet": f"{STATUS}|4.0.1"},
        ),
        element(
            "Wall.owner",
            type=[{"code": "Reference", "targetProfile": [PATIENT, PATIENT.replace("Patient", "Bot")]}],
        ),
        element("Wall.size[x]", type=[{"code": "Quantity", "profile": [SIMPLE]}, {"code": "string"}]),
        element("Wall.part", most="*", type=[{"code": "BackboneElement"}]),
        element("Wall.part.id", type=ATTRIBUTE),
        element("Wall.part.part", most="*", contentReference="#Wall.part"),
    )
    patient = definition("Patient", element("Patient", most="*"))
    colours = {
        "resourceType": "CodeSystem",
        "url": COLOURS,
        "concept": [{"code": "warm", "concept": [{"code": "red"}]}],
    }
    colour = {"resourceType": "ValueSet", "url": STATUS, "compose": {"include": [{"system": COLOURS}]}}

    nodes, codes = table_of(tmp_path, wall, patient, colours, colour)

    assert nodes["Wall"]["Wall"] == [
        {"name": "id", "types": ["id"]},
        {
            "name": "colour",
            "types": ["code"],
            "min": 1,
            "summary": True,
            "bound": STATUS,
            "strength": "required",
        },
        {"name": "owner", "types": ["Reference"], "targets": ["Patient"]},
        {"name": "size", "choice": True, "types": ["SimpleQuantity", "string"]},
        {"name": "part", "node": "Wall.part", "max": "*"},
    ]
    assert nodes["Wall"]["Wall.part"] == [
        {"name": "id", "types": ["attribute"]},
        {"name": "part", "node": "Wall.part", "max": "*"},
    ]
    assert codes == {STATUS: {COLOURS: ["warm", "red"]}}


def test_types_of_other_versions_and_elements_that_r4_has_not_are_left_out(tmp_path: Path) -> None:
    later = definition("SubscriptionStatus", element("SubscriptionStatus"), fhirVersion="4.3.0")
    binary = definition(
        "Binary",
        element("Binary"),
        element("Binary.url", type=[{"code": "uri"}]),
        element("Binary.data", type=[{"code": "base64Binary"}]),
    )

    nodes, _ = table_of(tmp_path, later, binary, definition("MetadataResource", element("x"), kind="logical"))

    assert nodes == {"Binary": {"Binary": [{"name": "data", "types": ["base64Binary"]}]}}


def test_a_set_that_is_filtered_or_without_known_codes_is_open(tmp_path: Path) -> None:
    includes = [
        {"system": "urn:ietf:bcp:13"},
        {"system": COLOURS, "filter": [{"property": "concept", "op": "is-a", "value": "warm"}]},
    ]
    sets = [
        {"resourceType": "ValueSet", "url": f"urn:{n}", "compose": {"include": [each]}}
        for n, each in enumerate(includes)
    ]
    wall = definition(
        "Wall",
        element("Wall"),
        *(
            element(
                f"Wall.a{n}",
                type=[{"code": "code"}],
                binding={"strength": "required", "valueSet": f"urn:{n}"},
            )
            for n in range(2)
        ),
    )

    _, codes = table_of(tmp_path, wall, *sets)

    assert codes == {}

"""Examples for one unit of the lens: a small plan, its resource, and what a stranger's body comes to in it."""

import json
from collections.abc import Mapping
from typing import Any

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.items import leaves_of, leaves_to_json
from tyokyky_bridge.fhir.lens.projection import Sheet, project, supposing
from tyokyky_bridge.fhir.lens.reading import differences, read_back
from tyokyky_bridge.fhir.lens.surplus import surplus
from tyokyky_bridge.fhir.wire.text import parse, render
from tyokyky_bridge.fhir.wire.validate import validate
from worlds.fhir_oracle import reads
from worlds.fhir_sheets import bare, key_of, seen_at, sheet
from worlds.plans import a_plan

Document = dict[str, Any]

PLAN = "00000000-0000-4000-8000-000000000001"
HEX = PLAN.replace("-", "")
CLIENT = {"reference": "Patient/10000000-0000-4000-8000-000000000001"}
OWN = "https://tyokyky-bridge.example/fhir/CodeSystem"


def leaves(items: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves of a small plan with these items on top."""
    return dict(leaves_of(a_plan(items)))


def shown(
    id_: str, items: Mapping[str, Any], *, hidden: tuple[str, ...] = (), withheld: bool = False
) -> Document:
    """The resource with this id after the plan's own; acceptable to us and to fhir.resources."""
    seen = {path: value for path, value in leaves(items).items() if not path.startswith(hidden or ("-",))}
    of = sheet(seen, plan_id=PLAN, withheld=[Category.HEALTH_SCORES] if withheld else [])
    document = next(d for (_, key), d in project(of).items() if key == f"{HEX}.{id_}")
    body: Document = parse(render(document))
    accepted(body)
    return body


def accepted(body: Document) -> None:
    """Both judges take the body."""
    reads(json.loads(render(body)))
    assert [(issue.text, issue.expression) for issue in validate(body) if issue.severity == "error"] == []


def comes_to(body: Document, items: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a body that passes the judges changes in a small plan; nothing of it may be lost."""
    said, lost = taken(body, items)
    assert lost == []
    return said


def taken(body: Document, items: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], list[str | None]]:
    """What a body changes in a small plan, and the elements of it that would be lost."""
    accepted(body)
    seen = leaves(items or {})
    read = read_back(body, plan_id=PLAN, before=leaves_to_json(seen))
    after = supposing(bare(seen).view, [read])
    again = project(Sheet(after, {}, {}))[key_of(read, after)]
    prepared = read.place.unit.prepare(body)
    unit = read.place.unit
    before = project(bare(seen)).get(key_of(read, after))
    lost = surplus(
        prepared, again, plan_id=PLAN, before=before, derived=unit.derived, own_ids=[CLIENT["reference"][8:]]
    )
    said = differences(seen_at(read, seen), read.leaves)
    changes = {path.removeprefix(f"{read.anchor}."): value for path, value in said.items()}
    return changes, [issue.expression for issue in lost]


def anchor_of(body: Document) -> str:
    """Which list of the plan a new body goes into."""
    return read_back(body, plan_id=PLAN).place.unit.anchor


def concept(slug: str, code: str) -> Document:
    """A CodeableConcept of one of our lists."""
    return {"coding": [{"system": f"{OWN}/{slug}", "code": code}]}


def codes(held: Any) -> list[str]:
    """The codes of a CodeableConcept."""
    return [coding["code"] for coding in held["coding"]]

"""Sheets for the FHIR lens: plans drawn by seed, and what a recipient sees of them."""

import random
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.items import Scalar, labels_of, leaves_of, leaves_to_json, plan_from_leaves
from tyokyky_bridge.fhir.lens.lens import Lens
from tyokyky_bridge.fhir.lens.projection import Sheet, Supposed, project, supposing
from tyokyky_bridge.fhir.lens.reading import Read, read_back
from tyokyky_bridge.fhir.lens.surplus import surplus
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.wire.issues import Document, Issue
from worlds.plans import SECTIONS, random_leaves, rich_plan

Leaves = Mapping[str, Scalar]


def drawn(seed: int, *, wild: bool = False) -> Leaves:
    """The leaves of a whole plan: which sections there are and how full they are is drawn too."""
    rng = random.Random(seed)
    sections = frozenset(rng.sample(SECTIONS, rng.randint(0, len(SECTIONS))))
    leaves = random_leaves(
        rng, sections=sections, density=rng.choice((0.1, 0.4, 0.8)), elements=rng.randint(0, 2), wild=wild
    )
    return leaves_of(plan_from_leaves(leaves))


@cache
def rich() -> Leaves:
    """The leaves of a plan in which every pattern of the schema is filled."""
    return leaves_of(rich_plan())


def sheet(
    leaves: Leaves,
    *,
    plan_id: str | None = None,
    withheld: Iterable[Category] = (),
    non_disclosure: bool = False,
    register: str = "health",
) -> Sheet:
    """What a recipient sees, when it is exactly these leaves."""
    view = Supposed(plan_id or str(leaves["header.plan_id"]), leaves, frozenset(withheld), non_disclosure)
    labels = {path: labels_of(path, leaves) for path in leaves}
    return Sheet(view, labels, dict.fromkeys(leaves, register))


def bare(leaves: Leaves, plan_id: str | None = None) -> Sheet:
    """The same without labels and registers, where only the content matters."""
    return Sheet(
        Supposed(plan_id or str(leaves["header.plan_id"]), leaves, frozenset(), non_disclosure=False), {}, {}
    )


def read_all(of: Sheet, lens: Lens = LENS) -> dict[str, Any]:
    """Project and read everything back."""
    found: dict[str, Any] = {}
    for document in project(of, lens).values():
        read = read_back(document, plan_id=of.view.plan_id, lens=lens)
        assert not found.keys() & read.leaves.keys()
        found |= read.leaves
    return found


def one(leaves: Leaves, resource_type: str) -> Document:
    """The first resource of a type."""
    return next(document for (type_, _), document in project(bare(leaves)).items() if type_ == resource_type)


def taken(document: Document, leaves: Leaves) -> tuple[Read, tuple[Issue, ...]]:
    """Read a body that comes in where *leaves* are seen, and what of it would be lost."""
    of = bare(leaves)
    json_leaves = leaves_to_json(leaves)
    read = read_back(document, plan_id=of.view.plan_id, before=json_leaves)
    after = supposing(of.view, [read])
    key = key_of(read, after)
    issues = surplus(
        document,
        project(Sheet(after, {}, {}))[key],
        plan_id=after.plan_id,
        before=project(of).get(key),
        derived=read.place.unit.derived,
        own_ids=[id_ for _, id_ in LENS.places(after.plan_id, after.leaves)],
    )
    return read, issues


def key_of(read: Read, after: Supposed) -> tuple[str, str]:
    """The key of the resource at the place that was read."""
    places = LENS.places(after.plan_id, after.leaves)
    return next(key for key, place in places.items() if place == read.place)


def seen_at(read: Read, leaves: Leaves) -> dict[str, Any]:
    """The leaves that belong to the same resource, in JSON values."""
    return leaves_to_json({path: value for path, value in leaves.items() if LENS.place(path) == read.place})


def objects(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside *value* with its FHIRPath."""
    yield at, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from objects(inner, f"{at}.{name}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from objects(inner, f"{at}[{n}]")

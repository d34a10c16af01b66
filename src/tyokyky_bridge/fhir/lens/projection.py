"""Projecting: a caller's view of a plan as FHIR resources.

Whatever is made here is made of the leaves of the view alone, so that a resource is the same whatever it is that
the caller does not see.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.items import Scalar, leaves_from_json
from tyokyky_bridge.domain.labels import Labels
from tyokyky_bridge.fhir.derived.vocabulary import coding, definition
from tyokyky_bridge.fhir.lens.lens import Lens
from tyokyky_bridge.fhir.lens.making import Making
from tyokyky_bridge.fhir.lens.masking import mask
from tyokyky_bridge.fhir.lens.periods import tidy
from tyokyky_bridge.fhir.lens.reading import Read
from tyokyky_bridge.fhir.lens.rows import Key, Place, Scene
from tyokyky_bridge.fhir.lens.tree import taken_apart
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.units.workers import worker_link
from tyokyky_bridge.fhir.wire.issues import Document

REDACTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "REDACTED",
    "display": "redacted",
}
"""Said of a resource of a plan of which something is withheld from the caller."""
TURVAKIELTO: Final = {
    "system": "https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs",
    "code": "TURVAKIELTO",
}
"""Said of a client with a non-disclosure order. Source: domain report 4.3."""


class Seen(Protocol):
    """What projecting reads of a `tyokyky_bridge.domain.disclosure.View`."""

    @property
    def plan_id(self) -> str:
        """The plan."""
        ...

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        """The permitted items."""
        ...

    @property
    def withheld(self) -> frozenset[Category]:
        """The categories closed to the recipient."""
        ...

    @property
    def non_disclosure(self) -> bool:
        """Whether addresses are kept back by order."""
        ...


@dataclass(frozen=True)
class Sheet:
    """A view, and of each path in it the information categories and the register that it came from."""

    view: Seen
    labels: Mapping[str, Labels]
    registers: Mapping[str, str]


def project(sheet: Sheet, lens: Lens = LENS) -> dict[Key, Document]:
    """
    Every resource of the plan that the view has something for, by type and id.

    ``meta`` lacks versionId and lastUpdated, which belong to whoever keeps versions. The same sheet always gives
    the same documents, member for member.
    """
    view = sheet.view
    places = lens.places(view.plan_id, view.leaves)
    scene = Scene(view.plan_id, view.leaves, view.withheld, view.non_disclosure, places)
    workers = lens.workers
    bodies = {place: Making(key, place) for key, place in places.items()}
    for path, value in view.leaves.items():
        pattern, keys = taken_apart(path)
        unit, depth, node, spot, shown = lens.home[pattern]
        body = bodies.get(Place(unit, keys[:depth]))
        if body is None:
            continue
        own = keys[depth:]
        body.paths.append(path)
        body.open(node, own)[spot.member] = spot.codec.show(value)
        if pattern in workers:
            body.open(workers[pattern], own).update(
                worker_link(view.leaves, path.rpartition(".")[0], unit.type)
            )
        if shown is not None:
            theirs = shown[1].shown.get(str(value)) if shown[1].shown else None
            if theirs is not None:
                body.open(shown[0], own)[shown[1].member] = theirs
    found: dict[Key, Document] = {}
    for key, place in places.items():
        body = bodies[place]
        for period in body.periods:
            tidy(period)
        place.unit.finish(body.document, scene, place)
        mask(body.document, place.unit.required, withheld=bool(view.withheld))
        body.document["meta"] = _meta(sheet, place, body.paths)
        found[key] = body.document
    return found


@dataclass(frozen=True)
class Supposed:
    """A view as it would be if what was read were in it."""

    plan_id: str
    leaves: Mapping[str, Scalar]
    withheld: frozenset[Category]
    non_disclosure: bool


def supposing(view: Seen, reads: Iterable[Read], lens: Lens = LENS) -> Supposed:
    """*view* with everything at the places of *reads* replaced by what was read there."""
    said = list(reads)
    places = {read.place for read in said}
    kept = {path: value for path, value in view.leaves.items() if lens.place(path) not in places}
    for read in said:
        kept.update(leaves_from_json(read.leaves))
    return Supposed(view.plan_id, kept, view.withheld, view.non_disclosure)


def _meta(sheet: Sheet, place: Place, paths: Iterable[str]) -> Document:
    """Profile, information categories and register of what is in the resource. Source: domain report 4.4, 4.6."""
    view = sheet.view
    inside = list(paths)
    shown = [*inside, *(path for path in place.unit.borrowed if path in view.leaves)]
    labels = frozenset[Category]().union(*(sheet.labels.get(path, frozenset()) for path in shown))
    security: list[Document] = [coding("info-category", label.value) for label in sorted(labels)]
    if view.non_disclosure and place.unit.type == "Patient":
        security.append(dict(TURVAKIELTO))
    if view.withheld:
        security.append(dict(REDACTED))
    register = _register(sheet.registers, inside) or _register(sheet.registers, view.leaves)
    made: Document = {"profile": [definition(place.unit.profile)]}
    if security:
        made["security"] = security
    if register is not None:
        made["tag"] = [coding("register", register)]
    return made


def _register(registers: Mapping[str, str], paths: Iterable[str]) -> str | None:
    """The register that most of it came from, for a resource has exactly one register tag."""
    counted = Counter(registers[path] for path in paths if path in registers)
    return min(counted, key=lambda name: (-counted[name], name), default=None)

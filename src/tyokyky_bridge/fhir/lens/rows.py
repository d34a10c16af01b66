"""The words in which a unit is declared: rows, shown codes, required elements, and the unit itself.

A unit is one resource type for one place of the plan. Everything below its claims that no row names is carried by
a generated extension, so a unit says only what FHIR has an element for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.fhir.derived.vocabulary import definition, naming
from tyokyky_bridge.fhir.lens.codecs import Codec, of_list
from tyokyky_bridge.fhir.wire.issues import Document

Key = tuple[str, str]
"""Resource type and id."""
Keys = tuple[str, ...]
"""Element ids along a path, outermost first."""

WORKER_ID: Final = naming("worker-id")
"""The system of user codes; the assigner says whose."""
WORKER_ROLE: Final = definition("worker-role")
"""The extension of a Reference that says in what role (CL-27) the worker is referred to."""


@dataclass(frozen=True)
class Row:
    """
    *plan*, a pattern below the unit's anchor, stands exactly in *element*.

    Without *codec* the kind of the leaf decides: `tyokyky_bridge.fhir.lens.codecs.BY_KIND`.
    """

    plan: str
    element: str
    codec: Codec | None = None


@dataclass(frozen=True)
class Shown:
    """
    A code of the plan, shown in *element* as *codes* has it; a generated extension keeps the exact code.

    Reading takes the exact code where the element says what that code shows, else what *back* makes of the
    element. *back* is the inverse of *codes*; where several codes show the same, the first one wins.
    """

    plan: str
    element: str
    codes: Mapping[str, str]
    back: Mapping[str, str] = field(default_factory=dict[str, str])

    def inverse(self) -> dict[str, str]:
        """From the code shown to the code of the plan."""
        found: dict[str, str] = {}
        for ours, theirs in self.codes.items():
            found.setdefault(theirs, ours)
        return {**found, **self.back}


@dataclass(frozen=True)
class Place:
    """Where in a plan a resource stands: its unit, and the element ids of the anchor."""

    unit: "Unit"
    keys: Keys = ()

    @property
    def anchor(self) -> str:
        """The path of the anchor: ``goals[g-1]``."""
        return path_of(self.unit.anchor, self.keys)


@dataclass(frozen=True)
class Scene:
    """
    What a unit may use to derive elements: only what the caller sees.

    *leaves* are all leaves of the view, *ids* the ids of the resources of this plan by type.
    """

    plan_id: str
    leaves: Mapping[str, Scalar]
    withheld: frozenset[Category]
    non_disclosure: bool
    places: Mapping[Key, Place]

    def ids(self, resource_type: str) -> tuple[str, ...]:
        """The ids of the resources of one type, in the order of the plan."""
        return tuple(id_ for type_, id_ in self.places if type_ == resource_type)

    def references(self, *resource_types: str) -> list[Document]:
        """References to every resource of these types."""
        return [
            {"reference": f"{type_}/{id_}"}
            for wanted in resource_types
            for type_, id_ in self.places
            if type_ == wanted
        ]

    @property
    def subject(self) -> Document | None:
        """A reference to the client, or nothing where the caller sees nothing of the client."""
        key = next(
            (key for key in self.places if key[0] == "Patient"), None
        )  # the first place, if it is there
        return None if key is None else {"reference": f"{key[0]}/{key[1]}"}


def _nothing_more(_: Document, __: Scene, ___: Place) -> None:
    """Most units derive nothing."""


def _as_given(document: Document) -> Document:
    return document


def _never(_: Document) -> bool:
    return False


def _plan_id(plan_id: str, _: Mapping[str, Scalar]) -> str:
    return plan_id


@dataclass(frozen=True, kw_only=True, eq=False)
class Unit:
    """
    One resource type for one place of the plan.

    Attributes:
        type: The resource type.
        anchor: The pattern of the place: ``goals[]``, ``client``; empty for the plan as a whole.
        tag: Two letters that name the unit in the ids of its resources.
        profile: The slug of our own profile.
        claims: Patterns whose leaves belong to the unit, the anchor if none are given. The longest claim on a
            leaf wins, so that a unit takes its part out of a greater one. All of them begin with the anchor.
        rows: What stands in an element of FHIR's own.
        shown: What is shown there, and kept exactly in an extension.
        constant: Members that every resource has.
        dress: Members that a new entry gets, by the plan's list (``care_team.background_workers[]``) or by the
            element path of the entry (``participant[id=coordinator]``).
        required: Elements that FHIR requires: where hidden they say so. ``subject!`` is an object, ``status`` a
            bare value, ``payload[]!`` an array; ``contact[*].name!`` is asked of every entry that there is.
        finish: Adds what is derived from other leaves that the caller sees.
        borrowed: Paths of leaves of other units that `finish` shows; their categories are labels of it too.
        prepare: Brings a stranger's body into the shape that the rows ask for; may not change its argument.
        recognises: Whether a new body without our id is one of this unit's, where several have the type.
        parent_keys: The element ids of all but the last list of a nested anchor, told by a new body.
        derived: Top-level members that hold references to resources of the same plan.
        singleton_id: The id, for a unit without a list in its anchor.
        always: Whether the resource is there as soon as the caller sees anything of the plan.
    """

    type: str
    anchor: str
    tag: str
    profile: str
    claims: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    shown: tuple[Shown, ...] = ()
    constant: Mapping[str, Any] = field(default_factory=dict[str, Any])
    dress: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    required: tuple[str, ...] = ()
    finish: Callable[[Document, Scene, Place], None] = _nothing_more
    borrowed: tuple[str, ...] = ()
    prepare: Callable[[Document], Document] = _as_given
    recognises: Callable[[Document], bool] = _never
    parent_keys: Callable[[Document], Keys | None] | None = None
    derived: frozenset[str] = frozenset()
    singleton_id: Callable[[str, Mapping[str, Scalar]], str | None] = _plan_id
    always: bool = False

    @property
    def depth(self) -> int:
        """How many lists the anchor goes through."""
        return self.anchor.count("[]")


def path_of(pattern: str, keys: Keys) -> str:
    """The path with these element ids: the inverse of taking them out."""
    pieces = pattern.split("[]")
    return "".join(
        piece if key is None else f"{piece}[{key}]" for piece, key in zip(pieces, [*keys, None], strict=True)
    )


def worker(plan: str, element: str) -> tuple[Row, ...]:
    """
    A worker (name, user code, party and role) as a Reference by identifier.

    Args:
        plan: Where the worker stands below the anchor; empty when the anchor or list element is one.
        element: The element of type Reference.
    """
    at = f"{plan}." if plan and not plan.endswith(".") else plan
    identifier = f"{element}.identifier{{system={WORKER_ID}}}"
    return (
        Row(f"{at}name", f"{element}.display"),
        Row(f"{at}user", f"{identifier}.value"),
        Row(f"{at}party", f"{identifier}.assigner.reference"),
        Row(f"{at}role", f"{element}.extension[url={WORKER_ROLE}].valueCoding", of_list("CL-27")),
    )


def organization(plan: str, element: str) -> tuple[Row, ...]:
    """An organisation (party or name) as a Reference."""
    return (Row(f"{plan}.party", f"{element}.reference"), Row(f"{plan}.name", f"{element}.display"))


def period(plan: str, element: str) -> tuple[Row, ...]:
    """A time from day to day as a Period."""
    return (Row(f"{plan}.start", f"{element}.start"), Row(f"{plan}.end", f"{element}.end"))


def code_in(plan: str, element: str, list_id: str) -> Row:
    """A code in a CodeableConcept, with the system of its list."""
    return Row(plan, f"{element}.coding[system={code_list(list_id).url}].code")


__all__ = [
    "WORKER_ID",
    "WORKER_ROLE",
    "Key",
    "Keys",
    "Place",
    "Row",
    "Scene",
    "Shown",
    "Unit",
    "code_in",
    "organization",
    "path_of",
    "period",
    "worker",
]

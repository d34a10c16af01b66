"""Reading back: the leaves of the plan that a body says, so that they can be compared with what its sender saw."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tyokyky_bridge.fhir.lens.codecs import JsonScalar, Unfit
from tyokyky_bridge.fhir.lens.elements import ELEMENT_ID, Around, JsonLeaves, Told, new_id
from tyokyky_bridge.fhir.lens.ids import hex_of, place_of
from tyokyky_bridge.fhir.lens.lens import Lens
from tyokyky_bridge.fhir.lens.nodes import Node, Spot
from tyokyky_bridge.fhir.lens.paths import Entry
from tyokyky_bridge.fhir.lens.periods import untidy
from tyokyky_bridge.fhir.lens.rows import Place, Unit
from tyokyky_bridge.fhir.lens.tree import Tree
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue

_MEMBER_OF_SET: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


@dataclass(frozen=True)
class Read:
    """What a body says of a plan: at which *place*, and its *leaves* by path, in JSON values."""

    place: Place
    leaves: dict[str, JsonScalar]

    @property
    def anchor(self) -> str:
        """The path of the place: ``goals[g-1]``."""
        return self.place.anchor

    @property
    def element_id(self) -> str | None:
        """The id of the element that the resource stands for, if it stands for one."""
        return self.place.keys[-1] if self.place.keys else None


def read_back(
    document: Document,
    *,
    plan_id: str,
    place: Place | None = None,
    before: JsonLeaves | None = None,
    salt: str = "",
    lens: Lens = LENS,
) -> Read:
    """
    The leaves that *document* says.

    An entry of a list is the element that its ``id`` names. One without an id is the first element of the same
    content in *before* that no other entry names, else a new one, whose id is made of what it says.

    Args:
        document: A body that has passed the validation at the edge.
        plan_id: The plan that it belongs to.
        place: Where it stands, when that is known; else its id tells, or it is new.
        before: All leaves that its sender saw at this place.
        salt: Mixed into new ids, for example who sends it.
        lens: The units.

    Raises:
        Invalid: the type stands for nothing in a plan, or an element has another form than its leaf; every
            such element is named.
    """
    if place is None:
        place = _place(document, plan_id, lens)
    unit = place.unit if place is not None else _unit_of_new(document, lens)
    reader = _Reader()
    tree = lens.trees[unit]
    reader.walk(tree.root, unit.prepare(document), (), unit.type)
    reader.settle(tree)
    if reader.issues:
        raise Invalid(reader.issues)
    if place is None:
        place = _new_place(unit, document, reader.told, salt)
    return Read(place, reader.told.leaves(place, before or {}, salt))


def differences(before: JsonLeaves, after: JsonLeaves) -> dict[str, JsonScalar | None]:
    """What has to be set, and removed (``None``), to come from *before* to *after*."""
    gone: dict[str, JsonScalar | None] = {path: None for path in before if path not in after}
    return gone | {path: value for path, value in after.items() if not same(before.get(path), value)}


def same(one: JsonScalar | None, other: JsonScalar | None) -> bool:
    """Whether two leaves are the same; ``true`` is not 1."""
    return type(one) is type(other) and one == other


def _place(document: Document, plan_id: str, lens: Lens) -> Place | None:
    id_, resource_type = document.get("id"), document.get("resourceType")
    if not isinstance(resource_type, str):
        return None
    units = lens.units_of(resource_type)
    if len(units) == 1 and not units[0].depth:
        return Place(units[0])
    found = place_of(units, resource_type, id_) if isinstance(id_, str) else None
    return found[1] if found is not None and hex_of(found[0]) == hex_of(plan_id) else None


def _unit_of_new(document: Document, lens: Lens) -> Unit:
    units = lens.units_of(str(document.get("resourceType")))
    if len(units) == 1:
        return units[0]
    for unit in units:
        if unit.recognises(document):
            return unit
    rule = "is none of the resources that a plan is made of"
    raise Invalid([Issue("error", "not-supported", rule, None)])


def _new_place(unit: Unit, document: Document, told: Told, salt: str) -> Place:
    if not unit.depth:
        return Place(unit)
    parents = unit.parent_keys(document) if unit.parent_keys is not None else ()
    if parents is None or len(parents) != unit.depth - 1:
        rule = "must say what it is a part of"
        raise Invalid([Issue("error", "required", rule, unit.type)])
    return Place(unit, (*parents, new_id(salt, unit.anchor, parents, told.content())))


@dataclass
class _Reader:
    """Walks a body along a unit's tree and gathers what it says."""

    told: Told = field(default_factory=Told)
    shown: dict[tuple[str, Around], tuple[Any, str]] = field(
        default_factory=dict[tuple[str, Around], tuple[Any, str]]
    )
    issues: list[Issue] = field(default_factory=list[Issue])

    def walk(self, node: Node, held: Document, around: Around, expression: str) -> None:
        """Read the object *held* as *node*."""
        if node.is_period:
            held = untidy(held)
        for spot in node.spots:
            if spot.member in held:
                self._take(spot, held[spot.member], around, f"{expression}.{spot.member}")
        for name, child in node.members.items():
            inner = held.get(name)
            if isinstance(inner, dict):
                self.walk(child, cast("Document", inner), around, f"{expression}.{name}")
            elif inner is not None:
                self._refuse("must be an object", "structure", f"{expression}.{name}")
        for name, children in node.entries.items():
            if name in held:
                by_url = node.by_url if name == "extension" else None
                self._walk_entries(children, by_url, held[name], around, f"{expression}.{name}")

    def _walk_entries(
        self,
        children: list[Node],
        by_url: Mapping[str, list[Node]] | None,
        held: Any,
        around: Around,
        expression: str,
    ) -> None:
        if not isinstance(held, list):
            self._refuse("must be an array", "structure", expression)
            return
        taken: set[int] = set()
        seen_ids: set[tuple[int, str]] = set()
        for n, entry in enumerate(cast("list[Any]", held)):
            here = f"{expression}[{n}]"
            if not isinstance(entry, dict):
                self._refuse("must be an object", "structure", here)
                continue
            likely = children if by_url is None else by_url.get(str(cast("Document", entry).get("url")), [])
            child, id_ = self._node_for(cast("Document", entry), likely, around, taken)
            if child is None:
                continue  # nobody's: the surplus check names it
            step = cast("Entry", child.step)
            inner = around
            if step.form == "one":
                taken.add(child.number)
            elif step.form == "keyed":
                if id_ is not None and (child.number, id_) in seen_ids:
                    self._refuse("two entries have the same id", "value", here)
                    continue
                seen_ids |= {(child.number, id_)} if id_ is not None else set()
                inner = self.told.enter(step.template, around, id_)
            self.walk(child, cast("Document", entry), inner, here)

    def _node_for(
        self, entry: Document, children: list[Node], around: Around, taken: set[int]
    ) -> tuple[Node | None, str | None]:
        """Whose entry it is: told by its own members, by its id, else the first list that could have it."""
        fitting = [c for c in children if cast("Entry", c.step).matches(entry) and c.number not in taken]
        told = [c for c in fitting if cast("Entry", c.step).match]
        given = entry.get("id")
        for child in told or fitting:
            step = cast("Entry", child.step)
            if step.form != "keyed":
                if told:
                    return child, None
                continue
            id_ = self.told.id_in(step.template, given, around)
            if id_ is not None:
                return child, id_ or None
        for child in told or fitting:
            if cast("Entry", child.step).form != "keyed":
                return child, None
        bare = given if isinstance(given, str) and ELEMENT_ID.match(given) else None
        return (next(iter(told or fitting), None)), bare

    def _take(self, spot: Spot, value: Any, around: Around, expression: str) -> None:
        at = (spot.pattern, around)
        if spot.shown is not None:
            self.shown[at] = (value, expression)
            return
        try:
            leaf = spot.codec.read(value)
        except Unfit as refusal:
            self._refuse(refusal.rule, refusal.code, expression)
            return
        if not spot.pattern.endswith("[]"):
            self.told.said[at] = leaf
        elif isinstance(leaf, str) and _MEMBER_OF_SET.match(leaf):
            self.told.members.append((*at, leaf))
        else:
            self._refuse("must be a code or an id", "value", expression)

    def _refuse(self, rule: str, code: str, expression: str) -> None:
        self.issues.append(Issue("error", code, rule, expression))

    def settle(self, tree: Tree) -> None:
        """Where what is shown is not what the exact code shows, what is shown was edited."""
        said = self.told.said
        for pattern, (_, spot) in tree.shown.items():
            for at in {at for at in (*said, *self.shown) if at[0] == pattern}:
                exact = said.get(at)
                theirs, expression = self.shown.get(at, (None, spot.element))
                if exact is not None and (spot.shown or {}).get(str(exact)) == theirs:
                    continue
                if theirs is None:
                    del said[at]
                elif isinstance(theirs, str) and theirs in spot.back:
                    said[at] = spot.back[theirs]
                else:
                    self._refuse("is a code that has no counterpart in the plan", "code-invalid", expression)

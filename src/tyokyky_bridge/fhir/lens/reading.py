"""Reading back: the leaves of the plan that a body says, so that they can be compared with what its sender saw."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.fhir.lens.codecs import JsonScalar, Unfit
from tyokyky_bridge.fhir.lens.ids import hex_of, place_of
from tyokyky_bridge.fhir.lens.lens import Lens
from tyokyky_bridge.fhir.lens.paths import Entry
from tyokyky_bridge.fhir.lens.periods import untidy
from tyokyky_bridge.fhir.lens.rows import Keys, Place, Unit, path_of
from tyokyky_bridge.fhir.lens.tree import Node, Spot, taken_apart
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue

_ELEMENT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_MEMBER_OF_SET: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

JsonLeaves = Mapping[str, JsonScalar]


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
    reader = _Reader(lens, before or {}, salt)
    if place is None:
        place = _place(document, plan_id, lens)
    unit = place.unit if place is not None else _unit_of_new(document, lens)
    tree = lens.trees[unit]
    reader.walk(tree.root, unit.prepare(document), (), unit.type)
    if reader.issues:
        raise Invalid(reader.issues)
    if place is None:
        parents = unit.parent_keys(document) if unit.parent_keys is not None else ()
        if parents is None or len(parents) != max(unit.depth - 1, 0):
            rule = "must say what it is a part of"
            raise Invalid([Issue("error", "required", rule, unit.type)])
        place = Place(unit, (*parents, reader.new_id(unit.anchor, (), "")) if unit.depth else ())
    return Read(place, reader.leaves(place))


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


@dataclass
class _Element:
    """An entry of a list in the body: its list, the element around it, and its id when it has one."""

    list_pattern: str
    around: int
    id: str | None


@dataclass
class _Reader:
    """Walks a body along a unit's tree and gathers what it says. Elements are numbered until their ids are known."""

    lens: Lens
    before: JsonLeaves
    salt: str
    issues: list[Issue] = field(default_factory=list[Issue])
    elements: list[_Element] = field(default_factory=list[_Element])
    said: dict[tuple[str, tuple[int, ...]], JsonScalar] = field(
        default_factory=dict[tuple[str, tuple[int, ...]], JsonScalar]
    )
    members: list[tuple[str, tuple[int, ...], JsonScalar]] = field(
        default_factory=list[tuple[str, tuple[int, ...], JsonScalar]]
    )
    shown: dict[tuple[str, tuple[int, ...]], tuple[Spot, Any, str]] = field(
        default_factory=dict[tuple[str, tuple[int, ...]], tuple[Spot, Any, str]]
    )

    def walk(self, node: Node, held: Document, around: tuple[int, ...], expression: str) -> None:
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
                self._walk_entries(children, held[name], around, f"{expression}.{name}")

    def _walk_entries(
        self, children: list[Node], held: Any, around: tuple[int, ...], expression: str
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
            child, id_ = self._node_for(cast("Document", entry), children, around, taken)
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
                self.elements.append(_Element(step.template, around[-1] if around else -1, id_))
                inner = (*around, len(self.elements) - 1)
            self.walk(child, cast("Document", entry), inner, here)

    def _node_for(
        self, entry: Document, children: list[Node], around: tuple[int, ...], taken: set[int]
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
            id_ = self._id_by(step, given, around)
            if id_ is not None:
                return child, id_ or None
        for child in told or fitting:
            if cast("Entry", child.step).form != "keyed":
                return child, None
        bare = given if isinstance(given, str) and _ELEMENT_ID.match(given) else None
        return (next(iter(told or fitting), None)), bare

    def _id_by(self, step: Entry, given: Any, around: tuple[int, ...]) -> str | None:
        """The element id in an entry id that was made by the template of this list; empty for a new element."""
        ids = [self.elements[n].id for n in around]
        if not isinstance(given, str) or None in ids:
            return None
        start = step.template.format(*ids, "")
        rest = given.removeprefix(start)
        return rest if given.startswith(start) and (not rest or _ELEMENT_ID.match(rest)) else None

    def _take(self, spot: Spot, value: Any, around: tuple[int, ...], expression: str) -> None:
        at = (spot.pattern, around)
        if spot.shown is not None:
            self.shown[at] = (spot, value, expression)
            return
        try:
            leaf = spot.codec.read(value)
        except Unfit as refusal:
            self._refuse(refusal.rule, refusal.code, expression)
            return
        if not spot.pattern.endswith("[]"):
            self.said[at] = leaf
        elif isinstance(leaf, str) and _MEMBER_OF_SET.match(leaf):
            self.members.append((*at, leaf))
        else:
            self._refuse("must be a code or an id", "value", expression)

    def _refuse(self, rule: str, code: str, expression: str) -> None:
        self.issues.append(Issue("error", code, rule, expression))

    def leaves(self, place: Place) -> dict[str, JsonScalar]:
        """What was read, by path, once the place is known. Raises Invalid."""
        self._settle_shown(place.unit)
        if self.issues:
            raise Invalid(self.issues)
        ids = self._ids(place)
        found: dict[str, JsonScalar] = {}
        for (pattern, around), leaf in self.said.items():
            found[path_of(pattern, (*place.keys, *(ids[n] for n in around)))] = leaf
        for pattern, around, leaf in self.members:
            found[path_of(pattern, (*place.keys, *(ids[n] for n in around), str(leaf)))] = leaf
        return found

    def _settle_shown(self, unit: Unit) -> None:
        """Where what is shown is not what the exact code shows, what is shown was edited."""
        for pattern, (_, spot) in self.lens.trees[unit].shown.items():
            places = {around for at, around in (*self.said, *self.shown) if at == pattern}
            for around in places:
                at = (pattern, around)
                exact = self.said.get(at)
                _, theirs, expression = self.shown.get(at, (spot, None, spot.element))
                if exact is not None and (spot.shown or {}).get(str(exact)) == theirs:
                    continue
                if theirs is None:
                    del self.said[at]
                elif isinstance(theirs, str) and theirs in spot.back:
                    self.said[at] = spot.back[theirs]
                else:
                    self._refuse("is a code that has no counterpart in the plan", "code-invalid", expression)

    def _ids(self, place: Place) -> list[str]:
        """The id of every element: its own, that of a seen element of the same content, or a new one."""
        found: list[str] = []
        used: dict[tuple[str, int], set[str]] = {}
        for element in self.elements:
            if element.id is not None:
                used.setdefault((element.list_pattern, element.around), set()).add(element.id)
        known = self._contents(place)
        for number, element in enumerate(self.elements):
            taken = used.setdefault((element.list_pattern, element.around), set())
            if element.id is None:
                chain = self._chain(number)
                outer = tuple(found[n] for n in chain[:-1])
                pattern = self._list_of(number)
                content = self._content(number)
                id_ = next(
                    (
                        key
                        for (at, keys, key), held in known.items()
                        if at == pattern and keys == outer and key not in taken and held == content
                    ),
                    None,
                )
                if id_ is None:
                    id_ = self.new_id(pattern, outer, repr(content), taken)
                taken.add(id_)
                found.append(id_)
            else:
                found.append(element.id)
        return found

    def new_id(self, pattern: str, outer: Keys, content: str, taken: set[str] | None = None) -> str:
        """An id for a new element, the same for the same content sent again."""
        said = content or repr(sorted((at, repr(leaf)) for (at, _), leaf in self.said.items()))
        text = "\0".join((self.salt, pattern, *outer, said))
        start = f"n-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        known = {taken_apart(path)[1][len(outer) : len(outer) + 1] for path in self.before}
        id_, n = start, 1
        while id_ in (taken or ()) or ((id_,) in known and not taken):
            n += 1
            id_ = f"{start}-{n}"
        return id_

    def _chain(self, number: int) -> list[int]:
        chain = [number]
        while self.elements[chain[0]].around >= 0:
            chain.insert(0, self.elements[chain[0]].around)
        return chain

    def _list_of(self, number: int) -> str:
        return self.elements[number].list_pattern

    def _content(self, number: int) -> list[tuple[str, str]]:
        """What an element says, without the ids of what is inside it."""
        inside = [(pattern, repr(leaf)) for (pattern, around), leaf in self.said.items() if number in around]
        inside += [(pattern, repr(leaf)) for pattern, around, leaf in self.members if number in around]
        return sorted(inside)

    def _contents(self, place: Place) -> dict[tuple[str, Keys, str], list[tuple[str, str]]]:
        """The same of the elements that the sender saw, by list template, ids around, and id."""
        if all(element.id is not None for element in self.elements):
            return {}
        found: dict[tuple[str, Keys, str], list[tuple[str, str]]] = {}
        depth = len(place.keys)
        prefix = f"{place.unit.anchor}." if place.unit.anchor else ""
        for path, leaf in self.before.items():
            if self.lens.place(path) != place:
                continue
            pattern, keys = taken_apart(path)
            own = keys[depth:]
            relative = pattern.removeprefix(prefix)
            lists = [relative[: m.end()] for m in re.finditer(r"\[\]", relative)]
            if FIELDS[pattern].pattern.endswith("[]"):
                lists = lists[:-1]
            for n, at in enumerate(lists):
                template = at.replace("_", "-").replace("[]", ".{}")
                found.setdefault((template, own[:n], own[n]), []).append((pattern, repr(leaf)))
        return {at: sorted(content) for at, content in found.items()}

"""What a body says, entry by entry, and which elements of the plan the entries are."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from tyokyky_bridge.fhir.lens.codecs import JsonScalar
from tyokyky_bridge.fhir.lens.generated import id_template
from tyokyky_bridge.fhir.lens.rows import Keys, Place, path_of
from tyokyky_bridge.fhir.lens.tree import taken_apart

JsonLeaves = Mapping[str, JsonScalar]
"""Leaves by path, in JSON values."""
Around = tuple[int, ...]
"""The numbers of the entries around something in a body, outermost first."""
Content = list[tuple[str, str]]
"""What an element says, without the ids of what is inside it."""

ELEMENT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")


@dataclass(frozen=True)
class Element:
    """An entry of a list: the template of its list, the entries around it, and its id when it has one."""

    template: str
    around: Around
    id: str | None


@dataclass
class Told:
    """What was read of a body. Entries are numbered, until it is known which elements they are."""

    elements: list[Element] = field(default_factory=list[Element])
    said: dict[tuple[str, Around], JsonScalar] = field(default_factory=dict[tuple[str, Around], JsonScalar])
    members: list[tuple[str, Around, str]] = field(default_factory=list[tuple[str, Around, str]])

    def enter(self, template: str, around: Around, id_: str | None) -> Around:
        """Begin an entry; everything in it is told with the numbers returned."""
        self.elements.append(Element(template, around, id_))
        return (*around, len(self.elements) - 1)

    def id_in(self, template: str, given: object, around: Around) -> str | None:
        """The element id in an entry id that *template* made; empty for a new element, ``None`` for another id."""
        outer = [self.elements[n].id for n in around]
        if not isinstance(given, str) or None in outer:
            return None
        start = template.format(*outer, "")
        rest = given.removeprefix(start)
        return rest if given.startswith(start) and (not rest or ELEMENT_ID.match(rest)) else None

    def content(self, number: int | None = None) -> Content:
        """What one entry says, or the whole body."""
        inside = [
            (pattern, repr(leaf))
            for (pattern, around), leaf in self.said.items()
            if number is None or number in around
        ]
        inside += [
            (pattern, repr(leaf))
            for pattern, around, leaf in self.members
            if number is None or number in around
        ]
        return sorted(inside)

    def leaves(self, place: Place, before: JsonLeaves, salt: str) -> dict[str, JsonScalar]:
        """Everything by path, at *place*; entries without an id are recognised among *before*."""
        ids = self._ids(place, before, salt)
        found: dict[str, JsonScalar] = {}
        for (pattern, around), leaf in self.said.items():
            found[path_of(pattern, (*place.keys, *(ids[n] for n in around)))] = leaf
        for pattern, around, leaf in self.members:
            found[path_of(pattern, (*place.keys, *(ids[n] for n in around), leaf))] = leaf
        return found

    def _ids(self, place: Place, before: JsonLeaves, salt: str) -> list[str]:
        """The id of each entry: its own, that of a seen element of the same content, or a new one."""
        if all(element.id is not None for element in self.elements):
            return [element.id or "" for element in self.elements]
        seen = _contents(place, before)
        own: dict[tuple[str, Around], set[str]] = {}
        for element in self.elements:
            used = own.setdefault((element.template, element.around), set())
            used.update([element.id] if element.id is not None else ())
        found: list[str] = []
        for number, element in enumerate(self.elements):
            id_ = element.id
            if id_ is None:
                used = own[element.template, element.around]
                outer = tuple(found[n] for n in element.around)
                there = seen.get((element.template, outer), {})
                content = self.content(number)
                id_ = next((key for key, said in there.items() if key not in used and said == content), None)
                if id_ is None:
                    id_ = new_id(salt, element.template, outer, content, {*used, *there})
                used.add(id_)
            found.append(id_)
        return found


def new_id(salt: str, where: str, outer: Keys, content: Content, taken: Collection[str] = ()) -> str:
    """An id for a new element: the same for the same content sent again, and none of *taken*."""
    text = "\0".join((salt, where, *outer, repr(content)))
    start = f"n-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    id_, n = start, 1
    while id_ in taken:
        n += 1
        id_ = f"{start}-{n}"
    return id_


def _contents(place: Place, before: JsonLeaves) -> dict[tuple[str, Keys], dict[str, Content]]:
    """What each element that the sender saw says, by its list, the ids around it and its own."""
    found: dict[tuple[str, Keys], dict[str, Content]] = {}
    prefix = f"{place.unit.anchor}." if place.unit.anchor else ""
    for path, leaf in before.items():
        pattern, keys = taken_apart(path)
        if not pattern.startswith(prefix) or keys[: len(place.keys)] != place.keys:
            continue
        own = keys[len(place.keys) :]
        below = pattern.removeprefix(prefix)
        lists = [below[: bracket.end()] for bracket in re.finditer(r"\[\](?=\.)", below)]
        for depth, at in enumerate(lists):
            elements = found.setdefault((id_template(at), own[:depth]), {})
            elements.setdefault(own[depth], []).append((pattern, repr(leaf)))
    return {at: {key: sorted(content) for key, content in elements.items()} for at, elements in found.items()}

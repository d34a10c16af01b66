"""Making a resource: its objects one inside the other, as the tree of its unit has them."""

from collections.abc import Mapping
from typing import Any, cast

from tyokyky_bridge.fhir.lens.nodes import Node
from tyokyky_bridge.fhir.lens.paths import Member
from tyokyky_bridge.fhir.lens.rows import Key, Keys, Place
from tyokyky_bridge.fhir.wire.issues import Document


class Making:
    """A resource while it is made: its document, what it was made from, and the objects opened in it so far."""

    __slots__ = ("document", "opened", "paths", "periods")

    def __init__(self, key: Key, place: Place) -> None:
        """Begin with what every resource of the unit has."""
        self.document: Document = {"resourceType": key[0], "id": key[1], "meta": {}}
        self.document.update({name: _own(value) for name, value in place.unit.constant.items()})
        self.opened: dict[tuple[int, Keys], Document] = {}
        self.paths: list[str] = []
        self.periods: list[Document] = []

    def open(self, node: Node, keys: Keys) -> Document:
        """The object of *node* for these element ids below the anchor, made when it is not there yet."""
        if node.parent is None:
            return self.document
        mine = keys if node.of_set else keys[: node.keys]
        at = (node.number, mine)
        found = self.opened.get(at)
        if found is None:
            found = self.opened[at] = _made(node, self.open(node.parent, keys), mine)
            if node.is_period:
                self.periods.append(found)
        return found


def _made(node: Node, around: Document, ids: Keys) -> Document:
    step = node.step
    if isinstance(step, Member):
        held: Document = around.setdefault(step.name, {})
        for name, value in step.put.items():
            held.setdefault(name, value)
        return held
    made: Document = {"id": step.template.format(*ids)} if step.form == "keyed" else {}
    made.update(step.match)
    made.update({name: _own(value) for name, value in step.put.items()})
    around.setdefault(step.name, []).append(made)
    return made


def _own(value: Any) -> Any:
    """A copy that may be changed."""
    if isinstance(value, Mapping):
        return {name: _own(each) for name, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_own(each) for each in cast("list[Any]", value)]
    return value

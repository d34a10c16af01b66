"""Paths into a native record: ``a.b.c``, with ``otsikot[otsikko=SUU].teksti`` to select a list element by a
member."""

import re
from dataclasses import dataclass
from typing import Any, cast

from tyokyky_bridge.domain.errors import BridgeError

Box = dict[str, Any]
_STEP = re.compile(r"([^.\[\]=]+)(?:\[([^\]]*)\])?(?:\.|$)")


class NotAnObject(BridgeError):
    """The native record holds something else where the path needs an object or a list."""


@dataclass(frozen=True)
class Select:
    """A step into the list element whose members equal *conditions*."""

    member: str
    conditions: tuple[tuple[str, str], ...]

    def among(self, elements: list[Any]) -> Box | None:
        """Find the element, by content and never by position."""
        for element in elements:
            if isinstance(element, dict):
                box = cast("Box", element)
                for name, wanted in self.conditions:
                    if box.get(name) != wanted and str(box.get(name)) != wanted:
                        break
                else:
                    return box
        return None


@dataclass(frozen=True)
class NativePath:
    """A compiled path: the *steps* to the object that holds the leaf, and the *leaf*'s own member name."""

    text: str
    steps: tuple[str | Select, ...]
    leaf: str

    @classmethod
    def of(cls, text: str) -> "NativePath":
        """Compile a path. Raises: ValueError naming what is wrong with it."""
        steps: list[str | Select] = []
        position = 0
        while position < len(text):
            found = _STEP.match(text, position)
            if found is None:
                break
            if found[2] is None:
                steps.append(found[1])
            else:
                pairs = [part.partition("=") for part in found[2].split(",")]
                steps.append(Select(found[1], tuple((name, value) for name, _, value in pairs)))
            position = found.end()
        if position < len(text) or not steps or text.endswith("."):
            msg = f"native path {text!r} is not a.b or a[b=c].d"
            raise ValueError(msg)
        leaf = steps.pop()
        if isinstance(leaf, Select):
            msg = f"native path {text!r} must end in a member name"
            raise ValueError(msg)  # noqa: TRY004 - a wrong path, not a wrong type
        return cls(text, tuple(steps), leaf)

    def find(self, root: Box) -> Box | None:
        """Find the object that holds the leaf; ``None`` when it is not there."""
        box = root
        for step in self.steps:
            if isinstance(step, str):
                following: Any = box.get(step)
            else:
                elements = box.get(step.member)
                following = step.among(cast("list[Any]", elements)) if isinstance(elements, list) else None
            if not isinstance(following, dict):
                return None
            box = cast("Box", following)
        return box

    def takes_list(self, root: Box) -> bool:
        """Say whether a list stands at the leaf or could be made there: nothing else is in the way."""
        box = root
        for step in self.steps:
            if isinstance(step, str):
                following: Any = box.get(step)
            else:
                elements = box.get(step.member)
                if elements is not None and not isinstance(elements, list):
                    return False
                following = step.among(cast("list[Any]", elements or []))
            if following is None:
                return True
            if not isinstance(following, dict):
                return False
            box = cast("Box", following)
        return box.get(self.leaf) is None or isinstance(box[self.leaf], list)

    def make(self, root: Box) -> Box:
        """Find the object that holds the leaf, creating what is missing on the way.

        Raises: NotAnObject when something else stands in the way.
        """
        box = root
        for step in self.steps:
            if isinstance(step, str):
                if box.get(step) is None:
                    box[step] = {}
                following = box[step]
            else:
                if box.get(step.member) is None:
                    box[step.member] = []
                elements = box[step.member]
                if not isinstance(elements, list):
                    raise NotAnObject(self.text)
                following = step.among(cast("list[Any]", elements))
                if following is None:
                    following = dict(step.conditions)
                    cast("list[Any]", elements).append(following)
            if not isinstance(following, dict):
                raise NotAnObject(self.text)
            box = cast("Box", following)
        return box


def copied(box: Box) -> Box:
    """Copy a JSON-like object deeply; faster than `copy.deepcopy` because there is nothing else in it."""
    return {name: inner if inner.__class__ not in _HOLDERS else _copied(inner) for name, inner in box.items()}


_HOLDERS = frozenset({dict, list})


def _copied(value: Any) -> Any:
    if value.__class__ is dict:
        return copied(value)
    return [inner if inner.__class__ not in _HOLDERS else _copied(inner) for inner in value]

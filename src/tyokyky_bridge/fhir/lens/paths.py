"""Element paths: where in a resource the value of a row stands.

``a.b`` are members (``a{system=x}`` has that member beside), ``a[0]`` is the only entry of an array,
``a[system=x].value`` the entry with that member (what follows a ``;`` is written but not asked for), ``a[].b`` an
entry for each element of the plan's list, told apart by its ``id``, and ``a[+].b`` an entry for each member of a set.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Form = Literal["one", "keyed", "each"]

_STEP: Final = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?:\[([^\]]*)\]|\{([^}]*)\})?(?:\.|\Z)")


@dataclass(frozen=True)
class Member:
    """Go into the object that stands in this member."""

    name: str
    put: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def key(self) -> object:
        """What makes two steps the same one."""
        return self.name


@dataclass(frozen=True)
class Entry:
    """Go to an entry of the array in member *name*.

    *match* are members that tell the entry from others; *put* is written into a new one beside them. A ``keyed``
    entry has an id made by *template*, in which every ``{}`` is the id of one element.
    """

    name: str
    form: Form
    match: tuple[tuple[str, Any], ...] = ()
    put: Mapping[str, Any] = field(default_factory=dict[str, Any])
    template: str = ""

    @property
    def key(self) -> object:
        """What makes two steps the same one."""
        return (self.name, self.form, self.match, self.template)

    def matches(self, entry: Mapping[str, Any]) -> bool:
        """Whether *entry* of a body has all that tells this entry from others."""
        return all(entry.get(name) == value for name, value in self.match)


Step = Member | Entry


class BadPath(ValueError):
    """A row names an element path that cannot be read."""


def _pairs(text: str) -> tuple[tuple[str, Any], ...]:
    found: list[tuple[str, Any]] = []
    for pair in filter(None, text.split(",")):
        name, _, value = pair.partition("=")
        found.append((name, {"true": True, "false": False}.get(value, value)))
    return tuple(found)


def parse_path(text: str) -> tuple[tuple[Step, ...], str]:
    """
    The steps to the object that holds the value, and the member that is the value.

    Raises:
        BadPath: *text* is no element path.
    """
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise BadPath(text)
        name, inside = found[1], found[2]
        if inside is None:
            steps.append(Member(name, dict(_pairs(found[3] or ""))))
        elif inside == "":
            steps.append(Entry(name, "keyed"))
        elif inside == "+":
            steps.append(Entry(name, "each"))
        else:
            match, _, put = inside.removeprefix("0").partition(";")
            steps.append(Entry(name, "one", _pairs(match), dict(_pairs(put))))
        at = found.end()
    last = steps.pop() if steps else None
    if not isinstance(last, Member) or text.endswith("."):
        raise BadPath(text)
    return tuple(steps), last.name


def shown_path(resource_type: str, steps: tuple[Step, ...], member: str = "") -> str:
    """The path in the form of an ElementDefinition, such as ``Patient.identifier.value``."""
    return ".".join([resource_type, *(step.name for step in steps), *([member] if member else [])])

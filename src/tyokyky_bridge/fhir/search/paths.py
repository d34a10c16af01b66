"""The way from a resource to the elements that a search parameter looks at.

Written as FHIR writes element paths, with three additions: ``value:Quantity`` is one type of a choice element
(``valueQuantity`` in JSON), ``telecom[system=email]`` keeps the elements with that member, and the empty path is the
resource itself.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, cast

_STEP = re.compile(r"(\w+)(?::(\w+))?(?:\[(\w+)=([\w-]+)\])?")


@dataclass(frozen=True)
class Step:
    """One element name, with the type of a choice and the member that has to be equal, if any."""

    name: str
    type: str | None = None
    where: tuple[str, str] | None = None

    @property
    def member(self) -> str:
        """The name in JSON."""
        return self.name if self.type is None else f"{self.name}{self.type[:1].upper()}{self.type[1:]}"


@dataclass(frozen=True)
class Path:
    """Steps from a resource, or from an element, to values."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """
        Read a path.

        Raises:
            ValueError: *text* is not written as a path.
        """
        steps: list[Step] = []
        for part in text.split(".") if text else []:
            found = _STEP.fullmatch(part)
            if found is None:
                msg = f"no path: {text}"
                raise ValueError(msg)
            name, type_, member, value = found.groups()
            steps.append(Step(name, type_, (member, value) if member else None))
        return cls(tuple(steps))

    @property
    def ends_in(self) -> str:
        """The name of the last element; empty for the resource itself."""
        return self.steps[-1].name if self.steps else ""

    @cached_property
    def _members(self) -> tuple[tuple[str, tuple[str, str] | None], ...]:
        return tuple((step.member, step.where) for step in self.steps)

    def values(self, start: Any) -> list[Any]:
        """Every value at the end of the path; lists are opened, whatever does not fit is passed over."""
        found: list[Any] = [start]
        for member, where in self._members:
            here: list[Any] = []
            for each in found:
                value = cast("dict[str, Any]", each).get(member) if isinstance(each, dict) else None
                if isinstance(value, list):
                    here.extend(item for item in cast("list[Any]", value) if item is not None)
                elif value is not None:
                    here.append(value)
            found = here if where is None else [each for each in here if _has(each, where)]
            if not found:
                break
        return found

    def fhirpath(self, root: str) -> str:
        """The same as a FHIRPath expression that starts at *root* (a type name, or nothing inside a composite)."""
        said = root
        for step in self.steps:
            said = f"{said}.{step.name}" if said else step.name
            if step.type is not None:
                said = f"({said} as {step.type})"
            if step.where is not None:
                said = f"{said}.where({step.where[0]}='{step.where[1]}')"
        return said


def _has(item: Any, where: tuple[str, str]) -> bool:
    return isinstance(item, dict) and cast("dict[str, Any]", item).get(where[0]) == where[1]

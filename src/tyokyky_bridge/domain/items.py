"""Items: the addressable leaves of a plan, their paths and what the schema says of them.

A path names a leaf by field names and element ids, never by index: ``goals[g-7].text_client``. The member of
a set is keyed by itself: ``referrals[r-1].need_cues[low_b4]``. A pattern is a path with emptied brackets.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, cast

from pydantic import ValidationError

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.errors import InvalidPlan, Problem
from tyokyky_bridge.domain.labels import Labels, Leaves, Scalar
from tyokyky_bridge.domain.plan.support_plan import SupportPlan, problems_of
from tyokyky_bridge.domain.plan.values import Part
from tyokyky_bridge.domain.schema import SCHEMA, FieldMeaning, Shape

__all__ = [
    "FIELDS",
    "FieldMeaning",
    "Leaves",
    "Scalar",
    "labels_of",
    "leaves_from_json",
    "leaves_of",
    "leaves_to_json",
    "pattern_of",
    "plan_from_leaves",
]

FIELDS: Final[Mapping[str, FieldMeaning]] = SCHEMA.fields
"""What the schema says of every pattern, in the order of the skeleton."""

_KEY = re.compile(r"\[[^\[\]]*\]")
_STEP = re.compile(r"([a-z][a-z0-9_]*)(?:\[([A-Za-z0-9_-]{1,64})\])?\Z")


@lru_cache(maxsize=65_536)
def pattern_of(path: str) -> str:
    """The pattern of a path: ``goals[g-7].text_client`` → ``goals[].text_client``."""
    return _KEY.sub("[]", path) if "[" in path else path


def _collect(part: Part, shape: Shape, prefix: str, out: dict[str, Scalar]) -> None:
    values = part.__dict__
    for field in shape:
        value = values[field.attribute]
        if value is None or value is field.nothing:
            continue
        at = prefix + field.name
        if field.form == "leaf":
            out[at] = value
        elif field.form == "part":
            _collect(value, field.shape, f"{at}.", out)
        elif field.form == "list":
            for element in value:
                _collect(element, field.shape, f"{at}[{element.id}].", out)
        else:
            for member in value:
                out[f"{at}[{member}]"] = member


def leaves_of(plan: SupportPlan) -> dict[str, Scalar]:
    """The items of *plan* by path, in the order of the schema and of the element ids; never ``None``."""
    out: dict[str, Scalar] = {}
    _collect(plan, SCHEMA.shape, "", out)
    return out


Steps = tuple[tuple[str, str | None], ...]


@lru_cache(maxsize=65_536)
def _steps(path: str) -> Steps | None:
    """The steps of a path that the schema knows; ``None`` for any other text."""
    steps: list[tuple[str, str | None]] = []
    for part in path.split("."):
        found = _STEP.match(part)
        if found is None:
            return None
        steps.append((found[1], found[2]))
    return tuple(steps) if pattern_of(path) in FIELDS else None


def _document(leaves: Leaves) -> dict[str, Any]:
    root: dict[str, Any] = {}
    keyed: list[tuple[dict[str, Any], str]] = []

    def elements(here: dict[str, Any], name: str) -> dict[str, Any]:
        found: dict[str, Any] | None = here.get(name)
        if found is None:
            found = here[name] = {}
            keyed.append((here, name))
        return found

    for path, value in leaves.items():
        steps = _steps(path)
        if steps is None:
            raise InvalidPlan([Problem("?", "there is no such item")])
        here: dict[str, Any] = root
        for name, key in steps[:-1]:
            if key is None:
                here = here.setdefault(name, {})
            else:
                held = elements(here, name)
                here = held.setdefault(key, {"id": key})
        name, key = steps[-1]
        if key is None:
            here[name] = value
        elif key == value:
            elements(here, name)[key] = value
        else:
            raise InvalidPlan([Problem(pattern_of(path), "must stand under its own value")])
    for here, name in keyed:
        here[name] = tuple(here[name].values())
    return root


def plan_from_leaves(leaves: Leaves) -> SupportPlan:
    """
    Build and check the plan that has exactly these items: the inverse of `leaves_of`.

    Raises:
        InvalidPlan: an unknown path, a value against its field, or a missing mandatory item.
    """
    try:
        return SupportPlan.model_validate(_document(leaves))
    except ValidationError as refusal:
        raise InvalidPlan(problems_of(refusal)) from None


def labels_of(path: str, leaves: Leaves) -> Labels:
    """
    The information categories of one item; all of them must be permitted before it may leave.

    Args:
        path: The item.
        leaves: All items of the plan, because the label depends on values beside the item.

    Raises:
        InvalidPlan: the schema has no such item.

    Source: domain report 6.3, rules (a) to (c).
    """
    pattern = pattern_of(path)
    meaning = FIELDS.get(pattern)
    if meaning is None:
        raise InvalidPlan([Problem("?", "there is no such item")])
    found = meaning.labels
    if not meaning.rules:
        return found
    steps = path.split(".")
    for depth, rule in meaning.rules:
        at = path if depth == len(steps) else ".".join(steps[:depth])
        found |= _labels_of_marked(at, leaves) if rule is None else rule(at, leaves)
    return found


def _labels_of_marked(mark: str, leaves: Leaves) -> Labels:
    """A mark tells that its item exists, so it is as confidential as the item."""
    item = leaves.get(f"{mark}.item")
    if not isinstance(item, str):
        return frozenset(Category)
    if item.startswith("necessity_marks["):
        return frozenset()
    if pattern_of(item) in FIELDS:
        return labels_of(item, leaves)
    inside = [labels_of(path, leaves) for path in leaves if path.startswith(f"{item}.")]
    return frozenset[Category]().union(*inside) if inside else frozenset(Category)


def _identity(value: Any) -> Any:
    return value


_TO_JSON: Final[Mapping[str, Callable[[Any], str | int | bool]]] = {
    "date": lambda value: cast("date", value).isoformat(),
    "datetime": lambda value: cast("datetime", value).astimezone(UTC).isoformat(),
    "decimal": str,
}
_FROM_JSON: Final[Mapping[str, Callable[[Any], Scalar]]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "decimal": Decimal,
}


def leaves_to_json(leaves: Leaves) -> dict[str, str | int | float | bool]:
    """The same items in JSON values; dates and decimals as text, so that nothing is lost."""
    return {
        path: _TO_JSON.get(FIELDS[pattern_of(path)].kind, _identity)(value) for path, value in leaves.items()
    }


def leaves_from_json(document: Mapping[str, Any]) -> dict[str, Scalar]:
    """The inverse of `leaves_to_json`, by the type of each pattern."""
    return {
        path: _FROM_JSON.get(FIELDS[pattern_of(path)].kind, _identity)(value)
        for path, value in document.items()
    }

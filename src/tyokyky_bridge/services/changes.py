"""A caller's edit of a plan, applied so that nothing the caller cannot see is touched (design.md 4, last rule)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.errors import BridgeError, InvalidPlan, Problem
from tyokyky_bridge.domain.items import (
    FIELDS,
    Leaves,
    Scalar,
    labels_of,
    leaves_from_json,
    pattern_of,
)
from tyokyky_bridge.domain.parties import Register
from tyokyky_bridge.services.shape import flatten, is_under

SET_BY_HUB = (
    "header.plan_id",
    "header.case_id",
    "header.plan_version",
    "header.created_at",
    "header.updated_at",
    "client.client_id",
)
"""Fields that only the hub writes."""

_AUTHORITY = {"H": Register.HEALTH, "S": Register.SOCIAL, "E": Register.EMPLOYMENT, "K": Register.KELA}


class NotYourField(BridgeError):
    """Another register has the authority over a field (the Auth. column of the data dictionary)."""

    code = "plan/not-your-field"

    def __init__(self, fields: Iterable[str]) -> None:
        self.problems = tuple(Problem(f, "another register has the authority") for f in sorted(fields))
        super().__init__("another register has the authority over these fields")


class CategoryWithheld(BridgeError):
    """The caller writes where it may not look, so it could overwrite what it cannot see."""

    code = "plan/category-withheld"

    def __init__(self, fields: Iterable[str]) -> None:
        self.problems = tuple(
            Problem(f, "the category is withheld from the caller") for f in sorted(set(fields))
        )
        super().__init__("what is withheld from a caller cannot be overwritten by it")


@dataclass(frozen=True)
class Change:
    """Set *path* (an item, an element, an object or a section) to *value* in plan shape; ``None`` removes it."""

    path: str
    value: Any


@dataclass(frozen=True)
class Sight:
    """What the editing caller has in view: paths it was permitted, and categories closed to it."""

    permitted: Collection[str]
    withheld: frozenset[Category]
    register: Register


def apply_changes(leaves: Leaves, changes: Iterable[Change], sight: Sight) -> dict[str, Scalar]:
    """The leaves of the plan after *changes*: replaced or removed where the caller sees, kept where it does not.

    Raises: InvalidPlan, NotYourField, CategoryWithheld.
    """
    edited = dict(leaves)
    touched: set[str] = set()
    for change in changes:
        _refuse_hub_fields(change.path)
        for path in [p for p in edited if is_under(p, change.path) and p in sight.permitted]:
            if not path.startswith(SET_BY_HUB):
                del edited[path]
                touched.add(path)
        if change.value is not None:
            added = _typed(dict(flatten(change.path, change.value)))
            hidden = [p for p in added if p in leaves and p not in sight.permitted]
            if hidden:
                raise CategoryWithheld(pattern_of(p) for p in hidden)
            edited.update(added)
            touched.update(added)
    really = {p for p in touched if edited.get(p) != leaves.get(p)}
    _refuse_foreign(really, leaves, edited, sight)
    return edited


def _typed(raw: Mapping[str, Any]) -> dict[str, Scalar]:
    unknown = sorted({pattern_of(p) for p in raw if pattern_of(p) not in FIELDS})
    if unknown:
        raise InvalidPlan(Problem(field, "no such field in the plan") for field in unknown)
    return leaves_from_json(raw)


def _refuse_hub_fields(path: str) -> None:
    if path.startswith(SET_BY_HUB):
        raise InvalidPlan([Problem(pattern_of(path), "set by the hub")])


def _refuse_foreign(touched: set[str], before: Leaves, after: Leaves, sight: Sight) -> None:
    """Authority by field, then the category rule: a lone field under a withheld category could hide something."""
    foreign: set[str] = set()
    unseen: set[str] = set()
    for path in touched:
        letters = FIELDS[pattern_of(path)].authority
        owners = {_AUTHORITY[a] for a in letters if a in _AUTHORITY}
        if owners and sight.register not in owners and len(owners) == len(letters):
            foreign.add(pattern_of(path))
        own_alone = owners == {sight.register} and len(letters) == 1
        source = after if path in after else before
        if not own_alone and "[" not in path and labels_of(path, source) & sight.withheld:
            unseen.add(pattern_of(path))
    if foreign:
        raise NotYourField(foreign)
    if unseen:
        raise CategoryWithheld(unseen)

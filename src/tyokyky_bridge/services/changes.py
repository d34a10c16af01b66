"""A caller's edit of a plan, applied so that nothing the caller cannot see is touched (design.md 4, last rule)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.disclosure import is_address_like
from tyokyky_bridge.domain.errors import BridgeError, InvalidPlan, Problem
from tyokyky_bridge.domain.items import (
    FIELDS,
    Leaves,
    labels_of,
    leaves_of,
    leaves_to_json,
    pattern_of,
    plan_from_leaves,
)
from tyokyky_bridge.domain.parties import Register
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.services.shape import flatten, is_under, place_of

SET_BY_HUB = frozenset(
    {
        "header.plan_id",
        "header.case_id",
        "header.plan_version",
        "header.created_at",
        "header.updated_at",
        "client.client_id",
    }
)
"""Fields that only the hub writes. A caller may send back what it read there, and nothing else."""

_AUTHORITY = {
    "H": Register.HEALTH,
    "S": Register.SOCIAL,
    "E": Register.EMPLOYMENT,
    "K": Register.KELA,
    "P": Register.PENSION,
}


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
    """What the editing caller has in view: the paths it saw, the categories closed to it, and whether a
    non-disclosure order keeps addresses from it.
    """

    permitted: Collection[str]
    withheld: frozenset[Category]
    register: Register
    shielded: bool = False


def apply_changes(leaves: Leaves, changes: Iterable[Change], sight: Sight) -> SupportPlan:
    """The plan after *changes*: replaced or removed where the caller sees, kept where it does not.

    Raises: InvalidPlan, NotYourField, CategoryWithheld.
    """
    edited: dict[str, Any] = dict(leaves)
    for change in changes:
        place_of(change.path)
        if change.value is None and change.path in SET_BY_HUB:
            raise InvalidPlan([Problem(change.path, "set by the hub")])
        added = {} if change.value is None else flatten(change.path, change.value)
        _refuse_hub_fields(leaves, added)
        hidden = [p for p in added if p in leaves and p not in sight.permitted and p not in SET_BY_HUB]
        if hidden:
            raise CategoryWithheld(pattern_of(p) for p in hidden)
        for path in [p for p in edited if is_under(p, change.path) and p not in SET_BY_HUB]:
            if path in sight.permitted or path not in leaves:
                del edited[path]
        edited.update((p, value) for p, value in added.items() if p not in SET_BY_HUB)
    plan = plan_from_leaves(edited)
    _refuse_foreign(leaves, leaves_of(plan), sight)
    return plan


def _refuse_hub_fields(leaves: Leaves, added: dict[str, Any]) -> None:
    standing = leaves_to_json({p: leaves[p] for p in added.keys() & SET_BY_HUB if p in leaves})
    changed = sorted(p for p in added.keys() & SET_BY_HUB if standing.get(p) != added[p])
    if changed:
        raise InvalidPlan(Problem(p, "set by the hub") for p in changed)


def _refuse_foreign(before: Leaves, after: Leaves, sight: Sight) -> None:
    """Authority by field, then the category rule: a lone field under a withheld category could hide something."""
    foreign: set[str] = set()
    unseen: set[str] = set()
    for path in {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}:
        letters = FIELDS[pattern_of(path)].authority
        owners = {_AUTHORITY[a] for a in letters if a in _AUTHORITY}
        if owners and sight.register not in owners and len(owners) == len(letters):
            foreign.add(pattern_of(path))
        own_alone = owners == {sight.register} and len(letters) == 1
        source = after if path in after else before
        if not own_alone and "[" not in path and labels_of(path, source) & sight.withheld:
            unseen.add(pattern_of(path))
        if sight.shielded and is_address_like(path) and path not in sight.permitted:
            unseen.add(pattern_of(path))
    if foreign:
        raise NotYourField(foreign)
    if unseen:
        raise CategoryWithheld(unseen)

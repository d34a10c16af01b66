"""A caller's edit of a plan, applied so that nothing the caller cannot see is touched (design.md 4, last rule)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.domain.authority import REGISTER_OF, SET_BY_HUB
from tyokyky_bridge.domain.categories import SPECIAL, Category
from tyokyky_bridge.domain.disclosure import is_address_like
from tyokyky_bridge.domain.errors import BridgeError, InvalidPlan, Problem
from tyokyky_bridge.domain.items import (
    FIELDS,
    Leaves,
    leaves_of,
    leaves_to_json,
    pattern_of,
    plan_from_leaves,
)
from tyokyky_bridge.domain.parties import Register
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.services.shape import flatten, is_under, place_of


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
        _refuse_unseen([p for p in added if p not in sight.permitted and p not in SET_BY_HUB], leaves, sight)
        for path in [p for p in edited if is_under(p, change.path) and p not in SET_BY_HUB]:
            if path in sight.permitted or path not in leaves:
                del edited[path]
        edited.update((p, value) for p, value in added.items() if p not in SET_BY_HUB)
    plan = plan_from_leaves(edited)
    after = leaves_of(plan)
    _refuse_foreign((p for p in sight.permitted if p in leaves and leaves[p] != after.get(p)), sight)
    return plan


def _refuse_hub_fields(leaves: Leaves, added: dict[str, Any]) -> None:
    standing = leaves_to_json({p: leaves[p] for p in added.keys() & SET_BY_HUB if p in leaves})
    changed = sorted(p for p in added.keys() & SET_BY_HUB if standing.get(p) != added[p])
    if changed:
        raise InvalidPlan(Problem(p, "set by the hub") for p in changed)


def _refuse_unseen(paths: Collection[str], leaves: Leaves, sight: Sight) -> None:
    """Refuse to write where the caller does not see what stands there: first by authority, then by category.

    Where there is something, it stays. Where there is nothing, special categories are refused all the same, or trying
    would tell; an empty field of the ordinary ones may be filled in, for whoever coordinates alone has to be able to
    agree, follow up and close.
    """
    _refuse_foreign(paths, sight)
    closed = [p for p in paths if p in leaves or _could_hide(p, sight)]
    if closed:
        raise CategoryWithheld(pattern_of(p) for p in closed)


def _could_hide(path: str, sight: Sight) -> bool:
    if sight.shielded and is_address_like(path):
        return True
    meaning = FIELDS[pattern_of(path)]
    alone = [REGISTER_OF.get(letter) for letter in meaning.authority] == [sight.register]
    return "[" not in path and not alone and bool(meaning.labels & sight.withheld & SPECIAL)


def _refuse_foreign(paths: Iterable[str], sight: Sight) -> None:
    """A field whose authority lies with registers alone is written by these registers."""
    foreign: set[str] = set()
    for path in paths:
        owners = [REGISTER_OF.get(letter) for letter in FIELDS[pattern_of(path)].authority]
        if None not in owners and sight.register not in owners:
            foreign.add(pattern_of(path))
    if foreign:
        raise NotYourField(foreign)

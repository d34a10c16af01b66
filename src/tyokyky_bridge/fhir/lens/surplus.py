"""Surplus: what a body holds and no row carries. It is refused, because it would be lost without a word.

Asked by projecting what was read and looking for each element of the body in the outcome.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, cast

from tyokyky_bridge.domain.plan.text import normalise_text
from tyokyky_bridge.fhir.lens.addresses import without_untouched
from tyokyky_bridge.fhir.lens.ids import hex_of
from tyokyky_bridge.fhir.lens.masking import is_mask
from tyokyky_bridge.fhir.wire.issues import Document, Issue

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
_REFERENCE: Final = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})\Z")


def surplus(
    document: Document,
    again: Document,
    *,
    plan_id: str,
    before: Document | None = None,
    derived: Collection[str] = (),
    own_ids: Collection[str] = (),
) -> tuple[Issue, ...]:
    """
    One issue for each element of *document* that is not in *again*, by FHIRPath.

    Not asked for again are ``meta``, generated narrative, display texts, the ids of elements, and the marks of what
    is masked. A moment may be written with another offset. What is as the sender saw it *before* is not asked for
    either: it was derived from something else, and has changed with that. The lists in *derived* are the bridge's
    own: they may name any resources of this plan, and nothing else.

    Args:
        document: The body as it came.
        again: The projection of what was read from it.
        plan_id: The plan that it belongs to.
        before: What the sender saw, if it was there.
        derived: `Unit.derived`.
        own_ids: Ids of resources of this plan that do not begin with its id, such as the client's.
    """
    own = frozenset({plan_id, *own_ids})
    if before is not None:
        document = without_untouched(document, before)
    found = _surplus(document, again, plan_id, derived, own)
    if before is not None and found:
        edited = [str(issue.expression) for issue in _surplus(document, before, plan_id, derived, own)]
        found = [issue for issue in found if _is_near(str(issue.expression), edited)]
    return tuple(found)


def _is_near(expression: str, others: Collection[str]) -> bool:
    """Whether an element, something in it or something around it is among *others*."""
    return any(expression.startswith(other) or other.startswith(expression) for other in others)


def _surplus(
    document: Document, again: Document, plan_id: str, derived: Collection[str], own: Collection[str]
) -> list[Issue]:
    kind = str(again.get("resourceType"))
    found: list[Issue] = []
    for name, value in document.items():
        here = f"{kind}.{name}"
        if name == "meta" or (name == "text" and _generated(value)):
            continue
        if name in derived:
            found += _strangers(value, here, plan_id, own)
        elif name == "id" and value != again.get("id"):
            found.append(_issue(here))
        elif name not in again:
            found += _unless_mask(name, value, here)
        else:
            found += _missing(value, again[name], here)
    return found


def _issue(expression: str) -> Issue:
    return Issue("error", "not-supported", "the plan has no place for this, so it would be lost", expression)


def _generated(narrative: Any) -> bool:
    return isinstance(narrative, dict) and cast("Document", narrative).get("status") == "generated"


def _unless_mask(name: str, value: Any, expression: str) -> list[Issue]:
    """Nothing where all that is left over says that something is masked."""
    if name == "extension" and isinstance(value, list):
        return [
            _issue(f"{expression}[{n}]")
            for n, each in enumerate(cast("list[Any]", value))
            if not is_mask(each)
        ]
    if isinstance(value, dict) and value:
        held = cast("Document", value)
        inner = [issue for n, each in held.items() if n != "id" for issue in _unless_mask(n, each, "")]
        if not inner and held.keys() != {"id"}:
            return []
    return [_issue(expression)]


def _missing(value: Any, again: Any, expression: str) -> list[Issue]:
    if isinstance(value, dict) and isinstance(again, dict):
        return _missing_members(cast("Document", value), cast("Document", again), expression)
    if isinstance(value, list) and isinstance(again, list):
        return _missing_entries(cast("list[Any]", value), cast("list[Any]", again), expression)
    return [] if _same(value, again) else [_issue(expression)]


def _missing_members(value: Document, again: Document, expression: str) -> list[Issue]:
    found: list[Issue] = []
    for name, each in value.items():
        here = f"{expression}.{name}"
        if name == "text" and not value.keys().isdisjoint({"family", "given"}):
            continue  # how a name is displayed; it says nothing that its parts do not
        if name in again:
            found += [] if name == "id" else _missing(each, again[name], here)
        elif name in {"id", "display"}:
            found += [_issue(expression)] if len(value) == 1 else []
        elif name != "type" or not _says_its_type(value):
            found += _unless_mask(name, each, here)
    return found


def _missing_entries(value: list[Any], again: list[Any], expression: str) -> list[Issue]:
    """Each entry must be there again, in whatever order."""
    left = list(range(len(again)))
    found: list[Issue] = []
    unmatched: list[int] = []
    for n, each in enumerate(value):
        if is_mask(each):
            continue
        likely = sorted(left, key=lambda m, n=n: m != n)
        fit = next((m for m in likely if not _missing(each, again[m], "")), None)
        if fit is None:
            unmatched.append(n)
        else:
            left.remove(fit)
    for n in unmatched:
        here = f"{expression}[{n}]"
        issues = [_missing(value[n], again[m], here) for m in left if _alike(value[n], again[m])]
        found += min(issues, key=len, default=[_issue(here)])
    return found


def _alike(value: Any, again: Any) -> bool:
    """Whether an entry is so like another that only what differs needs naming."""
    if not isinstance(value, dict) or not isinstance(again, dict):
        return False
    one, other = cast("Document", value), cast("Document", again)
    told = [name for name in ("id", "url", "system", "use", "reference") if name in one and name in other]
    return bool(told) and all(one[name] == other[name] for name in told)


def _same(value: Any, again: Any) -> bool:
    if isinstance(value, bool) or isinstance(again, bool):
        return value is again
    if isinstance(value, str) and isinstance(again, str):
        return value == again or _kept_form(value) == _kept_form(again)
    if isinstance(value, int | float | Decimal) and isinstance(again, int | float | Decimal):
        return Decimal(str(value)) == Decimal(str(again))
    return False


def _kept_form(value: str) -> datetime | str:
    """A moment as such, any other text in the form in which the plan keeps it."""
    try:
        if _MOMENT.match(value):
            return datetime.fromisoformat(value).astimezone(UTC)
        return normalise_text(value).strip()
    except (ValueError, OverflowError):
        return value


def _says_its_type(reference: Document) -> bool:
    found = _REFERENCE.match(str(reference.get("reference", "")))
    return found is not None and found[1] == reference.get("type")


def _strangers(value: Any, expression: str, plan_id: str, own: Collection[str]) -> list[Issue]:
    """The entries of a derived list that are no references to resources of the plan."""
    if not isinstance(value, list):
        return [_issue(expression)]
    found: list[Issue] = []
    for n, each in enumerate(cast("list[Any]", value)):
        held = _members(each)
        inner = _members(held.get("reference"))  # an activity holds its reference one level deeper
        held = inner if inner and held.keys() <= {"id", "reference"} else held
        said = _REFERENCE.match(str(held.get("reference", "")))
        mine = said is not None and (said[2] in own or said[2].startswith(f"{hex_of(plan_id)}."))
        if not mine or held.keys() - {"id", "reference", "display", "type"}:
            found.append(_issue(f"{expression}[{n}]"))
    return found


def _members(value: Any) -> Document:
    return cast("Document", value) if isinstance(value, dict) else {}

"""What only the hub writes, taken out of a new body: a client may send what it read elsewhere, and is not believed."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, cast

from tyokyky_bridge.domain.authority import SET_BY_HUB
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.fhir.lens.paths import Entry, Step, parse_path
from tyokyky_bridge.fhir.lens.projection import REDACTED, TURVAKIELTO
from tyokyky_bridge.fhir.lens.rows import Unit
from tyokyky_bridge.fhir.wire.issues import Document, Issue

OURS: Final = frozenset(
    {code_list(name).url for name in ("info-category", "register")}
    | {str(REDACTED["system"]), str(TURVAKIELTO["system"])}
)
"""The systems of the labels that the projection gives."""


def foreign_labels(body: Document, again: Document) -> Iterator[Issue]:
    """A finding for each tag and security label of a body that the resource will not have.

    What a plan's resources are labelled with is worked out from their content; an older answer of that may come back,
    and anything else would be lost without a word, though it says how the content is to be handled.
    """
    for name in ("security", "tag"):
        held = [(each.get("system"), each.get("code")) for each in _codings(again, name)]
        for n, each in enumerate(_codings(body, name)):
            if each.get("system") not in OURS and (each.get("system"), each.get("code")) not in held:
                text = "the labels of a plan's resources are worked out from it, so this would be lost"
                yield Issue("error", "not-supported", text, f"{body.get('resourceType')}.meta.{name}[{n}]")


def _codings(document: Document, name: str) -> list[Document]:
    return document.get("meta", {}).get(name, [])


def without_hub_fields(document: Document, unit: Unit) -> Document:
    """A copy of *document* without the elements of *unit* that the hub alone sets, and without its own ``meta``."""
    made = dict(document)
    for steps, member in _places(unit):
        if not steps:
            made.pop(member, None)
            continue
        first = steps[0]
        held: Any = made.get(first.name)
        if isinstance(first, Entry) and isinstance(held, list):
            entries = cast("list[Any]", held)
            left = [each for each in entries if not (isinstance(each, dict) and first.matches(each))]  # type: ignore[arg-type]
            made[first.name] = left
            if not left:
                del made[first.name]
    return made


@cache
def _places(unit: Unit) -> tuple[tuple[tuple[Step, ...], str], ...]:
    prefix = f"{unit.anchor}." if unit.anchor else ""
    return tuple(parse_path(row.element) for row in unit.rows if prefix + row.plan in SET_BY_HUB)

"""The addresses of workers in a body: derived from what identifies the worker, so that they may be out of date."""

import re
from typing import Any, Final, cast

from tyokyky_bridge.fhir.wire.issues import Document

_OF_WORKER: Final = re.compile(r"Practitioner(Role)?/w-[0-9a-f]{20}\Z")


def without_untouched(document: Document, before: Document) -> Document:
    """
    The body without the addresses of workers that stand where its sender saw them.

    Whoever names another worker by name or user code need not know the address. One that was edited stays, and has
    to be that of the worker who is named.
    """
    return cast("Document", _without(document, before))


def _without(value: Any, before: Any) -> Any:
    if isinstance(value, dict) and isinstance(before, dict):
        held, seen = cast("Document", value), cast("Document", before)
        named = "identifier" in held or "display" in held
        return {
            name: _without(each, seen.get(name))
            for name, each in held.items()
            if not (named and name == "reference" and each == seen.get(name) and _OF_WORKER.match(str(each)))
        }
    if isinstance(value, list) and isinstance(before, list):
        entries, were = cast("list[Any]", value), cast("list[Any]", before)
        return [_without(each, _same_entry(n, each, were)) for n, each in enumerate(entries)]
    return cast("Any", value)


def _same_entry(number: int, entry: Any, were: list[Any]) -> Document | None:
    """The entry that it was: the one of its id, else that of its number."""
    entries = [_members(each) for each in were]
    id_ = _members(entry).get("id")
    if id_ is not None:
        return next((each for each in entries if each.get("id") == id_), None)
    return entries[number] if number < len(entries) else None


def _members(value: Any) -> Document:
    return cast("Document", value) if isinstance(value, dict) else {}

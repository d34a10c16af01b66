"""Masking: what FHIR requires and the caller may not see says that it is masked, instead of being left out."""

import re
from typing import Any, Final, cast

from tyokyky_bridge.fhir.wire.issues import Document

ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_STEP: Final = re.compile(r"([A-Za-z]+)(\[\*?\])?(!)?\Z")


def absence(*, withheld: bool) -> Document:
    """
    The extension that says why an element has no value.

    What a view lacks may be hidden or not exist, and it must not tell which. Where something is withheld from the
    caller all that is missing is ``masked``, whether there is something behind it or not.
    """
    return {"url": ABSENT, "valueCode": "masked" if withheld else "unknown"}


def is_mask(extension: Any) -> bool:
    """Whether *extension* is one that `absence` makes."""
    return extension in (absence(withheld=True), absence(withheld=False))


def mask(document: Document, required: tuple[str, ...], *, withheld: bool) -> None:
    """Put the extension where an element of *required* is missing; see `Unit.required` for how they are written."""
    for path in required:
        holders = [document]
        *around, last = path.split(".")
        for step in around:
            holders = [inner for holder in holders for inner in _inside(holder, step)]
        found = _STEP.match(last)
        name, many, whole = (found[1], found[2], found[3]) if found else (last, None, None)
        for holder in holders:
            if name in holder or f"_{name}" in holder:
                continue
            said = {"extension": [absence(withheld=withheld)]}
            holder[name if whole else f"_{name}"] = [said] if many else said


def _inside(holder: Document, step: str) -> list[Document]:
    name, every, _ = step.partition("[")
    if every == "*]":
        return cast("list[Document]", holder.get(name, []))
    if every:
        return cast("list[Document]", holder.setdefault(name, [{}]))
    return [cast("Document", holder.setdefault(name, {}))]

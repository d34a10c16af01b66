"""References in a body: found wherever they stand, and written anew when a Bundle gives their target an id.

R4 has a server replace links in references, in elements of type ``uri`` and its kin, and in the narrative; in
extensions and in contained resources as well. Text stays text. Source: hl7.org/fhir/R4/http.html#trules.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from tyokyky_bridge.fhir.wire.issues import Document

LINKS: Final = frozenset(
    {"reference", "url", "uri", "source", "valueUri", "valueUrl", "valueOid", "valueUuid", "valueCanonical"}
    | {"instantiatesUri", "instantiatesCanonical", "implementationGuide"}
)
"""Members that hold a link, or an array of links, in the resources of this server."""

_NARRATIVE_LINK: Final = re.compile(r"""(\s(?:href|src)\s*=\s*)("([^"]*)"|'([^']*)')""")
_LOCAL: Final = re.compile(
    r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z"
)

Resolve = Callable[[str, str], str | None]
"""Gets a link and the FHIRPath of it; answers what it is to be, or ``None`` to leave it."""


def rewritten(document: Document, resolve: Resolve) -> Document:
    """A copy of *document* with every link replaced as *resolve* says; raises what *resolve* raises."""
    return cast("Document", _walk(document, document.get("resourceType", ""), resolve))


def _walk(value: Any, place: str, resolve: Resolve) -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _member(name, member, f"{place}.{name}", resolve) for name, member in members.items()}
    if isinstance(value, list):
        return [_walk(each, f"{place}[{n}]", resolve) for n, each in enumerate(cast("list[Any]", value))]
    return value


def _member(name: str, value: Any, place: str, resolve: Resolve) -> Any:
    if name == "div" and isinstance(value, str):
        return _NARRATIVE_LINK.sub(lambda found: _in_narrative(found, place, resolve), value)
    if name not in LINKS:
        return _walk(value, place, resolve)
    if isinstance(value, str):
        return resolve(value, place) or value
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        return [_member(name, each, f"{place}[{n}]", resolve) for n, each in enumerate(entries)]
    return _walk(value, place, resolve)


def _in_narrative(found: re.Match[str], place: str, resolve: Resolve) -> str:
    link = found[3] if found[3] is not None else found[4]
    made = resolve(link, place)
    return found[0] if made is None else f"{found[1]}{found[2][0]}{made}{found[2][0]}"


def spellings(reference: str, full_url: str | None) -> tuple[str, ...]:
    """
    What a reference may be called as a ``fullUrl``: as it is, and relative to the server of its own entry.

    Source: hl7.org/fhir/R4/bundle.html#references.
    """
    if full_url is None or not full_url.startswith(("http://", "https://")) or ":" in reference:
        return (reference,)
    root = full_url.rpartition("/")[0].rpartition("/")[0]
    return reference, f"{root}/{reference}"


def local(reference: Any, base: str) -> tuple[str, str] | None:
    """The type and id that a reference names on this server, relative or under *base*; ``None`` for any other."""
    if not isinstance(reference, str):
        return None
    text = reference.removeprefix(f"{base}/") if base else reference
    found = _LOCAL.match(text)
    return None if found is None else (found[1], found[2])


def relative(document: Document, base: str) -> Document:
    """The document with absolute references to this server made relative, as the plan's own are."""
    prefix = f"{base}/"
    if not base:
        return document

    def resolve(link: str, place: str) -> str | None:
        return link.removeprefix(prefix) if place.endswith(".reference") and link.startswith(prefix) else None

    return rewritten(document, resolve)


SUBJECTS: Final = ("subject", "patient", "for", "beneficiary")


def subjects(document: Document) -> Iterator[str]:
    """The references that can say whom a resource is about: those to a Patient do."""
    for name in SUBJECTS:
        held = document.get(name)
        if isinstance(held, dict):
            reference = cast("Document", held).get("reference")
            if isinstance(reference, str):
                yield reference
    participants: Any = document.get("participant")
    for each in cast("list[Any]", participants) if isinstance(participants, list) else []:
        actor: Any = cast("Document", each).get("actor") if isinstance(each, dict) else None
        reference = cast("Document", actor).get("reference") if isinstance(actor, dict) else None
        if isinstance(reference, str):
            yield reference

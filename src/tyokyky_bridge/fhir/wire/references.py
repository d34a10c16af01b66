"""References: their form, the type they point at, and whether what they point at can be there."""

import re
from collections.abc import Collection
from typing import Any, cast

from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.structure import resource_types
from tyokyky_bridge.fhir.wire.walk import Place, Walk, type_name

LITERAL = re.compile(
    r"(?:https?://[^\s?#]+/)?([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
CONDITIONAL = re.compile(r"([A-Z][A-Za-z]{1,63})\?[^\s#]+")
UUID = re.compile(r"urn:uuid:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}:")


def check_reference(value: Document, place: Place, walk: Walk) -> None:
    """A Reference that is well-formed by itself: its literal means something, and agrees with its type."""
    literal: Any = value.get("reference")
    if literal is None:
        return
    there: Place = (place, "reference", -1)
    pointed = _type_of(literal, there, walk)
    stated: Any = value.get("type")
    if pointed and isinstance(stated, str) and stated in resource_types() and stated != pointed:
        walk.fault((place, "type", -1), "value", "the type is the type of what the reference points at")


def check_target(value: Any, place: Place, walk: Walk, targets: Collection[str]) -> None:
    """The type that a reference of this element points at is one of those that R4 allows here."""
    literal: Any = cast("Document", value).get("reference") if isinstance(value, dict) else None
    pointed = _pointed(literal, walk) if isinstance(literal, str) else None
    if pointed in resource_types() and pointed not in targets:
        walk.fault(place, "value", f"the reference points at one of: {', '.join(sorted(targets))}")


def check_system(value: Document, place: Place, walk: Walk) -> None:
    """The system of a Coding or an Identifier is an absolute URI, or it names nothing."""
    system: str = value.get("system", "urn:")
    if not SCHEME.match(system):
        walk.fault((place, "system", -1), "value", "a system is an absolute URI")


def check_extension(value: Document, place: Place, walk: Walk) -> None:
    """The url of an extension is absolute, unless the extension is a part of another one."""
    above = place[0]
    within = above is not None and above[1] in {"extension", "modifierExtension"}
    if not within and not SCHEME.match(value.get("url", "urn:")):
        walk.fault((place, "url", -1), "value", "the url of an extension is absolute")


def check_on_behalf(value: Document, place: Place, walk: Walk) -> None:
    """ctm-1: only a Practitioner is in a care team on behalf of an organisation."""
    member: Document = value.get("member", {})
    pointed = _pointed(member.get("reference", ""), walk)
    if "onBehalfOf" in value and pointed not in {None, "Practitioner"}:
        walk.fault(
            (place, "onBehalfOf", -1), "invariant", "ctm-1: a Practitioner acts on behalf of an organisation"
        )


def _pointed(literal: str, walk: Walk) -> str | None:
    """The type of the resource that a literal reference means, when that can be told."""
    if literal == "#":
        return type_name(walk.root)
    if literal.startswith("#"):
        return type_name(walk.contained(literal[1:]))
    if walk.entries is not None and literal in walk.entries:
        return walk.entries[literal]
    found = LITERAL.fullmatch(literal) or CONDITIONAL.fullmatch(literal)
    return found[1] if found else None


def _type_of(literal: str, there: Place, walk: Walk) -> str | None:
    if literal.startswith("#"):
        if (literal == "#" and not walk.within) or (literal != "#" and walk.contained(literal[1:]) is None):
            walk.fault(there, "invariant", "ref-1: a local reference points at a contained resource")
        return _pointed(literal, walk)
    if SCHEME.match(literal):
        if (
            literal.startswith("urn:uuid:")
            and not UUID.fullmatch(literal)
            and literal not in (walk.entries or ())
        ):
            walk.fault(there, "value", "a UUID has the form urn:uuid: and 36 characters")
        return _pointed(literal, walk)
    found = (
        LITERAL.fullmatch(literal) or (walk.entries is not None and CONDITIONAL.fullmatch(literal)) or None
    )
    if found is None:
        walk.fault(there, "value", "a relative reference is a resource type, a slash and an id")
        return None
    if found[1] not in resource_types():
        walk.fault(there, "value", "the reference names no resource type of R4")
        return None
    asked = walk.known is not None and found.re is LITERAL and literal not in (walk.entries or ())
    if asked and walk.known is not None and not walk.known(found[1], found[2]):
        walk.fault(there, "not-found", "the reference points at nothing that is known here")
    return found[1]

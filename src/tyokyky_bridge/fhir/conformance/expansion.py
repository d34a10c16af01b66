"""ValueSet/$expand: the codes of a value set of ours."""

from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from tyokyky_bridge.fhir.conformance.asking import Asked, unusable
from tyokyky_bridge.fhir.conformance.coded import shipped_code_systems, value_sets
from tyokyky_bridge.fhir.conformance.concepts import display_of, labels_of, slug_of
from tyokyky_bridge.fhir.conformance.parameters import parameter
from tyokyky_bridge.fhir.wire.issues import Document

_ECHOED: Final = {
    "filter": "String",
    "offset": "Integer",
    "count": "Integer",
    "displayLanguage": "Code",
    "includeDesignations": "Boolean",
    "activeOnly": "Boolean",
    "excludeNested": "Boolean",
}


def expand(asked: Asked, *, slug: str | None, at: datetime) -> Document:
    """
    Expand a value set: the one named by *slug* (instance level) or by its url.

    A filter finds a code whose own text or whose label in any language holds it, whatever the case. The total
    counts what the filter finds; an offset beyond it gives no codes. *at* is when the expansion was made.

    Raises:
        NoSuchDefinition: the value set is unknown.
        Unusable: none is named.

    Source: hl7.org/fhir/R4/valueset-operation-expand.
    """
    if slug is None and asked.text("url") is None:
        raise unusable(kind="required", name="url", rule="the value set has to be named")
    slug = slug_of(asked.text("url"), "ValueSet", id_=slug, version=asked.text("valueSetVersion"))
    (served,) = (each for each in value_sets() if each["id"] == slug)
    if not asked.flag("includeDefinition"):
        served = {member: value for member, value in served.items() if member != "compose"}
    system = shipped_code_systems()[slug]
    found = [each for each in system["concept"] if _holds(each, asked.text("filter"))]
    offset = asked.number("offset") or 0
    count = asked.number("count")
    page = found[offset:] if count is None else found[offset : offset + count]
    used = [parameter("version", "Uri", f"{system['url']}|{system['version']}")]
    used += [
        parameter(name, kind, asked.values[name][0]) for name, kind in _ECHOED.items() if name in asked.values
    ]
    same = uuid5(NAMESPACE_URL, repr((system["url"], system["version"], asked.text("filter"))))
    expansion: Document = {
        "identifier": f"urn:uuid:{same}",
        "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "total": len(found),
        "offset": offset,
        "parameter": used,
    }
    contains = [_contained(system, each, asked) for each in page]
    if contains:
        expansion["contains"] = contains
    return {**served, "expansion": expansion}


def _holds(concept: Document, text: str | None) -> bool:
    if text is None:
        return True
    wanted = text.casefold()
    return any(wanted in said.casefold() for said in (concept["code"], *labels_of(concept)))


def _contained(system: Document, concept: Document, asked: Asked) -> Document:
    said: Document = {
        "system": system["url"],
        "code": concept["code"],
        "display": display_of(concept, asked.text("displayLanguage")),
    }
    if asked.flag("includeDesignations"):
        said["designation"] = concept["designation"]
    return said

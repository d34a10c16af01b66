"""ConceptMap/$translate: a code of ours in the words of a system, and the other way round."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from tyokyky_bridge.fhir.conformance.asking import Asked, Coding, not_found, unusable
from tyokyky_bridge.fhir.conformance.header import canonical
from tyokyky_bridge.fhir.conformance.parameters import answer, parameter, parameters, parts
from tyokyky_bridge.fhir.conformance.tables import concept_maps
from tyokyky_bridge.fhir.wire.issues import Document

_TURNED_ROUND: Final = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
_NO_TRANSLATION: Final = frozenset({"unmatched", "disjoint"})


def translate(asked: Asked, *, map_id: str | None) -> Document:
    """
    Translate a code: by the map named by *map_id* (instance level) or by its url, else by every map.

    The result is yes only when some match is neither ``unmatched`` nor ``disjoint``.

    Raises:
        NoSuchDefinition: the map is unknown.
        Unusable: no code, or a code without its system.

    Source: hl7.org/fhir/R4/conceptmap-operation-translate.
    """
    codings = asked.codings(system=asked.text("system"))
    if "code" in asked.values and asked.text("system") is None:
        raise unusable(kind="required", name="system", rule="a code needs its system")
    reverse = asked.flag("reverse")
    wanted = asked.text("targetsystem")
    matches = [
        match
        for each in _maps(asked, map_id)
        for coding in codings
        for match in _matches(each, coding, wanted, reverse=reverse)
    ]
    right = any(kind not in _NO_TRANSLATION for kind, _ in matches)
    rule = "the map says that there is no such word" if matches else "no map knows this code"
    return parameters(
        (
            answer(holds=right),
            None if right else parameter("message", "String", rule),
            *(said for _, said in matches),
        )
    )


@cache
def _tables() -> tuple[Document, ...]:
    return tuple(concept_maps())


def _maps(asked: Asked, map_id: str | None) -> list[Document]:
    bare, _, version = (asked.text("url") or "").partition("|")
    version = asked.text("conceptMapVersion") or version
    url = canonical("ConceptMap", map_id) if map_id else bare
    source = asked.text("source")
    found = [
        each
        for each in _tables()
        if (not url or url == each["url"] or url == each.get("identifier", {}).get("value"))
        and (not version or version == each["version"])
    ]
    if not found and url:
        rule = "this server has no ConceptMap with this URL"
        raise not_found(rule)
    return [each for each in found if source in {None, each.get("sourceCanonical"), each.get("sourceUri")}]


def _matches(
    table: Document, coding: Coding, wanted: str | None, *, reverse: bool
) -> Iterator[tuple[str, Document]]:
    for group in table["group"]:
        here, there = (group["target"], group["source"]) if reverse else (group["source"], group["target"])
        if coding.system != here or wanted not in {None, there}:
            continue
        for element in group["element"]:
            for target in element["target"]:
                kind: str = target["equivalence"]
                asked_for = target.get("code") if reverse else element["code"]
                if asked_for != coding.code:
                    continue
                held = [parameter("equivalence", "Code", _TURNED_ROUND.get(kind, kind) if reverse else kind)]
                answer = element if reverse else target
                if kind not in _NO_TRANSLATION:
                    concept = {"system": there, "code": answer["code"], "display": answer.get("display")}
                    concept = {member: value for member, value in concept.items() if value is not None}
                    held.append(parameter("concept", "Coding", concept))
                held.append(parameter("source", "Uri", table["url"]))
                yield kind, parts("match", held)

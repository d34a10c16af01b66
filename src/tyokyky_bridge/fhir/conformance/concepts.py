"""Codes of our own code systems, and how they are said in a language."""

from typing import Any

from tyokyky_bridge.fhir.conformance.asking import not_found
from tyokyky_bridge.fhir.conformance.coded import shipped_code_systems
from tyokyky_bridge.fhir.conformance.header import canonical
from tyokyky_bridge.fhir.wire.issues import Document


def slug_of(url: str | None, type_: str, *, id_: str | None = None, version: str | None = None) -> str:
    """
    The slug of the code list that an operation is called on: by its id, else by a canonical URL, which may end
    in ``|version``.

    Raises:
        NoSuchDefinition: it is not one of ours, or not that version.
    """
    url = url if id_ is None else canonical(type_, id_)
    bare, _, said = (url or "").partition("|")
    slug = bare.removeprefix(canonical(type_, ""))
    known = shipped_code_systems().get(slug) if slug != bare else None
    if known is None:
        rule = f"this server has no {type_} with this URL"
        raise not_found(rule)
    if (version or said or known["version"]) != known["version"]:
        rule = f"this server has no such version of the {type_}"
        raise not_found(rule)
    return slug


def concept_of(slug: str, code: str) -> Document | None:
    """The concept of this code, or ``None``."""
    concepts: list[Document] = shipped_code_systems()[slug]["concept"]
    return next((each for each in concepts if each["code"] == code), None)


def display_of(concept: Document, language: str | None) -> str:
    """The label in *language*, of which the first subtag counts; the English display when there is none."""
    wanted = (language or "").partition("-")[0].lower()
    said: list[dict[str, Any]] = concept.get("designation", [])
    return next((each["value"] for each in said if each["language"] == wanted), concept["display"])


def labels_of(concept: Document) -> frozenset[str]:
    """The label in every language."""
    return frozenset({concept["display"], *(each["value"] for each in concept.get("designation", []))})

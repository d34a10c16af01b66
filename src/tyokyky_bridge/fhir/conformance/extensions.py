"""The extensions that carry what FHIR has no element for, as StructureDefinitions.

Most are generated from the plan's schema together with the lens that writes and reads them; a few belong to what is
derived from consents and workers.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.fhir.conformance.differential import bound, element, sliced, translated, typed
from tyokyky_bridge.fhir.conformance.header import FHIR_VERSION, HL7, canonical, header, pascal
from tyokyky_bridge.fhir.lens.extensions import all_extensions
from tyokyky_bridge.fhir.lens.generated import Extension
from tyokyky_bridge.fhir.wire.issues import Document

_DERIVED: Final = (
    Extension(
        url=canonical("StructureDefinition", "consent-end-reason"),
        context="Consent",
        pattern="",
        title_fi="suostumuksen päättymisen syy",
        title_sv="orsak till att samtycket upphört",
        title_en="reason of a consent's end",
        repeats=False,
        type="Coding",
        list_id="consent-end-reason",
    ),
    Extension(
        url=canonical("StructureDefinition", "sha256"),
        context="Attachment",
        pattern="",
        title_fi="SHA-256-tiiviste",
        title_sv="SHA-256-kontrollsumma",
        title_en="SHA-256 digest",
        repeats=False,
        type="string",
        list_id=None,
    ),
)
"""Extensions of resources that are derived from something else than a plan. Source: domain report 6.7."""


def extension_definitions() -> Iterator[Document]:
    """Every extension of ours; one that stands on several elements is defined once, with all its contexts."""
    alike: dict[str, list[Extension]] = {}
    for each in (*all_extensions(), *_DERIVED):
        alike.setdefault(each.slug, []).append(each)
    for slug, group in alike.items():
        first = group[0]
        said = f"Carries {first.pattern} of the plan, which FHIR has no element for."
        yield _definition(
            slug,
            (first.title_fi, first.title_sv, first.title_en),
            (each.context for each in group),
            said if first.pattern else f"The {first.title_en}.",
            _held(first, "Extension"),
        )


def _definition(
    slug: str, titles: tuple[str, str, str], contexts: Iterable[str], says: str, held: Iterable[Document]
) -> Document:
    fi, sv, en = titles
    said = header("StructureDefinition", slug, name=pascal(slug), title=en, description=says)
    said["_title"] = translated({"fi": fi, "sv": sv})
    said |= {
        "fhirVersion": FHIR_VERSION,
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": each} for each in dict.fromkeys(contexts)],
        "type": "Extension",
        "baseDefinition": f"{HL7}/StructureDefinition/Extension",
        "derivation": "constraint",
    }
    url = canonical("StructureDefinition", slug)
    first = element("Extension", short=en, definition=says)
    fixed = element("Extension.url", fixedUri=url)
    inside = list(held)
    parts = [each for each in inside if each["path"].startswith("Extension.extension")]
    value = [each for each in inside if each not in parts]
    said["differential"] = {"element": [first, *parts, fixed, *value]}
    return said


def _value(type_: str, list_id: str | None, at: str = "Extension") -> list[Document]:
    """An extension with a value and no parts."""
    binding = None if list_id is None else bound(canonical("ValueSet", code_list(list_id).slug))
    return [
        element(f"{at}.extension", max_="0"),
        element(f"{at}.value[x]", min_=1, type_=typed(type_), binding=binding),
    ]


def _held(said: Extension, at: str) -> list[Document]:
    """What is inside an extension at the element id *at*: a value, or parts told apart by their url."""
    if said.type is not None:
        return _value(said.type, said.list_id, at)
    found = [sliced(f"{at}.extension", "url")]
    for part in said.parts:
        here = f"{at}.extension:{part.slug}"
        inside = _held(part, here)
        parts = [each for each in inside if each["path"].startswith(f"{_path(here)}.extension")]
        value = [each for each in inside if each not in parts]
        found += [
            element(here, short=part.title_en, min_=0, max_="*" if part.repeats else "1"),
            *parts,
            element(f"{here}.url", fixedUri=part.slug),
            *value,
        ]
    return [*found, element(f"{at}.value[x]", max_="0")]


def _path(id_: str) -> str:
    return ".".join(step.partition(":")[0] for step in id_.split("."))

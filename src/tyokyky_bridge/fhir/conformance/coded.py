"""The closed code lists as CodeSystems, and for each a ValueSet of all its codes."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from tyokyky_bridge.fhir.conformance.header import PUBLISHED, canonical, header
from tyokyky_bridge.fhir.wire.issues import Document


@cache
def shipped_code_systems() -> Mapping[str, Document]:
    """The CodeSystems of the data distribution by their slug, as they lie there."""
    folder = files("tyokyky_mappings").joinpath("canonical/codes")
    found = [json.loads(each.read_bytes()) for each in folder.iterdir() if each.name.endswith(".json")]
    return {each["id"]: each for each in sorted(found, key=lambda each: each["id"])}


def code_systems() -> Iterator[Document]:
    """Every code list, dated, and telling which ValueSet is all of it."""
    for slug, shipped in shipped_code_systems().items():
        served: Document = {}
        for member, value in shipped.items():
            served[member] = value
            if member == "experimental":
                served["date"] = PUBLISHED
            elif member == "caseSensitive":
                served["valueSet"] = canonical("ValueSet", slug)
        yield served


def value_sets() -> Iterator[Document]:
    """One ValueSet for each code list: the whole of it, whatever codes it gets."""
    for slug, shipped in shipped_code_systems().items():
        yield {
            **header(
                "ValueSet",
                slug,
                name=shipped["name"],
                title=shipped["title"],
                description=f"Every code of the code system {shipped['title']}.",
            ),
            "immutable": False,
            "compose": {"include": [{"system": shipped["url"]}]},
        }

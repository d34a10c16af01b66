"""The closed code lists, read once from the FHIR CodeSystems of the data distribution.

The committed JSON files are the only copy of the codes; this module is the one place of the domain that reads
package data. Source: domain report 3.4 (CL-01 to CL-51), 2.5 (state lists), 7 (instruments).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from tyokyky_bridge.domain.errors import BridgeError

Labels = Mapping[str, str]
PropertyValue = str | int | bool | float


class UnknownCodeList(BridgeError):
    """No shipped CodeSystem has this id or slug."""

    code = "codes/unknown-list"

    def __init__(self, list_id: str) -> None:
        self.list_id = list_id
        super().__init__(f"there is no code list {list_id}")


@dataclass(frozen=True)
class CodeList:
    """One closed list: *labels* by code and language (fi, sv, en), *properties* by code and name."""

    id: str
    slug: str
    url: str
    version: str
    titles: Labels
    labels: Mapping[str, Labels]
    properties: Mapping[str, Mapping[str, tuple[PropertyValue, ...]]]
    codes: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozenset(self.labels))

    def label(self, code: str, language: str = "fi") -> str:
        """Say *code* in *language* (``fi``, ``sv`` or ``en``)."""
        return self.labels[code][language]

    def values(self, code: str, name: str) -> tuple[PropertyValue, ...]:
        """All values of the property *name* of *code*; empty when it has none."""
        return self.properties.get(code, {}).get(name, ())

    def value(self, code: str, name: str) -> PropertyValue | None:
        """The one value of the property *name* of *code*, or ``None``."""
        found = self.values(code, name)
        return found[0] if found else None


def _designations(holder: Mapping[str, Any]) -> dict[str, str]:
    return {d["language"]: d["value"] for d in holder.get("designation", [])}


def _parse(document: Mapping[str, Any]) -> CodeList:
    labels: dict[str, Labels] = {}
    properties: dict[str, dict[str, tuple[PropertyValue, ...]]] = {}
    for concept in document["concept"]:
        code: str = concept["code"]
        labels[code] = {"en": concept["display"], **_designations(concept)}
        extra: dict[str, tuple[PropertyValue, ...]] = {}
        for entry in concept.get("property", []):
            value = next(v for k, v in entry.items() if k.startswith("value"))
            extra[entry["code"]] = (*extra.get(entry["code"], ()), value)
        if extra:
            properties[code] = extra
    titles: dict[str, str] = {"en": document["title"]}
    for extension in document.get("_title", {}).get("extension", []):
        parts = {p["url"]: p.get("valueCode") or p.get("valueString") for p in extension["extension"]}
        titles[parts["lang"]] = parts["content"]
    return CodeList(
        id=document["identifier"][0]["value"],
        slug=document["id"],
        url=document["url"],
        version=document["version"],
        titles=titles,
        labels=labels,
        properties=properties,
    )


@cache
def code_lists() -> Mapping[str, CodeList]:
    """Every shipped list by its id (``CL-03``, or the slug for lists without a number), ordered by id."""
    folder = files("tyokyky_mappings").joinpath("canonical/codes")
    lists = [_parse(json.loads(f.read_bytes())) for f in folder.iterdir() if f.name.endswith(".json")]
    return {each.id: each for each in sorted(lists, key=lambda each: each.id)}


@cache
def code_list(list_id: str) -> CodeList:
    """The list with this id (``CL-03``) or slug (``referring-party-type``).

    Raises:
        UnknownCodeList: no shipped list has it.
    """
    lists = code_lists()
    if list_id in lists:
        return lists[list_id]
    for each in lists.values():
        if each.slug == list_id:
            return each
    raise UnknownCodeList(list_id)

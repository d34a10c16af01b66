"""The support plan document of Lifecare as the lens sees it: what can be written, and the person.

Lifecare's own book-keeping (id, version, signature, author, time) is left out of the content, so that a record
reads back equal to what was written; it lives in `Found`, in the version token and in `VersionHead`.
"""

import copy
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from tyokyky_bridge.adapterkit.contract import Native

HEADINGS = ("OHJ", "AMM", "AIK", "TER", "SOS", "KEL", "VER", "SUU")
"""Headings of the phrase TKSUUN-2 in their fixed order: the eight sections of the plan skeleton."""

KIND = "TYOKYKYSUUN"

OFFICIAL, FORMER = "VIRALLINEN", "ENTINEN"
"""Kinds of identity numbers: the one in force, and one that the person had."""

BOOK_KEEPING = frozenset(
    {
        "asiakirjaId",
        "versio",
        "tila",
        "potilasId",
        "luoja",
        "kirjaaja",
        "kirjausaika",
        "viite",
        "palveluyksikko",
    }
)

_EMPTY: Native = {
    "laji": KIND,
    "fraasi": "TKSUUN-2",
    "rekisteri": "2",
    "suunnitelma": {},
    "otsikot": [{"otsikko": heading, "teksti": ""} for heading in HEADINGS],
    "mittaukset": [],
    "viitteet": [],
    "potilas": {},
}

EMPTY: Native = copy.deepcopy(_EMPTY)
"""The empty form. Copy before changing; `empty_form` does."""


class VersionHead(BaseModel):
    """One line of a document's version list."""

    model_config = ConfigDict(extra="allow")

    versio: int
    tila: str
    kirjaaja: str
    allekirjoitettu: bool
    """Whether anybody ever signed it; a version that was replaced may have been a draft all its life."""


class Versions(BaseModel):
    """A document's version list."""

    versiot: list[VersionHead]


class DocumentHead(BaseModel):
    """One hit of a document search."""

    model_config = ConfigDict(extra="allow")

    asiakirjaId: str  # noqa: N815  # the partner's own name
    tila: str
    viite: str | None = None


class Hits(BaseModel):
    """The answer to a document search."""

    asiakirjat: list[DocumentHead]


def empty_form(person: dict[str, Any]) -> Native:
    """The form of a client who has no plan document yet."""
    return {**copy.deepcopy(_EMPTY), "potilas": person}


def content_of(document: dict[str, Any], person: dict[str, Any]) -> Native:
    """What the lens works on: the document without Lifecare's book-keeping, and the person."""
    kept = {name: value for name, value in document.items() if name not in BOOK_KEEPING}
    return {**kept, "potilas": person}


def document_of(content: Native) -> dict[str, Any]:
    """The document part of a content, as it is sent."""
    return {name: value for name, value in content.items() if name != "potilas" and name not in BOOK_KEEPING}


def person_of(patient: dict[str, Any]) -> dict[str, Any]:
    """The person block of a patient resource."""
    return {name: value for name, value in patient.items() if name not in {"potilasId", "versio", "viite"}}


def number_of(patient: Mapping[str, Any]) -> str | None:
    """The identity number in force; a temporary one only where there is no official one."""
    numbers: Any = patient.get("henkilotunnukset")
    listed = cast("list[Any]", numbers) if isinstance(numbers, list) else []
    now = [
        cast("dict[str, Any]", n)
        for n in listed
        if isinstance(n, dict) and cast("Any", n).get("laji") != FORMER
    ]
    now.sort(key=lambda n: n.get("laji") != OFFICIAL)
    number = now[0].get("hetu") if now else None
    return number if isinstance(number, str) and number else None

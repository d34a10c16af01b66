"""TYPPI's record: the eight sections, their HAL envelope, and text that comes back HTML-escaped.

The section names follow the items of section 9 of the act on the joint service; their form is invented.
Source: domain report 8.5.
"""

import re
from html import unescape
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tyokyky_bridge.adapterkit.contract import Native

SECTIONS = (
    "perustiedot",
    "osaaminen",
    "sosiaalinen",
    "terveys",
    "palvelutarve",
    "kela",
    "suunnitelma",
    "seuranta",
)
"""Items 1-2, 3, 4, 5, 6, 6, 7 and 7 of section 9, in the order in which sections are written."""

EMPTY: Native = {
    "suunnitelmaId": None,
    "typAsiakkuus": {},
    "koordinoija": None,
    "osiot": [{"osio": name, "tiedot": {}} for name in SECTIONS],
}
"""The form of a client who has no plan in TYPPI yet."""

_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


class Link(BaseModel):
    """A HAL link."""

    model_config = ConfigDict(extra="allow")

    href: str

    @property
    def last(self) -> str:
        """The last path segment: TYPPI's own id of what is linked."""
        return self.href.rstrip("/").rpartition("/")[2]


class Section(BaseModel):
    """One section as TYPPI sends it. *etag* is opaque; *tiedot* is the content that parties write."""

    model_config = ConfigDict(extra="allow")

    osio: str
    versio: int
    etag: str
    tiedot: dict[str, Any]
    lahteet: tuple[str, ...] = ()


class Embedded(BaseModel):
    """The HAL envelope's embedded part."""

    model_config = ConfigDict(extra="allow")

    osiot: tuple[Section, ...]


class PlanRecord(BaseModel):
    """A plan as `GET /typpi/suunnitelmat/{id}` sends it; fields that we do not know are kept."""

    model_config = ConfigDict(extra="allow")

    suunnitelmaId: str  # noqa: N815  TYPPI's own name
    avannut: str | None = None
    embedded: Embedded = Field(alias="_embedded")


class ClientRecord(BaseModel):
    """A client as `GET /typpi/asiakkaat/{id}` sends it: our way to the plan is a link."""

    model_config = ConfigDict(extra="allow")

    asiakasId: str  # noqa: N815  TYPPI's own name
    hetu: str | None = None
    links: dict[str, Link] = Field(alias="_links")

    @property
    def plan_id(self) -> str | None:
        """Id of the client's plan, ``None`` when none is open yet."""
        link = self.links.get("suunnitelma")
        return link.last if link else None


class Problem(BaseModel):
    """A problem+json body (RFC 9457). Every member may be missing, and servers do leave them out."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    status: int | None = None
    osio: str | None = None
    kentta: str | None = None
    saanto: str | None = None
    osumia: int | None = None

    @property
    def code(self) -> str:
        """Last part of the problem type: what a program compares."""
        return self.type.rstrip("/").rpartition("/")[2].rpartition(":")[2] or "about-blank"


def unescaped(value: Any) -> Any:
    """Undo one round of HTML escaping in every text of *value*.

    Only references that are complete (``&name;``) are undone, so that text which TYPPI failed to escape is
    not guessed at: a stray ``&copy`` stays as it is, and ``&amp;auml;`` becomes the literal ``&auml;`` that
    somebody wrote.
    """
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: unescape(found.group()), value)
    if isinstance(value, dict):
        return {key: unescaped(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [unescaped(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def content_of(hal: dict[str, Any]) -> Native:
    """Turn a plan off the wire into what the lens reads: links gone, sections on top, text plain.

    Sections that TYPPI left out (it does so with sections nobody has written) are there with empty content.
    """
    content = {key: value for key, value in hal.items() if key not in {"_links", "_embedded"}}
    given: list[dict[str, Any]] = hal["_embedded"]["osiot"]
    by_name = {section["osio"]: {k: v for k, v in section.items() if k != "_links"} for section in given}
    order = [*SECTIONS, *(name for name in by_name if name not in SECTIONS)]
    content["osiot"] = [by_name.get(name, {"osio": name, "tiedot": {}}) for name in order]
    return unescaped(content)


def sections_of(content: Native) -> dict[str, dict[str, Any]]:
    """What each section of a record holds, by section name."""
    return {section["osio"]: section.get("tiedot") or {} for section in content.get("osiot", ())}

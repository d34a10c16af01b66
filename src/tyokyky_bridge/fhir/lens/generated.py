"""Extensions generated from the schema: how they are named, titled and described."""

from dataclasses import dataclass

from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.schema import SCHEMA, Shape


@dataclass(frozen=True)
class Extension:
    """
    A generated extension, to be published as a StructureDefinition.

    *context* is the element that it stands on, *url* its canonical address, or the bare name inside a complex one;
    *type* the FHIR type of its value, ``None`` for a complex one, whose *parts* are then given.
    """

    url: str
    context: str
    pattern: str
    title_fi: str
    title_sv: str
    title_en: str
    repeats: bool
    type: str | None
    list_id: str | None
    parts: tuple["Extension", ...] = ()

    @property
    def slug(self) -> str:
        """The last part of the canonical address."""
        return self.url.rpartition("/")[2]


def dashed(pattern: str) -> str:
    """A pattern as it stands in addresses and ids: ``care_team.main_customership`` → ``care-team-main-…``."""
    return pattern.replace("[]", "").replace(".", "-").replace("_", "-")


def id_template(below_anchor: str) -> str:
    """The template of the ids of a list's elements; unique in the resource, as FHIR asks of element ids."""
    return below_anchor.replace("_", "-").replace("[]", ".{}")


def shape_at(anchor: str) -> tuple[Shape, int]:
    """The fields below an anchor, and how deep they are."""
    shape, depth = SCHEMA.shape, 0
    for name in filter(None, anchor.replace("[]", "").split(".")):
        shape = next(each.shape for each in shape if each.name == name)
        depth += 1
    return shape, depth


def titles_of(pattern: str, depth: int) -> tuple[str, str, str]:
    """The titles of an object: what the titles of its leaves begin with, or those of its section."""
    if depth == 0:
        section = next(each for each in SCHEMA.sections if each.name == pattern.removesuffix("[]"))
        return section.title_fi, section.title_sv, section.title_en
    meaning = next(each for at, each in FIELDS.items() if at.startswith(f"{pattern}."))
    cut = [": ".join(t.split(": ")[:depth]) for t in (meaning.title_fi, meaning.title_sv, meaning.title_en)]
    return cut[0], cut[1], cut[2]

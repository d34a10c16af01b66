"""What a search parameter is: its kind, where it looks, what it may point at, and which modifiers fit it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tyokyky_bridge.fhir.search.paths import Path

HL7: Final = "http://hl7.org/fhir/SearchParameter"
OWN: Final = "https://tyokyky-bridge.example/fhir/SearchParameter"


class Kind(StrEnum):
    """The types of search parameters that are used here. Source: hl7.org/fhir/R4/search.html#ptypes."""

    TOKEN = "token"  # noqa: S105 a kind of parameter
    STRING = "string"
    DATE = "date"
    NUMBER = "number"
    QUANTITY = "quantity"
    REFERENCE = "reference"
    URI = "uri"
    COMPOSITE = "composite"


MODIFIERS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.TOKEN: ("missing", "not", "text"),
    Kind.STRING: ("missing", "exact", "contains"),
    Kind.DATE: ("missing",),
    Kind.NUMBER: ("missing",),
    Kind.QUANTITY: ("missing",),
    Kind.REFERENCE: ("missing", "type", "identifier"),
    Kind.URI: ("missing",),
    Kind.COMPOSITE: (),
}
"""``type`` stands for the name of a target type, as in ``subject:Patient``."""

PREFIXES: Final = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
"""``ap`` (approximately) is left out on purpose: how near is near enough is nobody's to guess in a consent product."""

DEFINITIONAL: Final = frozenset(
    {"CapabilityStatement", "CodeSystem", "ConceptMap", "NamingSystem"}
    | {"OperationDefinition", "SearchParameter", "StructureDefinition", "ValueSet"}
)
"""Types of what the server publishes."""

ORDERED_KINDS: Final = frozenset({Kind.DATE, Kind.NUMBER, Kind.QUANTITY})


@dataclass(frozen=True)
class Part:
    """One component of a composite: the parameter whose definition it follows, and where it looks from the root."""

    name: str
    kind: Kind
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Parameter:
    """
    One search parameter of one type.

    Attributes:
        paths: Where it looks. Of a composite: the elements inside which its parts have to match together.
        family: First part of HL7's id when several types share a definition (``clinical``, ``individual``).
        own: Whether the definition is ours and not HL7's.
        targets: Types that a reference may point at; empty means any.
        only: Set when just references to that one type count (FHIRPath ``where(resolve() is Patient)``).
        system: The code system that an element of type ``code`` has without saying so.
        boolean: Whether ``true`` and ``false`` are the only values.
        parts: The components of a composite.
        says: What it finds, in one sentence, where its name does not say it.
    """

    name: str
    kind: Kind
    paths: tuple[Path, ...]
    type: str = ""
    family: str = ""
    own: bool = False
    targets: tuple[str, ...] = ()
    only: str | None = None
    system: str | None = None
    boolean: bool = False
    parts: tuple[Part, ...] = ()
    says: str = ""

    @property
    def id(self) -> str:
        """The id of its definition; types that share a definition share the id."""
        return f"{self.family or self.type}-{self.name.removeprefix('_')}"

    @property
    def url(self) -> str:
        """The canonical URL of its definition."""
        return f"{OWN if self.own else HL7}/{self.id}"

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The modifiers that are understood, as FHIR names them."""
        mine = MODIFIERS[self.kind]
        one_type = self.kind is Kind.REFERENCE and len(self.targets) == 1
        return tuple(each for each in mine if each != "type") if one_type else mine

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes that are understood."""
        return PREFIXES if self.kind in ORDERED_KINDS else ()

    def may_point_at(self, type_: str) -> bool:
        """Whether a reference found by this parameter may point at *type_*."""
        return self.kind is Kind.REFERENCE and (not self.targets or type_ in self.targets)

    def reaches(self, type_: str) -> bool:
        """
        Whether following this parameter leads to *type_*.

        What may point at anything (``Task.focus``) does not lead to published definitions: they are the same for
        everybody and stand in nobody's plan.
        """
        return type_ in self.targets or (self.may_point_at(type_) and type_ not in DEFINITIONAL)

    @property
    def expression(self) -> str:
        """Where it looks, as a FHIRPath expression."""
        where = f".where(resolve() is {self.only})" if self.only else ""
        return " | ".join(f"{path.fhirpath(self.type or 'Resource')}{where}" for path in self.paths)


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(Path.of(each) for each in text.split(" "))


def token(name: str, at: str, *, system: str | None = None, family: str = "", own: bool = False) -> Parameter:
    """A parameter over codes, codings, identifiers, contact points or booleans."""
    return Parameter(name, Kind.TOKEN, _paths(at), system=system, family=family, own=own)


def flag(name: str, at: str) -> Parameter:
    """A parameter over a boolean."""
    return Parameter(name, Kind.TOKEN, _paths(at), boolean=True)


def string(name: str, at: str, *, family: str = "") -> Parameter:
    """A parameter over texts, names and addresses."""
    return Parameter(name, Kind.STRING, _paths(at), family=family)


def date(name: str, at: str, *, family: str = "", own: bool = False) -> Parameter:
    """A parameter over dates, moments, periods and timings."""
    return Parameter(name, Kind.DATE, _paths(at), family=family, own=own)


def quantity(name: str, at: str) -> Parameter:
    """A parameter over quantities."""
    return Parameter(name, Kind.QUANTITY, _paths(at))


def uri(name: str, at: str, *, family: str = "") -> Parameter:
    """A parameter over URIs."""
    return Parameter(name, Kind.URI, _paths(at), family=family)


def reference(name: str, at: str, to: str = "", *, family: str = "", own: bool = False) -> Parameter:
    """A parameter over references to the types named in *to*; to any when it is empty."""
    return Parameter(name, Kind.REFERENCE, _paths(at), targets=tuple(to.split()), family=family, own=own)


def only(type_: str, name: str, at: str, *, family: str = "") -> Parameter:
    """A parameter over those references that point at *type_*."""
    return Parameter(name, Kind.REFERENCE, _paths(at), targets=(type_,), only=type_, family=family)


def composite(name: str, roots: Iterable[str], *parts: Part, own: bool = False, says: str = "") -> Parameter:
    """A parameter of two that have to match inside the same element."""
    return Parameter(
        name, Kind.COMPOSITE, tuple(Path.of(each) for each in roots), parts=parts, own=own, says=says
    )


def part(name: str, kind: Kind, at: str) -> Part:
    """One component of a composite."""
    return Part(name, kind, _paths(at))


def rows(type_: str, *parameters: Parameter) -> dict[str, Parameter]:
    """The parameters of one type by name."""
    return {each.name: replace(each, type=type_) for each in parameters}

"""The plan's schema, compiled once from the models: each pattern's meaning, and the shape to walk by."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic.fields import FieldInfo

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.labels import NO_LABELS, ByCode, Labels, OfFeedback, Rule
from tyokyky_bridge.domain.plan.support_plan import SupportPlan
from tyokyky_bridge.domain.plan.text import Kind
from tyokyky_bridge.domain.plan.values import Codes, Element, Part

Rules = tuple[tuple[int, Rule | None], ...]
"""Value-dependent labels: how many steps of the path name the place where the rule looks, and the rule
(``None``: the labels of the item that a necessity mark points at)."""


@dataclass(frozen=True)
class FieldMeaning:
    """All that the schema says of one pattern.

    *category* is the one static category, ``None`` when the labels depend on a value or are several. *labels*
    are those that every value has; `tyokyky_bridge.domain.items.labels_of` adds what the values bring.
    *max_chars* is ``None`` where length means nothing.
    """

    pattern: str
    title_fi: str
    title_sv: str
    title_en: str
    category: Category | None
    labels: Labels
    rules: Rules
    authority: tuple[str, ...]
    codes: str | None
    kind: str
    max_chars: int | None
    section: str
    source: str
    required: bool


@dataclass(frozen=True)
class Field:
    """One step of the shape: where the value stands in the model, and what form it has."""

    attribute: str
    name: str
    form: Literal["leaf", "set", "part", "list"]
    nothing: Any
    shape: "Shape"


Shape = tuple[Field, ...]


@dataclass(frozen=True)
class Section:
    """One top-level member of the plan: its heading in the dictionary (S1–S8, D0–D15) and its titles."""

    number: str
    name: str
    title_fi: str
    title_sv: str
    title_en: str


@dataclass(frozen=True)
class Schema:
    """The compiled schema."""

    fields: dict[str, FieldMeaning]
    shape: Shape
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class _Context:
    """What a field inherits from those that hold it."""

    titles: tuple[str, str, str] = ("", "", "")
    labels: Labels = NO_LABELS
    rules: Rules = ()
    authority: str = ""
    section: str = ""
    source: str = ""


_KINDS: Final[dict[type, str]] = {
    date: "date",
    datetime: "datetime",
    int: "int",
    Decimal: "decimal",
    bool: "bool",
}


def _parts(annotation: Any) -> Iterator[Any]:
    """The bare type inside ``X | None`` and ``Annotated``, and all metadata around it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        yield from metadata
        yield from _parts(inner)
    elif origin in (Union, UnionType):
        for argument in get_args(annotation):
            if argument is not type(None):
                yield from _parts(argument)
    else:
        yield annotation


def _categories(said: list[str] | None) -> Labels:
    return frozenset(Category(each) for each in said or ())


def _rules(extra: dict[str, Any]) -> list[Rule | None]:
    missing = _categories(extra["x-missing"]) if "x-missing" in extra else None
    found: list[Rule | None] = []
    for said in str(extra.get("x-labelled-by", "")).split():
        if said == "@feedback":
            found.append(OfFeedback())
        elif said == "@marked":
            found.append(None)
        else:
            leaf, _, list_id = said.partition(":")
            lenient = list_id.endswith("?")
            found.append(ByCode(leaf, list_id.removesuffix("?"), NO_LABELS if lenient else missing))
    return found


def _inherit(context: _Context, info: FieldInfo, depth: int) -> _Context:
    extra = cast("dict[str, Any]", info.json_schema_extra)
    labels = _categories(extra["x-labels"]) if "x-labels" in extra else context.labels
    fi, sv, en = extra["x-fi"], extra["x-sv"], cast("str", info.title)
    if depth > 2:
        held_fi, held_sv, held_en = context.titles
        fi, sv, en = f"{held_fi}: {fi}", f"{held_sv}: {sv}", f"{held_en}: {en}"
    return replace(
        context,
        titles=(fi, sv, en),
        labels=labels | _categories(extra.get("x-plus")),
        rules=context.rules + tuple((depth, rule) for rule in _rules(extra)),
        authority=extra.get("x-authority", context.authority),
        section=extra.get("x-section", context.section),
        source=extra.get("x-source", context.source),
    )


def _meaning(pattern: str, context: _Context, metadata: list[Any], *, required: bool) -> FieldMeaning:
    codes = next((m.list_id for m in metadata if isinstance(m, Codes)), None)
    named = next((m for m in metadata if isinstance(m, Kind)), None)
    bare = next(m for m in metadata if isinstance(m, type))
    if codes is not None:
        kind, max_chars = "code", None
    elif named is not None:
        kind, max_chars = named.name, named.max_chars
    else:
        kind, max_chars = _KINDS[bare], None
    single = next(iter(context.labels)) if len(context.labels) == 1 and not context.rules else None
    fi, sv, en = context.titles
    return FieldMeaning(
        pattern=pattern,
        title_fi=fi,
        title_sv=sv,
        title_en=en,
        category=single,
        labels=context.labels,
        rules=context.rules,
        authority=tuple(context.authority),
        codes=codes,
        kind=kind,
        max_chars=max_chars,
        section=context.section,
        source=context.source,
        required=required,
    )


def _compile(
    model: type[Part], prefix: str, depth: int, context: _Context, fields: dict[str, FieldMeaning]
) -> Shape:
    shape: list[Field] = []
    for attribute, info in model.model_fields.items():
        if attribute == "id" and issubclass(model, Element):
            continue
        name = info.alias or attribute
        here = _inherit(context, info, depth + 1)
        metadata = [*info.metadata, *_parts(info.annotation)]
        bare = metadata[-1]
        nothing: Any = None if info.is_required() else info.default
        required = info.is_required()
        if get_origin(bare) is tuple:
            inner = list(_parts(get_args(bare)[0]))
            element = inner[-1]
            nothing = ()
            if isinstance(element, type) and issubclass(element, Part):
                below = _compile(element, f"{prefix}{name}[].", depth + 1, here, fields)
                shape.append(Field(attribute, name, "list", nothing, below))
            else:
                pattern = f"{prefix}{name}[]"
                fields[pattern] = _meaning(pattern, here, inner, required=False)
                shape.append(Field(attribute, name, "set", nothing, ()))
        elif isinstance(bare, type) and issubclass(bare, Part):
            below = _compile(bare, f"{prefix}{name}.", depth + 1, here, fields)
            shape.append(Field(attribute, name, "part", nothing, below))
        else:
            pattern = f"{prefix}{name}"
            fields[pattern] = _meaning(pattern, here, metadata, required=required)
            shape.append(Field(attribute, name, "leaf", nothing, ()))
    return tuple(shape)


def _compiled() -> Schema:
    fields: dict[str, FieldMeaning] = {}
    shape = _compile(SupportPlan, "", 0, _Context(), fields)
    sections: list[Section] = []
    for name, info in SupportPlan.model_fields.items():
        said = _inherit(_Context(), info, 1)
        sections.append(Section(said.section, name, *said.titles))
    return Schema(fields, shape, tuple(sections))


SCHEMA: Final = _compiled()

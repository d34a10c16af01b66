"""The one way in which a field of the plan says what it is: labels, category, authority, source."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import Field

from tyokyky_bridge.domain.categories import Category

REQUIRED: Final[Any] = ...
"""Default of a field that a plan cannot do without."""

NOTHING: Final[Any] = None


def means(  # noqa: PLR0913  a declaration: all but the three labels are named
    fi: str,
    sv: str,
    en: str,
    *,
    auth: str | None = None,
    labels: Iterable[Category] | None = None,
    plus: Iterable[Category] = (),
    by: str | None = None,
    missing: Iterable[Category] | None = None,
    section: str | None = None,
    source: str | None = None,
    default: Any = NOTHING,
    alias: str | None = None,
) -> Any:
    """
    Declare what a field means, beside its type. What is not said is inherited from the field that holds it.

    Args:
        fi, sv, en: How people call the field.
        auth: Letters of those whose word decides: C client, H health, S social welfare, E employment, K Kela,
            P pension provider, V population register, B bridge, R the organisation that recorded it.
        labels: Information categories of the field and of everything inside it.
        plus: Categories on top of the inherited ones, for texts that may mix matters.
        by: Labels that depend on a value, space-separated: ``leaf:list`` adds the ``category`` properties of
        the
            code in *leaf* (relative to this field, empty for the field itself), ``leaf:list?`` likewise but
            adds nothing when the code is absent; ``@rule`` names a rule of `tyokyky_bridge.domain.labels`.
        missing: Categories when that code is absent; by default all that the list knows, the strictest.
        section: Heading of the dictionary, S1–S8 or D0–D15.
        source: The seed document or rule behind the field.
        default: ``REQUIRED`` for a mandatory field.
        alias: The field's name in paths and documents, where Python cannot use it.

    Source: domain report 3.1, 6.3.
    """
    extra: dict[str, Any] = {
        "x-fi": fi,
        "x-sv": sv,
        "x-authority": auth,
        "x-labels": None if labels is None else [c.value for c in labels],
        "x-plus": [c.value for c in plus] or None,
        "x-labelled-by": by,
        "x-missing": None if missing is None else [c.value for c in missing],
        "x-section": section,
        "x-source": source,
    }
    said = {name: value for name, value in extra.items() if value is not None}
    if alias is None:
        return Field(default, title=en, json_schema_extra=said)
    return Field(default, title=en, json_schema_extra=said, alias=alias)

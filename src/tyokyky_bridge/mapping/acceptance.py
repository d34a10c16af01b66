"""What a partner's value must be to stand in the plan: one bad field must become a note and not spoil the
whole reading."""

import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.plan import text, values
from tyokyky_bridge.mapping.codecs import read_text

Decode = Callable[[Any], Any]

_SHAPED: Final[dict[str, Any]] = {
    "str": text.Str,
    "text": text.Text,
    "uuid": values.Uuid,
    "ref": values.Ref,
    "party": values.PartyRef,
    "language": values.Language,
    "municipality": values.Municipality,
    "icd10": values.Icd10,
    "occupation": values.Occupation,
    "oid": values.Oid,
    "sha256": values.Sha256,
    "mime": values.MimeType,
    "path": values.ItemPath,
    "partial_date": values.PartialDate,
    "decimal": values.Number,
}
_PLAIN: Final[dict[str, type]] = {"bool": bool, "int": int}


@cache
def _validator(kind: str) -> Callable[[Any], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(_SHAPED[kind])
    validate = adapter.validate_python

    def check(value: Any) -> Any:
        try:
            return validate(value)
        except ValidationError as refusal:
            rule = refusal.errors(include_input=False, include_url=False)[0]["type"]
            if rule == "text_empty":
                return None
            msg = f"not a plan value: {rule}"
            raise CodecRefusal(msg) from None

    return check


def _text_reader(decode: Decode, kind: str, longest: int) -> Decode:
    check = _validator(kind)
    is_normalized = unicodedata.is_normalized

    plain = decode is read_text

    def read(raw: Any) -> Any:
        value = raw if plain else decode(raw)
        # Most texts are one plain line: they are canonical as they stand.
        if (
            value.__class__ is str
            and value.isprintable()
            and len(value) <= longest
            and value[-1:] != " "
            and value[:1] != " "
            and (value.isascii() or is_normalized("NFC", value))
        ):
            return value or None
        if plain:
            value = decode(raw)
        return None if value is None else check(value)

    return read


def accepting(decode: Decode, pattern: str, *, tabled: bool) -> Decode:
    """Wrap *decode* so that it yields only what the plan's schema takes for *pattern*, in canonical form.

    *tabled*: a code table has spoken already. Fields that the schema does not know stay as they are; the
    checks of the whole mapping tell of them.
    """
    meaning = FIELDS.get(pattern)
    if meaning is None or tabled:
        return decode
    if meaning.kind in ("str", "text"):
        return _text_reader(decode, meaning.kind, meaning.max_chars or 0)
    if meaning.kind in _SHAPED:
        check = _validator(meaning.kind)
        return lambda raw: None if (value := decode(raw)) is None else check(value)
    if meaning.codes is not None:
        codes = code_list(meaning.codes).codes
        return lambda raw: _one_of(codes, decode(raw))
    if meaning.kind in _PLAIN:
        kind = _PLAIN[meaning.kind]
        return lambda raw: _of(kind, decode(raw))
    return decode


def _one_of(codes: frozenset[str], value: Any) -> Any:
    if value is not None and value not in codes:
        msg = "unknown code"
        raise CodecRefusal(msg)
    return value


def _of(kind: type, value: Any) -> Any:
    if value is not None and value.__class__ is not kind:
        msg = "not a plan value: wrong type"
        raise CodecRefusal(msg)
    return value


_IDS: Final[TypeAdapter[str]] = TypeAdapter(values.ElementId)


@lru_cache(maxsize=65536)
def _is_element_id(known: str) -> bool:
    try:
        _IDS.validate_python(known)
    except ValidationError:
        return False
    return True


def is_element_id(known: object) -> bool:
    """Say whether a partner's key can be the id of a plan element; one that looks like a HETU cannot."""
    return isinstance(known, str) and _is_element_id(known)

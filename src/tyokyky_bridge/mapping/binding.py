"""A rule of the file bound to its codec, its code table and what the plan takes: one value, both ways."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.adapterkit.codec import Codec
from tyokyky_bridge.mapping.codecs import GENERIC, IN_TEXT
from tyokyky_bridge.mapping.codes import CodeMap
from tyokyky_bridge.mapping.spec import FieldRow, ValueRule


@dataclass(slots=True)
class Value:
    """How one value is written and read. *trusted*: a lossless generic codec, so that no read-back is
    needed."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    trusted: bool
    loss: str | None
    pattern: str


def bind(
    rule: ValueRule, codecs: Mapping[str, Codec], maps: Mapping[str, CodeMap], *, in_text: bool = False
) -> Value:
    """Bind a rule to its codec and code table. Raises: ValueError naming a dangling codec or table."""
    name = IN_TEXT.get(rule.codec, rule.codec) if in_text else rule.codec
    codec = codecs.get(name)
    if codec is None:
        msg = f"codec {name} is unknown"
        raise ValueError(msg)
    loss = rule.loss or codec.lossy
    trusted = codec.lossy is None and GENERIC.get(name) is codec
    if rule.codes is None:
        return Value(codec.encode, codec.decode, trusted, loss, codec.text_pattern)
    table = maps.get(rule.codes)
    if table is None:
        msg = f"code table {rule.codes} is not in codes/"
        raise ValueError(msg)
    changed = table.changed_by_round_trip
    if changed and rule.loss is None:
        msg = f"codes {sorted(changed)} of table {rule.codes} do not come back: declare the loss"
        raise ValueError(msg)
    encode, decode = _through(table, codec)
    words = "|".join(
        re.escape(str(codec.encode(word))) for word in sorted(table.backward, key=len, reverse=True)
    )
    return Value(encode, decode, trusted and not changed, loss, words or r"(?!)")


def _through(table: CodeMap, codec: Codec) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """The code table first, then the codec; the plain text codec has nothing to add."""
    if codec is GENERIC["text"]:
        return table.to_native, table.to_canonical

    def encode(value: Any) -> Any:
        return codec.encode(table.to_native(value))

    def decode(raw: Any) -> Any:
        return table.to_canonical(codec.decode(raw))

    return encode, decode


def over(written: Any, row: FieldRow) -> str | None:
    """Say which limit of the native field a written text breaks: nothing is ever cut."""
    if isinstance(written, str):
        if row.max is not None and len(written) > row.max:
            return f"longer than {row.max} characters"
        if row.max_bytes is not None and len(written.encode(row.encoding, "replace")) > row.max_bytes:
            return f"longer than {row.max_bytes} bytes of {row.encoding}"
    return None

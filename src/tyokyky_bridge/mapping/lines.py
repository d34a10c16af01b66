"""A native text as lines that remember their own line ends, so that untouched lines come out byte for
byte."""

import re
from dataclasses import dataclass
from typing import Any, cast

from tyokyky_bridge.mapping.spec import Form

_LINE_END = re.compile(r"(\r\n|\n|\r)")


@dataclass(slots=True)
class Line:
    """One physical line; *end* is its own line end, ``None`` for a line we make. *text* may be any JSON value
    in an array."""

    text: Any
    end: str | None = None


def split(raw: Any, form: Form) -> list[Line] | None:
    """Split a native text; ``None`` when it is no text (or no array) at all."""
    if raw is None or raw == "":
        return []
    if form.lines is not None:
        return [Line(text) for text in cast("list[Any]", raw)] if isinstance(raw, list) else None
    if not isinstance(raw, str):
        return None
    parts = _LINE_END.split(raw)
    return [Line(parts[at], parts[at + 1] if at + 1 < len(parts) else None) for at in range(0, len(parts), 2)]


def join(lines: list[Line], form: Form) -> Any:
    """Make the native text of *lines*."""
    if form.lines is not None:
        return [line.text for line in lines]
    if not lines:
        return ""
    return "".join(line.text + (line.end or form.newline) for line in lines[:-1]) + lines[-1].text


def over_limit(native: Any, form: Form) -> str | None:
    """Say which limit of the form a text breaks; widths are kept where lines are made."""
    if form.lines is not None:
        return f"more than {form.lines.count} lines" if len(native) > form.lines.count else None
    if form.max is not None and len(native) > form.max:
        return f"longer than {form.max} characters"
    if form.max_bytes is not None and len(native.encode(form.encoding, "replace")) > form.max_bytes:
        return f"longer than {form.max_bytes} bytes of {form.encoding}"
    return None

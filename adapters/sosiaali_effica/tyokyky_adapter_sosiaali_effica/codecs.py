"""Ways of writing that only Effica has; all others are the hub's generic ones."""

import re

from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal

_CANONICAL = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2]))?(?:-(\d{2}))?", re.ASCII)
_NATIVE = re.compile(r"(?:(?:(\d{2})\.)?(0[1-9]|1[0-2])\.)?(\d{4})", re.ASCII)


def _write(value: object) -> str:
    found = _CANONICAL.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CodecRefusal(rule="not a year, month or day")
    return ".".join(part for part in reversed(found.groups()) if part)


def _read(raw: object) -> str:
    found = _NATIVE.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        raise CodecRefusal(rule="not a year, month or day")
    return "-".join(part for part in reversed(found.groups()) if part)


CODECS: dict[str, Codec] = {
    "partial-date-fi": Codec("partial-date-fi", _write, _read, text_pattern=r"(?:(?:\d{2}\.)?\d{2}\.)?\d{4}"),
}
"""By the name that the mapping rows use: ``2026``, ``05.2026`` or ``04.05.2026``."""

"""Free text on labelled lines, and back without loss, whatever the line width and the partner's trimming.

A text that does not fit on its line goes on below: ``>`` continues after a space, ``+`` in the middle of a
word and ``|`` after a line break. A space at the edge of a line would be trimmed by some partners, so it is
written ``¬s``; other blank characters there as ``¬(hex)``, and the sign itself as ``¬¬``. The sign is in
every repertoire we write to and in nobody's prose.
"""

import re

MARKS = (">", "+", "|")
_WRAPPED, _BROKEN, _NEW_LINE = MARKS
_ESCAPE = re.compile(r"¬(¬|s|\(([0-9a-f]{1,5})\))")
_EDGE = re.compile(r"^\s|\s$|[^\S ]")
_RUN = re.compile(r"(?<=\s)\s|^\s|\s$|[^\S ]")


def _blank(found: re.Match[str]) -> str:
    return "¬s" if found[0] == " " else f"¬({ord(found[0]):x})"


def _escaped(paragraph: str, width: int | None) -> str:
    """Where lines are wrapped, any run of spaces may come to an edge."""
    return (_EDGE if width is None else _RUN).sub(_blank, paragraph.replace("¬", "¬¬"))


def _unescape(found: re.Match[str]) -> str:
    if found[1] == "¬":
        return "¬"
    if found[1] == "s":
        return " "
    point = int(found[2], 16)
    return chr(point) if point < 0x110000 and chr(point).isspace() else found[0]


def is_continuation(line: str) -> bool:
    """Say whether *line* would be read as the continuation of a labelled line above it."""
    return line[:1] in MARKS and (len(line) == 1 or line[1] == " ")


def fold(head: str, text: str, width: int | None) -> list[str]:
    """Write *text* after *head* (``Label:``) in lines of at most *width* characters.

    Raises: ValueError when the head alone leaves no room.
    """
    lines: list[str] = []
    for number, paragraph in enumerate(text.split("\n")):
        rest, lead = _escaped(paragraph, width), _NEW_LINE if number else head
        while True:
            room = len(rest) if width is None else width - len(lead) - 1
            if room < 1 and rest:
                msg = "label leaves no room on the line"
                raise ValueError(msg)
            if len(rest) <= room:
                lines.append(f"{lead} {rest}" if rest else lead)
                break
            at = rest.rfind(" ", 1, room + 1)
            following = _WRAPPED
            if at < 1:
                at, following = _whole_signs(rest, room), _BROKEN
            lines.append(f"{lead} {rest[:at]}")
            rest = rest[at + 1 :] if following == _WRAPPED else rest[at:]
            lead = following
    return lines


def _whole_signs(rest: str, room: int) -> int:
    """The last place not after *room* that does not cut an escape in two."""
    at = 0
    while at < room:
        found = _ESCAPE.match(rest, at)
        step = len(found[0]) if found else 1
        if at + step > room:
            break
        at += step
    if at == 0:
        msg = "label leaves no room on the line"
        raise ValueError(msg)
    return at


def unfold(first: str, continuations: list[str]) -> str:
    """Read the text back: *first* is what stands after the colon, then the continuation lines as they are."""
    parts = [_ESCAPE.sub(_unescape, first.strip(" "))]
    for line in continuations:
        body = _ESCAPE.sub(_unescape, line[1:].strip(" "))
        parts.append({_WRAPPED: " ", _BROKEN: "", _NEW_LINE: "\n"}[line[0]] + body)
    return "".join(parts)

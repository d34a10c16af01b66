"""Rows of a text block, first kind: a labelled line for one leaf; and what both kinds share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.mapping.acceptance import is_element_id
from tyokyky_bridge.mapping.binding import Value
from tyokyky_bridge.mapping.booking import READ_ONLY, Writing, projected
from tyokyky_bridge.mapping.compiled import split_path
from tyokyky_bridge.mapping.folding import fold, unfold
from tyokyky_bridge.mapping.spec import LineRow

ID_PATTERN = r"([a-z0-9][a-z0-9-]{0,63})"
Ids = tuple[str, ...]


@dataclass(slots=True)
class Entry:
    """What a labelled line says. *rule* is set when it cannot be read; *values* are canonical, by leaf."""

    ids: Ids | None
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    rule: str | None = None
    words: frozenset[str] = frozenset()


@dataclass(slots=True)
class WantedLine:
    """What a view wants on one line: canonical values as asked and as they will read back, and the text."""

    ids: Ids
    asked: dict[str, Any]
    backs: dict[str, Any]
    lines: list[str]
    element: str | None
    over: str | None = None
    """The row's own limit that the line breaks; it counts only where the line has to change."""


class Asked:
    """The leaves of one scope, also by pattern."""

    def __init__(self, leaves: Mapping[str, Any]) -> None:
        self.leaves = leaves
        self._by_pattern: dict[str, list[tuple[Ids, str]]] | None = None

    def of(self, pattern: str) -> list[tuple[Ids, str]]:
        """Ids and path of every leaf of a pattern, in the plan's order."""
        if "[]" not in pattern:
            return [((), pattern)] if pattern in self.leaves else []
        if self._by_pattern is None:
            self._by_pattern = {}
            for path in self.leaves:
                if "[" in path:
                    own, ids = split_path(path)
                    self._by_pattern.setdefault(own, []).append((ids, path))
        return self._by_pattern.get(pattern, [])


def path_of(pattern: str, ids: Ids) -> str:
    """Fill the brackets of a pattern."""
    pieces = pattern.split("[]")
    return "".join(f"{piece}[{known}]" for piece, known in zip(pieces, ids, strict=False)) + pieces[-1]


class LabelRow:
    """``Label: value``, with continuation lines. For a set of codes there is one line for each code."""

    def __init__(self, row: LineRow, value: Value, implied: Mapping[str, Any]) -> None:
        self.row = row
        self.value = value
        self.implied = implied
        self.is_set = row.plan.endswith("[]")
        self.element = row.plan[: row.plan[: -2 if self.is_set else None].rfind("[]") + 2]
        label = row.label or ""
        self.literal = None if "{id}" in label else label
        self._label_pieces = label.split("{id}")
        self.regex = re.compile(ID_PATTERN.join(re.escape(piece) for piece in self._label_pieces), re.ASCII)

    def entry(self, ids: Ids, first: str, continuations: list[str]) -> Entry:
        """Read the value of a line whose label has been recognised."""
        if not all(is_element_id(known) for known in ids):
            return Entry(None, rule="not an element id")
        text = unfold(first, continuations)
        entry = Entry(None if self.is_set else ids)
        if text == "":
            return entry
        try:
            value = self.value.decode(text)
        except CodecRefusal as refusal:
            entry.rule = refusal.rule
            return entry
        if self.is_set:
            entry.ids = (*ids, str(value))
        if value is not None:
            entry.values[""] = value
        return entry

    def path(self, ids: Ids, leaf: str) -> str:
        """The plan path of a leaf of an entry."""
        return path_of(self.row.plan, ids) + leaf

    def wanted(self, asked: Asked, prefix: str, width: int | None, run: Writing) -> Iterator[WantedLine]:
        """Yield the lines that the view asks for."""
        for ids, rest in asked.of(self.row.plan):
            element = path_of(self.element, ids) if ids else None
            if not takes(self.row, element, asked):
                continue
            path, value = prefix + rest, asked.leaves[rest]
            if self.row.way == "read":
                run.not_carried[path] = READ_ONLY
                continue
            pair = projected(value, self.value, self.row.id, path, run)
            if pair is None:
                continue
            text, back = pair
            shown = ids[:-1] if self.is_set else ids
            label = "".join(a + b for a, b in zip(self._label_pieces, (*shown, ""), strict=True))
            try:
                lines = fold(f"{label}:", str(text), width)
            except ValueError as narrow:
                run.fault(self.row.id, path, str(narrow))
                continue
            read_ids = (*ids[:-1], str(back)) if self.is_set else ids
            most = self.row.max
            over = f"longer than {most} characters" if most is not None and len(str(text)) > most else None
            backs = {} if back is None else {"": back}
            yield WantedLine(read_ids, {rest: value}, backs, lines, element, over)

    def cleared(self, clear: Asked, asked: Asked) -> Iterator[tuple[Ids, list[str]]]:
        """Yield the lines to take out, with their leaves."""
        for ids, rest in clear.of(self.row.plan):
            if rest not in asked.leaves:
                yield ids, [rest]

    def loss(self, leaf: str) -> str | None:  # noqa: ARG002 - the tag has several leaves, a label one
        """The declared loss."""
        return self.value.loss


def takes(row: LineRow, element: str | None, asked: Asked) -> bool:
    """Say whether an element of the plan belongs to this row."""
    if not row.only:
        return True
    at = f"{element}." if element else ""
    return all(asked.leaves.get(at + name) in allowed for name, allowed in row.only.items())

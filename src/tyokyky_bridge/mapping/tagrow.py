"""Rows of a text block, second kind: a tag that holds several leaves of an element on one line."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.mapping.acceptance import is_element_id
from tyokyky_bridge.mapping.binding import Value
from tyokyky_bridge.mapping.booking import READ_ONLY, Writing, projected
from tyokyky_bridge.mapping.compiled import Compiler
from tyokyky_bridge.mapping.linerow import ID_PATTERN, Asked, Entry, Ids, LabelRow, WantedLine, path_of, takes
from tyokyky_bridge.mapping.spec import LineRow

_HOLE = re.compile(r"\{(\w[\w.]*)\}")


class TemplateRow:
    """A tag such as ``#KV-B4=4 03.02.2026 s-1``: all its leaves are there and readable, or it is damaged."""

    def __init__(self, row: LineRow, values: Mapping[str, Value], implied: Mapping[str, Any]) -> None:
        self.row = row
        self.values = values
        self.implied = implied
        self.element = row.plan
        template = row.template or ""
        holes = _HOLE.findall(template)
        self.mark = template.partition("{")[0].strip()
        if not self.mark:
            msg = "a template begins with its own mark, so that a damaged tag can be known"
            raise ValueError(msg)
        brackets = row.plan.count("[]")
        if sorted(hole for hole in holes if hole != "id") != sorted(values) or holes.count("id") != brackets:
            msg = "the holes of a template are its fields, and one {id} for each list of the path"
            raise ValueError(msg)
        self._template = template
        self._order = [hole for hole in holes if hole != "id"]
        self._regex = self._compiled(template)
        if row.born is None:
            self._unborn = None
        elif brackets == 1 and set(_HOLE.findall(row.born)) <= set(values):
            self._unborn = self._compiled(re.sub(r" *\{id\}", "", template))
        else:
            msg = "born names fields of the template, for one list"
            raise ValueError(msg)

    def _compiled(self, template: str) -> re.Pattern[str]:
        parts: list[str] = []
        at = 0
        for hole in _HOLE.finditer(template):
            parts.append(re.escape(template[at : hole.start()]).replace(r"\ ", " +"))
            parts.append(ID_PATTERN if hole[1] == "id" else f"({self.values[hole[1]].pattern})")
            at = hole.end()
        return re.compile("".join(parts) + re.escape(template[at:]).replace(r"\ ", " +"), re.ASCII)

    def entry(self, line: str) -> Entry:
        """Read a line that begins with the mark."""
        words = frozenset(line.split())
        text = line.strip()
        found, holes = self._regex.fullmatch(text), _HOLE.findall(self._template)
        if found is None and self._unborn is not None:
            found, holes = self._unborn.fullmatch(text), self._order
        if found is None:
            return Entry(None, rule="damaged tag", words=words)
        entry = Entry(tuple(part for hole, part in zip(holes, found.groups(), strict=True) if hole == "id"))
        if not all(is_element_id(known) for known in entry.ids or ()):
            return Entry(None, rule="damaged tag: not an element id", words=words)
        try:
            for hole, part in zip(holes, found.groups(), strict=True):
                value = None if hole == "id" else self.values[hole].decode(part)
                if value is not None:
                    entry.values[f".{hole}"] = value
            if not entry.ids:
                entry.ids = (self._born(entry.values),)
        except CodecRefusal as refusal:
            return Entry(None, rule=f"damaged tag: {refusal.rule}", words=words)
        return entry

    def _born(self, values: Mapping[str, Any]) -> str:
        known = _HOLE.sub(lambda hole: str(values.get(f".{hole[1]}", "")), self.row.born or "")
        known = re.sub(r"[^a-z0-9]+", "-", known.lower()).strip("-")
        if not is_element_id(known):
            msg = "no id can be made for it"
            raise CodecRefusal(msg)
        return known

    def path(self, ids: Ids, leaf: str) -> str:
        """The plan path of a leaf of an entry."""
        return path_of(self.row.plan, ids) + leaf

    def wanted(self, asked: Asked, prefix: str, width: int | None, run: Writing) -> Iterator[WantedLine]:
        """Yield the tags that the view asks for; an element that lacks a leaf of the tag has none."""
        everyone = dict.fromkeys(
            ids for name in self._order for ids, _ in asked.of(f"{self.row.plan}.{name}")
        )
        for ids in everyone:
            element = path_of(self.row.plan, ids)
            if not takes(self.row, element, asked):
                continue
            rests = {name: f"{element}.{name}" for name in self._order}
            lacking = [name for name, rest in rests.items() if rest not in asked.leaves]
            if lacking or self.row.way == "read":
                reason = READ_ONLY if not lacking else f"the tag needs {lacking[0]}"
                run.not_carried.update(
                    (prefix + rest, reason) for rest in rests.values() if rest in asked.leaves
                )
                continue
            pairs = {
                name: projected(asked.leaves[rest], self.values[name], self.row.id, prefix + rest, run)
                for name, rest in rests.items()
            }
            backs = {f".{name}": pair[1] for name, pair in pairs.items() if pair is not None}
            if len(backs) < len(pairs):
                run.not_carried.update((prefix + rests[name], "the tag is not whole") for name in rests
                                       if pairs[name] is not None)  # fmt: skip
                continue
            known = iter(ids)
            texts = {name: str(pair[0]) for name, pair in pairs.items() if pair is not None}
            line = _HOLE.sub(lambda hole: next(known) if hole[1] == "id" else texts[hole[1]], self._template)  # noqa: B023
            if width is not None and len(line) > width:
                run.fault(self.row.id, prefix + element, f"tag is longer than {width} characters")
                continue
            yield WantedLine(
                ids, {rest: asked.leaves[rest] for rest in rests.values()}, backs, [line], element
            )

    def cleared(self, clear: Asked, asked: Asked) -> Iterator[tuple[Ids, list[str]]]:
        """Yield the tags to take out: a tag cannot stand when one of its leaves must go."""
        gone: dict[Ids, list[str]] = {}
        for name in self._order:
            for ids, rest in clear.of(f"{self.row.plan}.{name}"):
                if rest not in asked.leaves:
                    gone.setdefault(ids, []).append(rest)
        yield from gone.items()

    def loss(self, leaf: str) -> str | None:
        """The declared loss."""
        return self.row.loss or self.values[leaf[1:]].loss


def compile_line_row(compiler: Compiler, row: LineRow, prefix: str) -> LabelRow | TemplateRow:
    """Compile one row of a block."""
    implied = {name: one[0] for name, one in row.only.items() if len(one) == 1 and name not in row.fields}
    if row.label is not None:
        brackets = row.plan.count("[]") - row.plan.endswith("[]")
        if row.label.count("{id}") != brackets or ":" in row.label or not row.label.strip():
            raise compiler.broken(row.id, f"label needs {brackets} x {{id}} and no colon")
        return LabelRow(row, compiler.value(row.id, row, prefix + row.plan, in_text=True), implied)
    values = {
        name: compiler.value(row.id, rule, f"{prefix}{row.plan}.{name}", in_text=True)
        for name, rule in row.fields.items()
    }
    silent = [name for name, one in row.only.items() if len(one) > 1 and name not in row.fields]
    if silent:
        raise compiler.broken(row.id, f"only {silent[0]} allows several values and the tag does not hold it")
    try:
        return TemplateRow(row, values, implied)
    except (ValueError, re.error) as wrong:
        raise compiler.broken(row.id, str(wrong)) from wrong

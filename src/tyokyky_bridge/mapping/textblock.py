"""Labelled lines inside one native text: the rows' lines are ours, every other line is the partner's and stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tyokyky_bridge.mapping.compiled import Compiler
from tyokyky_bridge.mapping.folding import is_continuation
from tyokyky_bridge.mapping.linerow import (
    Asked,
    Entry,
    Ids,
    LabelRow,
    TemplateRow,
    WantedLine,
    compile_line_row,
)
from tyokyky_bridge.mapping.lines import Line, join, over_limit, split
from tyokyky_bridge.mapping.native_path import Box, NotAnObject
from tyokyky_bridge.mapping.reading import Note, Readings
from tyokyky_bridge.mapping.spec import Block
from tyokyky_bridge.mapping.writing import UNREADABLE, Writing

_TWICE = "the same line stands twice"


@dataclass(slots=True)
class Passage:
    """Consecutive lines that belong together: one labelled line with its continuations, or one foreign line."""

    lines: list[Line]
    row: LabelRow | TemplateRow | None = None
    entry: Entry = field(default_factory=lambda: Entry(None))


class TextBlock:
    """One native text and its rows."""

    def __init__(self, compiler: Compiler, block: Block) -> None:
        self.block = block
        self.form = block.form
        self.width = block.form.lines.width if block.form.lines else block.form.width
        self.path = compiler.path(block.id, block.native)
        self.rows = [compile_line_row(compiler, row) for row in block.rows]
        self._plain: dict[str, LabelRow] = {}
        self._with_ids: list[LabelRow] = []
        self._tags: list[TemplateRow] = []
        for row in self.rows:
            if isinstance(row, TemplateRow):
                self._tags.append(row)
            elif row.literal is None:
                self._with_ids.append(row)
            elif self._plain.setdefault(row.literal, row) is not row:
                raise compiler.broken(row.row.id, "this label stands twice in the block")

    def _labelled(self, text: str) -> tuple[LabelRow, Ids, str] | None:
        head, colon, rest = text.partition(":")
        if not colon:
            return None
        head = head.strip()
        row = self._plain.get(head)
        if row is not None:
            return row, (), rest
        for row in self._with_ids:
            found = row.regex.fullmatch(head)
            if found is not None:
                return row, found.groups(), rest
        return None

    def passages(self, lines: list[Line]) -> list[Passage]:
        """Group lines into ours and foreign ones."""
        out: list[Passage] = []
        at = 0
        while at < len(lines):
            text = lines[at].text
            at += 1
            passage = Passage([lines[at - 1]])
            out.append(passage)
            if not isinstance(text, str):
                continue
            tag = next((row for row in self._tags if text.lstrip().startswith(row.mark)), None)
            if tag is not None:
                passage.row, passage.entry = tag, tag.entry(text)
                continue
            found = self._labelled(text)
            if found is None:
                continue
            row, ids, first = found
            while at < len(lines) and isinstance(lines[at].text, str) and is_continuation(lines[at].text):
                passage.lines.append(lines[at])
                at += 1
            passage.row = row
            passage.entry = row.entry(ids, first, [line.text for line in passage.lines[1:]])
        return out

    def read(self, box: Box, prefix: str, out: Readings) -> None:
        """Read the labelled lines; the first of two equal labels counts and the second is noted."""
        holder = self.path.find(box)
        raw = None if holder is None else holder.get(self.path.leaf)
        lines = split(raw, self.form)
        if lines is None:
            out.notes.append(Note(self.block.id, self.block.native, "not a text", raw))
            return
        seen: set[tuple[str, Ids]] = set()
        for passage in self.passages(lines):
            row, entry = passage.row, passage.entry
            if row is None or row.row.way == "write":
                continue
            shown = "\n".join(line.text for line in passage.lines)
            if entry.rule is not None or entry.ids is None:
                if entry.rule is not None:
                    out.notes.append(Note(row.row.id, self.block.native, entry.rule, shown))
                continue
            known = (row.row.id, entry.ids)
            if known in seen:
                out.notes.append(Note(row.row.id, self.block.native, _TWICE, shown))
                continue
            seen.add(known)
            for leaf, value in entry.values.items():
                out.put(prefix + row.path(entry.ids, leaf), value, row.row.id, self.block.native)
            if entry.values and row.implied:
                element = _element(row, entry.ids)
                for name, value in row.implied.items():
                    out.put(f"{prefix}{element}{name}", value, row.row.id, self.block.native)

    def write(
        self, box: Box, prefix: str, wanted: Mapping[str, Any], clear: Mapping[str, Any], run: Writing
    ) -> None:
        """Put the lines that differ, take out the cleared ones, and leave every other byte alone."""
        asked, gone = Asked(wanted), Asked(clear)
        todo = [(row, line) for row in self.rows for line in row.wanted(asked, prefix, self.width, run)]
        away = (
            [(row, ids, rests) for row in self.rows for ids, rests in row.cleared(gone, asked)]
            if clear
            else []
        )
        if not todo and not away:
            return
        holder = self.path.find(box)
        raw = None if holder is None else holder.get(self.path.leaf)
        lines = split(raw, self.form)
        if lines is None:
            run.not_carried.update((prefix + rest, UNREADABLE) for _, line in todo for rest in line.asked)
            return
        passages = self.passages(lines)
        standing: dict[tuple[str, Ids], Passage] = {}
        for passage in passages:
            if passage.row is not None and passage.entry.ids is not None:
                standing.setdefault((passage.row.row.id, passage.entry.ids), passage)
        changed: str | None = None
        for row, line in todo:
            if self._write_line(row, line, passages, standing, prefix, run):
                changed = prefix + next(iter(line.asked))
        for row, ids, rests in away:
            passage = standing.get((row.row.id, ids))
            if passage is not None and row.row.way != "read":
                if passage.entry.rule is not None and not any(
                    prefix + rest in run.overwrite for rest in rests
                ):
                    run.not_carried.update((prefix + rest, UNREADABLE) for rest in rests)
                    continue
                _remove(passages, passage)
                changed = changed or prefix + rests[0]
        if changed is None:
            return
        native = join([line for passage in passages for line in passage.lines], self.form)
        broken = over_limit(native, self.form)
        if broken is not None:
            run.fault(self.block.id, changed, broken)
            return
        try:
            self.path.make(box)[self.path.leaf] = native
        except NotAnObject:
            run.fault(self.block.id, changed, "the native record has no such place")

    def _write_line(
        self,
        row: LabelRow | TemplateRow,
        line: WantedLine,
        passages: list[Passage],
        standing: dict[tuple[str, Ids], Passage],
        prefix: str,
        run: Writing,
    ) -> bool:
        """Book one wanted line and say whether the text had to change for it."""
        known = (row.row.id, line.ids)
        passage = standing.get(known)
        damaged = passage is not None and passage.entry.rule is not None
        if passage is None and isinstance(row, TemplateRow):
            damaged = any(
                one.row is row and one.entry.rule and line.ids[-1] in one.entry.words for one in passages
            )
        if damaged and not any(prefix + rest in run.overwrite for rest in line.asked):
            run.not_carried.update((prefix + rest, UNREADABLE) for rest in line.asked)
            return False
        for rest, value in line.asked.items():
            leaf = rest[len(line.element or "") :] if isinstance(row, TemplateRow) else ""
            path, back = prefix + rest, line.backs.get(leaf)
            if run.settle(row.row.id, path, value, back, row.loss(leaf)) and back is not None:
                run.expected.pop(path, None)
                run.expected[prefix + row.path(line.ids, leaf)] = back
        for name, value in row.implied.items():
            path = f"{prefix}{line.element}.{name}" if line.element else f"{prefix}{name}"
            run.carried.add(path)
            run.expected[path] = value
        if passage is not None and passage.entry.rule is None and passage.entry.values == line.backs:
            return False
        lines = [Line(text) for text in line.lines]
        if passage is not None:
            passage.lines = lines
            passage.entry = Entry(line.ids, dict(line.backs))
        else:
            standing[known] = Passage(lines, row, Entry(line.ids, dict(line.backs)))
            passages.insert(_place(passages, row), standing[known])
        return True


def _element(row: LabelRow | TemplateRow, ids: Ids) -> str:
    pieces = row.element.split("[]")
    if len(pieces) == 1:
        return ""
    return "".join(f"{piece}[{known}]" for piece, known in zip(pieces, ids, strict=False)) + pieces[-1] + "."


def _foreign_continuation(passages: list[Passage], at: int) -> bool:
    """Say whether the line at *at* would be swallowed by a labelled line put right above it."""
    if at >= len(passages) or passages[at].row is not None:
        return False
    text = passages[at].lines[0].text
    return isinstance(text, str) and is_continuation(text)


def _place(passages: list[Passage], row: LabelRow | TemplateRow) -> int:
    """Where a new line goes: with its kind, with ours, or at the end; identity never depends on it."""
    end = len(passages)
    if end and passages[-1].row is None and passages[-1].lines[0].text == "":
        end -= 1
    if row.row.position == "top":
        at = 0
    else:
        kin = [at for at, one in enumerate(passages) if one.row is row]
        ours = kin or [at for at, one in enumerate(passages) if one.row is not None]
        at = ours[-1] + 1 if ours else end
    return end if isinstance(row, LabelRow) and _foreign_continuation(passages, at) else at


def _remove(passages: list[Passage], passage: Passage) -> None:
    """Take a line out; where the lines around it would then be read as one, an empty line stays between them."""
    at = next(at for at, one in enumerate(passages) if one is passage)
    if at and isinstance(passages[at - 1].row, LabelRow) and _foreign_continuation(passages, at + 1):
        passage.lines, passage.row, passage.entry = [Line("", passage.lines[-1].end)], None, Entry(None)
    else:
        del passages[at]

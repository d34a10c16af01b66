"""Labelled lines inside one native text: the rows' lines are ours, every other line is the partner's and
stays."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tyokyky_bridge.domain.items import pattern_of
from tyokyky_bridge.mapping.booking import UNREADABLE, Site, Writing
from tyokyky_bridge.mapping.compiled import Compiler, contradicts
from tyokyky_bridge.mapping.folding import is_continuation
from tyokyky_bridge.mapping.linerow import (
    Asked,
    Entry,
    Ids,
    LabelRow,
    WantedLine,
)
from tyokyky_bridge.mapping.lines import Line, join, over_limit, split
from tyokyky_bridge.mapping.native_path import Box, NotAnObject
from tyokyky_bridge.mapping.reading import Note, Readings
from tyokyky_bridge.mapping.spec import Block
from tyokyky_bridge.mapping.tagrow import TemplateRow, compile_line_row

_TWICE = "the same line stands twice"


@dataclass(slots=True)
class Passage:
    """Consecutive lines that belong together: one labelled line with its continuations, or one foreign
    line."""

    lines: list[Line]
    row: LabelRow | TemplateRow | None = None
    entry: Entry = field(default_factory=lambda: Entry(None))


class TextBlock:
    """One native text and its rows."""

    def __init__(self, compiler: Compiler, block: Block, prefix: str) -> None:
        self.block = block
        self.form = block.form
        self.width = block.form.lines.width if block.form.lines else block.form.width
        self.path = compiler.path(block.id, block.native)
        self.rows = [compile_line_row(compiler, row, prefix) for row in block.rows]
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
            hidden = frozenset(p for row in self.rows for p in _patterns(row, prefix))
            out.notes.append(Note(self.block.id, self.block.native, "not a text", raw, patterns=hidden))
            return
        seen: set[tuple[str, Ids]] = set()
        for passage in self.passages(lines):
            row, entry = passage.row, passage.entry
            if row is None or row.row.way == "write":
                continue
            shown = "\n".join(line.text for line in passage.lines)
            if entry.rule is not None or entry.ids is None:
                if entry.rule is not None:
                    out.notes.append(_unread(self.block, row, entry, prefix, shown))
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

    def write(self, site: Site) -> None:
        """Put the lines that differ, take out the cleared ones, and leave every other byte alone."""
        run = site.run
        asked, gone = Asked(site.wanted), Asked(site.clear)
        todo = [(row, line) for row in self.rows for line in row.wanted(asked, site.prefix, self.width, run)]
        away = [(row, ids, rests) for row in self.rows for ids, rests in row.cleared(gone, asked)]
        deciding = any(row.row.only for row in self.rows) and bool(asked.leaves)
        if not todo and not away and not deciding:
            return
        holder = self.path.find(site.box)
        lines = split(None if holder is None else holder.get(self.path.leaf), self.form)
        if lines is None:
            run.not_carried.update(
                (site.prefix + rest, UNREADABLE) for _, line in todo for rest in line.asked
            )
            return
        page = Page(self.passages(lines), site.prefix, run)
        if deciding:
            page.drop_lost(asked)
        for row, line in todo:
            page.write(row, line)
        for row, ids, rests in away:
            page.clear(row, ids, rests)
        if page.changed is not None:
            self._store(page, site)

    def _store(self, page: "Page", site: Site) -> None:
        native = join([line for passage in page.passages for line in passage.lines], self.form)
        path = page.longest or page.changed or ""
        broken = over_limit(native, self.form)
        if broken is not None:
            site.run.fault(self.block.id, path, broken)
            return
        try:
            self.path.make(site.box)[self.path.leaf] = native
        except NotAnObject:
            site.run.fault(self.block.id, path, "the native record has no such place")


class Page:
    """A text while it is being changed.

    *changed* is the plan path of the last change, *longest* that of the longest line written: when the whole becomes
    too long, that is the one to shorten.
    """

    def __init__(self, passages: list[Passage], prefix: str, run: Writing) -> None:
        self.passages = passages
        self.prefix = prefix
        self.run = run
        self.changed: str | None = None
        self.longest: str | None = None
        self._length = 0
        self._standing: dict[tuple[str, Ids], Passage] = {}
        for passage in passages:
            if passage.row is not None and passage.entry.ids is not None:
                self._standing.setdefault((passage.row.row.id, passage.entry.ids), passage)

    def _unreadable(self, rests: Iterable[str]) -> bool:
        """Book a line that a person has changed so that it cannot be read; it stays unless it may be
        overwritten."""
        paths = [self.prefix + rest for rest in rests]
        if any(path in self.run.overwrite for path in paths):
            return False
        self.run.not_carried.update((path, UNREADABLE) for path in paths)
        return True

    def write(self, row: LabelRow | TemplateRow, line: WantedLine) -> None:
        """Write one wanted line, unless the text says it already."""
        passage = self._standing.get((row.row.id, line.ids))
        damaged = passage is not None and passage.entry.rule is not None
        if passage is None and isinstance(row, TemplateRow):
            known = line.ids[-1]
            damaged = any(
                one.row is row and one.entry.rule and known in one.entry.words for one in self.passages
            )
        if damaged and self._unreadable(line.asked):
            return
        self._book(row, line)
        if passage is not None and passage.entry.rule is None and passage.entry.values == line.backs:
            return
        self.changed = self.prefix + next(iter(line.asked))
        if line.over is not None:
            self.run.fault(row.row.id, self.changed, line.over)
            return
        length = sum(len(text) for text in line.lines)
        if length > self._length:
            self.longest, self._length = self.changed, length
        lines, entry = [Line(text) for text in line.lines], Entry(line.ids, dict(line.backs))
        if passage is not None:
            passage.lines, passage.entry = lines, entry
        else:
            passage = self._standing[row.row.id, line.ids] = Passage(lines, row, entry)
            self.passages.insert(_place(self.passages, row), passage)

    def drop_lost(self, asked: Asked) -> None:
        """Take out the lines of elements that are of another kind now."""
        for (_, ids), passage in list(self._standing.items()):
            row = passage.row
            if row is None or not row.row.only or row.row.way == "read" or passage.entry.rule is not None:
                continue
            at = _element(row, ids)
            if contradicts(row.row.only, asked.leaves, at):
                _remove(self.passages, passage)
                del self._standing[row.row.id, ids]
                self.changed = f"{self.prefix}{at}{next(iter(row.row.only))}"

    def _book(self, row: LabelRow | TemplateRow, line: WantedLine) -> None:
        run, prefix = self.run, self.prefix
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

    def clear(self, row: LabelRow | TemplateRow, ids: Ids, rests: list[str]) -> None:
        """Take one line out."""
        passage = self._standing.get((row.row.id, ids))
        if passage is None or row.row.way == "read":
            return
        if passage.entry.rule is None or not self._unreadable(rests):
            _remove(self.passages, passage)
            self.changed = self.prefix + rests[0]


def _unread(block: Block, row: LabelRow | TemplateRow, entry: Entry, prefix: str, shown: str) -> Note:
    """The note on a line that cannot be read: of which item, or of which items it may be."""
    known = isinstance(row, LabelRow) and entry.ids is not None
    path = prefix + row.path(entry.ids or (), "") if known else None
    hidden = frozenset[str]() if known else _patterns(row, prefix)
    return Note(row.row.id, block.native, entry.rule or "", shown, path, hidden)


def _patterns(row: LabelRow | TemplateRow, prefix: str) -> frozenset[str]:
    """The patterns of what may stand in a line of a row. One unreadable code of a set hides no other."""
    if row.row.way == "write" or (isinstance(row, LabelRow) and row.is_set):
        return frozenset()
    leaves = [""] if isinstance(row, LabelRow) else [f".{name}" for name in (*row.values, *row.implied)]
    return frozenset(pattern_of(prefix + row.row.plan + leaf) for leaf in leaves)


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
    """Take a line out; where the lines around it would then be read as one, an empty line stays between
    them."""
    at = next(at for at, one in enumerate(passages) if one is passage)
    if at and isinstance(passages[at - 1].row, LabelRow) and _foreign_continuation(passages, at + 1):
        passage.lines, passage.row, passage.entry = [Line("", passage.lines[-1].end)], None, Entry(None)
    else:
        del passages[at]

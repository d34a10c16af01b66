"""Made-up plan leaves and partner records for the laws, from a seed: fast, repeatable, and aware of a mapping's rows.

Values are canonical for their field. About a third of the texts hold what partners find hard: typographic dashes,
letters outside their repertoires, line breaks, blanks in odd places, things that look like our own labels and marks.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic_core import PydanticCustomError

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.plan.text import normalise_text
from tyokyky_bridge.mapping.booking import UNDECLARED
from tyokyky_bridge.mapping.compiled import Scope
from tyokyky_bridge.mapping.lens import Lens, LensRefusal, Put
from tyokyky_bridge.mapping.linerow import LabelRow
from tyokyky_bridge.mapping.lines import Line, join, split
from tyokyky_bridge.mapping.patterns import carriers
from tyokyky_bridge.mapping.spec import ListRows, Spec
from tyokyky_bridge.mapping.textblock import TextBlock

WORDS = (
    "osa-aikatyö", "varastossa", "syksyllä", "päivärytmi", "kuntoon", "Satamapaja", "ei nostoja yli 10 kg", "ok", "Å",
    "ö", "a", "kuntouttava työtoiminta", "3 pv/vko", "4-5",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter",
)  # fmt: skip
ODD = (
    "–", "—", "”lainaus”", "…", "Łukasz", "Đặng", "ą", "€", "¬", "¬s", "\\n", "  ", "\n", "\n\n", "\n  ", ": ", "> ",
    "| ", "+ ", "Asuminen: 1", "#KV-B4=9", "&auml;", "<b>", "'", '"', "ŠŽšž", "\u00a0", "x" * 60, "½", "’", "0",
)  # fmt: skip
FOREIGN_LINES = (
    "Oma huomio",
    "Soitettu asiakkaalle 3.2.",
    "  sisennetty",
    "",
    "klo 9: tapaaminen",
    "* luettelo",
)
FINNISH_DAY = re.compile(r"\d\d\.\d\d\.\d{4}")
IDS = ("g-7", "a", "b-2", "x9", "kv-b4-2026-02-03", "0", "long-" + "z" * 40, "m1")
_SHAPED: dict[str, tuple[str, ...]] = {
    "uuid": ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "00000000-0000-4000-8000-000000000001"),
    "ref": IDS,
    "party": ("lrha-health", "lrha-social", "meriniemi-employment", "kela"),
    "language": ("fi", "sv", "so", "ar"),
    "municipality": ("091", "853"),
    "icd10": ("M54.5", "F32"),
    "occupation": ("9333", "5321"),
    "oid": ("1.2.246.10.90000011.11.2026.55", "1.2.246.10.90000011.11.2026.56"),
    "sha256": ("0" * 64, "ab" * 32),
    "mime": ("application/pdf", "text/plain"),
    "path": ("health.strengths", "goals[g-7].text_client"),
    "partial_date": ("2026", "2026-05", "2026-05-14"),
}


@dataclass
class Node:
    """The carried patterns as a tree of lists."""

    leaves: dict[str, str] = field(default_factory=dict[str, str])
    sets: dict[str, str] = field(default_factory=dict[str, str])
    lists: dict[str, "Node"] = field(default_factory=dict[str, "Node"])
    choices: list[Mapping[str, list[Any]]] = field(default_factory=list[Mapping[str, list[Any]]])
    required: set[str] = field(default_factory=set[str])


@cache
def tree_of(lens: Lens) -> Node:
    """Arrange what a mapping carries, with the conditions of its sections."""
    root, spec = Node(), lens.spec
    for carrier in carriers(spec):
        *lists, last = carrier.pattern.split("[]")
        node, is_set = root, last == ""
        for name in lists[:-1] if is_set else lists:
            node = node.lists.setdefault(name.removeprefix("."), Node())
        if is_set:
            node.sets[lists[-1].removeprefix(".")] = carrier.pattern
        else:
            node.leaves[last.removeprefix(".")] = carrier.pattern
    _conditions(spec, root)
    return root


def _conditions(rows: Spec | ListRows, node: Node) -> None:
    for section in rows.lists:
        inner = node.lists.setdefault(section.plan, Node())
        if section.only:
            inner.choices.append(section.only)
        inner.required |= {row.plan for row in section.fields if row.required}
        _conditions(section, inner)
    for block in rows.blocks:
        for row in block.rows:
            if not row.only:
                continue
            at = row.plan if row.template else row.plan[: row.plan.rfind("[]") + 2]
            inner = node
            for name in at.split("[]")[:-1]:
                inner = inner.lists.setdefault(name.removeprefix("."), Node())
            inner.choices.append(row.only)


@cache
def codes_of_list(list_id: str) -> list[str]:
    """The codes of a list, in a fixed order."""
    return sorted(code_list(list_id).codes)


class Sampler:
    """Everything that one example needs, from one seed."""

    def __init__(self, lens: Lens, empty: Mapping[str, Any], seed: int) -> None:
        self.lens = lens
        self.empty = empty
        self.random = random.Random(seed)
        self.kinds: dict[str, dict[str, Any]] = {}
        self.tree = tree_of(lens)

    def text(self, *, lines: bool, longest: int) -> str:
        """A text in canonical form."""
        picked = [
            self.random.choice(ODD if self.random.random() < 0.15 else WORDS)
            for _ in range(self.random.randint(1, 12))
        ]
        raw = " ".join(picked)[: min(longest, 300)]
        try:
            made = normalise_text(raw if lines else raw.replace("\n", " "))
        except PydanticCustomError:
            return "teksti"
        return (made if lines else made.strip()) or "teksti"

    def value(self, pattern: str) -> Any:
        """A value that the plan takes for a pattern."""
        meaning, pick = FIELDS[pattern], self.random
        if meaning.codes is not None:
            return pick.choice(codes_of_list(meaning.codes))
        match meaning.kind:
            case "date":
                return date(2024, 1, 1) + timedelta(days=pick.randint(0, 1500))
            case "datetime":
                return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=pick.randint(0, 40_000_000))
            case "bool":
                return pick.random() < 0.5
            case "int":
                return pick.randint(0, 60)
            case "decimal":
                return Decimal(pick.randint(0, 10)) if pick.random() < 0.8 else Decimal("2.5")
            case "str" | "text":
                return self.text(lines=meaning.kind == "text", longest=meaning.max_chars or 500)
            case _:
                return pick.choice(_SHAPED[meaning.kind])

    def leaves(self, density: float | None = None) -> dict[str, Any]:
        """Plan leaves of what the mapping carries (and a few that it never does)."""
        out: dict[str, Any] = {}
        wanted = self.random.choice((0.1, 0.3, 0.9)) if density is None else density
        self._fill(self.tree, "", wanted, out)
        if self.random.random() < 0.3:
            pattern = self.random.choice([one for one in FIELDS if "[" not in one])
            out.setdefault(pattern, self.value(pattern))
        return out

    def _fill(self, node: Node, prefix: str, density: float, out: dict[str, Any]) -> None:
        pick = self.random
        if not prefix and node.leaves:
            names = pick.sample(sorted(node.leaves), min(len(node.leaves), 25))
        else:
            names = list(node.leaves)
        for name in names:
            pattern = node.leaves[name]
            if pick.random() < density or (name in node.required and pick.random() < 0.8):
                out[prefix + name] = self.value(pattern)
        if node.choices:
            if prefix not in self.kinds:
                self.kinds[prefix] = self._kind(node)
            for name, value in self.kinds[prefix].items():
                out[prefix + name] = value
        for name, pattern in node.sets.items():
            for _ in range(pick.randint(0, 2)):
                value = self.value(pattern)
                out[f"{prefix}{name}[{value}]"] = value
        lists = sorted(node.lists) if prefix else pick.sample(sorted(node.lists), min(len(node.lists), 5))
        for name in lists:
            inner = node.lists[name]
            for known in pick.sample(
                IDS, pick.choice((0, 1, 1, 2, 3)) if density > 0.2 else pick.randint(0, 1)
            ):
                self._fill(inner, f"{prefix}{name}[{known}].", density, out)

    def _kind(self, node: Node) -> dict[str, Any]:
        """The leaves that decide what an element is: one element stays of one kind through an example."""
        deciding = {name for choice in node.choices for name in choice}
        kind = {name: self.value(node.leaves[name]) for name in deciding if name in node.leaves}
        if self.random.random() < 0.85:
            picked = self.random.choice(node.choices)
            kind.update((name, self.random.choice(allowed)) for name, allowed in picked.items())
        return kind

    def native(self) -> dict[str, Any]:
        """A partner's record: some of ours in it, some of theirs, in any order."""
        return self.respelt(
            self.with_foreign(put_what_fits(self.lens, dict(self.empty), self.leaves())[0].native)
        )

    def respelt(self, native: dict[str, Any]) -> dict[str, Any]:
        """The same said otherwise: a partner's people write ``3.2.2026``, and no space after a colon."""
        for block, holder in blocks_of(self.lens._scope, native):
            lines = split(holder.get(block.path.leaf), block.form)
            for passage in block.passages(lines or []):
                if isinstance(passage.row, LabelRow) and self.random.random() < 0.3:
                    passage.lines[0].text = passage.lines[0].text.replace(": ", ":", 1)
            if lines:
                holder[block.path.leaf] = join(lines, block.form)
        return self._respelt_days(native)

    def _respelt_days(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._respelt_days(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._respelt_days(inner) for inner in value]
        if isinstance(value, str) and FINNISH_DAY.fullmatch(value):
            return ".".join(part.lstrip("0") for part in value.split("."))
        return value

    def with_foreign(self, native: dict[str, Any]) -> dict[str, Any]:
        """Add fields, elements and lines that no row names, each with a mark of its own."""
        self._foreign_fields(native)
        for block, holder in blocks_of(self.lens._scope, native):
            self._foreign_lines(block, holder)
        return native

    def mark(self) -> str:
        """Something to look for afterwards."""
        return f"vieras {self.random.randrange(10**9)}"

    def _foreign_fields(self, box: dict[str, Any]) -> None:
        for inner in list(box.values()):
            if isinstance(inner, dict):
                self._foreign_fields(inner)
            elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
                for element in inner:
                    self._foreign_fields(element)
                if self.random.random() < 0.3:
                    inner.insert(self.random.randint(0, len(inner)), {"vierasAlkio": self.mark()})
        if self.random.random() < 0.3:
            box[f"vieras{self.random.randint(0, 9)}"] = self.random.choice(
                [self.mark(), [self.mark(), None], {"sisus": self.mark()}]
            )

    def _foreign_lines(self, block: TextBlock, holder: dict[str, Any]) -> None:
        form, leaf = block.form, block.path.leaf
        pieces = [
            self.random.choice(FOREIGN_LINES)[:18] + f" {self.random.randrange(10**6)}" for _ in range(2)
        ]
        lines = holder.get(leaf)
        if form.lines is not None:
            room = form.lines.count - len(lines or [])
            for piece in pieces[: max(0, room)]:
                lines = lines or []
                at = self._between(block, lines)
                lines.insert(at, piece)
            if lines:
                holder[leaf] = lines
            return
        if form.max is not None and len(lines or "") + 80 > form.max:
            return
        if form.max_bytes is not None and len((lines or "").encode()) + 160 > form.max_bytes:
            return
        physical = (lines or "").split(form.newline) if lines else []
        for piece in pieces:
            physical.insert(self._between(block, physical), piece)
        holder[leaf] = self.random.choice([form.newline, "\n"]).join(physical)

    def _between(self, block: TextBlock, lines: list[Any]) -> int:
        """A place between passages: a foreign line in the middle of a folded text would be a change of that text."""
        ends = [0]
        for passage in block.passages([Line(text) for text in lines]):
            ends.append(ends[-1] + len(passage.lines))
        return self.random.choice(ends)


def blocks_of(scope: Scope, box: dict[str, Any]) -> list[tuple[TextBlock, dict[str, Any]]]:
    """Every text block of a record with the object that holds it, made where it is missing."""
    found = [(block, block.path.make(box)) for block in scope.blocks]
    for _, elements, section in lists_of(scope, box):
        for element in elements:
            if isinstance(element, dict) and section.owns(element):
                found += blocks_of(section.scope, element)
    return found


def lists_of(scope: Scope, box: dict[str, Any]) -> list[tuple[dict[str, Any], list[Any], Any]]:
    """Every native list of a scope: holder, elements, section."""
    out: list[tuple[dict[str, Any], list[Any], Any]] = []
    for section in scope.sections:
        holder = section.path.find(box)
        elements = None if holder is None else holder.get(section.path.leaf)
        if holder is not None and isinstance(elements, list):
            out.append((holder, elements, section))
    return out


def put_what_fits(
    lens: Lens, native: dict[str, Any], leaves: Mapping[str, Any]
) -> tuple[Put, dict[str, Any]]:
    """Put, leaving out what the partner has no room for; an undeclared loss is never excused."""
    left = dict(leaves)
    for _ in range(40):
        try:
            return lens.put_leaves(native, left), left
        except LensRefusal as refusal:
            for fault in refusal.faults:
                assert fault.rule != UNDECLARED, f"undeclared loss: row {fault.row}, {fault.path}"
                for path in [one for one in left if one == fault.path or one.startswith(f"{fault.path}.")]:
                    del left[path]
    raise AssertionError("the lens keeps refusing")

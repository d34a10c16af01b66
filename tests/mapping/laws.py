"""The laws of the lens. Each takes a lens, the partner's empty form and a seed, and raises where the law is broken."""

import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from mapping.sampler import Sampler, blocks_of, lists_of, put_what_fits
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.mapping.booking import UNREADABLE
from tyokyky_bridge.mapping.compiled import split_path
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.lines import join, split
from tyokyky_bridge.mapping.patterns import Carrier, carriers

Empty = Mapping[str, Any]


@cache
def carriers_of(lens: Lens) -> tuple[Carrier, ...]:
    """Every row of a mapping with its pattern."""
    return tuple(carriers(lens.spec))


def exact(value: Any) -> str:
    """A text in which 1, true and "1" differ and nothing is lost."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)


def marks_of(value: Any) -> list[str]:
    """Every mark that `Sampler.with_foreign` left in a record."""
    if isinstance(value, dict):
        return [mark for inner in value.values() for mark in marks_of(inner)]
    if isinstance(value, list):
        return [mark for inner in value for mark in marks_of(inner)]
    return [value] if isinstance(value, str) and value.startswith("vieras ") else []


def foreign_lines_of(lens: Lens, native: dict[str, Any]) -> list[list[str]]:
    """The lines of every text block that are not ours, in their order."""
    return [
        [line.text for passage in block.passages(split(holder.get(block.path.leaf), block.form) or [])
         if passage.row is None for line in passage.lines if line.text != ""]
        for block, holder in blocks_of(lens._scope, copy.deepcopy(native))
    ]  # fmt: skip


def get_put(lens: Lens, empty: Empty, seed: int) -> None:
    """Writing back what was read changes nothing."""
    native = Sampler(lens, empty, seed).native()
    before = exact(native)
    put = lens.put_leaves(native, lens.get(native).leaves)
    assert exact(native) == before, "the input was changed"
    assert exact(put.native) == before


def put_get(lens: Lens, empty: Empty, seed: int) -> set[str]:
    """What is written reads back, but for declared losses; gives the losses that occurred."""
    sampler = Sampler(lens, empty, seed)
    native = sampler.native()
    before = lens.get(native).leaves
    put, asked = put_what_fits(lens, native, sampler.leaves())
    after = lens.get(put.native).leaves
    for path, value in put.expected.items():
        assert after.get(path) == value, f"{path} does not read back as expected"
    for path in put.carried - put.losses.keys():
        assert after.get(path) == asked[path] if path in asked else path in put.expected, (
            f"{path} came back changed"
        )
    assert put.carried | put.not_carried.keys() >= asked.keys(), "a leaf is neither carried nor explained"
    assert not put.carried & put.not_carried.keys()
    for path in before.keys() - put.expected.keys() - asked.keys():
        assert path in after, f"{path} vanished"
        assert after[path] == before[path], f"{path} was changed and nobody asked"
    return {f"{split_path(path)[0]}: {why}" for path, why in put.losses.items()}


def put_put(lens: Lens, empty: Empty, seed: int) -> None:
    """Putting the same view twice is putting it once."""
    sampler = Sampler(lens, empty, seed)
    put, asked = put_what_fits(lens, sampler.native(), sampler.leaves())
    again = lens.put_leaves(put.native, asked)
    assert exact(again.native) == exact(put.native)
    assert (again.carried, again.expected, again.losses) == (put.carried, put.expected, put.losses)


def frame(lens: Lens, empty: Empty, seed: int) -> None:
    """Fields, elements and lines that no row names survive, the lines in their order."""
    sampler = Sampler(lens, empty, seed)
    native = sampler.native()
    put, _ = put_what_fits(lens, native, sampler.leaves())
    assert sorted(marks_of(put.native)) == sorted(marks_of(native))
    before, after = foreign_lines_of(lens, native), foreign_lines_of(lens, put.native)
    texts = sorted(line for block in after for line in block)
    assert texts == sorted(line for block in before for line in block)
    for block in before:
        assert not block or block in after, "foreign lines changed their order"


def withheld(lens: Lens, empty: Empty, seed: int) -> None:
    """What a view does not hold is left alone."""
    sampler = Sampler(lens, empty, seed)
    native = put_what_fits(lens, dict(empty), sampler.leaves())[0].native
    standing = lens.get(native).leaves
    kept = {path: value for path, value in standing.items() if sampler.random.random() < 0.5}
    after = lens.get(lens.put_leaves(native, kept).native).leaves
    assert after == standing


def clear(lens: Lens, empty: Empty, seed: int) -> None:
    """Clearing takes away what it lists and nothing else."""
    sampler = Sampler(lens, empty, seed)
    native = sampler.with_foreign(put_what_fits(lens, dict(empty), sampler.leaves())[0].native)
    before = lens.get(native).leaves
    share = sampler.random.choice((0.2, 0.6, 1.0))
    listed = {path for path in before if sampler.random.random() < share}
    put = lens.put_leaves(native, {}, clear=listed)
    after = lens.get(put.native).leaves
    assert put.cleared == listed - after.keys()
    shared = shared_lines(lens)
    implied = {carrier.pattern for carrier in carriers_of(lens) if carrier.implied}
    needed = needed_leaves(lens)
    headless = {path[: path.rfind("]") + 1] for path in listed if split_path(path)[0] in needed}
    for path, value in before.items():
        pattern = split_path(path)[0]
        if path in listed:
            assert path not in after or pattern in implied, f"{path} is still there"
        elif path not in after:
            mates = {mate for tag in shared for mate in tag if pattern in tag} | implied
            alone = any(path.startswith(element) for element in headless)
            assert pattern in mates or alone, f"{path} went and was not listed"
        else:
            assert after[path] == value
    assert after.keys() <= before.keys()
    assert foreign_lines_of(lens, put.native) == foreign_lines_of(lens, native) or lists_of(
        lens._scope, native
    )


@cache
def needed_leaves(lens: Lens) -> set[str]:
    """Patterns of leaves that an element cannot be without."""
    out: set[str] = set()
    pending = [(lens._scope, "")]
    while pending:
        scope, prefix = pending.pop()
        for section in scope.sections:
            inner = f"{prefix}{section.rows.plan}[]."
            out |= {inner + row.plan for row in section.required}
            pending.append((section.scope, inner))
    return out


@cache
def shared_lines(lens: Lens) -> list[set[str]]:
    """Patterns that stand on one line and so can only go together."""
    tags: dict[tuple[str, str], set[str]] = {}
    for carrier in carriers_of(lens):
        if carrier.how == "tag":
            tags.setdefault((carrier.row, carrier.native.partition(" «")[0]), set()).add(carrier.pattern)
    return list(tags.values())


def identity(lens: Lens, empty: Empty, seed: int) -> None:
    """The order of elements and lines means nothing, in reading and in writing."""
    sampler = Sampler(lens, empty, seed)
    native = sampler.native()
    turned = shuffled(lens, native, sampler)
    assert lens.get(turned).leaves == lens.get(native).leaves
    put, asked = put_what_fits(lens, native, sampler.leaves())
    other = lens.put_leaves(turned, asked)
    assert lens.get(other.native).leaves == lens.get(put.native).leaves
    assert sorted(marks_of(other.native)) == sorted(marks_of(put.native))
    assert by_key(lens, other.native) == by_key(lens, put.native), "an element got another one's fields"


def by_key(lens: Lens, native: dict[str, Any]) -> list[str]:
    """Top-level elements of every section with their plain members, without order."""
    return sorted(
        exact({name: inner for name, inner in element.items() if not isinstance(inner, dict | list)})
        for _, elements, section in lists_of(lens._scope, native)
        for element in elements
        if isinstance(element, dict) and not section.scope.blocks
    )


def shuffled(lens: Lens, native: dict[str, Any], sampler: Sampler) -> dict[str, Any]:
    """The same record with its lists and lines in another order."""
    turned = copy.deepcopy(native)
    pending = [(lens._scope, turned)]
    while pending:
        scope, box = pending.pop()
        for _, elements, section in lists_of(scope, box):
            sampler.random.shuffle(elements)
            pending += [
                (section.scope, one) for one in elements if isinstance(one, dict) and section.owns(one)
            ]
        for block in scope.blocks:
            holder = block.path.find(box)
            lines = None if holder is None else split(holder.get(block.path.leaf), block.form)
            if holder is None or not lines:
                continue
            passages = block.passages(lines)
            sampler.random.shuffle(passages)
            holder[block.path.leaf] = join([line for one in passages for line in one.lines], block.form)
    return turned


def unknown_codes(lens: Lens, empty: Empty, seed: int) -> None:
    """A native value that cannot be read becomes a note, and writing leaves its bytes alone."""
    sampler = Sampler(lens, empty, seed)
    native = put_what_fits(lens, dict(empty), sampler.leaves(0.9))[0].native
    spoiled = spoil_one(lens, native, sampler)
    if spoiled is None:
        return
    path, member, holder = spoiled
    reading = lens.get(native)
    assert path not in reading.leaves, "an unknown code was guessed"
    assert any(note.path == path and note.raw == UNKNOWN for note in reading.notes)
    put, asked = put_what_fits(lens, native, {**reading.leaves, path: lens_value(sampler, path)})
    assert UNKNOWN in exact(put.native), "an unknown code was overwritten"
    if path in asked and path in put.not_carried:
        assert put.not_carried[path] == UNREADABLE or "no code" in put.not_carried[path]
    holder[member] = UNKNOWN
    assert exact(lens.put_leaves(native, reading.leaves).native) == exact(native)


UNKNOWN = "?uusi-koodi?"


def lens_value(sampler: Sampler, path: str) -> Any:
    """A value for a path."""
    return sampler.value(split_path(path)[0])


def spoil_one(lens: Lens, native: dict[str, Any], sampler: Sampler) -> tuple[str, str, dict[str, Any]] | None:
    """Put a code that nobody knows into one coded native field (not one that decides what the element is)."""
    places: list[tuple[str, str, dict[str, Any]]] = []

    def walk(scope: Any, box: dict[str, Any], prefix: str) -> None:
        for group in scope.groups:
            holder = group.path.find(box)
            places.extend(
                (prefix + row.plan, row.member, holder)
                for row in group.rows
                if holder is not None and row.member in holder and row.read and row.write and coded[row.id]
            )
        for section in scope.sections:
            deciding = section.rows.native_only.keys() | {row.member for row in section.required}
            for element in lists_of_section(section, box):
                key = element.get(section.rows.key.native)
                if section.owns(element) and isinstance(key, str):
                    known = section.key.decode(key)
                    here = len(places)
                    walk(section.scope, element, f"{prefix}{section.rows.plan}[{known}].")
                    places[here:] = [one for one in places[here:] if one[1] not in deciding]

    coded = {carrier.row: carrier.rule.codes is not None for carrier in carriers_of(lens)}
    walk(lens._scope, native, "")
    if not places:
        return None
    place = sampler.random.choice(places)
    place[2][place[1]] = UNKNOWN
    return place


def lists_of_section(section: Any, box: dict[str, Any]) -> list[dict[str, Any]]:
    """The native elements of one section that are objects."""
    holder = section.path.find(box)
    elements = None if holder is None else holder.get(section.path.leaf)
    return [one for one in elements if isinstance(one, dict)] if isinstance(elements, list) else []


def codes_are_total(lens: Lens) -> None:
    """Every canonical code is written or called unmatched, and every native code that we write can be read."""
    for carrier in carriers_of(lens):
        table = lens.maps.get(carrier.rule.codes or "")
        codes = FIELDS[carrier.pattern].codes
        if table is None or codes is None:
            continue
        for code in code_list(codes).codes:
            assert (code in table.forward) != (code in table.unmatched), f"{table.name}: {code}"
        for native in table.forward.values():
            assert native in table.backward or native in table.native_unmatched


def declared_losses_occur(lens: Lens, empty: Empty, *, tries: int = 400) -> None:
    """A row that declares a loss loses something; a declared loss that never occurs is a lie."""
    silent = {
        (carrier.pattern, carrier.row) for carrier in carriers_of(lens) if carrier.rule.loss is not None
    }
    seen: set[str] = set()
    for seed in range(tries):
        sampler = Sampler(lens, empty, seed)
        put, _ = put_what_fits(lens, dict(empty), sampler.leaves(0.9))
        seen |= {split_path(path)[0] for path in put.losses}
        silent = {(pattern, row) for pattern, row in silent if pattern not in seen}
        if not silent:
            return
    raise AssertionError(f"declared and never seen: {sorted(silent)}")


def damaged_tags(lens: Lens, empty: Empty, seed: int) -> None:
    """A damaged tag is a note and never a value, and writing neither mends nor doubles it."""
    sampler = Sampler(lens, empty, seed)
    native = put_what_fits(lens, dict(empty), sampler.leaves(0.9))[0].native
    for block, holder in blocks_of(lens._scope, native):
        lines = split(holder.get(block.path.leaf), block.form) or []
        for passage in block.passages(lines):
            if passage.row is None or passage.row not in block._tags or not passage.entry.ids:
                continue
            row, ids = passage.row, passage.entry.ids
            whole = lens.get(native).leaves
            before = passage.lines[0].text
            passage.lines[0].text = before.replace(row.mark, f"{row.mark}?", 1)
            holder[block.path.leaf] = join(lines, block.form)
            reading = lens.get(native)
            element = row.path(ids, ".")
            assert not any(
                path.startswith(element) and row_of(lens, path) == row.row.id for path in reading.leaves
            )
            assert any(note.row == row.row.id for note in reading.notes)
            put, _ = put_what_fits(lens, native, whole)
            assert exact(put.native).count(row.mark) == exact(native).count(row.mark), (
                "a damaged tag was doubled"
            )
            return


def row_of(lens: Lens, path: str) -> str | None:
    """The tag row that carries a path."""
    pattern = split_path(path)[0]
    found = [one for one in carriers_of(lens) if one.pattern == pattern]
    return found[0].row if len(found) == 1 and found[0].how == "tag" else None


SEEDED = {
    "GetPut": get_put,
    "PutGet": put_get,
    "PutPut": put_put,
    "Frame": frame,
    "Withheld": withheld,
    "Clear": clear,
    "Identity": identity,
    "Unknown codes": unknown_codes,
    "Damaged tags": damaged_tags,
}
"""The laws that hold for every seed."""

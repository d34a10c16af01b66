"""The laws are worth something only if they fail: each fault planted here must be caught by at least one of them."""

from dataclasses import replace
from typing import Any

import pytest

from mapping.laws import SEEDED, codes_are_total, declared_losses_occur
from mapping.toy import PLAN_YAML, TABLES, toy_lens
from tyokyky_bridge.adapterkit.codec import Codec
from tyokyky_bridge.mapping import lens as lens_module
from tyokyky_bridge.mapping import textblock, writing
from tyokyky_bridge.mapping.catalogue import read_spec
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.linerow import Entry
from tyokyky_bridge.mapping.native_path import copied
from tyokyky_bridge.mapping.reading import elements_of
from tyokyky_bridge.mapping.tagrow import TemplateRow

SEEDS = range(150)


def broken_laws(lens: Lens) -> set[str]:
    """The laws that some seed breaks."""
    caught: set[str] = set()
    for name, law in SEEDED.items():
        for seed in SEEDS:
            try:
                law(lens, {}, seed)
            except (AssertionError, AttributeError, KeyError, RuntimeError):
                caught.add(name)
                break
    return caught


def test_nothing_is_caught_where_nothing_is_planted() -> None:
    assert broken_laws(toy_lens()) == set()


def test_two_rows_that_read_each_others_field_are_caught() -> None:
    lens = toy_lens()
    services = next(one for one in lens._scope.sections if one.rows.id == "services")
    group = services.scope.groups[0]
    start, end = (at for at, read in enumerate(group.reads) if read[0] in ("alku", "loppu"))
    group.reads[start], group.reads[end] = (
        (group.reads[end][0], *group.reads[start][1:]),
        (group.reads[start][0], *group.reads[end][1:]),
    )
    assert "PutGet" in broken_laws(lens)


def test_a_code_dropped_from_a_table_is_caught() -> None:
    table = TABLES["service"]
    short = replace(table, forward={code: to for code, to in table.forward.items() if code != "peer_support"})
    lens = Lens(read_spec(PLAN_YAML), maps={**TABLES, "service": short})
    with pytest.raises(AssertionError, match="peer_support"):
        codes_are_total(lens)


def test_codes_read_back_crosswise_are_caught() -> None:
    table = TABLES["service"]
    crossed = dict(table.backward)
    one, other = list(crossed)[:2]
    crossed[one], crossed[other] = crossed[other], crossed[one]
    lens = toy_lens()
    services = next(section for section in lens._scope.sections if section.rows.id == "services")
    row = next(row for row in services.scope.groups[0].rows if row.id == "service-type")
    reads = services.scope.groups[0].reads
    at = next(at for at, read in enumerate(reads) if read[4] is row)
    row.decode = replace(table, backward=crossed).to_canonical
    reads[at] = (*reads[at][:2], row.decode, *reads[at][3:])
    assert "PutGet" in broken_laws(lens)


def test_matching_elements_by_position_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_position(section: Any, box: dict[str, Any]) -> dict[str, Any]:
        ids = sorted(("g-7", "a", "b-2", "x9", "0", "m1"))
        return dict(zip(ids, elements_of(section, box), strict=False))

    monkeypatch.setattr(writing, "_index", by_position)
    assert broken_laws(toy_lens()) >= {"PutGet", "Identity"}


def with_codec(codec: Codec) -> Lens:
    spec = read_spec(PLAN_YAML.replace("native: paikka}", f"native: paikka, codec: {codec.name}}}"))
    return Lens(spec, codecs={codec.name: codec}, maps=TABLES)


def test_an_undeclared_truncation_is_caught() -> None:
    cut = Codec("cut", lambda value: value[:20], lambda raw: raw)
    assert "PutGet" in broken_laws(with_codec(cut))


def test_a_truncation_that_the_engine_trusts_is_caught() -> None:
    lens = toy_lens()
    meetings = next(section for section in lens._scope.sections if section.rows.id == "meetings")
    group = meetings.scope.groups[0]
    plan, member, _, _, trusted, row = group.writes[0]
    group.writes[0] = (plan, member, False, lambda value: value[:20], trusted, row)
    assert "PutGet" in broken_laws(lens)


def test_a_declared_loss_that_never_occurs_is_caught() -> None:
    spec = read_spec(PLAN_YAML.replace("native: paikka}", 'native: paikka, loss: "cut at the door"}'))
    with pytest.raises(AssertionError, match="meetings"):
        declared_losses_occur(Lens(spec, maps=TABLES), {}, tries=150)


def drop_foreign(native: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in copied(native).items() if not name.startswith("vieras")}


def test_a_frame_that_drops_foreign_fields_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lens_module, "copied", drop_foreign)
    assert broken_laws(toy_lens()) >= {"GetPut", "Frame"}


def test_a_frame_that_drops_foreign_lines_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    lens = toy_lens()
    place = textblock._place

    def dropping(passages: list[Any], row: Any) -> int:
        passages[:] = [one for one in passages if one.row is not None]
        return place(passages, row)

    monkeypatch.setattr(textblock, "_place", dropping)
    assert "Frame" in broken_laws(lens)


def test_a_put_that_changes_its_input_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lens_module, "copied", lambda native: native)
    monkeypatch.setattr(writing, "same", lambda one, other: False)
    assert "GetPut" in broken_laws(toy_lens())


def test_rewriting_what_reads_the_same_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "same", lambda one, other: False)
    assert "GetPut" in broken_laws(toy_lens())


def test_emptying_what_is_withheld_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    write_group = writing._write_group

    def emptying(group: Any, site: Any) -> None:
        everything = dict.fromkeys(row.plan for row in group.rows)
        write_group(group, replace(site, clear={**everything, **site.clear}))

    monkeypatch.setattr(writing, "_write_group", emptying)
    assert broken_laws(toy_lens()) >= {"Withheld", "PutGet"}


def test_clearing_a_whole_element_for_one_leaf_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_goes", lambda section, clear, leaves: True)
    assert "Clear" in broken_laws(toy_lens())


def test_clearing_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_clear_row", lambda row, holder, path, run: None)
    assert "Clear" in broken_laws(toy_lens())


def test_overwriting_an_unknown_code_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    class Everything(frozenset[str]):
        def __contains__(self, path: object) -> bool:
            return True

    booked = writing.Writing
    monkeypatch.setattr(lens_module, "Writing", lambda overwrite=(): booked(overwrite=Everything()))
    assert "Unknown codes" in broken_laws(toy_lens())


def test_guessing_an_unknown_code_is_caught() -> None:
    lens = toy_lens()
    row = next(row for group in lens._scope.groups for row in group.rows if row.id == "status")
    group = next(group for group in lens._scope.groups if row in group.rows)
    at = next(at for at, read in enumerate(group.reads) if read[4] is row)
    group.reads[at] = (*group.reads[at][:2], lambda raw: "active", *group.reads[at][3:])
    assert "Unknown codes" in broken_laws(lens)


def test_guessing_a_damaged_tag_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = TemplateRow.entry

    def guessing(row: TemplateRow, line: str) -> Entry:
        return entry(row, line.replace("?", ""))

    monkeypatch.setattr(TemplateRow, "entry", guessing)
    assert "Damaged tags" in broken_laws(toy_lens())


def test_a_second_write_that_writes_more_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    store = textblock.TextBlock._store

    def stamping(block: Any, page: Any, site: Any) -> None:
        store(block, page, site)
        holder = block.path.find(site.box)
        if isinstance(holder[block.path.leaf], str):
            holder[block.path.leaf] += block.form.newline + "Kirjattu"

    monkeypatch.setattr(textblock.TextBlock, "_store", stamping)
    assert broken_laws(toy_lens()) & {"PutPut", "Frame"}

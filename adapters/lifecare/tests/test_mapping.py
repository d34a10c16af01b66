"""The mapping of Lifecare on its own, and through the simulator's own rules about text."""

import copy
import importlib.util
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mapping.sampler import Sampler, put_what_fits
from tyokyky_adapter_lifecare.codecs import CODECS
from tyokyky_adapter_lifecare.records import EMPTY, content_of, document_of, empty_form
from tyokyky_adapter_lifecare.simulator.rules import stored_content
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS, labels_of
from tyokyky_bridge.mapping.catalogue import load
from tyokyky_bridge.mapping.lens import LensRefusal

_spec = importlib.util.spec_from_file_location("rich_plan", Path(__file__).with_name("rich_plan.py"))
assert _spec is not None
assert _spec.loader is not None
rich_plan = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rich_plan)

LENS = load("tyokyky_mappings:lifecare", CODECS)


def stored(native: dict[str, Any]) -> dict[str, Any]:
    """What Lifecare gives back after it has tidied a document."""
    tidy = stored_content(document_of(native), new_id=lambda: "lc-9")
    return content_of(tidy, native["potilas"])


def test_everything_it_carries_reads_back_after_lifecare_has_tidied_the_text() -> None:
    leaves = rich_plan.every_leaf()
    put = LENS.put_leaves(EMPTY, leaves)
    assert len(put.carried) > 300
    assert put.losses == {}
    reading = LENS.get(stored(put.native))
    assert reading.notes == ()
    assert reading.leaves == put.expected


@pytest.mark.parametrize("seed", range(40))
def test_no_plan_is_changed_by_lifecares_tidying(seed: int) -> None:
    put, _ = put_what_fits(LENS, copy.deepcopy(EMPTY), Sampler(LENS, EMPTY, seed).leaves())
    assert LENS.get(stored(put.native)).leaves == put.expected


def test_every_instrument_has_its_place() -> None:
    codes = code_list("CL-36").codes
    leaves = {f"scores[m-{n}].{name}": value for n, code in enumerate(codes)
              for name, value in (("instrument", code), ("value", Decimal(4)))}  # fmt: skip
    assert LENS.put_leaves(EMPTY, leaves).carried == leaves.keys()


def test_what_it_does_not_carry_is_declared_never() -> None:
    leaves = rich_plan.every_leaf()
    put = LENS.put_leaves(EMPTY, leaves)
    for path, reason in put.not_carried.items():
        assert reason.startswith("never: ") or path.startswith("client.non_disclosure."), (path, reason)


@pytest.mark.parametrize(
    "category",
    [Category("benefits.status"), Category("social.finance")],
)
def test_money_never_enters_the_health_record(category: Category) -> None:
    leaves = rich_plan.every_leaf()
    put = LENS.put_leaves(EMPTY, leaves)
    closed = {path for path in leaves if category in labels_of(path, leaves)}
    strict = {path for path in closed if path.startswith(("benefits", "social.debt", "social.income"))}
    assert strict
    assert not strict & put.carried


def test_service_decisions_never_enter_the_health_record() -> None:
    put = LENS.put_leaves(EMPTY, rich_plan.every_leaf())
    assert not [path for path in put.carried if "decision[" in path or "travel_cost" in path]


def test_names_are_read_and_written_with_their_own_letters() -> None:
    name = {"client.family_name": "Przykładowa-Đặng", "client.given_names": "Łucja"}
    put = LENS.put_leaves(empty_form({"sukunimi": "PRZYKLADOWA-DANG", "uusiKentta": 1}), name)
    assert put.native["potilas"] == {"sukunimi": "Przykładowa-Đặng", "etunimet": "Łucja", "uusiKentta": 1}
    assert put.losses == {}
    assert LENS.get(put.native).leaves == name


def test_no_plan_lifts_a_non_disclosure_order() -> None:
    native = empty_form({"turvakielto": {"voimassa": True, "lahde": "VTJ"}})
    put = LENS.put_leaves(
        native, {"client.non_disclosure.active": False}, clear=["client.non_disclosure.source"]
    )
    assert put.native == native
    assert LENS.get(native).leaves["client.non_disclosure.active"] is True


def test_identity_numbers_are_lifecares_own() -> None:
    native = empty_form({"henkilotunnukset": [{"hetu": "250791Y946S", "laji": "VIRALLINEN"}]})
    number = {"client.hetu[h-1].value": "120385-921T", "client.hetu[h-1].kind": "official"}
    put = LENS.put_leaves(native, number)
    assert put.native == native
    assert put.not_carried.keys() == number.keys()


@pytest.mark.parametrize("raw", ["4-5", "11", "-1", "4,5", "neljä", "4.0"])
def test_points_that_nobody_can_be_sure_of_become_a_note_and_no_score(raw: str) -> None:
    native = copy.deepcopy(EMPTY)
    native["mittaukset"] = [{"tunniste": "m-1", "koodi": "KV-B4", "arvo": raw, "pvm": "2026-03-06"}]
    reading = LENS.get(native)
    assert "scores[m-1].value" not in reading.leaves
    assert [(note.row, note.raw) for note in reading.notes] == [("b4-value", raw)]


def test_zero_points_are_an_answer() -> None:
    native = copy.deepcopy(EMPTY)
    native["mittaukset"] = [{"tunniste": "m-1", "koodi": "KV-B4", "arvo": "0", "pvm": "2026-03-06"}]
    assert LENS.get(native).leaves["scores[m-1].value"] == 0


def test_a_bdi_without_its_version_is_not_taken_for_the_second_edition() -> None:
    native = copy.deepcopy(EMPTY)
    native["mittaukset"] = [{"tunniste": "m-1", "koodi": "BDI", "arvo": "13", "pvm": "2026-02-03"}]
    assert LENS.get(native).leaves["scores[m-1].instrument"] == "bdi_unspecified"


def test_points_beyond_the_scale_are_refused_on_the_way_out_too() -> None:
    score = {"scores[m-1].instrument": "audit", "scores[m-1].value": 41}
    with pytest.raises(LensRefusal) as refused:
        LENS.put_leaves(EMPTY, score)
    assert refused.value.rule == "points outside 0-40"


def test_what_people_wrote_around_our_lines_stays_to_the_byte() -> None:
    native = copy.deepcopy(EMPTY)
    prose = "Terveystarkastus 3.2.2026. Työkykyyn vaikuttava selkävaiva.\r\nJatko: fysioterapia."
    native["otsikot"][7]["teksti"] = prose
    put = LENS.put_leaves(native, {"goals[g-1].text_client": "Osa-aikatyö varastossa"})
    assert put.native["otsikot"][7]["teksti"] == f"{prose}\r\nTavoite [g-1]: Osa-aikatyö varastossa"
    gone = LENS.put_leaves(put.native, {}, clear=["goals[g-1].text_client"])
    assert gone.native["otsikot"][7]["teksti"] == prose


def test_a_heading_too_full_for_lifecare_is_refused_with_its_reason() -> None:
    text = "sana " * 700
    with pytest.raises(LensRefusal) as refused:
        LENS.put_leaves(EMPTY, {f"goals[g-{n}].text_client": text.strip() for n in range(3)})
    assert "8000" in refused.value.rule


def test_every_field_of_the_plan_is_placed_or_refused_with_a_reason() -> None:
    never = {entry.plan for entry in LENS.spec.never}
    assert all(entry.why for entry in LENS.spec.never)
    assert {"benefits[].*", "social.debts", "social.debt_enforcement"} <= never
    assert len(FIELDS) > 300

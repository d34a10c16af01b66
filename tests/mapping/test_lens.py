"""What the lens does, on a toy mapping that uses the whole grammar."""

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mapping.toy import PLAN_YAML, TABLES, toy_lens
from tyokyky_bridge.domain.disclosure import View
from tyokyky_bridge.mapping.booking import TAKEN_KEY, UNREADABLE
from tyokyky_bridge.mapping.catalogue import read_spec
from tyokyky_bridge.mapping.lens import Lens, LensRefusal

LENS = toy_lens()
DAY = date(2026, 2, 3)


def view_of(leaves: dict[str, Any]) -> View:
    """A view without a disclosure: tests of the lens may forge one, the product cannot."""
    view = object.__new__(View)
    for name, value in {
        "leaves": leaves, "plan_id": "p", "version": 1, "recipient": "x", "withheld": frozenset(),
        "non_disclosure": False,
    }.items():  # fmt: skip
        object.__setattr__(view, name, value)
    return view


def test_put_takes_a_view_and_nothing_else() -> None:
    assert LENS.put({}, view_of({"health.work_limitation_flag": True})).native == {"rajoite": "K"}
    with pytest.raises(TypeError):
        LENS.put({}, {"health.work_limitation_flag": True})  # type: ignore[arg-type]


def test_the_record_that_was_given_is_not_touched() -> None:
    native = {"tavoite": ["oma rivi"], "mittaukset": [{"tunniste": "s-1", "koodi": "KV-B4", "arvo": "4"}]}
    before = copy.deepcopy(native)
    put = LENS.put_leaves(native, {"goals[g-7].text_client": "uusi", "scores[s-1].value": 5, **b4("s-1")})
    assert native == before
    assert put.native != before


def b4(known: str) -> dict[str, Any]:
    return {f"scores[{known}].instrument": "kykyviisari_b4"}


def test_a_standing_value_that_reads_the_same_keeps_its_bytes() -> None:
    native = {"mittaukset": [{"tunniste": "s-1", "koodi": "KV-B4", "arvo": "4", "pvm": "3.2.2026"}]}
    put = LENS.put_leaves(
        native, {**b4("s-1"), "scores[s-1].value": Decimal(4), "scores[s-1].effective_on": DAY}
    )
    assert put.native == native
    assert put.expected["scores[s-1].effective_on"] == DAY


def test_an_element_is_found_by_its_key_wherever_it_stands() -> None:
    other = {"tunniste": "s-9", "koodi": "KV-B4", "arvo": "7", "oma": "tieto"}
    native = {"mittaukset": [other, {"tunniste": "s-1", "koodi": "KV-B4", "arvo": "4"}]}
    put = LENS.put_leaves(native, {**b4("s-1"), "scores[s-1].value": 0})
    assert put.native["mittaukset"] == [other, {"tunniste": "s-1", "koodi": "KV-B4", "arvo": "0"}]


def test_a_new_element_gets_its_key_and_the_constants() -> None:
    put = LENS.put_leaves({}, {**b4("s-1"), "scores[s-1].value": 0})
    assert put.native == {"mittaukset": [{"tunniste": "s-1", "koodi": "KV-B4", "yksikko": "p", "arvo": "0"}]}
    assert LENS.get(put.native).leaves == {**b4("s-1"), "scores[s-1].value": 0}


def test_an_element_of_which_nothing_is_carried_leaves_no_empty_list_behind() -> None:
    """A partner that drops empty lists would be written anew at every delivery."""
    put = LENS.put_leaves({}, {"meetings[m-1].kind": "network", "health.work_limitation_flag": True})
    assert put.native == {"rajoite": "K"}
    assert "meetings[m-1].kind" in put.not_carried


def test_what_the_view_does_not_hold_is_left_alone() -> None:
    native = {"tila": "voimassa", "rajoite": "K"}
    assert LENS.put_leaves(native, {"health.work_limitation_flag": False}).native == {
        "tila": "voimassa",
        "rajoite": "E",
    }


def test_clear_empties_a_field_in_the_partners_own_way() -> None:
    native = {"rajoite": "K", "tarkistus": 20260503, "oma": 1}
    put = LENS.put_leaves(native, {}, clear=["health.work_limitation_flag", "follow_up.next_on"])
    assert put.native == {"tarkistus": 0, "oma": 1}
    assert put.cleared == {"health.work_limitation_flag", "follow_up.next_on"}


def test_an_element_goes_when_every_carried_leaf_is_cleared_and_stays_otherwise() -> None:
    element = {"tunniste": "s-1", "koodi": "KV-B4", "arvo": "4", "pvm": "03.02.2026"}
    paths = ["scores[s-1].value", "scores[s-1].effective_on"]
    assert LENS.put_leaves({"mittaukset": [element]}, {}, clear=paths).native == {"mittaukset": []}
    one = LENS.put_leaves({"mittaukset": [element]}, {}, clear=paths[:1])
    assert one.native == {"mittaukset": [{"tunniste": "s-1", "koodi": "KV-B4", "pvm": "03.02.2026"}]}


def test_a_view_wins_over_clear() -> None:
    put = LENS.put_leaves(
        {"rajoite": "E"}, {"health.work_limitation_flag": True}, ["health.work_limitation_flag"]
    )
    assert put.native == {"rajoite": "K"}
    assert not put.cleared


def test_an_element_that_cannot_be_without_its_type_goes_with_it() -> None:
    native = {"palvelut": {"rivit": [{"tunniste": "x", "laji": "PEER_SUPPORT", "alku": 20260301}]}}
    put = LENS.put_leaves(
        native, {"services[x].planned_period.start": date(2026, 3, 1)}, ["services[x].type"]
    )
    assert put.native == {"palvelut": {"rivit": []}}
    assert "services[x].type" in put.cleared
    assert "services[x].planned_period.start" in put.not_carried


def test_an_element_of_another_kind_moves_to_its_place() -> None:
    native = {"mittaukset": [{"tunniste": "s-1", "koodi": "KV-B4", "arvo": "4", "pvm": "03.02.2026"}]}
    view = {
        "scores[s-1].instrument": "work_ability_score",
        "scores[s-1].value": 4,
        "scores[s-1].effective_on": DAY,
    }
    put = LENS.put_leaves(native, view)
    assert put.native == {"mittaukset": [], "tavoite": ["#WAS=4 03.02.2026 s-1"]}
    assert LENS.put_leaves(put.native, {**view, **b4("s-1")}).native["tavoite"] == []


def test_a_code_without_a_native_one_keeps_the_whole_element_out_and_says_so() -> None:
    put = LENS.put_leaves({}, {"services[y].type": "other", "services[y].planned_period.start": DAY})
    assert put.native.get("palvelut") in (None, {"rivit": []})
    assert "table service" in put.not_carried["services[y].type"]
    assert "table service" in put.not_carried["services[y].planned_period.start"]


def test_a_declared_loss_is_told_with_what_will_read_back() -> None:
    put = LENS.put_leaves({}, {"header.status": "under_revision"})
    assert put.losses == {"header.status": "under_revision is written as voimassa"}
    assert put.expected == {"header.status": "active"}


def test_an_unknown_code_is_a_note_and_is_not_overwritten() -> None:
    native = {"tila": "uusi-tila"}
    reading = LENS.get(native)
    assert reading.leaves == {}
    assert [(note.row, note.raw) for note in reading.notes] == [("status", "uusi-tila")]
    assert "uusi-tila" not in repr(reading.notes)
    put = LENS.put_leaves(native, {"header.status": "active"})
    assert put.native == native
    assert put.not_carried == {"header.status": UNREADABLE}
    allowed = LENS.put_leaves(native, {"header.status": "active"}, overwrite=["header.status"])
    assert allowed.native == {"tila": "voimassa"}


@pytest.mark.parametrize("raw", ["4-5", "", None, "viisi", 4, True])
def test_a_score_is_never_guessed(raw: Any) -> None:
    native = {"mittaukset": [{"tunniste": "s-1", "koodi": "KV-B4", "arvo": raw}]}
    assert "scores[s-1].value" not in LENS.get(native).leaves


def test_a_partner_value_that_the_plan_would_refuse_is_a_note() -> None:
    reading = LENS.get({"tapaamiset": [{"tunniste": "m", "paikka": "kaksi\nriviä"}], "tarkistus": 20261332})
    assert reading.leaves == {}
    assert {note.row for note in reading.notes} == {"meeting-place", "review"}


def test_elements_without_a_usable_key_are_notes() -> None:
    rows = [{"paikka": "a"}, {"tunniste": "ISO 1", "paikka": "b"}, {"tunniste": "m"}, {"tunniste": "m"}]
    assert [note.rule for note in LENS.get({"tapaamiset": rows}).notes] == [
        "element without a key",
        "key is not an element id",
        "two elements with one key",
    ]
    put = LENS.put_leaves({"tapaamiset": rows}, {"meetings[m].place": "Turku"})
    assert put.native == {"tapaamiset": rows}
    assert put.not_carried == {"meetings[m].place": TAKEN_KEY}


def test_over_long_text_is_refused_with_row_path_and_rule_and_never_the_text() -> None:
    secret = "salainen" * 10
    with pytest.raises(LensRefusal) as refusal:
        LENS.put_leaves({}, {"health.work_ability_conclusion": secret, "follow_up.next_on": DAY})
    assert (refusal.value.row, refusal.value.path) == ("conclusion", "health.work_ability_conclusion")
    assert refusal.value.rule == "longer than 60 characters"
    assert "salainen" not in str(refusal.value)


def test_a_partners_own_long_text_does_not_stop_a_write_that_leaves_it_alone() -> None:
    native = LENS.put_leaves({}, {"health.work_ability_conclusion": "x"}).native
    native["osiot"][0]["tiedot"]["johtopaatos"] = "y" * 61
    put = LENS.put_leaves(native, LENS.get(native).leaves)
    assert put.native == native


def test_a_codec_that_loses_without_saying_so_is_refused() -> None:
    from tyokyky_bridge.adapterkit.codec import Codec

    cut = Codec("cut", lambda value: value[:3], lambda raw: raw)
    lens = Lens(read_spec(PLAN_YAML.replace("native: rajoite, codec: bool-text", "native: rajoite").replace(
        "max: 60", "codec: cut")), codecs={"cut": cut}, maps=TABLES)  # fmt: skip
    with pytest.raises(LensRefusal, match="no loss is declared"):
        lens.put_leaves({}, {"health.work_ability_conclusion": "pitkä"})


def test_native_lists_of_codes_are_sets() -> None:
    native = {"ajokortit": ["aj-C", "traktori"]}
    assert [note.raw for note in LENS.get(native).notes] == ["traktori"]
    put = LENS.put_leaves(
        native,
        {"competence.driving_licence[B]": "B", "competence.driving_licence[A1]": "A1"},
        ["competence.driving_licence[C]"],
    )
    assert put.native == {"ajokortit": ["traktori", "aj-B"]}
    assert put.cleared == {"competence.driving_licence[C]"}
    assert "table licence" in put.not_carried["competence.driving_licence[A1]"]


def test_a_leaf_that_no_row_names_is_explained_in_the_files_own_words() -> None:
    assert LENS.put_leaves({}, {"health.substance_use": "x"}).not_carried == {
        "health.substance_use": "never: the toy may not hold it"
    }


@pytest.mark.parametrize("rows", [{"palvelut": "teksti"}, {"palvelut": {"rivit": "teksti"}}])
def test_something_else_where_a_list_is_needed_is_left_alone(rows: dict[str, Any]) -> None:
    put = LENS.put_leaves(rows, {"services[s-1].type": "work_trial"})
    assert put.native == rows
    assert put.not_carried == {"services[s-1].type": UNREADABLE}


def test_something_else_where_an_object_is_needed_is_left_alone() -> None:
    native = {"osiot": "rikki", "palvelut": []}
    put = LENS.put_leaves(
        native, {"health.work_ability_conclusion": "ok", "services[x].type": "peer_support"}
    )
    assert put.native == native
    assert set(put.not_carried.values()) == {UNREADABLE}

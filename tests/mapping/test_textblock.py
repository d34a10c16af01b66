"""Labelled lines in a partner's text: ours are kept true, theirs stay to the byte."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.toy import toy_lens
from tyokyky_bridge.mapping.booking import UNREADABLE
from tyokyky_bridge.mapping.folding import MARKS, fold, is_continuation, unfold
from tyokyky_bridge.mapping.lens import LensRefusal

LENS = toy_lens()
SOS = "Soitto 1.2.\nAsuminen: Asumismuoto own  \r\nOma huomio\r\n"
TEXTS = st.text(st.sampled_from("ab ÅÖ¬s|>+\n\t\u00a0()0\\:–x"), max_size=120)


def social(text: str) -> dict[str, Any]:
    return {"otsikot": [{"otsikko": "SOS", "teksti": text}]}


@settings(max_examples=500, derandomize=True, database=None)
@given(TEXTS, st.sampled_from([None, 20, 33, 70]))
def test_any_text_survives_folding_at_any_width(text: str, width: int | None) -> None:
    lines = fold("Tavoite g-7:", text, width)
    assert all(width is None or len(line) <= width for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert all(is_continuation(line) for line in lines[1:])
    trimmed = [line.rstrip() for line in lines]
    assert unfold(trimmed[0].removeprefix("Tavoite g-7:"), trimmed[1:]) == text


def test_folded_text_can_be_read_by_people() -> None:
    assert fold("Tavoite g-7:", "Osa-aikatyö varastossa syksyllä\nja sitten\n\npalkkatuki", 24) == [
        "Tavoite g-7: Osa-aikatyö",
        "> varastossa syksyllä",
        "| ja sitten",
        "|",
        "| palkkatuki",
    ]


def test_a_changed_line_is_written_in_its_place_and_every_other_byte_stays() -> None:
    put = LENS.put_leaves(social(SOS), {"social.housing.code": "rental"})
    assert put.native == social(SOS.replace("Asumismuoto own  ", "Asumismuoto rental"))


def test_an_unchanged_line_keeps_even_its_trailing_blanks() -> None:
    assert LENS.put_leaves(social(SOS), {"social.housing.code": "own"}).native == social(SOS)


def test_a_new_line_joins_ours_and_not_the_end_of_their_text() -> None:
    put = LENS.put_leaves(social(SOS), {"social.daily_rhythm": "hyvä"})
    text = put.native["otsikot"][0]["teksti"]
    assert text == "Soitto 1.2.\nAsuminen: Asumismuoto own  \r\nPäivärytmi: hyvä\r\nOma huomio\r\n"


def test_the_first_line_goes_to_the_end_of_their_text() -> None:
    put = LENS.put_leaves(social("Soitto\r\n"), {"social.daily_rhythm": "hyvä"})
    assert put.native == social("Soitto\r\nPäivärytmi: hyvä\r\n")
    assert LENS.put_leaves({}, {"social.daily_rhythm": "hyvä"}).native == social("Päivärytmi: hyvä")


def test_a_cleared_line_goes_with_its_continuations_and_nothing_else() -> None:
    native = social("Oma\r\nPäivärytmi: hyvä\r\n| huono\r\nToinen oma")
    put = LENS.put_leaves(native, {}, ["social.daily_rhythm"])
    assert put.native == social("Oma\r\nToinen oma")
    assert put.cleared == {"social.daily_rhythm"}


@pytest.mark.parametrize("mark", MARKS)
def test_a_line_of_theirs_that_looks_like_a_continuation_is_not_swallowed(mark: str) -> None:
    native = {"tavoite": ["#WAS=4 03.02.2026 s-1", f"{mark} oma lista"]}
    put = LENS.put_leaves(native, {"goals[g].text_client": "työ"})
    assert put.native["tavoite"] == ["#WAS=4 03.02.2026 s-1", f"{mark} oma lista", "Tavoite g: työ"]
    both = {"tavoite": ["Tavoite g: työ", *native["tavoite"]]}
    gone = LENS.put_leaves(
        both, {}, [f"scores[s-1].{name}" for name in ("value", "effective_on", "instrument")]
    )
    assert LENS.get(gone.native).leaves == {"goals[g].text_client": "työ"}
    assert gone.native["tavoite"][-1] == f"{mark} oma lista"


def test_a_persons_edit_inside_our_line_is_read() -> None:
    reading = LENS.get(social("Päivärytmi:valvoo öisin\r\n| nukkuu päivät"))
    assert reading.leaves == {"social.daily_rhythm": "valvoo öisin\nnukkuu päivät"}


def test_the_same_label_twice_is_told_and_the_first_counts() -> None:
    reading = LENS.get(social("Päivärytmi: a\r\nPäivärytmi: b"))
    assert reading.leaves == {"social.daily_rhythm": "a"}
    assert [note.rule for note in reading.notes] == ["the same line stands twice"]


def test_a_tag_goes_to_the_top_and_names_its_score() -> None:
    view = {
        "scores[s-3].instrument": "work_ability_score",
        "scores[s-3].value": 0,
        "scores[s-3].effective_on": date(2026, 2, 3),
    }
    put = LENS.put_leaves({"tavoite": ["oma rivi"]}, view)
    assert put.native == {"tavoite": ["#WAS=0 03.02.2026 s-3", "oma rivi"]}
    assert LENS.get(put.native).leaves == view


def test_a_tag_that_a_person_wrote_without_an_id_gets_one_from_its_day() -> None:
    assert LENS.get({"tavoite": ["#WAS=4 3.2.2026"]}).leaves == {
        "scores[was-2026-02-03].value": 4,
        "scores[was-2026-02-03].effective_on": date(2026, 2, 3),
        "scores[was-2026-02-03].instrument": "work_ability_score",
    }


@pytest.mark.parametrize(
    "tag", ["#WAS=4-5 03.02.2026 s-1", "#WAS= 03.02.2026 s-1", "#WAS=4 32.02.2026 s-1", "#WAS=4 s-1", "#WAS"]
)
def test_a_damaged_tag_is_a_note_and_never_a_score(tag: str) -> None:
    native = {"tavoite": [tag]}
    reading = LENS.get(native)
    assert reading.leaves == {}
    assert [note.raw for note in reading.notes] == ([tag] if tag != "#WAS" else [])
    view = {
        "scores[s-1].instrument": "work_ability_score",
        "scores[s-1].value": 4,
        "scores[s-1].effective_on": date(2026, 2, 3),
    }
    put = LENS.put_leaves(native, view)
    if "s-1" in tag:
        assert put.native == native
        assert put.not_carried["scores[s-1].value"] == UNREADABLE


def test_a_tag_goes_when_one_of_its_leaves_must_go() -> None:
    put = LENS.put_leaves(
        {"tavoite": ["#WAS=4 03.02.2026 s-1"]},
        {"scores[s-1].instrument": "work_ability_score", "scores[s-1].effective_on": date(2026, 2, 3)},
        ["scores[s-1].value"],
    )
    assert put.native == {"tavoite": []}


def test_too_many_lines_are_refused_and_the_partners_lines_count() -> None:
    native = {"tavoite": [f"oma {number}" for number in range(20)]}
    assert LENS.put_leaves(native, {}).native == native
    with pytest.raises(LensRefusal, match="more than 20 lines"):
        LENS.put_leaves(native, {"goals[g].text_client": "työ"})


def test_a_set_is_one_line_for_each_code() -> None:
    view = {
        "referrals[r].need_cues[low_b4]": "low_b4",
        "referrals[r].need_cues[client_raised]": "client_raised",
    }
    put = LENS.put_leaves({}, view)
    assert put.native == social("Heräte r: low_b4\r\nHeräte r: client_raised")
    assert LENS.put_leaves(put.native, {}, ["referrals[r].need_cues[low_b4]"]).native == social(
        "Heräte r: client_raised"
    )


def test_lines_that_are_no_text_stay_in_an_array() -> None:
    put = LENS.put_leaves({"tavoite": [None, 7]}, {"goals[g].text_client": "työ"})
    assert put.native == {"tavoite": [None, 7, "Tavoite g: työ"]}


def test_something_that_is_no_text_is_left_alone() -> None:
    native = social("") | {"tavoite": "ei lista"}
    assert [note.rule for note in LENS.get(native).notes] == ["not a text"]
    put = LENS.put_leaves(native, {"goals[g].text_client": "työ"})
    assert put.native == native
    assert put.not_carried == {"goals[g].text_client": UNREADABLE}


@pytest.mark.parametrize("line", ["Tavoite 120385-921t: työ", "#WAS=4 03.02.2026 120385-921t"])
def test_an_id_that_looks_like_an_identity_number_is_never_taken(line: str) -> None:
    reading = LENS.get({"tavoite": [line], "tapaamiset": [{"tunniste": "120385-921t", "paikka": "x"}]})
    assert reading.leaves == {}
    assert len(reading.notes) == 2
    assert "120385" not in repr(reading.notes)

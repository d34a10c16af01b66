"""Whose word stands, for every field and every register."""

from dataclasses import replace
from pathlib import Path

import pytest

from tyokyky_bridge.domain import authority
from tyokyky_bridge.domain.authority import (
    AUTHORITY_VERSION,
    SET_BY_HUB,
    Authority,
    authority_for,
    authority_of,
)
from tyokyky_bridge.domain.authority_page import render_authority_page
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.parties import Register

HUB, REMOTE, SHARED = Authority.HUB, Authority.REMOTE, Authority.SHARED
LETTERS = {
    Register.HEALTH: "H",
    Register.SOCIAL: "S",
    Register.EMPLOYMENT: "E",
    Register.KELA: "K",
    Register.PENSION: "P",
}
UNNAMED = set(Register) - LETTERS.keys() - {Register.TYP}


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("coordinates", [False, True])
def test_every_field_has_exactly_one_answer_for_every_register(register, coordinates):
    answers = [authority_of(pattern, register, coordinates=coordinates) for pattern in FIELDS]

    assert len(answers) == len(FIELDS)
    assert all(type(answer) is Authority for answer in answers)


@pytest.mark.parametrize(
    ("pattern", "register", "expected"),
    [
        ("health.work_ability_conclusion", Register.HEALTH, REMOTE),
        ("health.work_ability_conclusion", Register.SOCIAL, HUB),
        ("health.work_ability_conclusion", Register.PRODUCER, HUB),
        ("competence.work_experience_summary", Register.EMPLOYMENT, REMOTE),
        ("services[].travel_cost_decision.outcome", Register.SOCIAL, REMOTE),
        ("benefits[].period.end", Register.KELA, REMOTE),
        ("benefits[].status", Register.KELA, SHARED),
        ("benefits[].status", Register.PENSION, SHARED),
        ("benefits[].status", Register.HEALTH, HUB),
        ("health.work_limitation_flag", Register.EMPLOYMENT, SHARED),
        ("goals[].text_client", Register.SOCIAL, SHARED),
        ("goals[].text_client", Register.PRODUCER, SHARED),
        ("scores[].value", Register.EMPLOYMENT, SHARED),
        ("goals[].area", Register.KELA, SHARED),
        ("client.family_name", Register.HEALTH, HUB),
        ("client.hetu[].value", Register.HEALTH, HUB),
        ("header.status", Register.EMPLOYMENT, HUB),
        ("client.client_id", Register.TYP, HUB),
    ],
)
def test_the_letters_decide(pattern, register, expected):
    assert authority_of(pattern, register) is expected


def test_nothing_but_a_register_that_stands_alone_is_remote():
    for pattern, meaning in FIELDS.items():
        alone = {register for register, letter in LETTERS.items() if meaning.authority == (letter,)}
        remote = {register for register in Register if authority_of(pattern, register) is REMOTE}
        assert remote == alone


def test_what_the_client_said_and_what_anybody_records_is_shared_with_everybody():
    for pattern, meaning in FIELDS.items():
        if {"C", "R"} & set(meaning.authority):
            assert {authority_of(pattern, register) for register in Register} == {SHARED}


@pytest.mark.parametrize("register", Register)
def test_no_partner_changes_who_the_client_is_or_what_the_hub_sets(register):
    identity = [pattern for pattern in FIELDS if pattern.startswith("client.hetu[]")]

    assert identity
    assert FIELDS.keys() >= SET_BY_HUB
    for pattern in (*identity, *SET_BY_HUB):
        assert authority_of(pattern, register, coordinates=True) is HUB


def test_no_letter_in_the_dictionary_gives_those_fields_away(monkeypatch):
    given_away = {pattern: replace(meaning, authority=("R",)) for pattern, meaning in FIELDS.items()}
    monkeypatch.setattr(authority, "FIELDS", given_away)

    for pattern in FIELDS:
        own = pattern in SET_BY_HUB or pattern.startswith("client.hetu[].") or pattern == "follow_up.next_on"
        assert authority_of(pattern, Register.HEALTH) is (HUB if own else SHARED)


def test_the_joint_register_shares_what_its_authorities_own():
    for pattern, meaning in FIELDS.items():
        own = bool(set("HSEKCR") & set(meaning.authority))
        assert authority_of(pattern, Register.TYP) is (SHARED if own else HUB)


@pytest.mark.parametrize("register", Register)
def test_the_coordinators_system_alone_says_when_to_meet_next(register):
    differ = [
        p for p in FIELDS if authority_of(p, register) is not authority_of(p, register, coordinates=True)
    ]

    assert differ == ["follow_up.next_on"]
    assert authority_of("follow_up.next_on", register) is HUB
    assert authority_for(register, coordinates=True)("follow_up.next_on") is REMOTE


def test_a_field_the_schema_does_not_have_has_no_answer():
    with pytest.raises(KeyError):
        authority_of("goals[].unheard_of", Register.HEALTH)


def test_the_committed_page_is_what_the_answers_render():
    page = Path(__file__).parents[2] / "docs/reference/authority.md"

    assert page.read_text(encoding="utf-8") == render_authority_page()


def test_the_page_shows_every_field_and_every_register_and_names_the_version():
    page = render_authority_page()

    assert all(f"| `{pattern}` |" in page for pattern in FIELDS)
    assert f"`{AUTHORITY_VERSION}`" in page
    for register in UNNAMED:
        assert register.value.replace("_", " ") in page
        for pattern in FIELDS:
            assert authority_of(pattern, register) is authority_of(pattern, Register.PRODUCER)

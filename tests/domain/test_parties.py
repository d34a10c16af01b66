"""The directory: who is what party when, and that a broken document is refused by row and field."""

from datetime import date
from typing import Any

import pytest

from tyokyky_bridge.domain.directory_document import load_directory
from tyokyky_bridge.domain.parties import (
    Directory,
    DirectoryRefused,
    NotInForce,
    Party,
    Purpose,
    Register,
    UnknownParty,
)
from worlds.parties import DIRECTORY, HEALTH, JARVIALUE, SOCIAL, TYP

DAY = date(2026, 3, 2)


def party(**members: Any) -> dict[str, Any]:
    return {"id": "a", "name": "A", "controller": "9000001-1", "register": "health", **members}


def system(**members: Any) -> dict[str, Any]:
    return {"id": "sys", "adapter": "x", "party": "a", "base_url": "http://127.0.0.1:1", **members}


def test_health_and_social_of_one_county_are_two_parties():
    health, social = DIRECTORY.party(HEALTH, on=DAY), DIRECTORY.party(SOCIAL, on=DAY)
    assert health.controller == social.controller
    assert not health.shares_register_with(social)
    assert not health.shares_register_with(DIRECTORY.party(JARVIALUE, on=DAY))
    assert health.shares_register_with(Party("other-id", "B", health.controller, Register.HEALTH))


def test_a_party_is_found_on_its_days_only_and_an_unknown_one_is_told_apart():
    assert DIRECTORY.party(HEALTH, on=date(2023, 1, 1)).id == HEALTH
    with pytest.raises(NotInForce):
        DIRECTORY.party(HEALTH, on=date(2022, 12, 31))
    with pytest.raises(UnknownParty):
        DIRECTORY.party("nobody", on=DAY)
    assert HEALTH not in {p.id for p in DIRECTORY.parties_on(date(2022, 12, 31))}


def test_the_controller_of_a_register_changes_on_a_date():
    rows = [
        party(valid_to="2022-12-31"),
        party(controller="9000006-2", valid_from="2023-01-01"),
    ]
    directory = load_directory({"parties": rows})
    assert directory.party("a", on=date(2022, 12, 31)).controller == "9000001-1"
    assert directory.party("a", on=date(2023, 1, 1)).controller == "9000006-2"


def test_what_a_dissolved_party_recorded_still_has_a_holder():
    directory = Directory(
        [Party("old", "Vanha", "9000001-1", Register.SOCIAL, date(2020, 1, 1), date(2022, 12, 31))]
    )
    holder = directory.holder("old", on=DAY)
    assert holder is not None
    assert holder.register is Register.SOCIAL
    assert directory.holder("old", on=date(2019, 1, 1)) is None
    assert directory.holder("nobody", on=DAY) is None


def test_a_system_without_a_channel_has_its_own_and_is_dated_too():
    directory = load_directory({"parties": [party()], "systems": [system(valid_to="2025-12-31")]})
    found = directory.system("sys", on=date(2025, 12, 31))
    assert (found.channel, found.purpose) == ("sys", Purpose.WORK_ABILITY_SUPPORT)
    assert directory.systems_on(DAY) == ()
    with pytest.raises(NotInForce):
        directory.system("sys", on=DAY)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"parties": [party(controller="9000001-2")]}, "parties row 1 a: controller"),
        ({"parties": [party(register="police")]}, "parties row 1 a: register"),
        (
            {"parties": [party(valid_from="2026-01-02", valid_to="2026-01-01")]},
            "valid_to is before valid_from",
        ),
        ({"parties": [party(), party()]}, "party a: two rows are in force"),
        ({"parties": [party(colour="red")]}, "parties row 1 a: colour"),
        ({"parties": [party()], "systems": [system(party="b")]}, "system sys: party is not in the directory"),
        ({"parties": [party()], "systems": [system(base_url="ftp://x")]}, "systems row 1 sys: base_url"),
        (
            {"parties": [party()], "systems": [system(channel="typpi")]},
            "channel typpi is for the joint register",
        ),
        (
            {"parties": [party(register="typ")], "systems": [system()]},
            "channel typpi is for the joint register",
        ),
        ({}, "parties"),
    ],
)
def test_a_broken_directory_is_refused_with_row_and_field(document, said):
    with pytest.raises(DirectoryRefused) as refused:
        load_directory(document)
    assert said in str(refused.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(DirectoryRefused) as refused:
        load_directory({"parties": [party(register="police", controller="x")]})
    assert len(refused.value.problems) == 2


def test_the_typ_parties_of_the_demo_are_the_authorities_and_the_joint_register():
    typ_parties = {p.id for p in DIRECTORY.parties_on(DAY) if p.typ_party}
    assert "satamapaja" not in typ_parties
    assert {HEALTH, SOCIAL, "kela", "meriniemi-employment", TYP} <= typ_parties

"""The directory as Organizations."""

from datetime import date

import pytest

from tyokyky_bridge.domain.parties import Directory, Party, Register
from tyokyky_bridge.fhir.derived.organization import organizations
from worlds.fhir_oracle import codes, reads
from worlds.parties import DIRECTORY

TODAY = date(2026, 3, 2)
FOUND = organizations(DIRECTORY, on=TODAY)


def test_every_party_is_an_organization_that_fhir_reads():
    assert {id_ for _, id_ in FOUND if not id_.startswith("y.")} == set(DIRECTORY.parties)
    for document in FOUND.values():
        reads(document)


def test_a_party_says_its_sector_its_register_and_its_business_id():
    health = FOUND["Organization", "lrha-health"]
    assert codes(health["type"][0]) == ["health"]
    assert [tag["code"] for tag in health["meta"]["tag"]] == ["health"]
    assert {"use": "official", "system": "urn:oid:1.2.246.10", "value": "9000001-1"} in health["identifier"]
    assert health["active"] is True


def test_two_registers_of_one_county_are_parts_of_it():
    above = {FOUND["Organization", id_]["partOf"]["reference"] for id_ in ("lrha-health", "lrha-social")}
    assert above == {"Organization/y.9000001-1"}
    assert FOUND["Organization", "y.9000001-1"]["name"] == "Länsirannan hyvinvointialue"


def test_a_controller_of_one_register_is_the_party_itself():
    assert "partOf" not in FOUND["Organization", "satamapaja"]
    assert ("Organization", "y.9000005-4") not in FOUND


@pytest.mark.parametrize(
    ("day", "active"), [(date(2022, 12, 31), True), (date(2023, 1, 1), False), (date(2020, 1, 1), None)]
)
def test_a_party_that_has_ended_is_there_but_not_active_and_one_to_come_is_not_there(day, active):
    row = Party(
        "old", "Vanha", "9000008-9", Register.SOCIAL, valid_from=date(2021, 1, 1), valid_to=date(2022, 12, 31)
    )
    document = organizations(Directory([row]), on=day).get(("Organization", "old"))
    assert (None if document is None else document["active"]) is active


def test_a_controller_whose_registers_are_named_apart_goes_by_its_business_id_alone():
    rows = [
        Party(id_, name, "9000008-9", register)
        for id_, name, register in (("a", "Yksi, t", Register.HEALTH), ("b", "Kaksi, s", Register.SOCIAL))
    ]
    above = organizations(Directory(rows), on=TODAY)["Organization", "y.9000008-9"]
    assert "name" not in above
    reads(above)

"""The closed code lists (domain report 3.4, 2.5, 7.1)."""

import pytest

from tyokyky_bridge.domain.codes import UnknownCodeList, code_list, code_lists

NUMBERED = [f"CL-{n:02d}" for n in range(1, 52)]


@pytest.mark.parametrize("list_id", NUMBERED)
def test_each_numbered_list_is_shipped_with_labels_in_three_languages(list_id):
    the_list = code_list(list_id)

    assert the_list.codes
    assert {"fi", "sv", "en"} <= set(the_list.titles)
    for code in the_list.codes:
        assert {"fi", "sv", "en"} <= set(the_list.labels[code]), code
        assert all(label.strip() for label in the_list.labels[code].values())


@pytest.mark.parametrize(
    ("list_id", "size"),
    [
        ("CL-01", 6),
        ("CL-03", 20),
        ("CL-05", 18),
        ("CL-07", 15),
        ("CL-09", 7),
        ("CL-11", 35),
        ("CL-21", 16),
        ("CL-26", 13),
        ("CL-27", 24),
        ("CL-36", 11),
        ("CL-37", 7),
        ("CL-40", 11),
        ("CL-51", 11),
    ],
)
def test_no_code_of_the_report_is_missing(list_id, size):
    assert len(code_list(list_id).codes) == size


def test_a_list_is_found_by_number_and_by_slug():
    assert code_list("CL-03") is code_lists()["CL-03"]
    assert code_list("referring-party-type") is code_list("CL-03")
    assert code_list("goal-status").codes >= {"proposed", "active", "achieved", "abandoned"}


def test_an_unknown_list_is_an_error():
    with pytest.raises(UnknownCodeList):
        code_list("CL-99")


def test_labels_follow_the_report():
    assert code_list("CL-03").label("prison_service") == "Rikosseuraamuslaitos"
    assert code_list("CL-03").label("kela", "sv") == "FPA"
    assert code_list("CL-10").label("student", "en") == "student"


def test_extra_columns_are_properties():
    assert code_list("CL-11").values("rehabilitative_work", "sector") == ("social", "employment")
    assert code_list("CL-11").values("mental_substance_services", "category") == ("health.substance",)
    assert code_list("CL-21").values("disability_pension", "payer") == ("kela", "pension_provider")
    assert code_list("CL-36").value("audit", "maximum") == 40
    assert code_list("CL-36").value("pta", "maximum") is None


@pytest.mark.parametrize(
    "slug",
    [
        "referral-status",
        "goal-status",
        "meeting-status",
        "handover-status",
        "typ-customership-status",
        "assessment-status",
    ],
)
def test_the_state_lists_that_fields_refer_to_are_shipped(slug):
    assert code_list(slug).id == slug

"""The identity number, split and joined, and the version token."""

import pytest

from tyokyky_adapter_ura.records import (
    CenturyUnknown,
    MalformedNumber,
    SplitHetu,
    Version,
    from_wire,
    person_to_wire,
)

PERSON = {"asiakasnro": "1", "syntaika": 19850312, "loppuosa": "921T", "vuosisata": "-", "muutosnumero": 7}


@pytest.mark.parametrize(
    ("hetu", "fields"),
    [
        ("120385-921T", {"syntaika": 19850312, "loppuosa": "921T", "vuosisata": "-"}),
        ("120385Y921T", {"syntaika": 19850312, "loppuosa": "921T", "vuosisata": "Y"}),
        ("290204A912S", {"syntaika": 20040229, "loppuosa": "912S", "vuosisata": "A"}),
        ("060602B975N", {"syntaika": 20020606, "loppuosa": "975N", "vuosisata": "B"}),
    ],
)
def test_the_number_is_split_and_joined_without_losing_its_century_sign(
    hetu: str, fields: dict[str, object]
) -> None:
    assert SplitHetu.of(hetu).fields() == fields
    assert SplitHetu.of_row(fields).joined == hetu


@pytest.mark.parametrize(
    "wrong", ["1203851921T", "120385G921T", "310285-9218", "290203A912H", "", "120385-921"]
)
def test_what_is_no_number_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(MalformedNumber) as refused:
        SplitHetu.of(wrong)
    assert not wrong or wrong not in str(refused.value)


@pytest.mark.parametrize("sign", [None, "", "A", "?"])
def test_a_row_without_a_believable_century_sign_is_nobody_in_particular(sign: str | None) -> None:
    row = PERSON | {"vuosisata": sign}
    with pytest.raises(CenturyUnknown):
        SplitHetu.of_row(row)


def test_the_lens_sees_the_joined_number_and_no_change_numbers() -> None:
    forms = [{"viite": "f-1", "muutosnumero": 12}, {"viite": "f-2", "muutosnumero": 9}]
    content, version = from_wire(PERSON, {"suunnitelmanro": "5", "muutosnumero": 10}, forms)
    assert content["asiakas"] == {"asiakasnro": "1", "syntaika": 19850312, "henkilotunnus": "120385-921T"}
    assert content["suunnitelma"] == {"suunnitelmanro": "5"}
    assert content["palautteet"] == [{"viite": "f-1"}, {"viite": "f-2"}]
    assert Version.parse(str(version)) == version == Version(7, 10, 12)
    assert person_to_wire(content["asiakas"]) | {"muutosnumero": 7} == PERSON

"""Code tables are FHIR R4 ConceptMaps, total both ways, with an explicit unmatched."""

from typing import Any

import pytest

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.mapping.codes import BrokenConceptMap, CodeMap, Unmatched, code_map


def concept_map(*groups: list[tuple[str, str | None, str]]) -> CodeMap:
    ends = [("urn:plan", "urn:native"), ("urn:native", "urn:plan")]
    document: dict[str, Any] = {"resourceType": "ConceptMap", "group": []}
    for (source, target), pairs in zip(ends, groups, strict=False):
        elements = [
            {"code": code, "target": [{"equivalence": how} | ({} if to is None else {"code": to})]}
            for code, to, how in pairs
        ]
        document["group"].append({"source": source, "target": target, "element": elements})
    return code_map("t", document)


def test_one_group_says_both_directions_where_it_is_clear() -> None:
    table = concept_map([("a", "1", "equivalent"), ("b", "2", "equal"), ("c", None, "unmatched")])
    assert (table.to_native("a"), table.to_canonical("2")) == ("1", "b")
    assert table.changed_by_round_trip == frozenset()
    with pytest.raises(Unmatched):
        table.to_native("c")


def test_an_unknown_code_is_refused_either_way_and_not_echoed() -> None:
    table = concept_map([("a", "1", "equivalent")])
    for ask, code in ((table.to_native, "zz"), (table.to_canonical, "zz"), (table.to_canonical, 1)):
        with pytest.raises(CodecRefusal) as refusal:
            ask(code)
        assert "zz" not in str(refusal.value)


def test_two_into_one_goes_back_to_the_equivalent_one_and_is_a_loss() -> None:
    table = concept_map([("active", "kesken", "equivalent"), ("on_hold", "kesken", "wider")])
    assert table.to_canonical("kesken") == "active"
    assert table.changed_by_round_trip == {"on_hold"}


def test_a_second_group_says_what_native_codes_mean() -> None:
    table = concept_map(
        [("a", "muu", "wider"), ("b", "1", "equivalent")],
        [("muu", None, "unmatched"), ("1", "b", "equivalent"), ("9", "b", "narrower")],
    )
    assert table.to_canonical("9") == "b"
    with pytest.raises(CodecRefusal, match="no canonical code"):
        table.to_canonical("muu")
    assert table.changed_by_round_trip == {"a"}


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ([[("a", "1", "wider")]], "no way back"),
        ([[("a", "1", "equivalent"), ("b", "1", "equivalent")]], "two equivalents"),
        ([[("a", "1", "equivalent"), ("a", "2", "equivalent")]], "exactly one"),
        ([[("a", None, "equivalent")]], "FHIR R4"),
        ([[("a", "1", "nearly")]], "FHIR R4"),
        ([[("a", "1", "equivalent")], [("2", "a", "equivalent")]], "silent about"),
        ([[("a", "1", "equivalent")], [("1", "q", "equivalent")]], "leads to unknown"),
        ([], "one group"),
    ],
)
def test_a_table_that_is_not_clear_is_refused(groups: Any, reason: str) -> None:
    with pytest.raises(BrokenConceptMap, match=reason):
        concept_map(*groups)


def test_what_is_no_concept_map_is_refused() -> None:
    with pytest.raises(BrokenConceptMap):
        code_map("t", {"resourceType": "CodeSystem"})

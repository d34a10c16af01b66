"""Leaves of a plan that holds every field of the dictionary, for tests of the mapping. All content is invented."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS

WORDS = "Łucja sanoi: ”hyvä” – 50 %\n\n> ei sitaatti\nTavoite [x]: ei rivi  vaan teksti <&>"

SPECIAL: dict[str, Any] = {
    "party": "lrha-health",
    "language": "pl",
    "municipality": "091",
    "icd10": "M54.5",
    "occupation": "4321",
    "oid": "1.2.246.10.90000011.11.2026.55",
    "sha256": "ab" * 32,
    "mime": "application/pdf",
    "uuid": "0b8f3c1e-0000-4000-8000-000000000001",
    "ref": "s-1",
    "path": "goals[g-1].text_client",
    "partial_date": "2026-05",
    "str": "Virta Helmi ÅÄÖ: đặng",
    "text": WORDS,
    "date": date(2026, 2, 3),
    "datetime": datetime(2026, 2, 3, 8, 15, 30, tzinfo=UTC),
    "bool": True,
    "int": 7,
    "decimal": Decimal(4),
}


def value_of(pattern: str) -> Any:
    """A legal value for one pattern."""
    meaning = FIELDS[pattern]
    if meaning.codes:
        return sorted(code_list(meaning.codes).codes)[0]
    return SPECIAL[meaning.kind]


def every_leaf() -> dict[str, Any]:
    """One value for every pattern; two elements in each list, and one score for each instrument."""
    leaves: dict[str, Any] = {}
    for pattern in FIELDS:
        if pattern.startswith("scores[]."):
            continue
        if pattern.endswith("[]"):
            value = value_of(pattern)
            for stem in _filled(pattern[:-2]):
                leaves[f"{stem}[{value}]"] = value
        else:
            for path in _filled(pattern):
                leaves[path] = value_of(pattern)
    for number, instrument in enumerate(sorted(code_list("CL-36").codes)):
        for pattern in FIELDS:
            if pattern.startswith("scores[]."):
                leaves[pattern.replace("[]", f"[m-{number}]")] = value_of(pattern)
        leaves[f"scores[m-{number}].instrument"] = instrument
    return leaves


def _filled(pattern: str) -> list[str]:
    if "[]" not in pattern:
        return [pattern]
    head, _, tail = pattern.partition("[]")
    return [path for known in ("e-1", "e-2") for path in _filled(f"{head}[{known}]{tail}")]

"""What each system holds, told by the rows: matrix, reference pages and previews."""

from datetime import date
from pathlib import Path

import pytest

from mapping.systems import SHIPPED, shipped
from mapping.test_lens import view_of
from mapping.toy import toy_lens
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.mapping.fidelity import MATRIX, disagreements, fidelity
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.pages import fidelity_page, mapping_page
from tyokyky_bridge.mapping.preview import preview

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
HOW_TO_RENEW = "run: make openapi"


@pytest.mark.parametrize("system", SHIPPED)
def test_the_committed_mapping_page_is_what_the_rows_say(system: str) -> None:
    page = REFERENCE / "mappings" / f"{system}.md"
    assert page.read_text("utf-8") == mapping_page(shipped(system)[0]), HOW_TO_RENEW


def test_the_committed_fidelity_page_is_what_the_rows_say() -> None:
    page = fidelity_page([shipped(system)[0] for system in SHIPPED])
    assert (REFERENCE / "fidelity.md").read_text("utf-8") == page, HOW_TO_RENEW


@pytest.mark.parametrize("system", SHIPPED)
def test_the_rows_agree_with_the_capability_matrix(system: str) -> None:
    assert list(disagreements(shipped(system)[0])) == []


def test_every_line_of_the_matrix_speaks_of_fields_that_exist() -> None:
    for part in MATRIX:
        assert len(part.letters) == 4
        for stem in part.patterns:
            assert any(pattern.startswith(stem) for pattern in FIELDS), stem


def test_a_row_that_carries_what_the_matrix_forbids_is_told() -> None:
    lens = toy_lens()
    lens.system = "ura"
    told = {part for part, _, _ in disagreements(lens)}
    assert "S5 social situation" in told  # labelled lines, and the matrix says never
    assert "D5 B4" in told  # a field of its own, and the matrix says a tag
    assert "S2 competence" not in told  # the licences have a field


def test_fidelity_tells_the_best_way_and_the_losses() -> None:
    held = fidelity(toy_lens())
    assert held["scores[].value"].holding == "native"
    assert held["goals[].text_client"].holding == "text"
    assert held["health.substance_use"].holding == "never"
    assert held["header.status"].loss == "under_revision is written as voimassa"
    assert held.keys() == FIELDS.keys()


def test_a_preview_says_where_every_leaf_goes_or_why_not() -> None:
    lens: Lens = toy_lens()
    view = {
        "scores[s-1].instrument": "kykyviisari_b4",
        "scores[s-1].value": 4,
        "scores[s-2].instrument": "work_ability_score",
        "scores[s-2].value": 7,
        "scores[s-2].effective_on": date(2026, 2, 3),
        "header.status": "under_revision",
        "health.work_ability_conclusion": "x" * 61,
        "health.substance_use": "y",
    }
    rows = {row.path: row for row in preview(lens, {}, view_of(view))}
    assert list(rows) == list(view)
    assert (rows["scores[s-1].value"].row, rows["scores[s-1].value"].native_value) == ("b4-value", "4")
    assert rows["scores[s-1].value"].native_path == "mittaukset[].arvo"
    assert rows["scores[s-2].value"].row == "b4-tag"
    assert rows["scores[s-2].effective_on"].native_value == "03.02.2026"
    assert rows["header.status"].loss == "under_revision is written as voimassa"
    assert rows["health.work_ability_conclusion"].reason == "refused: longer than 60 characters"
    assert rows["health.substance_use"].reason == "never: the toy may not hold it"

"""The data dictionary in the docs is the schema, rendered."""

from pathlib import Path

from tyokyky_bridge.domain.codes import code_lists
from tyokyky_bridge.domain.dictionary import render_data_dictionary
from tyokyky_bridge.domain.items import FIELDS

PAGE = Path(__file__).parents[2] / "docs/reference/data-dictionary.md"


def test_the_committed_page_is_what_the_schema_renders():
    assert PAGE.read_text(encoding="utf-8") == render_data_dictionary()


def test_the_page_has_every_pattern_and_every_code():
    page = render_data_dictionary()

    assert all(f"| `{pattern}`" in page for pattern in FIELDS)
    for the_list in code_lists().values():
        assert f"### {the_list.id} " in page
        assert all(f"| `{code}` |" in page for code in the_list.codes)

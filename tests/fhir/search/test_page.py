"""The page about searching: what it says is understood is, and what it says is refused is."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tyokyky_bridge.fhir.search.parameters import PARAMETERS
from tyokyky_bridge.fhir.search.query import DEFAULT_COUNT, Query, parse_query
from tyokyky_bridge.fhir.search.refusals import BadQuery
from tyokyky_bridge.fhir.search.shaping import MAX_COUNT

PAGE = (Path(__file__).parents[3] / "docs/reference/fhir-search.md").read_text("utf-8")
REFUSED, UNDERSTOOD = (
    [line.removeprefix("GET /fhir/") for line in part.splitlines() if line.startswith("GET ")]
    for part in PAGE.split("## How values are compared")
)


def read(line: str) -> Query:
    url = urlsplit(line)
    pairs = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)
    assert url.path in PARAMETERS
    return parse_query(url.path, pairs, in_url=True)


@pytest.mark.parametrize("line", UNDERSTOOD)
def test_what_the_page_shows_is_understood(line: str):
    assert read(line).pairs


@pytest.mark.parametrize("line", REFUSED)
def test_what_the_page_says_is_refused_is(line: str):
    with pytest.raises(BadQuery):
        read(line)


def test_the_page_knows_how_long_a_page_is():
    assert len(REFUSED) > 4
    assert len(UNDERSTOOD) > 6
    assert f"A page has {DEFAULT_COUNT} matches unless `_count` says otherwise, at most {MAX_COUNT};" in PAGE

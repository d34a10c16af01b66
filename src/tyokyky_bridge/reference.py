"""Generated files: openapi.yaml and the reference pages, each rendered by one pure function."""

from pathlib import Path
from typing import Any

import yaml

from tyokyky_bridge.api.app import create_app, describe
from tyokyky_bridge.api.errors_page import render_errors
from tyokyky_bridge.bootstrap import shipped_legal_bases
from tyokyky_bridge.domain.authority_page import render_authority_page
from tyokyky_bridge.domain.decision_page import render_decision_page
from tyokyky_bridge.domain.dictionary import render_data_dictionary
from tyokyky_bridge.mapping.pages import fidelity_page, mapping_page
from tyokyky_bridge.registry import find_adapters

OPENAPI = "openapi.yaml"


def generated() -> dict[str, str]:
    """Every generated file by its path in the checkout."""
    lenses = {name: adapter.lens for name, adapter in find_adapters().items()}
    pages = {
        OPENAPI: openapi_text(),
        "docs/reference/errors.md": render_errors(),
        "docs/reference/data-dictionary.md": render_data_dictionary(),
        "docs/reference/authority.md": render_authority_page(),
        "docs/reference/decision-table.md": render_decision_page(shipped_legal_bases()),
        "docs/reference/fidelity.md": fidelity_page(tuple(lenses.values())),
    }
    return pages | {f"docs/reference/mappings/{name}.md": mapping_page(lens) for name, lens in lenses.items()}


def openapi_text() -> str:
    """The promised HTTP interface as YAML, stable from run to run."""
    document: dict[str, Any] = describe(create_app(None, None))
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def is_current(path: Path, text: str) -> bool:
    """Whether the committed file is what would be generated now."""
    return path.is_file() and path.read_text("utf-8") == text


def write(path: Path, text: str) -> None:
    """Write one generated file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")

"""Rules of the house that no linter knows: no real person, no stray print, no dead link, no silent error code."""

import ast
import re
from pathlib import Path

import pytest

from tyokyky_bridge.api.catalogue import STATUS
from tyokyky_bridge.api.errors_page import NEXT, render_errors
from tyokyky_bridge.domain.hetu import PUBLISHED_FIXTURES, InvalidHetu, parse_hetu

ROOT = Path(__file__).parents[2]
HETU = re.compile(r"(?<![0-9A-Za-z])[0-3]\d[01]\d{3}[-+A-FU-Y]\d{3}[0-9A-Y](?![0-9A-Za-z])")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FOLDERS = ("src", "adapters", "mappings", "docs", "migrations")
KINDS = {".py", ".md", ".yaml", ".json", ".toml"}
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("adapters/*/README.md")),
]


def shipped() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in KINDS and path.is_file() and not {"tests", "__pycache__", ".venv"} & set(path.parts)
    ]


def sources() -> list[Path]:
    return [path for path in shipped() if path.suffix == ".py"]


def of_the_register(text: str) -> list[str]:
    """Numbers in *text* that a living person could have."""
    found: list[str] = []
    for number in HETU.findall(text):
        try:
            hetu = parse_hetu(number)
        except InvalidHetu:
            continue
        if not hetu.synthetic and number not in PUBLISHED_FIXTURES:
            found.append(hetu.masked)
    return found


def test_the_search_would_find_a_number_of_the_register():
    assert of_the_register("x = '131052-308T'")
    assert not of_the_register("x = '120385-921T'")


def test_no_identity_number_of_the_register_is_in_what_is_shipped():
    assert len(shipped()) > 200
    found = {str(p.relative_to(ROOT)): of_the_register(p.read_text("utf-8")) for p in shipped()}
    assert {path: numbers for path, numbers in found.items() if numbers} == {}


def test_nothing_prints_but_the_command_line_and_the_demo():
    def prints(path: Path) -> bool:
        calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
        return any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls)

    allowed = {"cli.py", "demo"}
    found = [str(p.relative_to(ROOT)) for p in sources() if not allowed & set(p.parts) and prints(p)]
    assert found == []


def test_only_settings_and_the_demo_read_the_environment():
    def reads(path: Path) -> bool:
        names = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute))
        return any(n.attr in {"environ", "getenv"} for n in names)

    found = [str(p.relative_to(ROOT)) for p in sources() if "demo" not in p.parts and reads(p)]
    assert found == []


def test_nothing_is_left_for_later():
    words = (
        "TO" + "DO",
        "FIX" + "ME",
        "NotImplemented" + "Error",
        "pytest.mark.sk" + "ip",
        "pytest.sk" + "ip(",
    )
    tests = [*(ROOT / "tests").rglob("*.py"), *ROOT.glob("adapters/*/tests/*.py")]
    found = [
        (str(p.relative_to(ROOT)), word)
        for p in {*sources(), *tests}
        for word in words
        if re.search(rf"(?<![\w]){re.escape(word)}", p.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_inside_the_checkout_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        assert (page.parent / target.partition("#")[0]).exists(), target


def test_every_error_code_is_on_its_page_with_what_to_do_next():
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    assert page == render_errors(), "run `make openapi`"
    assert [code for code in STATUS if f"`{code}`" not in page] == []
    assert set(STATUS.values()) == set(NEXT)


def test_the_licence_is_there():
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


def test_the_commands_of_the_first_screen_are_targets_of_the_makefile():
    readme = (ROOT / "README.md").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    shown = re.findall(r"^make ([a-z]+)", readme, flags=re.MULTILINE)
    assert shown[:2] == ["demo", "test"]
    assert set(re.findall(r"`make ([a-z]+)", readme)) | set(shown) <= targets

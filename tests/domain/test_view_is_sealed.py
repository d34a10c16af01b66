"""Nobody but disclosure.py makes a View: read from the source of the whole product."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / "src" / "tyokyky_bridge" / "domain" / "disclosure.py"


def _makers_in(source: str) -> list[int]:
    """Lines that call a View, reach for its seal, or go round its constructor."""
    found: list[int] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="View") | ast.Attribute(attr="View")):
                found.append(node.lineno)
            case ast.Name(id="_SEAL") | ast.Attribute(attr="_SEAL") | ast.alias(name="_SEAL"):
                found.append(node.lineno)
            case ast.ClassDef(bases=bases) if any(
                isinstance(base, ast.Name | ast.Attribute) and ast.unparse(base).split(".")[-1] == "View"
                for base in bases
            ):
                found.append(node.lineno)
            case ast.Call(func=ast.Attribute(attr="__new__"), args=[first, *_]) if (
                ast.unparse(first).split(".")[-1] == "View"
            ):
                found.append(node.lineno)
            case _:
                pass
    return found


def test_a_view_is_made_in_disclosure_and_nowhere_else():
    files = [p for folder in ("src", "adapters") for p in (ROOT / folder).rglob("*.py")]
    assert HOME in files
    makers = {p for p in files if _makers_in(p.read_text("utf-8"))}
    assert makers == {HOME}


def test_the_search_knows_every_way_round():
    assert _makers_in("View(seal)")
    assert _makers_in("disclosure.View(seal)")
    assert _makers_in("from tyokyky_bridge.domain.disclosure import _SEAL")
    assert _makers_in("disclosure._SEAL")
    assert _makers_in("class Wider(View): ...")
    assert _makers_in("object.__new__(View)")
    assert not _makers_in("def put(view: View) -> Put: ...")

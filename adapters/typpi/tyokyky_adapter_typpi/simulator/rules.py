"""What the simulated TYPPI lets into a section: the statute's list, the length of a text, and tidy lists.

The register itself enforces the act: raw scores and substance matters never, a diagnosis only where a
professional has marked it as necessary. Source: domain report 8.5; how it is recognised is invented.
"""

import re
from collections.abc import Iterator
from html import escape
from html.entities import codepoint2name
from secrets import token_hex
from typing import Any

TEXT_LIMIT = 3000
"""Characters in one text field; a longer one is refused, never cut."""

TYPES = "https://typpi.invalid/ongelmat/"

_NEVER_KEYS = re.compile(
    r"(?:^|[_-])(?:bdi|audit|paihteet|paihteidenkaytto|velat|ulosotto|ulosotot)", re.IGNORECASE
)
_RAW_SCORE = re.compile(r"\b(?:BDI(?:[ -]?(?:II|21|IA))?|AUDIT)\b\W{0,3}(?:\w+\W){0,2}?\d", re.IGNORECASE)
_DIAGNOSIS = re.compile(r"\b[A-TV-Z][0-9]{2}(?:\.[0-9]{1,2})?\b")
_DIAGNOSIS_KEYS = frozenset({"diagnoosi", "diagnoosit", "icd10"})
_CODE_KEYS = frozenset({"tunniste", "tunnus", "osapuoli", "kayttaja", "sivut", "viite"})
_NEEDS_MARK = frozenset({"terveys", "sosiaalinen"})


class ProblemAnswer(Exception):
    """An answer other than the one asked for, as a problem document with a Finnish title."""

    def __init__(self, status: int, code: str, title: str, **members: Any) -> None:
        headers = members.pop("headers", {})
        self.status = status
        self.code = code
        self.headers: dict[str, str] = headers
        self.body = {"type": TYPES + code, "title": title, "status": status, **members}
        super().__init__(code)


def check_content(section: str, content: dict[str, Any]) -> None:
    """Refuse what statute or form does not allow: `ProblemAnswer` 422 naming section, field and rule."""
    marked = content.get("valttamaton") is True or bool(content.get("valttamattomat"))
    for path, key, value in _leaves(content, ""):
        if _NEVER_KEYS.search(key) or (isinstance(value, str) and _RAW_SCORE.search(value)):
            raise _not_allowed(section, path, "ei-sallittujen-tietojen-luettelossa")
        if not marked and _names_diagnosis(section, key, value):
            raise _not_allowed(section, path, "valttamattomyysmerkinta-puuttuu")
        points = key == "tyokykypisteet" or (path.startswith("pisteet[") and key == "arvo")
        if points and value not in range(11):
            raise _not_allowed(section, path, "asteikko-0-10")
        if isinstance(value, str) and len(value) > TEXT_LIMIT:
            raise ProblemAnswer(
                422,
                "teksti-liian-pitka",
                "Teksti on liian pitkä",
                osio=section,
                kentta=path,
                saanto=f"enintaan-{TEXT_LIMIT}",
            )


def _names_diagnosis(section: str, key: str, value: Any) -> bool:
    if key in _DIAGNOSIS_KEYS:
        return True
    text = isinstance(value, str) and key not in _CODE_KEYS
    return section in _NEEDS_MARK and text and _DIAGNOSIS.search(value) is not None


def _not_allowed(section: str, path: str, rule: str) -> ProblemAnswer:
    return ProblemAnswer(
        422,
        "tietosisalto-ei-sallittu",
        "Tietosisältö ei ole sallittu yhteisrekisterissä",
        osio=section,
        kentta=path,
        saanto=rule,
    )


def with_keys(value: Any) -> Any:
    """Give each object in a list that has no `tunniste` one, as TYPPI does for a row somebody typed in."""
    if isinstance(value, dict):
        return {key: with_keys(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, list):
        return value
    rows: list[Any] = [with_keys(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return [
        {"tunniste": f"t-{token_hex(6)}", **row} if isinstance(row, dict) and not row.get("tunniste") else row  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        for row in rows
    ]


def escaped(value: Any) -> Any:
    """Escape every text the way TYPPI returns it: ``ä`` as ``&auml;``, ``'`` as ``&#x27;``, ``ł`` as is."""
    if isinstance(value, str):
        safe = escape(value, quote=True)
        return "".join(_named(character) for character in safe)
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [escaped(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _named(character: str) -> str:
    name = codepoint2name.get(ord(character)) if ord(character) > 127 else None
    return f"&{name};" if name else character


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    key = path.rpartition(".")[2].partition("[")[0]
    if isinstance(value, dict):
        for name, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _leaves(item, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, key, value

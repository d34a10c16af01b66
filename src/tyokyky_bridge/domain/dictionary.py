"""The data dictionary as a page, rendered from the schema and the code lists: no second copy by hand."""

from collections.abc import Iterable, Iterator
from typing import Final

from tyokyky_bridge.domain.categories import SPECIAL, TITLES, Category
from tyokyky_bridge.domain.codes import CodeList, code_lists
from tyokyky_bridge.domain.items import FIELDS, FieldMeaning
from tyokyky_bridge.domain.labels import ByCode, OfFeedback
from tyokyky_bridge.domain.schema import SCHEMA

_INTRODUCTION: Final = """\
# Data dictionary

Generated from the plan's schema and code lists; a test compares it with a fresh rendering. Never edit it.

A **path** names one item: `goals[g-7].text_client`. Here stands its **pattern**, with empty brackets. The
member of a set is keyed by itself: `referrals[r-1].need_cues[low_b4]`.

**Authority** says whose word decides: C client, H health, S social welfare, E employment, K Kela, P pension
provider, V population register, B bridge, R the organisation that recorded it. **Categories** are the
information categories that must all be permitted before the item may leave; "+ by …" means that a value adds
more, and that all which the value could add apply while it is missing (unless marked "if known"). \\* marks a
mandatory field.
"""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = tuple(heads)
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row)
        yield f"| {' | '.join(cells)} |"


def _categories(meaning: FieldMeaning) -> str:
    said = [f"`{each}`" for each in sorted(meaning.labels)]
    for _, rule in meaning.rules:
        if isinstance(rule, ByCode):
            where = f"`{rule.leaf}`" if rule.leaf else "the code itself"
            known = " if known" if rule.missing == frozenset() else ""
            said.append(f"+ by {where} ({rule.list_id}{known})")
        elif isinstance(rule, OfFeedback):
            said.append("+ by `kind` (CL-45) and what it is about")
        else:
            said.append("+ those of the marked item")
    return ", ".join(said)


def _type(meaning: FieldMeaning) -> str:
    if meaning.codes is not None:
        return f"code [{meaning.codes}](#{meaning.codes.lower()})"
    if meaning.kind in ("text", "str"):
        return f"{meaning.kind}, ≤ {meaning.max_chars}"
    return meaning.kind.replace("_", " ")


def _fields(member: str) -> Iterator[str]:
    inside = (m for m in FIELDS.values() if m.pattern.split(".")[0].removesuffix("[]") == member)
    rows = (
        (
            f"`{m.pattern}`" + ("\\*" if m.required else ""),
            m.title_fi,
            m.title_sv,
            m.title_en,
            _type(m),
            _categories(m),
            "/".join(m.authority),
            m.source,
        )
        for m in inside
    )
    yield from _table(("Pattern", "fi", "sv", "en", "Type", "Categories", "Authority", "Source"), rows)


def _code_list(the_list: CodeList) -> Iterator[str]:
    titles = the_list.titles
    yield f'<a id="{the_list.id.lower()}"></a>'
    yield ""
    yield f"### {the_list.id} `{the_list.slug}`: {titles['fi']} / {titles['sv']} / {titles['en']}"
    yield ""
    names = sorted({name for extra in the_list.properties.values() for name in extra})
    rows = (
        (
            f"`{code}`",
            labels["fi"],
            labels["sv"],
            labels["en"],
            *(", ".join(str(v) for v in the_list.values(code, name)) for name in names),
        )
        for code, labels in the_list.labels.items()
    )
    yield from _table(("Code", "fi", "sv", "en", *names), rows)
    yield ""


def render_data_dictionary() -> str:
    """The whole page in Markdown: fields by section, information categories, code lists."""
    lines = [_INTRODUCTION, "## Fields", ""]
    for each in SCHEMA.sections:
        lines += [f"### {each.number} {each.title_fi} — `{each.name}`", ""]
        lines += [f"{each.title_sv} / {each.title_en}", ""]
        lines += [*_fields(each.name), ""]
    lines += ["## Information categories", ""]
    lines += _table(
        ("Category", "fi", "sv", "en", "Named on the form"),
        ((f"`{c}`", *TITLES[c], "yes" if c in SPECIAL else "") for c in Category),
    )
    lines += ["", "## Code lists", ""]
    for the_list in code_lists().values():
        lines += _code_list(the_list)
    return "\n".join(lines).rstrip("\n") + "\n"

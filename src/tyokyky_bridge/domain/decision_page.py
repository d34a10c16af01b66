"""The page `docs/reference/decision-table.md`, rendered from the rows, the conditions and the sentences
themselves.
"""

from collections.abc import Iterable

from tyokyky_bridge.domain.decision_table import ROWS, Reason
from tyokyky_bridge.domain.explanations import EXPLANATIONS
from tyokyky_bridge.domain.legal_basis import LegalBases

_INTRODUCTION = """\
# The decision table

Generated from the code by `python -m tyokyky_bridge.domain.decision_page`; do not edit.

Every item of a plan is decided on alone, at the moment of every disclosure. All eight conditions are
answered, then the one row that fits decides. Default is DENY. REVIEW lets nothing through until a named
person has decided. In *written consent covers* a Kanta permission counts too; the basis is then
`KANTA_LUOVUTUSLUPA`."""
_HEADS = (
    "identity resolved",
    "same register",
    "statutory other",
    "TYP basis arises",
    "client restriction",
    "recipient in network",
    "written consent covers",
    "oral once covers",
)
_ANSWERS = {True: "yes", False: "no", None: "–"}


def render_decision_page(legal_bases: LegalBases) -> str:
    """Render the whole page as Markdown; the committed page is compared with this in a test."""
    sections = (
        _INTRODUCTION,
        "## Rows\n\n" + _rows(),
        "## Codes in words\n\n" + _codes(),
        f"## Legal bases on file (version {legal_bases.version})\n\n"
        "`draft` rows decide although no lawyer has reviewed them; `proposed` rows permit nothing.\n\n"
        + _bases(legal_bases),
    )
    return "\n\n".join(sections) + "\n"


def _rows() -> str:
    lines = (
        (
            str(row.number),
            *(_ANSWERS[answer] for answer in row.answers),
            f"**{row.outcome.value}** {row.code}",
        )
        for row in ROWS
    )
    return _table(("#", *_HEADS, "outcome"), lines)


def _codes() -> str:
    reasons = {reason.value for reason in Reason}
    lines = (
        (
            f"`{code}`",
            "reason" if code in reasons else "outcome",
            text.why["fi"],
            text.why["en"],
            text.next["en"],
        )
        for code, text in EXPLANATIONS.items()
    )
    return _table(("code", "kind", "suomeksi", "in English", "what to do next"), lines)


def _bases(legal_bases: LegalBases) -> str:
    lines = (
        (
            f"`{row.basis_id}`",
            row.law,
            f"{row.valid_from or ''} – {row.valid_to or ''}",
            ", ".join(f"`{category.value}`" for category in sorted(row.categories)),
            "yes" if row.needs_necessity_mark else "no",
            row.purpose.value,
            row.status.value,
        )
        for row in legal_bases.rows
    )
    return _table(("row", "law", "in force", "categories", "necessity mark", "purpose", "status"), lines)


def _table(heads: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in heads)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *lines))


if __name__ == "__main__":
    import sys
    from importlib.resources import files

    import yaml

    from tyokyky_bridge.domain.legal_basis import load_legal_bases

    rows = files("tyokyky_mappings").joinpath("canonical/legal_bases.yaml").read_text("utf-8")
    sys.stdout.write(render_decision_page(load_legal_bases(yaml.safe_load(rows))))

"""Reference pages of the mappings, rendered from the rows: one for each system and the fidelity matrix."""

from collections.abc import Iterable, Sequence

from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.mapping.checks import half_carried
from tyokyky_bridge.mapping.codes import CodeMap
from tyokyky_bridge.mapping.fidelity import MATRIX, SYSTEMS, disagreements, fidelity, loss_of, parts_held
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.patterns import Carrier, carriers, never_reason

_SIGNS = {"native": "N", "text": "X", "tag": "t", "never": "–"}
_LEGEND = (
    "`N` a field of its own, `X` a labelled line of text, `t` a tag in text, `–` never; `*` marks a declared loss, "
    "`r` and `w` a field that is only read or only written."
)
_PARTS = (
    "The letter of the capability matrix (domain report 8.6), then how many fields of the part the rows carry in "
    "which way."
)
_NOTE = "Rendered from the rows; a test compares this page with a fresh rendering. Do not edit it by hand."


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return lines


def _codec(carrier: Carrier) -> str:
    if carrier.implied:
        return "follows from the section"
    codec = "" if carrier.rule.codec == "text" and carrier.rule.codes else carrier.rule.codec
    table = f"codes `{carrier.rule.codes}`" if carrier.rule.codes else ""
    return ", ".join(part for part in (table, codec) if part)


def _conditions(carrier: Carrier) -> str:
    return "; ".join(
        f"{pattern.rpartition('[].')[2]} = {', '.join(map(str, allowed))}"
        for pattern, allowed in carrier.conditions
    )


def mapping_page(lens: Lens) -> str:
    """The page of one system: rows, code tables, what never goes there and what goes one way only."""
    rows = list(carriers(lens.spec))
    lines = [
        f"# Mapping: {lens.system}",
        "",
        _NOTE,
        "",
        f"Version {lens.version}, record `{lens.spec.record}`.",
        "",
    ]
    lines += ["## Rows", ""]
    lines += _table(
        ("Row", "Plan", "Native", "How", "Written as", "Only when", "Way", "Loss"),
        (
            (
                f"`{one.row}`", f"`{one.pattern}`", f"`{one.native}`", one.how, _codec(one), _conditions(one),
                one.way, loss_of(lens, one) or "",
            )
            for one in rows
        ),
    )  # fmt: skip
    used = sorted({one.rule.codes for one in rows if one.rule.codes})
    lines += ["", "## Code tables", ""]
    for name in used:
        lines += [f"### {name}", "", *_codes(lens.maps[name]), ""]
    lines += ["## One way only", ""]
    one_way = list(half_carried(lens))
    lines += (
        _table(("Row", "What"), ((f"`{row}`", reason) for row, reason in one_way))
        if one_way
        else ["Nothing."]
    )
    lines += ["", "## Never", ""]
    carried = {one.pattern for one in rows}
    lines += _table(
        ("Plan", "Why"),
        ((f"`{pattern}`", never_reason(lens.spec, pattern)) for pattern in FIELDS if pattern not in carried),
    )
    return "\n".join(lines) + "\n"


def _codes(table: CodeMap) -> list[str]:
    pairs = [
        (code, native, table.backward.get(native, "(unmatched)")) for code, native in table.forward.items()
    ]
    pairs += [(code, "(unmatched)", "") for code in sorted(table.unmatched)]
    back = set(table.backward) - set(table.forward.values())
    pairs += [("", native, table.backward[native]) for native in sorted(back)]
    pairs += [
        ("", native, "(unmatched)") for native in sorted(table.native_unmatched - set(table.forward.values()))
    ]
    return _table(
        ("Plan", "Native", "Read back as"),
        (
            (f"`{code}`" if code else "", f"`{native}`", f"`{again}`" if again else "")
            for code, native, again in pairs
        ),
    )


def fidelity_page(lenses: Sequence[Lens]) -> str:
    """Who holds what, by plan part and by field."""
    ordered = sorted(
        lenses, key=lambda one: (SYSTEMS.index(one.system) if one.system in SYSTEMS else 99, one.system)
    )
    names = [one.system for one in ordered]
    lines = [
        "# Fidelity of the mappings", "", _NOTE, "",
        _LEGEND, "",
        "## By part of the plan", "",
        _PARTS, "",
    ]  # fmt: skip
    counted = [list(parts_held(one)) for one in ordered]
    rows: list[list[str]] = []
    for at, part in enumerate(MATRIX):
        row = [part.title]
        for lens, parts in zip(ordered, counted, strict=True):
            letter = part.letters[SYSTEMS.index(lens.system)] if lens.system in SYSTEMS else "?"
            counts = parts[at][1]
            row.append(
                f"**{letter}** "
                + " ".join(f"{sign} {counts[how]}" for how, sign in _SIGNS.items() if how in counts)
            )
        rows.append(row)
    lines += _table(("Part", *names), rows)
    apart = [(one.system, *found) for one in ordered for found in disagreements(one)]
    lines += ["", "Where rows and matrix disagree:", ""]
    lines += _table(("System", "Part", "Matrix", "Rows"), apart) if apart else ["Nowhere."]
    lines += ["", "## By field", ""]
    held = [fidelity(one) for one in ordered]
    lines += _table(
        ("Field", *names),
        (
            (
                f"`{pattern}`",
                *(_sign(one[pattern].holding, one[pattern].loss, one[pattern].way) for one in held),
            )
            for pattern in FIELDS
        ),
    )
    return "\n".join(lines) + "\n"


def _sign(holding: str, loss: str | None, way: str) -> str:
    return _SIGNS[holding] + ("*" if loss else "") + {"read": " r", "write": " w"}.get(way, "")

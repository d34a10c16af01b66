"""What each system holds of the plan, and how: computed from the rows, and laid beside the capability matrix."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.patterns import Carrier, How, carriers

Holding = How | Literal["never"]
LETTERS: Final[Mapping[str, Holding]] = {"N": "native", "X": "text", "t": "tag", "–": "never"}
SYSTEMS: Final = ("lifecare", "sosiaali_effica", "ura", "typpi")


@dataclass(frozen=True)
class Part:
    """One line of the capability matrix: its title, the plan patterns it speaks of, and a letter for each system."""

    title: str
    patterns: tuple[str, ...]
    letters: str
    """In the order of `SYSTEMS`."""


MATRIX: Final = (
    Part("Header, status, coordinator", ("header.", "care_team."), "NNNN"),
    Part("S1 referral", ("referrals[]",), "NNNN"),
    Part("S2 competence", ("competence.",), "XXNN"),
    Part("S3 previous services", ("previous_services[]",), "XXNN"),
    Part("S4 diagnoses", ("health.limiting_illnesses[]",), "N––X"),
    Part(
        "S4 functioning, conclusion",
        (
            "health.functioning_self_description",
            "health.work_ability_conclusion",
            "health.work_limitation_text",
        ),
        "NXXN",
    ),
    Part("S4 substance use", ("health.substance_use",), "N–––"),
    Part(
        "S5 social situation",
        ("social.family_situation", "social.housing", "social.daily_rhythm", "social.everyday_management"),
        "XN–X",
    ),
    Part("S5 debts, enforcement", ("social.debts", "social.debt_enforcement"), "–N––"),
    Part("S6 Kela measures", ("measures.",), "XXXN"),
    Part("S7 network", ("network.",), "XNXN"),
    Part("S8 goals", ("goals[]",), "XNXN"),
    Part("D5 B4", ("scores[]",), "NNtN"),
    Part("D6 services, decisions", ("services[]",), "XNNN"),
    Part("D7 statements", ("statements[]",), "N–NN"),
    Part("D8 meetings", ("meetings[]",), "NNNN"),
    Part("D9 feedback", ("feedback[]",), "NNNN"),
    Part("D10 benefits", ("benefits[]",), "–NNN"),
    Part("D13 hand-over", ("handovers[]",), "XXXN"),
    Part("D15 closing", ("closing.",), "NNNN"),
)
"""Domain report 8.6. TYPPI's "– (necessary text only)" of the diagnoses stands here as text. BDI and AUDIT
are sections of the scores and so are told by their conditions, not by a pattern."""


@dataclass(frozen=True)
class Fidelity:
    """How one system holds one pattern: the best way that some row carries it, and what gets lost on that way."""

    pattern: str
    holding: Holding
    loss: str | None
    rows: tuple[str, ...]
    way: str


_BEST: Final[tuple[How, ...]] = ("native", "tag", "text")


def _best(found: list[Carrier]) -> How:
    hows = {one.how for one in found}
    return next(how for how in _BEST if how in hows)


def loss_of(lens: Lens, carrier: Carrier) -> str | None:
    """What a row loses, by its own declaration or by its codec's."""
    codec = lens.codecs.get(carrier.rule.codec)
    return carrier.rule.loss or (None if codec is None else codec.lossy)


def fidelity(lens: Lens) -> dict[str, Fidelity]:
    """How one system holds every pattern of the plan, in the plan's order."""
    by_pattern: dict[str, list[Carrier]] = {}
    for carrier in carriers(lens.spec):
        by_pattern.setdefault(carrier.pattern, []).append(carrier)
    out: dict[str, Fidelity] = {}
    for pattern in FIELDS:
        found = by_pattern.get(pattern)
        if not found:
            out[pattern] = Fidelity(pattern, "never", None, (), "none")
            continue
        losses = list(dict.fromkeys(loss for one in found if (loss := loss_of(lens, one)) is not None))
        ways = {one.way for one in found}
        out[pattern] = Fidelity(
            pattern,
            _best(found),
            "; ".join(losses) or None,
            tuple(dict.fromkeys(one.row for one in found)),
            ways.pop() if len(ways) == 1 else "both",
        )
    return out


def parts_held(lens: Lens) -> Iterator[tuple[Part, dict[Holding, int]]]:
    """For each line of the matrix, how many of its patterns the system holds in which way."""
    held = fidelity(lens)
    for part in MATRIX:
        counts: dict[Holding, int] = {}
        for pattern, one in held.items():
            if pattern.startswith(part.patterns):
                counts[one.holding] = counts.get(one.holding, 0) + 1
        yield part, counts


def disagreements(lens: Lens) -> Iterator[tuple[str, str, str]]:
    """Yield plan part, letter of the matrix and what the rows say, where the two contradict each other.

    A letter of the matrix is the best that the system can do: the rows contradict it when they carry nothing of a part
    that the system holds, something of a part that it must not hold, or everything in a worse way than it could.
    """
    column = SYSTEMS.index(lens.system) if lens.system in SYSTEMS else None
    if column is None:
        return
    for part, counts in parts_held(lens):
        letter = part.letters[column]
        said = LETTERS[letter]
        carried = {holding for holding in counts if holding != "never"}
        wrong = bool(carried) if said == "never" else said not in carried
        if wrong:
            shown = ", ".join(f"{holding} {count}" for holding, count in sorted(counts.items()))
            yield part.title, letter, shown

"""The scoreboard page: who judges, what each catches, what we appeal, and what the last recorded run came to."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fhir_face.corpus import Judgement
from fhir_face.judges import JUDGES, NOT_RUN, appeals, edition
from fhir_face.planted import PLANTED
from worlds.fhir_broken import BROKEN

PAGE = Path(__file__).parents[2] / "docs/reference/fhir-judges.md"
LAST_RUN = "## The last recorded run"
INTRODUCTION = """# FHIR judges

Everything that the FHIR face answers in a test run is recorded, and at the end of the run each body goes before a panel
that knows FHIR R4 from different books. One objection that no appeal covers fails the run. Written by
`make test ARGS=--write-fhir-scoreboard`.
"""


MUSEUM = (
    "Each is a bug that some FHIR server has or had. The checks run against a build that has it, and one has to "
    "notice by name."
)


@cache
def catches() -> dict[str, dict[str, bool]]:
    """For each broken body which judges object to it."""
    return {
        name: {judge: any(True for _ in ask(document)) for judge, ask in JUDGES.items()}
        for name, (document, _, _) in BROKEN.items()
    }


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    yield from (f"| {' | '.join(each)} |" for each in rows)
    yield ""


def fixed() -> str:
    """What does not depend on a run."""
    caught = catches()
    lines = [INTRODUCTION, "## The panel", ""]
    judges = [
        (
            name,
            edition(name),
            (ask.__doc__ or "").partition(": ")[2].rstrip(".") or (ask.__doc__ or "").rstrip("."),
            f"{sum(each[name] for each in caught.values())} of {len(caught)}",
        )
        for name, ask in JUDGES.items()
    ]
    lines += _table(("Judge", "Version", "What it checks", "Broken bodies caught"), judges)
    lines += ["Not run, and why:", "", *(f"- {name}: {why}" for name, why in NOT_RUN.items()), ""]
    lines += ["## Appeals", ""]
    lines += _table(
        ("Judge", "Type", "Objection", "Our reading", "Source"),
        ((a.judge, a.type, f"`{a.text}`", a.reading, a.citation) for a in appeals()),
    )
    lines += ["## Planted bugs", "", MUSEUM, ""]
    lines += _table(("Bug", "Seen at", "Noticed by"), ((b.title, b.seen_at, f"`{b.check}`") for b in PLANTED))
    lines += ["## What each judge catches", ""]
    lines += _table(
        ("Broken body", *JUDGES),
        (
            (name, *("caught" if by[judge] else "–" for judge in JUDGES))
            for name, by in sorted(caught.items())
        ),
    )
    return "\n".join(lines)


def render(run: Judgement) -> str:
    """The whole page."""
    day = datetime.now(UTC).date().isoformat()
    judged = sum(run.bodies.values())
    said = f"On {day}: {run.answers} different answers, {judged} bodies judged, {len(run.findings)} findings left."
    lines = [LAST_RUN, "", said, ""]
    lines += _table(("Type", "Bodies"), ((type_, str(n)) for type_, n in sorted(run.bodies.items())))
    return "\n".join([fixed(), *lines])

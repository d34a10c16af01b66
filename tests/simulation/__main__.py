"""``python -m simulation``: campaigns, replays of one seed with its log, and the hunt for planted bugs."""

import argparse
import sys
import time
from pathlib import Path

from simulation.campaign import Caught, campaign, hunt_all, replay
from simulation.planted import PLANTED

PAGE = Path(__file__).parents[2] / "docs/reference/planted-bugs.md"
SHOWN = 20
HUNTED = 2000
"""Most scenarios in which a planted bug has to be noticed."""


def main() -> int:
    """Run what the command line asks for; 0 when nothing was found that must not be, and every plant was."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay one scenario and print its log")
    parser.add_argument("--scenarios", type=int, default=2000, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--cores", type=int, default=None)
    parser.add_argument("--plants", action="store_true", help="hunt every planted bug as well")
    parser.add_argument(
        "--write", action="store_true", help=f"hunt from the first seed on, and write {PAGE.name}"
    )
    given = parser.parse_args()
    if given.seed is not None:
        return _replay(given.seed)
    began = time.monotonic()
    broken = _scenarios(range(given.first, given.first + given.scenarios), given.cores)
    words = f"{given.scenarios} scenarios, {broken} with violations"
    missed = 0
    if given.plants:
        caught = _hunt(given.cores, {} if given.write else _seen())
        missed = sum(each.invariant is None for each in caught)
        words += f", {len(caught) - missed} of {len(caught)} planted bugs caught"
        if given.write:
            PAGE.write_text(_page(caught), "utf-8")
    print(f"{words}, {time.monotonic() - began:.0f} s")
    return 1 if broken or missed else 0


def _replay(seed: int) -> int:
    report = replay(seed)
    print("\n".join(report.lines))
    print(f"seed {report.seed}: {len(report.violations)} violations, digest {report.digest[:16]}")
    return 1 if report.violations else 0


def _scenarios(seeds: range, cores: int | None) -> int:
    broken = 0
    for report in campaign(seeds, cores=cores):
        if report.violations:
            broken += 1
            invariant, what = report.violations[0]
            if broken <= SHOWN:
                print(f"seed {report.seed}: {invariant} {what}", flush=True)
    if broken:
        print("see the log with: PYTHONPATH=tests python -m simulation --seed N")
    return broken


def _seen() -> dict[str, int]:
    """The scenarios in which the page says that the planted bugs were noticed: where a hunt begins."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines()]
    return {row[0]: int(row[3]) for row in rows if len(row) == 4 and row[3].isdigit()}


def _hunt(cores: int | None, seen: dict[str, int]) -> list[Caught]:
    found: list[Caught] = []
    for each in hunt_all([each.guard for each in PLANTED], most=HUNTED, cores=cores, seen=seen):
        words = f"{each.invariant} in {each.scenarios}" if each.invariant else f"NOT in {each.scenarios}"
        print(f"without {each.guard}: {words}", flush=True)
        found.append(each)
    return found


def _page(caught: list[Caught]) -> str:
    words = {each.guard: each.words for each in PLANTED}
    rows = "\n".join(
        f"| {each.guard} | {words[each.guard]} | {each.invariant or 'not caught'} | {each.scenarios} |"
        for each in caught
    )
    return f"""# Planted bugs

Each line is a guard of the engine that the simulation runs without: what is different then, the invariant that noticed
it first, and how many scenarios that took. Written by `make simulate ARGS=--write`; what the invariants are stands in
[how the engine is proved](../explanation/how-the-engine-is-proved.md). A seed counts only if it breaks nothing with the
guard in place.

| Guard taken away | What is different | Noticed by | After scenarios |
|---|---|---|---|
{rows}
"""


if __name__ == "__main__":
    sys.exit(main())

"""``python -m simulation``: campaigns, and replays of one seed with its log."""

import argparse
import sys
import time

from simulation.campaign import campaign
from simulation.scenario import scenario


def main() -> int:
    """Run what the command line asks for; 0 when nothing was found that must not be."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay one scenario and print its log")
    parser.add_argument("--scenarios", type=int, default=2000, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--cores", type=int, default=None)
    given = parser.parse_args()
    if given.seed is not None:
        report = scenario(given.seed)
        print("\n".join(report.lines))
        print(f"seed {report.seed}: {len(report.violations)} violations, digest {report.digest[:16]}")
        return 1 if report.violations else 0
    began = time.monotonic()
    broken = 0
    for report in campaign(range(given.first, given.first + given.scenarios), cores=given.cores):
        if report.violations:
            broken += 1
            invariant, what = report.violations[0]
            print(f"seed {report.seed}: {invariant} {what}  (python -m simulation --seed {report.seed})")
    print(f"{given.scenarios} scenarios, {broken} with violations, {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

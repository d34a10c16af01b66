"""Prints every figure with the ratio to a plain yardstick timed in the same run.

Absolute figures belong to the machine; the ratios should carry over. Nothing here is asserted: a timer is no test.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import face, language, propagation, synced  # needs the path above
from bench.installation import ENGINES


def main() -> None:
    """Run the named benches, or all but the long one, and print their tables."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument(
        "what", nargs="*", choices=["language", "synced", "propagation", "face", "outage", []]
    )
    parser.add_argument("--plans", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=300, help="how long one partner is down (outage)")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one (outage)")
    given = parser.parse_args()
    what = given.what or ["language", "synced", "propagation", "face"]
    if "language" in what:
        language.run()
    if "synced" in what:
        synced.run(given.plans)
    if "propagation" in what:
        propagation.run(given.plans)
    if "face" in what:
        face.run()
    if "outage" in what:
        propagation.outage(given.plans, given.seconds, given.engine or ENGINES)


if __name__ == "__main__":
    main()

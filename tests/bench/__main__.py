"""Prints every figure with the ratio to a plain yardstick timed in the same run.

Absolute figures belong to the machine; the ratios should carry over. Nothing here is asserted: a timer is no test.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import language, synced  # needs the path above


def main() -> None:
    """Run every bench and print its table."""
    plans = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    language.run()
    synced.run(plans)


if __name__ == "__main__":
    main()

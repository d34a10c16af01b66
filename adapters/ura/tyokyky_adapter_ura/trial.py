"""Trying Ura out: the simulator's key and an allowed Y-tunnus."""

from pathlib import Path

from tyokyky_bridge.adapterkit.trial import Trial


def prepare(folder: Path) -> Trial:
    """The simulator's own subscription; nothing has to be made. It writes at night too, whatever the hour."""
    del folder
    return Trial(
        simulator_args=("--open-at-night",),
        options={"subscription_key": "sim-kipa-key", "ytunnus": "9000001-1"},
    )

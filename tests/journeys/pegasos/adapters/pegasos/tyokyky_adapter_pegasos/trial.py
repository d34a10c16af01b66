"""Trying Pegasos out: what its simulator expects of us."""

from pathlib import Path

from tyokyky_bridge.adapterkit.trial import Trial


def prepare(folder: Path) -> Trial:
    """The simulator's own key; nothing has to be made."""
    return Trial(options={"api_key": "pegasos-sim-key"})

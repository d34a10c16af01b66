"""Trying Lifecare out: what its simulator expects of us."""

from pathlib import Path

from tyokyky_bridge.adapterkit.trial import Trial


def prepare(folder: Path) -> Trial:
    """The simulator's own customer and account; nothing has to be made."""
    del folder
    account = {"client_id": "tyokyky-bridge", "client_secret": "lifecare-sim-secret", "customer_id": "LRHA"}
    return Trial(options={**account, "notify_secret": "lifecare-sim-notices"})

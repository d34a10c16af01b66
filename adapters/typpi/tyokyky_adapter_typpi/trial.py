"""Trying TYPPI out: a fresh key pair, registered with the simulator by its public half."""

import json
from pathlib import Path

from tyokyky_adapter_typpi.assertion import make_key
from tyokyky_bridge.adapterkit.trial import Trial


def prepare(folder: Path) -> Trial:
    """Make a key pair and the simulator's list of registered systems."""
    pem, jwks = make_key()
    key, clients = folder / "hub.pem", folder / "clients.json"
    key.touch(mode=0o600)
    key.write_text(pem, "utf-8")
    us = {"client_id": "hub", "osapuoli": "hyvinvointialue", "rooli": "jarjestelma", "jwks": jwks}
    clients.write_text(json.dumps({"clients": [us]}), "utf-8")
    return Trial(
        simulator_args=("--clients", str(clients)),
        options={"client_id": "hub", "private_key_file": str(key)},
        calm={"rate_per_min": None},
        calm_options={"requests_per_min": "0"},
    )

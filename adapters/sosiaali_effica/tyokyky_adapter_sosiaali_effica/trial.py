"""Trying Sosiaali Effica out: throw-away certificates for mutual TLS, and the simulator's account."""

from pathlib import Path

from tyokyky_adapter_sosiaali_effica.simulator import certificates
from tyokyky_bridge.adapterkit.trial import Trial


def prepare(folder: Path) -> Trial:
    """Make the certificates where they are missing."""
    tls = certificates.ensure(folder / "tls")
    return Trial(
        simulator_args=("--tls-dir", str(tls)),
        options={**certificates.options(tls), "user": "TKYSILTA", "password": "vain-simulaattoriin"},
        client_tls=certificates.client_context(tls),
        calm={"latency_ms": [0, 0]},
    )

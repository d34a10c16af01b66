"""A running simulator over mutual TLS, and what to log in with."""

from pathlib import Path

import pytest

from tyokyky_adapter_sosiaali_effica.simulator import certificates
from tyokyky_bridge.adapterkit.testing import SimulatorProcess


@pytest.fixture(scope="session")
def tls_dir(tmp_path_factory):
    return certificates.ensure(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def process(tls_dir: Path, tmp_path_factory):
    """The process, started once for a test file."""
    state = tmp_path_factory.mktemp("effica") / "state.db"
    with SimulatorProcess(
        "tyokyky_adapter_sosiaali_effica.simulator",
        state=state,
        args=("--tls-dir", str(tls_dir)),
        client_tls=certificates.client_context(tls_dir),
    ) as running:
        yield running


@pytest.fixture
def effica(process: SimulatorProcess):
    """A simulator that has forgotten everything, quick to answer."""
    process.reset()
    process.chaos(latency_ms=[0, 0])
    return process

"""A running simulator over mutual TLS, and what to log in with."""

import asyncio
import time

import pytest

from tyokyky_adapter_sosiaali_effica import connect
from tyokyky_adapter_sosiaali_effica.simulator import certificates
from tyokyky_bridge.adapterkit.contract import Licence, SystemConfig
from tyokyky_bridge.adapterkit.testing import SimulatorProcess

TUULIKKI = "120385-921T"
ACCOUNT = {"user": "TKYSILTA", "password": "vain-simulaattoriin"}


@pytest.fixture(scope="session")
def tls_dir(tmp_path_factory):
    return certificates.ensure(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def process(tls_dir, tmp_path_factory):
    """The process, started once."""
    with SimulatorProcess(
        "tyokyky_adapter_sosiaali_effica.simulator",
        state=tmp_path_factory.mktemp("effica") / "state.db",
        args=("--tls-dir", str(tls_dir)),
        client_tls=certificates.client_context(tls_dir),
    ) as running:
        yield running


@pytest.fixture
def effica(process):
    """A simulator that has forgotten everything but Tuulikki, quick to answer."""
    process.reset()
    process.chaos(latency_ms=[0, 0])
    process.seed(
        persons=[{"hetu": TUULIKKI, "family_name": "Esimerkki", "given_names": "Tuulikki"}],
    )
    return process


@pytest.fixture
def tell(effica, tls_dir):
    """Run a story with a connected adapter: ``tell(lambda adapter: adapter.find(hetu))``.

    *clock* is the hub's own, for the change log; by default the machine's.
    """

    def run(story, *, clock=None, **options):
        async def told():
            config = SystemConfig(
                "effica-lr", effica.base_url, certificates.options(tls_dir) | ACCOUNT | options
            )
            adapter = connect(config, **({"clock": clock} if clock else {}))
            try:
                return await story(adapter)
            finally:
                await adapter.aclose()

        return asyncio.run(told())

    return run


@pytest.fixture
def save(tell):
    """Find, fetch, change and write: ``save(lambda content: {**content, "Voimavarat": "sisu"})``."""

    def run(change, *, hetu=TUULIKKI, key="k1"):
        async def story(adapter):
            found = await adapter.find(hetu)
            standing = await adapter.fetch(found)
            return await adapter.write(
                found, change(standing.content), standing=standing, key=key, licence=licence()
            )

        return tell(story)

    return run


def licence(seconds=10):
    return Licence(decision_id="test", send_before_s=time.monotonic() + seconds)

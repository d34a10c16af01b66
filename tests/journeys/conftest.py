"""Whole installations for the journeys, once on each engine: real processes that start quickly.

On SQLite the hub's requests go over httpx's own transport, on PostgreSQL over the optional one.

Each journey has clients of its own, and leaves every partner up, open and on time.
"""

from collections.abc import Iterator

import pytest

from tyokyky_bridge.adapterkit import testing_process
from tyokyky_bridge.adapterkit.http import Carrier
from tyokyky_bridge.demo import child as children
from tyokyky_bridge.demo.desk import Desk
from tyokyky_bridge.demo.people import on_the_clock
from tyokyky_bridge.demo.stage import Stage
from worlds.postgres import Postgres
from worlds.warm import WarmProcesses

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def warm_processes() -> Iterator[WarmProcesses]:
    """Let every stage fork its processes from one that has imported everything."""
    warm = WarmProcesses()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "subprocess", warm)
        patch.setattr(testing_process, "subprocess", warm)
        yield warm
    warm.close()


@pytest.fixture(scope="session", params=ENGINES)
def stage(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    warm_processes: WarmProcesses,
) -> Iterator[Stage]:
    """Hub, worker and four calm simulators as real processes: one installation for all stories of a test process."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").empty_database()
    folder = tmp_path_factory.mktemp("stage")
    with Stage(folder, database_url=url, calm=True, carrier=_carrier(url)) as running:
        running.simulators["ura"].clock(set=on_the_clock(10))
        yield running


@pytest.fixture(scope="session")
def desk(stage: Stage) -> Desk:
    """The hub as the workers use it."""
    return Desk(stage)


@pytest.fixture(scope="module", params=ENGINES)
def engine_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where a stage's database is to be: ``None`` for a file of its own, else a fresh PostgreSQL database."""
    if request.param == "sqlite":
        yield None
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    url = server.migrated_database()
    yield url
    server.drop(url)


@pytest.fixture(scope="module")
def calm_stage(
    warm_processes: WarmProcesses, engine_url: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """An installation of the module's own, for drills that kill, break and overload it."""
    folder = tmp_path_factory.mktemp("drill")
    with Stage(folder, database_url=engine_url, calm=True, carrier=_carrier(engine_url)) as running:
        yield running


def _carrier(url: str | None) -> Carrier:
    return "httpx" if url is None else "aiohttp"

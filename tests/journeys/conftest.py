"""One whole installation for all journeys of a test process, once on each engine.

Each journey has clients of its own, and leaves every partner up, open and on time.
"""

from collections.abc import Iterator

import pytest

from tyokyky_bridge.demo.desk import Desk
from tyokyky_bridge.demo.people import on_the_clock
from tyokyky_bridge.demo.stage import Stage


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Hub, worker and four calm simulators as real processes."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").empty_database()
    with Stage(tmp_path_factory.mktemp("stage"), database_url=url, calm=True) as running:
        running.simulators["ura"].clock(set=on_the_clock(10))
        yield running


@pytest.fixture(scope="session")
def desk(stage: Stage) -> Desk:
    """The hub as the workers use it."""
    return Desk(stage)

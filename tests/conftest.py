"""What every test can ask for: a migrated database on each engine, and a store on it."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fhir_face.plugin import (  # noqa: F401  hooks: what the FHIR face says in this run is judged at its end
    pytest_addoption,
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
from tyokyky_bridge.storage import Store, migrate, open_store
from worlds import compiled
from worlds.postgres import Postgres, in_own_loop

INDEX_KEY = b"a key for made-up people only...."
ENGINES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


TAKING_TURNS = tuple(Path(__file__).parent / folder for folder in ("api", "journeys", "services"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Use cases, stories and the interface meet SQLite in every run and PostgreSQL in the campaign: what they ask of a
    database is tested on both in storage. Those that rest on locks, or are about the database itself, say
    ``both_engines``.
    """
    for item in items:
        waits = any(folder in item.path.parents for folder in TAKING_TURNS)
        if waits and item.get_closest_marker("postgres") and not item.get_closest_marker("both_engines"):
            item.add_marker(pytest.mark.campaign)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compiling SQL anew for each database took longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        compiled.share(patch)
        yield


@pytest.fixture
def anyio_backend() -> str:
    """Tests marked ``anyio`` run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The PostgreSQL of this test process; a run without one fails."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """A fresh PostgreSQL database at the head of the schema."""
    url = postgres_server.migrated_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at the head of the schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "hub.db"
    in_own_loop(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite_file: Path, tmp_path: Path) -> str:
    """A fresh SQLite file at the head of the schema."""
    path = tmp_path / "hub.db"
    shutil.copyfile(migrated_sqlite_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database at the head of the schema, once on each engine."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store on a fresh database, once on each engine."""
    opened = open_store(database_url, index_key=INDEX_KEY)
    yield opened
    await opened.aclose()

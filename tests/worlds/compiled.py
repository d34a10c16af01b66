"""SQL that is compiled once in a test process instead of once for each of its hundreds of databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from tyokyky_bridge.storage import postgres, sqlite

Key = tuple[Any, ...]


class CompiledOnce(dict[Key, Any]):
    """A cache of compiled statements for engines of one kind: their dialects differ only in being several."""

    def get(self, key: Key, default: Any = None) -> Any:
        """Look up whatever an engine of the same kind compiled."""
        return super().get(_of_kind(key), default)

    def __setitem__(self, key: Key, value: Any) -> None:
        super().__setitem__(_of_kind(key), value)


def _of_kind(key: Key) -> Key:
    dialect, *rest = key
    return (dialect.name, dialect.driver, *rest)


def share(patch: pytest.MonkeyPatch) -> None:
    """Give every engine that is made from now on the same cache of compiled statements."""
    cache = CompiledOnce()

    def caching(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*given: Any, **options: Any) -> Engine | AsyncEngine:
            engine = make(*given, **options)
            engine.update_execution_options(compiled_cache=cache)
            return engine

        return made

    patch.setattr(sqlite, "create_engine", caching(sqlite.create_engine))
    patch.setattr(postgres, "create_async_engine", caching(postgres.create_async_engine))

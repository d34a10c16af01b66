"""The store for more than one machine: PostgreSQL through asyncpg (sync.md 3 and 6)."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson
from sqlalchemy import URL, Connection, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tyokyky_bridge.services.ports import Bell, ConstraintBroken, StoreError, StoreUnavailable, Tx
from tyokyky_bridge.storage.bells import Bells
from tyokyky_bridge.storage.faults import CLOSED, translate, worth_another_run
from tyokyky_bridge.storage.session import RunAgain, Session
from tyokyky_bridge.storage.side_channel import SideChannel
from tyokyky_bridge.storage.transaction import Transaction
from tyokyky_bridge.storage.types import to_json

T = TypeVar("T")

RUNS = 6
"""A function is run once and, after a serialization failure or deadlock, up to five times more."""
_CLOCK = select(func.clock_timestamp())


def postgres_engine(url: URL, *, pool_size: int = 10) -> AsyncEngine:
    """An engine with bounded waits and no personal data in error texts; without a pool when its size is 0."""
    pool: dict[str, Any] = {"poolclass": NullPool, "isolation_level": "AUTOCOMMIT"}
    if pool_size:
        pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 30}
    query = dict(url.query)
    if "sslmode" in query:  # libpq's name for what asyncpg calls ssl
        query["ssl"] = query.pop("sslmode")
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg", query=query),
        **pool,
        hide_parameters=True,
        json_serializer=to_json,
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": 10,
            "server_settings": {
                "application_name": "tyokyky-bridge",
                "timezone": "UTC",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "10s",
            },
        },
    )


class PostgresStore:
    """`services.ports.Store` over a PostgreSQL database. To be used from one event loop."""

    def __init__(
        self,
        url: URL,
        *,
        index_key: bytes,
        clock: Callable[[], datetime] | None = None,
        clock_offset: timedelta = timedelta(0),
    ) -> None:
        self.clock_offset = clock_offset
        self._clock = clock
        self._index_key = index_key
        self._bells = Bells()
        self._writing = postgres_engine(url)
        self._reading = self._writing.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._side = SideChannel(postgres_engine(url, pool_size=0), self._bells.ring)
        self._closed = False

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run *fn* at READ COMMITTED with its own row locks; returns after the commit is durable."""
        if self._closed:
            raise StoreUnavailable(CLOSED)
        fault: StoreError = StoreError("not run")
        for run in range(RUNS):
            if run:
                await asyncio.sleep(random.uniform(0, 0.01 * 2**run))  # noqa: S311 - jitter
            try:
                value, due = await self._write_once(fn)
            except RunAgain as again:
                fault = ConstraintBroken(str(again))
            except _LostBeforeCommitError as lost:
                fault = lost.fault
            except DBAPIError as error:
                fault = translate(error)
                if not worth_another_run(error):
                    break
            except (SQLAlchemyError, OSError) as error:
                fault = translate(error)
                break
            else:
                self._bells.ring(due)
                self._side.tell(due)
                return value
        raise fault

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run *fn* on a snapshot; read-only."""
        if self._closed:
            raise StoreUnavailable(CLOSED)
        fault: StoreError = StoreError("not run")
        for _ in range(2):  # a connection that died idle is found out on use
            try:
                async with self._reading.begin() as connection:
                    value, _due = await connection.run_sync(self._body(fn))
                    return value
            except (SQLAlchemyError, OSError) as error:
                fault = translate(error)
                if not _is_cut(error):
                    break
        raise fault

    def bell(self, system: str) -> Bell:
        """The bell of a system."""
        return self._bells.of(system)

    async def attend(self, worker: str) -> None:
        """Hold the worker's advisory lock and hear other processes' wake-ups, until cancelled."""
        await self._side.attend(worker)

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._side.aclose()
        await self._writing.dispose()

    async def _write_once(self, fn: Callable[[Tx], T]) -> tuple[T, set[str]]:
        async with self._writing.connect() as connection:
            transaction = await connection.begin()
            try:
                answer = await connection.run_sync(self._body(fn))
            except DBAPIError as error:
                if _is_cut(error):  # nothing was committed, so it can be run again
                    raise _LostBeforeCommitError(translate(error)) from None
                await _roll_back(connection)
                raise
            except BaseException:
                await _roll_back(connection)
                raise
            await transaction.commit()
            return answer

    def _body(self, fn: Callable[[Tx], T]) -> Callable[[Connection], tuple[T, set[str]]]:
        def run(connection: Connection) -> tuple[T, set[str]]:
            session = Session(connection, read_clock=self._now, index_key=self._index_key)
            return fn(Transaction(session)), session.due_systems

        return run

    def _now(self, connection: Connection) -> datetime:
        now = self._clock() if self._clock is not None else connection.execute(_CLOCK).scalar_one()
        return now + self.clock_offset


class _LostBeforeCommitError(Exception):
    def __init__(self, fault: StoreError) -> None:
        self.fault = fault
        super().__init__(fault.code)


def _is_cut(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


async def _roll_back(connection: AsyncConnection) -> None:
    if not connection.invalidated:
        await connection.rollback()

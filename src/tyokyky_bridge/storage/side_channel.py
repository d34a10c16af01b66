"""What a process says and hears beside its transactions, on one connection of its own (sync.md 6, 8.6, 8.18).

Three things share that connection: wake-ups (``NOTIFY`` after the commit, never within it, because commits that notify
queue behind one lock), hearing those of others (``LISTEN``), and the advisory lock by which others see that this
process lives. All three only make things faster. Without the connection polling and the ends of leases do the work.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tyokyky_bridge.storage.repositories.workers import lock_key

log = structlog.get_logger()

CHANNEL = "tyokyky_due"
GATHER_S = 0.02
"""Wake-ups of a process go out at most this often."""
LOOK_S = 0.5
"""How often the connection is looked at; also the first pause after a failure."""
PAUSE_MOST_S = 1.0
ANSWER_S = 5.0
CONNECT_S = 10.0
_TELL = text(f"SELECT pg_notify('{CHANNEL}', :payload)")
_ALIVE = text("SELECT 1")
_LOCK = text("SELECT pg_try_advisory_lock(:key)")
_KEEPALIVE = text(
    "SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
"""A machine that lost its power says no farewell: the server gives its lock up after some eleven seconds."""


class SideChannel:
    """One process's wake-ups and sign of life.

    Args:
        engine: Makes connections in autocommit mode and keeps none.
        heard: Called with the systems that another process named.
    """

    def __init__(self, engine: AsyncEngine, heard: Callable[[Iterable[str]], None]) -> None:
        self._engine = engine
        self._heard = heard
        self._me = os.urandom(6).hex()
        self._to_tell: set[str] = set()
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._attended = False

    def tell(self, systems: Iterable[str]) -> None:
        """Wake the other processes for *systems*, soon; returns at once."""
        self._to_tell.update(systems)
        if not self._to_tell:
            return
        self._something.set()
        if not self._attended and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._talk(None))

    async def attend(self, worker: str) -> None:
        """Until cancelled: hold the worker's lock and hear what others say. Raises nothing of the database's."""
        self._attended = True
        try:
            await self._end()
            await self._talk(worker)
        finally:
            self._attended = False

    async def aclose(self) -> None:
        """End; what is still to be said is left to polling."""
        await self._end()
        await self._engine.dispose()

    async def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _talk(self, worker: str | None) -> None:
        pause_s = LOOK_S
        while True:
            try:
                async with self._line() as connection:
                    if worker is not None:
                        await self._listen(connection)
                    pause_s = LOOK_S
                    await self._stay(connection, None if worker is None else lock_key(worker))
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("side_channel.lost", worker=worker, error=type(error).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(PAUSE_MOST_S, 2 * pause_s)

    @asynccontextmanager
    async def _line(self) -> AsyncGenerator[AsyncConnection]:
        async with asyncio.timeout(CONNECT_S):
            connection = await self._engine.connect()
        try:
            yield connection
        finally:  # without a farewell, which a dead line would never answer
            await connection.invalidate()
            await connection.close()

    async def _stay(self, connection: AsyncConnection, key: int | None) -> None:
        """Talk for as long as the connection lasts; a worker's is looked at often, so that its lock comes back."""
        held = key is None
        while True:
            told = await self._tell_now(connection)
            if not held:
                # An earlier connection of ours may hold it until the server has noticed that it is gone.
                held = bool(await _ask(connection, _LOCK, key=key))
            elif not told and key is not None:
                await _ask(connection, _ALIVE)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if key is None else LOOK_S):
                    await self._something.wait()
            await asyncio.sleep(GATHER_S)

    async def _tell_now(self, connection: AsyncConnection) -> bool:
        if not self._to_tell:
            return False
        self._something.clear()
        systems = sorted(self._to_tell)
        await _ask(connection, _TELL, payload=",".join([self._me, *systems]))
        self._to_tell.difference_update(systems)
        return True

    async def _listen(self, connection: AsyncConnection) -> None:
        await _ask(connection, _KEEPALIVE)
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None  # noqa: S101  # one that has just answered has a driver
        async with asyncio.timeout(ANSWER_S):
            await raw.add_listener(CHANNEL, self._hear)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        sender, *systems = str(payload).split(",")
        if sender != self._me:
            self._heard(systems)


async def _ask(connection: AsyncConnection, statement: TextClause, **values: object) -> object:
    async with asyncio.timeout(ANSWER_S):
        return (await connection.execute(statement, values)).scalar()

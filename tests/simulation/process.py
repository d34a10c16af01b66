"""Processes of the simulated hub: they can be killed or stalled at any await, and a dead one never runs on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from tyokyky_bridge.services.ports import Bell, StoreError, StoreUnavailable, Tx
from tyokyky_bridge.storage.bells import Bells

if TYPE_CHECKING:
    from simulation.world import World

T = TypeVar("T")


class Over(BaseException):
    """The scenario has ended: let go of everything."""


class Process:
    """One operating-system process. Its code runs on, but gets past no `point` once it has been killed.

    What it wanted to do while dying (a ``finally`` that gives back leases) needs the store or a partner, and both hang
    for ever: to all others it looks like a process that is gone.
    """

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.alive = True
        self.died = asyncio.Event()
        self.stalled_until = 0.0
        self.bells = Bells()
        self.store = ProcessStore(self)

    def start(self, work: Coroutine[Any, Any, Any], called: str) -> asyncio.Task[Any]:
        """Run *work* as part of this process; an exception that it does not catch is a finding."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda done: self._ended(done, called))
        return task

    def kill(self) -> None:
        """Kill -9."""
        if self.alive:
            self.alive = False
            self.died.set()
            self.world.note(f"{self.name} KILLED")

    def stall(self, seconds: float) -> None:
        """Stop the process for a while, as a paused virtual machine does."""
        self.stalled_until = max(self.stalled_until, self.world.now_s + seconds)
        self.world.note(f"{self.name} stalls {seconds:.1f} s")

    async def point(self, what: str) -> None:
        """A place between two things that a process does, where fate may strike."""
        world = self.world
        if world.over:
            raise Over
        await asyncio.sleep(world.tick())
        if self.alive:
            world.nemesis.strike(self, what)
        while self.alive and self.stalled_until > world.now_s:  # noqa: ASYNC110  # it may be prolonged meanwhile
            await asyncio.sleep(self.stalled_until - world.now_s)
        if world.over:
            raise Over
        if not self.alive:
            await world.never()

    def _ended(self, task: asyncio.Task[Any], called: str) -> None:
        if self.world.over or task.cancelled():
            return
        error = task.exception()
        if isinstance(error, StoreError):
            self.kill()  # a worker that finds no database when it starts goes down, and is started again
        elif error is not None and self.alive:
            self.world.found("I10", f"{called} of {self.name} ended with {type(error).__name__}: {error}")


class ProcessStore:
    """`services.ports.Store` as one process has it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Commit, with a place to die before and after."""
        process, world = self._process, self._process.world
        await process.point("write")
        fault = world.nemesis.store_fault()
        if fault == "before":
            raise StoreUnavailable("08006")
        value, due = world.commit(process.name, fn)
        process.bells.ring(sorted(due))
        await process.point("committed")
        if fault == "after":
            raise StoreUnavailable("08006")
        return value

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Read a snapshot."""
        await self._process.point("read")
        return self._process.world.database.read(fn)

    def bell(self, system: str) -> Bell:
        """The bell of this process."""
        return self._process.bells.of(system)

    async def aclose(self) -> None:
        """Nothing to close."""

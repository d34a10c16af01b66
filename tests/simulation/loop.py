"""An event loop in virtual time: no threads, no sockets, no waiting; the same seed gives the same order of events."""

import asyncio
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeft(Exception):
    """Every task waits for something that no timer will bring."""


class _Timers:
    """In place of a selector: instead of sleeping until the next timer, make it that late."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise NothingLeft
        if timeout > 0:
            self._loop.jump()
        return []


class NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set does not depend on its address in memory."""

    _numbers = count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._number = next(NumberedTask._numbers)
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop whose clock starts at nought and jumps to the next timer whenever nothing is ready."""

    def __init__(self) -> None:
        super().__init__()
        self._moment = 0.0
        self._selector = _Timers(self)
        NumberedTask._numbers = count()
        self.set_task_factory(_numbered)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._moment

    def jump(self) -> None:
        """Make it as late as the next timer."""
        self._moment = max(self._moment, self._scheduled[0].when())  # pyright: ignore

    def _process_events(self, event_list: list[Any]) -> None:
        """There is no input or output."""

    def _write_to_self(self) -> None:
        """There are no other threads to be woken by."""


def _numbered(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T], **kwargs: Any) -> Any:
    return NumberedTask(coro, loop=loop, **kwargs)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run *main* on a fresh virtual loop; whatever it left running is cancelled and awaited."""
    loop = VirtualLoop()
    before = asyncio.get_event_loop_policy()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        left = sorted(asyncio.all_tasks(loop), key=hash)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        assert before is not None
        loop.close()

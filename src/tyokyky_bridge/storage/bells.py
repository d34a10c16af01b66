"""Wake-ups inside one process; commits of others ring them through `Store.attend`. Polling is the guarantee."""

import asyncio
from collections.abc import Iterable


class SystemBell:
    """`services.ports.Bell`: an event that forgets itself when it is heard."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring or *timeout_s* seconds; ``True`` when it rang since the last wait."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def ring(self) -> None:
        """Wake whoever waits."""
        self._event.set()


class Bells:
    """One bell for each system."""

    def __init__(self) -> None:
        self._bells: dict[str, SystemBell] = {}

    def of(self, system: str) -> SystemBell:
        """The bell of a system, always the same one."""
        return self._bells.setdefault(system, SystemBell())

    def ring(self, systems: Iterable[str]) -> None:
        """Ring for the systems in which a commit has made something due."""
        for system in systems:
            self.of(system).ring()

"""What the contract suite has to know of one adapter, and the desk at which its tests are told."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tyokyky_bridge.adapterkit.contract import Adapter, Licence, Native, SystemConfig, Written
from tyokyky_bridge.adapterkit.testing_process import SimulatorProcess


class ContractCase(Protocol):
    """What the suite has to know of one adapter and its simulator.

    Attributes:
        package: Holds ``manifest.toml``.
        known, other: Identity numbers of two seeded persons without a record.
        unknown: One of nobody. twin: one that fits two seeded persons (or whose century sign they lack).
        empty: The empty form that `Adapter.fetch` gives for a client without a record.
        write_path: Regular expression on "METHOD /path" of the requests that change records.
    """

    package: str
    known: str
    other: str
    unknown: str
    twin: str
    empty: Native
    write_path: str

    def simulator(self, folder: Path) -> SimulatorProcess:
        """Make the process, not yet started."""
        ...

    def seed(self, simulator: SimulatorProcess) -> None:
        """Seed the persons after each reset."""
        ...

    def config(self, simulator: SimulatorProcess, **options: str) -> SystemConfig:
        """The system's configuration with right credentials; *options* override."""
        ...

    def wrong_credentials(self) -> dict[str, str]:
        """Options for `config` that must not let us in."""
        ...

    def connect(self, config: SystemConfig) -> Adapter:
        """The adapter's own ``connect``."""
        ...

    def fill(self, content: Native, text: str) -> Native:
        """A new content with *text* (one short ASCII line) in some free text field."""
        ...

    def text_of(self, content: Native) -> str | None:
        """Read that field back."""
        ...

    def overfill(self, content: Native) -> Native:
        """A content that is longer than the partner takes."""
        ...

    def change_behind(self, simulator: SimulatorProcess, record_id: str) -> None:
        """Let a user of the partner change the record."""
        ...

    def add_unknown(self, simulator: SimulatorProcess, record_id: str) -> None:
        """Put a field that the hub has never heard of into the stored record."""
        ...

    def unknown_of(self, content: Native) -> Any:
        """Read that field from a fetched content; ``None`` when it is not there."""
        ...

    def edit(self, simulator: SimulatorProcess, hetu: str, content: Native) -> None:
        """Let a user of the partner save *content* as the whole record of a person, who may have none yet."""
        ...

    def remove(self, simulator: SimulatorProcess, hetu: str) -> None:
        """Let a user of the partner take the person's record away, as far as the partner lets its users."""
        ...


class PushingCase(ContractCase, Protocol):
    """What the suite has to know besides when the manifest says ``feed = "push"``."""

    def pushed(self, simulator: SimulatorProcess) -> Sequence[tuple[Mapping[str, str], bytes]]:
        """All messages since the last reset, oldest first: headers with lower-case names, and the body."""
        ...


@dataclass
class Desk:
    """One test's simulator, adapter and case."""

    case: ContractCase
    simulator: SimulatorProcess

    def run(self, story: Callable[[Adapter], Awaitable[Any]], **options: str) -> Any:
        """Tell *story* with a connected adapter on an event loop of its own."""

        async def told() -> Any:
            adapter = self.case.connect(self.case.config(self.simulator, **options))
            try:
                return await story(adapter)
            finally:
                await adapter.aclose()

        return asyncio.run(told())

    async def write(self, adapter: Adapter, hetu: str, text: str, key: str) -> Written:
        """Find, fetch, fill and write."""
        found = await adapter.find(hetu)
        standing = await adapter.fetch(found)
        content = self.case.fill(standing.content, text)
        return await adapter.write(found, content, standing=standing, key=key, licence=licence())

    async def edit(self, adapter: Adapter, hetu: str, text: str) -> None:
        """Let a user of the partner put *text* into the free text field."""
        standing = await adapter.fetch(await adapter.find(hetu))
        self.case.edit(self.simulator, hetu, self.case.fill(standing.content, text))

    async def text(self, adapter: Adapter, hetu: str) -> str | None:
        """What stands in the free text field now."""
        return self.case.text_of((await adapter.fetch(await adapter.find(hetu))).content)


def licence(seconds: float = 10) -> Licence:
    """A licence that lasts *seconds* from now."""
    return Licence(decision_id="contract", send_before_s=time.monotonic() + seconds)

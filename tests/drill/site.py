"""The installation under the drill: four simulators, and as many hubs and workers as the engine allows."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tyokyky_bridge.adapterkit import testing_process
from tyokyky_bridge.adapterkit.http import Carrier
from tyokyky_bridge.demo import child as children
from tyokyky_bridge.demo.child import Child
from tyokyky_bridge.demo.people import on_the_clock
from tyokyky_bridge.demo.stage import Stage, _free_port
from worlds.warm import WarmProcesses


@dataclass
class Victim:
    """One process of the hub that may be hurt, by one hand at a time."""

    name: str
    child: Child
    hand: threading.Lock = field(default_factory=threading.Lock)

    def kill(self) -> None:
        """Kill -9, and start it again as whoever looks after it would."""
        self.child.end(signal.SIGKILL)
        self.child.start()

    def freeze(self, seconds: float) -> None:
        """Stop it for a while, as a paused virtual machine is."""
        process = self.child.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)

    def see_to(self) -> bool:
        """Start it again if it ended by itself; returns whether it had."""
        process = self.child.process
        if process is not None and process.poll() is None:
            return False
        self.child.process = None
        self.child.start()
        return True


@dataclass
class Site:
    """What runs."""

    stage: Stage
    hubs: dict[str, str]
    """Address by name."""
    victims: list[Victim]
    ended_themselves: Counter[str] = field(default_factory=Counter[str])


@contextmanager
def site(folder: Path, *, url: str | None, hubs: int, workers: int) -> Iterator[Site]:
    """Start an installation; everything ends with the block. On PostgreSQL it sends over the optional transport."""
    carrier: Carrier = "httpx" if url is None else "aiohttp"
    warm = WarmProcesses()
    was = children.subprocess, testing_process.subprocess
    children.subprocess = testing_process.subprocess = warm  # type: ignore[assignment]
    try:
        with ExitStack() as stack, Stage(folder, database_url=url, calm=True, carrier=carrier) as stage:
            stage.simulators["ura"].clock(set=on_the_clock(10))
            victims = [Victim("hub 1", stage.hub), Victim("worker 1", stage.worker)]
            addresses = {"hub 1": stage.url}
            for number in range(2, max(hubs, workers) + 1):
                if number <= hubs:
                    port = str(_free_port())
                    name = f"hub {number}"
                    addresses[name] = f"http://127.0.0.1:{port}"
                    victims.append(_more(stage, stack, "serve", name, TYOKYKY_PORT=port))
                if number <= workers:
                    victims.append(_more(stage, stack, "work", f"worker {number}"))
            yield Site(stage, addresses, victims)
    finally:
        children.subprocess, testing_process.subprocess = was
        warm.close()


def _more(stage: Stage, stack: ExitStack, command: str, name: str, **settings: str) -> Victim:
    environment = {**stage.hub.environment, **settings}
    child = Child((command,), environment, stage.folder / f"{name.replace(' ', '-')}.log")
    child.start()
    stack.callback(child.end)
    return Victim(name, child)

"""What goes wrong during a drill, by hands that work at the same time."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from drill.proxy import DatabaseProxy
from drill.site import Site, Victim
from worlds.postgres import Postgres

KILL_EVERY_S = (0.3, 0.9)
FREEZE_EVERY_S = (8.0, 14.0)
FREEZE_S = (3.0, 6.0)
CRASH_EVERY_S = (15.0, 25.0)
DOWN_S = (0.2, 1.5)
CUT_SHARE = 0.03


@dataclass
class Plan:
    """How long to hurt, and which partner dies when and for how long."""

    seconds: float
    dead_partner: str
    dead_for_s: float
    dead_after_s: float = 3.0


@dataclass
class Nemesis:
    """Hurts a site until its time is over, and then sees to it that everything runs again."""

    site: Site
    plan: Plan
    rng: random.Random
    server: Postgres | None = None
    proxy: DatabaseProxy | None = None
    done: Counter[str] = field(default_factory=Counter[str])
    _keeper: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """Starts the server again: the kernel ends it with the thread that started it, and this one stays."""
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])
    _failed: list[BaseException] = field(default_factory=list[BaseException])

    def begin(self) -> None:
        """Start all hands."""
        hands: list[Callable[[random.Random], None]] = [self._kill, self._freeze, self._let_partner_die]
        if self.server is not None:
            hands.append(self._crash_database)
        if self.proxy is not None:
            self.proxy.cut_share = CUT_SHARE
        for hand in hands:
            thread = threading.Thread(target=self._run, args=(hand, random.Random(self.rng.random())))
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Stop all hands and put everything up again. Raises what a hand stumbled over."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self.proxy is not None:
            self.proxy.cut_share = 0.0
        for victim in self.site.victims:
            self._see_to(victim)
        if self._failed:
            raise self._failed[0]

    def _run(self, hand: Callable[[random.Random], None], rng: random.Random) -> None:
        try:
            hand(rng)
        except BaseException as error:  # noqa: BLE001  # told at the end
            self._failed.append(error)

    def _kill(self, rng: random.Random) -> None:
        while not self._over.wait(rng.uniform(*KILL_EVERY_S)):
            for victim in self.site.victims:
                self._see_to(victim)
            victim = rng.choice(self.site.victims)
            if not victim.hand.acquire(blocking=False):
                continue
            try:
                victim.kill()
            finally:
                victim.hand.release()
            self.done["kills"] += 1
            self.done[f"kills of {victim.name.split()[0]}s"] += 1

    def _see_to(self, victim: Victim) -> None:
        if victim.hand.acquire(blocking=False):
            try:
                if victim.see_to():
                    self.site.ended_themselves[victim.name] += 1
            finally:
                victim.hand.release()

    def _freeze(self, rng: random.Random) -> None:
        while not self._over.wait(rng.uniform(*FREEZE_EVERY_S)):
            victim = rng.choice(self.site.victims)
            with victim.hand:
                victim.see_to()
                victim.freeze(rng.uniform(*FREEZE_S))
            self.done["freezes"] += 1

    def _crash_database(self, rng: random.Random) -> None:
        assert self.server is not None
        while not self._over.wait(rng.uniform(*CRASH_EVERY_S)):
            self.server.crash()
            try:
                time.sleep(rng.uniform(*DOWN_S))
            finally:
                self._keeper.submit(self.server.start).result()
            self.done["database crashes"] += 1

    def _let_partner_die(self, rng: random.Random) -> None:
        del rng
        simulator = self.site.stage.simulators[self.plan.dead_partner]
        if self._over.wait(self.plan.dead_after_s):
            return
        simulator.kill()
        self._over.wait(self.plan.dead_for_s)
        simulator.start()
        self.done["partner deaths"] += 1

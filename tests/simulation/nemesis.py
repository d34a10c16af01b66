"""What goes wrong: processes die or freeze at any await, live ones are taken for dead, stores and partners fail."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from worlds.rows import bury

if TYPE_CHECKING:
    from simulation.process import Process
    from simulation.world import World


class Nemesis:
    """Strikes at every `Process.point` with chances that differ from scenario to scenario, so that each fault also
    comes alone. ``enabled`` is off while a scenario is prepared and after everything has healed.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        rng = world.rng
        self.enabled = False
        self.on_bad_moment: Callable[[], object] = lambda: None
        """What people do just when a worker has frozen between two steps."""

        def share(most: float, *, how_often: float = 0.6) -> float:
            return rng.uniform(0.1, 1.0) * most if rng.random() < how_often else 0.0

        self.kills = share(0.02)
        self.stalls = share(0.04)
        self.taken_for_dead = share(0.03)
        self.meets = share(0.8)
        self.store_before = share(0.02, how_often=0.3)
        self.store_after = share(0.03, how_often=0.4)
        self.weather = {
            "lost_request": share(0.08),
            "lost_answer": share(0.15),
            "error": share(0.1),
            "slow": share(0.3),
            "twice": share(0.2),
            "lies": share(0.3, how_often=0.4),
            "refuses": share(0.15, how_often=0.3),
            "lock_left": share(0.4, how_often=0.4),
        }

    def begin(self) -> None:
        """Let it rain."""
        self.enabled = True
        for partner in self._world.partners.values():
            for name, value in self.weather.items():
                setattr(partner.weather, name, value)

    def end(self) -> None:
        """All faults stop: nobody is stalled, no partner errs."""
        self.enabled = False
        for partner in self._world.partners.values():
            for name in self.weather:
                setattr(partner.weather, name, 0.0)
            partner.weather.shut_until_s = 0.0
        for process in self._world.processes.values():
            process.stalled_until = min(process.stalled_until, self._world.now_s)

    def strike(self, process: "Process", what: str) -> None:
        """Fate at an await of a process."""
        if not self.enabled:
            return
        world = self._world
        drawn = world.rng.random()
        if process.name == "api":
            if drawn < self.stalls / 4:
                process.stall(world.draw(0.1, 3.0))
            return
        if drawn < self.kills:
            process.kill()
            world.note(f"... at {what}")
            return
        drawn -= self.kills
        if drawn < self.stalls:
            process.stall(self._stall_s())
            if world.chance(self.meets):
                self.on_bad_moment()
            return
        drawn -= self.stalls
        if drawn < self.taken_for_dead:
            self.take_for_dead(process.name)

    def store_fault(self) -> Literal["before", "after"] | None:
        """Whether a commit fails, or succeeds without anybody hearing of it."""
        if not self.enabled:
            return None
        if self._world.chance(self.store_before):
            return "before"
        return "after" if self._world.chance(self.store_after) else None

    def _stall_s(self) -> float:
        """Less or more than a licence, less or more than a lease."""
        return self._world.draw(*self._world.rng.choice([(0.2, 1.9), (2.0, 6.0), (6.0, 19.0), (31.0, 40.0)]))

    def take_for_dead(self, name: str) -> None:
        """Give away the leases of a worker that may be alive and about to send."""
        world = self._world
        worker = name.partition(".")[0]
        freed, due = world.commit("nemesis", lambda tx: bury(tx, worker))
        if freed:
            world.note(f"{name} is taken for dead: {freed} leases given away")
            for other in world.processes.values():
                other.bells.ring(sorted(due))

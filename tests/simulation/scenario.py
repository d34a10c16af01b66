"""One scenario: prepare, let people work while things go wrong, heal everything, and look at what is left."""

import asyncio
import hashlib
import traceback
from dataclasses import dataclass

from simulation import loop
from simulation.actors import Office
from simulation.process import Process
from simulation.store import prepare
from simulation.users import edit_there, insist
from simulation.virtual import virtual
from simulation.world import HETUS, World
from tyokyky_bridge.feeds import FeedPace
from tyokyky_bridge.services.delivery import Engine
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.worker import Pace, run

PACE = Pace(poll_s=3.0, lease_s=30.0, heartbeat_s=120.0)
FEEDS = FeedPace(
    poll_fastest_s=4.0, poll_slowest_s=25.0, lease_s=15.0, verify_tick_s=15.0, verify_every_s=120.0
)
WORKS_AT_MOST_S = 200.0
HEALED_WITHIN_S = 900.0
QUIET_S = 60.0


@dataclass(frozen=True)
class Report:
    """What came of a scenario. *digest* is that of its log: the same seed has the same."""

    seed: int
    digest: str
    violations: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    commits: int


def scenario(seed: int) -> Report:
    """Run the scenario of that seed."""
    prepare()
    made: list[World] = []

    async def main() -> None:
        world = World(seed)
        made.append(world)
        with virtual(world):
            try:
                await _Play(world).all()
            except Exception as error:  # noqa: BLE001  # with its log, not instead of it
                world.lines.append(traceback.format_exc())
                world.found("play", f"{type(error).__name__}: {error}")
            finally:
                world.over = True
                await _let_go()

    loop.run(main())
    world = made[0]
    world.database.close()
    digest = hashlib.sha256("\n".join(world.lines).encode()).hexdigest()
    return Report(seed, digest, tuple(world.violations), tuple(world.lines), world.commits)


async def _let_go() -> None:
    """Cancel what is left while the engine's modules still are in our hands."""
    here = asyncio.current_task()
    left = sorted((t for t in asyncio.all_tasks() if t is not here), key=hash)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class _Play:
    """The course of one scenario."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.office = Office(world)
        self.workers: dict[str, Process] = {}
        self.starts = 0
        self.listens = world.chance(0.5)
        """Whether the partners' change logs are read, or looking is left to hints."""

    async def all(self) -> None:
        world = self.world
        await self._prepare()
        names = [f"w{n + 1}" for n in range(world.rng.choice((2, 2, 3)))]
        for name in names:
            self._start(name)
        world.nemesis.on_bad_moment = lambda: world.spawn(self._at_a_bad_moment())
        world.nemesis.begin()
        restarting = world.spawn(self._restarts())
        await asyncio.wait(self._people(), timeout=WORKS_AT_MOST_S)
        restarting.cancel()
        await asyncio.sleep(world.draw(0.0, 5.0))
        world.note("everything heals")
        world.nemesis.end()
        for name in names:
            self._start_again(name)
        await self._come_to_rest()

    async def _prepare(self) -> None:
        rng = self.world.rng
        for number, hetu in enumerate(HETUS[: rng.choice((1, 1, 2))]):
            await self.office.open(number, hetu)
            await self.office.consent(number)

    def _start(self, name: str) -> None:
        world = self.world
        self.starts += 1
        process = self.workers[name] = world.process(f"{name}.{self.starts}")
        # A name is taken again by whoever comes after, as on a server where a service is restarted.
        engine = Engine(world.bridge(process), name)
        world.note(f"{process.name} starts")
        work = run(engine.bridge, engine, PACE, asyncio.Event(), feed_pace=FEEDS if self.listens else None)
        process.start(work, "worker")

    def _start_again(self, name: str) -> None:
        if not self.workers[name].alive:
            self._start(name)

    def _people(self) -> list[asyncio.Task[None]]:
        world, rng = self.world, self.world.rng
        clients = range(len(world.clients))
        acts = [self._edits, self._edits, self._consents, self._decisions, self._weather]
        tasks = [world.spawn(act(rng.choice(clients))) for act in acts]
        if rng.random() < 0.25:
            tasks.append(world.spawn(self._stubborn(rng.choice(list(world.partners)), rng.choice(clients))))
        return tasks + [world.spawn(self._users(p, rng.choice(clients))) for p in world.partners]

    async def _at_a_bad_moment(self) -> None:
        """While a worker is frozen somebody changes what it is about to do."""
        world = self.world
        await asyncio.sleep(world.draw(0.0, 0.5))
        act = world.rng.choice((self.office.withdraw, self.office.withdraw, self._edit_any, self._give_away))
        await act()

    async def _edit_any(self) -> None:
        await self.office.edit(self.world.rng.randrange(len(self.world.clients)))

    async def _give_away(self) -> None:
        """Everybody is taken for dead."""
        for name in sorted(self.workers):
            self.world.nemesis.take_for_dead(name)

    async def _edits(self, number: int) -> None:
        for _ in range(self.world.rng.choice((2, 3, 4))):
            await self._pause()
            await self.office.edit(number)

    async def _consents(self, number: int) -> None:
        for _ in range(self.world.rng.choice((2, 3, 4))):
            await self._pause()
            if self.world.rng.random() < 0.5 and self.office.standing:
                await self.office.withdraw()
            else:
                await self.office.consent(number)

    async def _decisions(self, _number: int) -> None:
        for _ in range(self.world.rng.choice((0, 2, 4))):
            await self._pause()
            await self.office.resolve()

    async def _users(self, partner: str, number: int) -> None:
        for _ in range(self.world.rng.choice((0, 1, 2, 3))):
            await self._pause()
            edit_there(self.world, self.world.partners[partner], number)
            if self.world.chance(0.6):
                self.world.spawn(self._hint(partner))

    async def _stubborn(self, partner: str, number: int) -> None:
        """A user who writes the same again whenever it is gone."""
        for _ in range(8):
            await asyncio.sleep(self.world.draw(3.0, 8.0))
            insist(self.world, self.world.partners[partner], number)
            self._look_at(self._links_at(partner), verify=False)

    async def _hint(self, partner: str) -> None:
        """Somebody tells the hub to look at the records of a partner; at any time, and perhaps twice."""
        await self._pause()
        self._look_at(self._links_at(partner), verify=False)

    def _links_at(self, partner: str) -> list[int]:
        return [s.id for s in self.world.invariants.links.values() if s.system == partner]

    def _look_at(self, links: list[int], *, verify: bool) -> None:
        world = self.world

        def look(tx: Tx) -> None:
            for link in links:
                tx.links.look(link, verify=verify)

        _, due = world.commit("hint", look)
        for process in world.processes.values():
            process.bells.ring(sorted(due))

    async def _restarts(self) -> None:
        while True:
            await asyncio.sleep(self.world.draw(1.0, 6.0))
            for name in sorted(self.workers):
                self._start_again(name)

    async def _weather(self, _number: int) -> None:
        """Now and then a partner is closed for a while."""
        await self._pause()
        if self.world.rng.random() < 0.3:
            partner = self.world.rng.choice(list(self.world.partners.values()))
            partner.weather.shut_until_s = self.world.now_s + self.world.draw(2.0, 25.0)
            self.world.note(f"{partner.id} is closed until {partner.weather.shut_until_s:.1f}")

    async def _pause(self) -> None:
        """Mostly short: things have to meet."""
        await asyncio.sleep(self.world.draw(*self.world.rng.choice([(0.0, 0.3), (0.3, 3.0), (3.0, 15.0)])))

    async def _come_to_rest(self) -> None:
        """Wait until all is in sync and no traffic is left, give a person's second chance, and judge."""
        world = self.world
        until = world.now_s + HEALED_WITHIN_S
        await asyncio.sleep(20.0)
        if world.chance(0.4):
            await self.office.change_and_undo(world.rng.randrange(len(world.clients)))
        self._look_at(list(world.invariants.links), verify=True)
        await asyncio.sleep(5.0)
        left = world.history.unsettled()
        while left and not world.violations and world.now_s < until:
            self._redrive()
            await asyncio.sleep(10.0)
            left = world.history.unsettled()
        if world.violations:
            return
        if left:
            world.found("I6", f"does not come to rest: {left}")
            return
        revisions, written = world.history.count, self._written()
        await asyncio.sleep(QUIET_S)
        if (world.history.count, self._written()) != (revisions, written):
            world.found("I9", "something goes on although nobody does anything")
        world.history.settled()
        world.history.kept(self.office.acknowledged)
        world.history.no_tug_of_war()
        for partner in world.partners.values():
            world.history.nothing_vanished(partner)

    def _redrive(self) -> None:
        """A person looks at what is parked and lets it be tried again."""
        world = self.world
        if not any(s.parked_reason for s in world.invariants.links.values()):
            return
        redriven, due = world.commit("operator", lambda tx: tx.links.redrive())
        world.note(f"operator redrives {redriven}")
        for process in world.processes.values():
            process.bells.ring(sorted(due))

    def _written(self) -> int:
        return sum(a.effective for p in self.world.partners.values() for a in p.arrivals)

"""``make drill``: hurt a whole installation on SQLite and on PostgreSQL, and say what was lost. 0 when nothing was."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from drill.clerks import Clerks, cases
from drill.faults import Nemesis, Plan
from drill.proxy import DatabaseProxy
from drill.site import Site, site
from drill.verdict import SETTLED_WITHIN_S, Verdict, judge, settle
from worlds.postgres import Postgres

KILLS_WANTED = 200
SHOWN = 5
CASES = 24
SYSTEMS = ("effica", "lifecare", "typpi", "ura")


@dataclass(frozen=True)
class Drill:
    """One drill: an engine, and how long to hurt."""

    engine: str
    seed: int
    seconds: float
    dead_for_s: float
    keep: Path | None

    def run(self) -> tuple[Verdict, Counter[str]]:
        """Run it and print its figures; returns the verdict and what was done."""
        rng = random.Random(f"{self.seed} {self.engine}")
        plan = Plan(self.seconds, rng.choice(SYSTEMS), self.dead_for_s)
        with ExitStack() as stack:
            folder = self.keep / self.engine if self.keep else Path(_temporary(stack))
            server, proxy, url = None, None, None
            hubs, workers = 1, 1
            if self.engine == "postgres":
                server, proxy, url = _database(stack, rng)
                hubs, workers = 2, 3
            there = stack.enter_context(site(folder, url=url, hubs=hubs, workers=workers))
            clerks = Clerks(there, cases(CASES), random.Random(rng.random()))
            clerks.prepare()
            settle(there, clerks)
            print(f"{self.engine}: {hubs} hub(s), {workers} worker(s), {plan.dead_partner} dies", flush=True)
            nemesis = Nemesis(there, plan, rng, server, proxy)
            settled_s = self._hurt(there, clerks, nemesis)
            verdict = judge(there, clerks, settled_s)
        done = nemesis.done
        done["writes acknowledged"] = clerks.acknowledged
        done["odd answers"] = sum(clerks.odd.values())
        if proxy is not None:
            done["connections cut"] = sum(proxy.cuts.values())
            print(f"  cut at {dict(proxy.cuts)}")
        print(f"  {dict(done)}")
        print(f"  ended by themselves {dict(there.ended_themselves)}, odd answers {dict(clerks.odd)}")
        print(f"  steps in the partners' journals {dict(verdict.applied)}")
        print(f"  longest wait of a clerk {clerks.longest_s:.1f} s, settled after {settled_s:.1f} s")
        for what in ("lost", "twice", "diverging"):
            for line in getattr(verdict, what)[:SHOWN]:
                print(f"  {what}: {line}")
        sys.stdout.flush()
        return verdict, done

    def _hurt(self, there: Site, clerks: Clerks, nemesis: Nemesis) -> float:
        clerks.start(4, pause_s=(0.05, 0.2))
        nemesis.begin()
        try:
            time.sleep(self.seconds)
            clerks.stop()
        finally:
            nemesis.end()
        settled_s, late = settle(there, clerks)
        if late:
            print(f"  after {SETTLED_WITHIN_S:.0f} s there was left: {dict(late)}")
        return settled_s


def main() -> int:
    """Run the drills that the command line asks for."""
    parser = argparse.ArgumentParser(prog="drill", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short, with fewer kills than the promise needs")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), help="only this one")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--keep", type=Path, help="a new folder, for the logs of all processes")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    seconds, dead_for_s = (48.0, 30.0) if given.quick else (135.0, 60.0)
    total: Counter[str] = Counter()
    settled_s = 0.0
    for engine in [given.engine] if given.engine else ["sqlite", "postgres"]:
        verdict, done = Drill(engine, given.seed, seconds, dead_for_s, given.keep).run()
        total += done
        for what in ("lost", "twice", "diverging"):
            total[what] += len(getattr(verdict, what))
        settled_s = max(settled_s, verdict.settled_s)
    broken = total["lost"] + total["twice"] + total["diverging"] + total["odd answers"]
    enough = given.quick or given.engine is not None or total["kills"] >= KILLS_WANTED
    good = enough and not broken and settled_s <= SETTLED_WITHIN_S
    hurt = ("kills", "freezes", "database crashes", "connections cut", "partner deaths")
    print(
        f"{'passed' if good else 'FAILED'}: {', '.join(f'{total[what]} {what}' for what in hurt)};"
        f" {total['writes acknowledged']} writes acknowledged, {total['lost']} lost,"
        f" {total['twice']} applied twice or out of order, {total['diverging']} diverging records,"
        f" {total['odd answers']} odd answers, settled after {settled_s:.1f} s"
    )
    return 0 if good else 1


def _temporary(stack: ExitStack) -> str:
    return stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-"))


def _database(stack: ExitStack, rng: random.Random) -> tuple[Postgres, DatabaseProxy, str]:
    """A server, the proxy before it, and the address of an empty database behind both."""
    server = Postgres()
    stack.callback(server.close)
    server.start()
    name = server.empty_database().removeprefix("postgresql://postgres@/").partition("?")[0]
    proxy = stack.enter_context(DatabaseProxy(f"{server.folder}/.s.PGSQL.5432", rng))
    return server, proxy, f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}"


if __name__ == "__main__":
    sys.exit(main())

"""Clerks who go on writing plans while the hub is hurt, and who know what was acknowledged to them.

A clerk is a correct client: a write whose answer did not come is looked up before it is written again.
"""

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from drill.site import Site
from tyokyky_bridge.domain.items import Leaves
from worlds.casework import ACTIVE_TYP, ALL_CATEGORIES, Casework, Person, at_once, people, plan_of
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL

GOAL = "goals[g-1].text_client"
PATIENCE_S = 90.0


@dataclass
class Case:
    """One plan, written by one clerk."""

    number: int
    who: Person
    plan_id: str = ""
    etag: str = ""
    step: int = 0
    """The last step that was acknowledged."""

    def text(self, step: int) -> str:
        """What the goal says at a step: found again in partners' journals by its mark."""
        return f"Askel{self.number:03d}x{step:05d}x eteenpäin."


@dataclass
class Clerks:
    """All clerks and their cases."""

    site: Site
    cases: list[Case]
    rng: random.Random
    acknowledged: int = 0
    odd: Counter[str] = field(default_factory=Counter[str])
    """Answers that no fault explains."""
    longest_s: float = 0.0
    leaves: dict[str, Leaves] = field(default_factory=dict[str, Leaves])
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def prepare(self) -> None:
        """Open the cases in peace."""
        work = Casework(self.site.stage, party=EMPLOYMENT)
        work.known_to([case.who for case in self.cases], typ=True)

        def begin(case: Case) -> None:
            client = work.register(case.who)
            work.consent(client, *((EMPLOYMENT, taker, ALL_CATEGORIES) for taker in (HEALTH, SOCIAL)))
            content = plan_of(
                case.who,
                header={"typ_customership": ACTIVE_TYP},
                employment={"labour_market_status": "unemployed_jobseeker"},
                goals=[{"id": "g-1", "text_client": case.text(0), "status": "active"}],
            )
            body = {"client_id": client, "plan": content}
            answer = self.site.stage.call("POST", "/v1/plans", party=EMPLOYMENT, body=body).raise_for_status()
            case.plan_id, case.etag = answer.json()["plan_id"], answer.headers["etag"]

        at_once([lambda case=case: begin(case) for case in self.cases], hands=4)

    def start(self, hands: int, *, pause_s: tuple[float, float]) -> None:
        """Let so many clerks write, each its own cases."""
        for hand in range(hands):
            mine = self.cases[hand::hands]
            rng = random.Random(self.rng.random())
            thread = threading.Thread(target=self._write_on, args=(mine, rng, pause_s), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let everybody finish the write they are at."""
        self._over.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE_S)
            if thread.is_alive():
                self.odd["a clerk never got an answer"] += 1

    def _write_on(self, mine: list[Case], rng: random.Random, pause_s: tuple[float, float]) -> None:
        with httpx.Client(trust_env=False, timeout=httpx.Timeout(8.0, connect=1.0)) as http:
            while not self._over.is_set():
                began = time.monotonic()
                case = rng.choice(mine)
                if not self._write(http, case, rng):
                    self.odd[f"no answer within {PATIENCE_S:.0f} s"] += 1
                    return
                self.longest_s = max(self.longest_s, time.monotonic() - began)
                self.acknowledged += 1
                time.sleep(rng.uniform(*pause_s))

    def _write(self, http: httpx.Client, case: Case, rng: random.Random) -> bool:
        """Bring the case one step on, whatever it takes."""
        step = case.step + 1
        until = time.monotonic() + PATIENCE_S
        hubs = itertools.cycle(rng.sample(sorted(self.site.hubs.values()), len(self.site.hubs)))
        while time.monotonic() < until:
            hub = next(hubs)
            changes = [{"path": GOAL, "value": case.text(step)}]
            answer = self._ask(http, "PATCH", hub, case, {"changes": changes}, etag=case.etag)
            if answer is not None and answer.status_code == 412:  # somebody wrote: we ourselves, perhaps
                answer = self._ask(http, "GET", hub, case)
                if answer is not None and answer.status_code == 200:
                    case.etag = answer.headers["etag"]
                    if _goal(answer.json()) != case.text(step):
                        continue
            if answer is not None and answer.status_code == 200:
                case.etag, case.step = answer.headers["etag"], step
                return True
            time.sleep(rng.uniform(0.05, 0.2))
        return False

    def _ask(
        self, http: httpx.Client, method: str, hub: str, case: Case, body: Any = None, *, etag: str = ""
    ) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.site.stage.token(EMPLOYMENT)}"}
        if etag:
            headers["If-Match"] = etag
        try:
            answer = http.request(method, f"{hub}/v1/plans/{case.plan_id}", json=body, headers=headers)
        except httpx.TransportError:
            return None
        if answer.status_code not in {200, 412, 503}:
            self.odd[f"{method} {answer.status_code} {answer.json().get('type', '')}"] += 1
        return answer


def _goal(seen: dict[str, Any]) -> str:
    return next((goal["text_client"] for goal in seen["plan"]["goals"] if goal["id"] == "g-1"), "")


def cases(count: int) -> list[Case]:
    """So many cases, not yet opened."""
    return [Case(number, who) for number, who in enumerate(people(count))]

"""What every chapter works with: the running stage, the workers' desk, the narrator, and who has a plan by now."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.narration import Narrator
from tyokyky_bridge.demo.stage import Stage

SETTLE_S = 60.0


@dataclass
class Scene:
    """Handed from chapter to chapter; *cases* holds the opened plans by the client's call name."""

    stage: Stage
    desk: Desk
    narrator: Narrator
    cases: dict[str, Opened] = field(default_factory=dict[str, Opened])

    def wires(self) -> dict[str, Wire]:
        """The journals of all partners from this moment on."""
        return {system: Wire.from_now(simulator) for system, simulator in self.stage.simulators.items()}

    def settle(self, case: Opened) -> None:
        """Wait until every partner's record is true. Raises: TimeoutError; RuntimeError where a link is parked."""
        links = self.stage.settle(case.plan_id, wait_s=SETTLE_S)
        parked = {s: (k["parked_reason"], k["parked_detail"]) for s, k in links.items() if k["parked_reason"]}
        if parked:
            msg = f"parked: {parked}"
            raise RuntimeError(msg)

    def record(self, system: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first record of a partner that fits. Raises: LookupError."""
        for record in self.stage.simulators[system].records():
            if holds(record):
                return record
        msg = f"{system} has no such record"
        raise LookupError(msg)


def wait_until(holds: Callable[[], bool], *, wait_s: float = SETTLE_S) -> bool:
    """Look until something holds; returns whether it did in time."""
    until = time.monotonic() + wait_s
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True

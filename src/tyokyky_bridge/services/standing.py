"""How each system stands, in one line of numbers and times: nothing of any client (sync.md 8.18)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.rate_gate import kept_rate
from tyokyky_bridge.services.reconciling import coverage
from tyokyky_bridge.services.records import Breaker, GateRow, LinkCounts


@dataclass(frozen=True)
class SystemStanding:
    """One partner system: its gate, its links, and how far they are compared with its records."""

    system: str
    title: str
    state: Literal["open", "paused", "failing"]
    breaker: Breaker
    paused_until: datetime | None
    rate_per_min: float | None
    slowed: bool
    in_sync: int
    due: int
    leased: int
    parked: int
    oldest_due_since: datetime | None
    oldest_due_age_s: float | None
    open_conflicts: int
    coverage: float | None
    forbidden_present: int

    @property
    def backlog(self) -> int:
        """Links whose record is not known to be as it ought to, and which are not parked."""
        return self.due + self.leased

    @property
    def well(self) -> bool:
        """Whether nobody has to look at this system."""
        return self.state == "open" and not self.parked and not self.forbidden_present


def standings(tx: Tx, bridge: Bridge) -> tuple[SystemStanding, ...]:
    """Every system of the hub, by id."""
    now = tx.now()
    counts = {each.system: each for each in tx.links.counts()}
    gates = {each.system: each for each in tx.gates.all()}
    compared = {each.system: each for each in coverage(tx, bridge, now)}
    found: list[SystemStanding] = []
    for system, partner in sorted(bridge.partners.items()):
        of = counts.get(system) or LinkCounts(system, 0, 0, 0, 0, None)
        gate = gates.get(system) or GateRow(system)
        paused = gate.paused_until is not None and gate.paused_until > now
        oldest = of.oldest_due_since
        found.append(
            SystemStanding(
                system=system,
                title=partner.manifest.title,
                state="failing" if gate.breaker != "closed" else "paused" if paused else "open",
                breaker=gate.breaker,
                paused_until=gate.paused_until if paused else None,
                rate_per_min=kept_rate(gate, partner.manifest.limits),
                slowed=gate.rate_per_min is not None,
                in_sync=of.in_sync,
                due=of.due,
                leased=of.leased,
                parked=of.parked,
                oldest_due_since=oldest,
                oldest_due_age_s=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
                open_conflicts=compared[system].open_conflicts,
                coverage=compared[system].share,
                forbidden_present=compared[system].forbidden,
            )
        )
    return tuple(found)

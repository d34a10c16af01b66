"""Comparing what partners hold with what they ought to hold: a steady trickle, a sweep, and the figures (sync.md 8.17).

The comparing itself is an attempt like any other. Here is decided whose turn it is, and counted what came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.rate_gate import UNDECLARED_PER_MIN, kept_rate
from tyokyky_bridge.services.sync_records import MARKED, CheckedCounts, FeedRow

COVERED_WITHIN = timedelta(hours=24)
"""How old a comparison may be to count as coverage."""
FORBIDDEN = "D4"
"""The class of a record that stands although nothing of ours may: the first thing to look at."""
REQUESTS_OF_A_LOOK = 2
SHARE = 0.02
SHARE_AFTER_LOSS = 0.25
"""Part of a partner's rate that comparing may use; more where hints are known to be missing."""
LOSS_MARGIN = timedelta(minutes=1)
PAGE = 200


@dataclass(frozen=True)
class Coverage:
    """One system's comparing in numbers. *fresh*: links in sync and compared within `COVERED_WITHIN`."""

    system: str
    in_sync: int
    fresh: int
    never: int
    oldest: datetime | None
    drift: Mapping[str, int]
    open_conflicts: int

    @property
    def share(self) -> float | None:
        """The part of the links in sync that was compared; ``None`` without any."""
        return self.fresh / self.in_sync if self.in_sync else None

    @property
    def forbidden(self) -> int:
        """Links where something stands that may not."""
        return self.drift.get(FORBIDDEN, 0)


def coverage(tx: Tx, bridge: Bridge, now: datetime) -> tuple[Coverage, ...]:
    """The figures of every system of the hub; those where something stands that may not come first."""
    conflicts = tx.conflicts.counts()
    marked = tx.quarantine.counts()
    counted = {each.system: each for each in tx.links.checked(now - COVERED_WITHIN)}
    figures = [
        Coverage(
            each.system,
            each.in_sync,
            each.fresh,
            each.never,
            each.oldest,
            {**each.drift, MARKED: marked.get(each.system, 0)},
            conflicts.get(each.system, 0),
        )
        for each in (counted.get(s) or CheckedCounts(s, 0, 0, 0, None, {}) for s in sorted(bridge.partners))
    ]
    return tuple(sorted(figures, key=lambda each: -each.forbidden))


async def read_coverage(bridge: Bridge, caller: Caller) -> tuple[datetime, tuple[Coverage, ...]]:
    """The figures of this moment, for operations and oversight. Raises: NotForRole."""
    if caller.role not in {Role.OPERATIONS, Role.OVERSIGHT}:
        needed = " or ".join((Role.OPERATIONS.value, Role.OVERSIGHT.value))
        raise NotForRole(needed)
    return await bridge.store.read(lambda tx: (tx.now(), coverage(tx, bridge, tx.now())))


async def sweep(bridge: Bridge, system: str | None = None) -> int:
    """Ask for a comparison of every link in sync, of one system or of all; returns how many."""
    began = await bridge.store.read(lambda tx: tx.now())
    asked = 0
    for each in sorted(bridge.partners) if system is None else [system]:
        while page := await bridge.store.write(lambda tx, s=each: _verify(tx, s, before=began, limit=PAGE)):
            asked += page
    return asked


class Trickle:
    """Comparisons of one system at a steady pace, below a small part of the rate that the partner bears.

    It asks for links that had no comparison for *every*, longest ago first; after hints were lost for all that had none
    since, and faster. Its memory is only how much it may ask for: everything else is in the rows.
    """

    def __init__(self, partner: Partner, *, every: timedelta) -> None:
        self._partner = partner
        self._system = partner.system.id
        self._every = every
        self._allowance = 0.0

    def room(self, tx: Tx) -> float:
        """How many comparisons a minute there is room for now; none while the system is shut."""
        gate, now = tx.gates.get(self._system), tx.now()
        if gate.breaker != "closed" or (gate.paused_until is not None and gate.paused_until > now):
            return 0.0
        rate = kept_rate(gate, self._partner.manifest.limits) or UNDECLARED_PER_MIN
        lost_at = _missing_since(tx.feeds.get(self._system), now)
        catching_up = lost_at is not None and bool(tx.links.unverified(self._system, before=lost_at, limit=1))
        return rate * (SHARE_AFTER_LOSS if catching_up else SHARE) / REQUESTS_OF_A_LOOK

    def allowed(self, room: float, seconds: float) -> int:
        """What may be asked for after *seconds* more: what is not used is kept for a minute."""
        self._allowance = min(self._allowance + room * seconds / 60, max(room, 1.0))
        return int(self._allowance) if room else 0

    def spent(self, asked: int) -> None:
        """Note how many comparisons were asked for."""
        self._allowance -= asked

    def waits(self, tx: Tx) -> bool:
        """Whether any link is in need of a comparison."""
        return bool(tx.links.unverified(self._system, before=self._before(tx), limit=1))

    def ask(self, tx: Tx, *, limit: int) -> int:
        """Ask for at most *limit* comparisons; returns how many."""
        return _verify(tx, self._system, before=self._before(tx), limit=limit)

    def _before(self, tx: Tx) -> datetime:
        lost_at = _missing_since(tx.feeds.get(self._system), tx.now())
        usual = tx.now() - self._every
        return usual if lost_at is None else max(usual, lost_at)


def _missing_since(feed: FeedRow | None, now: datetime) -> datetime | None:
    """From when on a link has to have been compared because hints were lost; ``None`` when none ever were.

    A minute later than the loss was noticed, as soon as that has passed: a look under way then may have read too early.
    """
    if feed is None or feed.lost_at is None:
        return None
    return feed.lost_at + LOSS_MARGIN if now >= feed.lost_at + LOSS_MARGIN else feed.lost_at


def _verify(tx: Tx, system: str, *, before: datetime, limit: int) -> int:
    links = tx.links.unverified(system, before=before, limit=limit)
    return sum(tx.links.look(link_id, verify=True) for link_id in sorted(link.id for link in links))

"""How many requests may be made in a while: the generic cell rate algorithm, as arithmetic over one moment.

All that is kept is the *theoretical arrival time*: the moment at which everything charged so far has been earned at the
steady rate. So the whole state of a limiter that many processes share is one timestamp, and time alone fills it up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

BURST_SHARE = 0.25
"""Part of a minute's requests that may come at once after a pause."""
STEADY_SHARE = 0.65
"""Part of a minute's requests that may come in every minute. What is missing to one is room for requests that come
later than they were charged, or were more than was charged for them."""
RESERVED_SHARE = 1 / 3
"""Part of the burst that only urgent work may use."""

_SLACK = 1e-3
"""Requests by which rounding to microseconds may be off."""


@dataclass(frozen=True)
class Pacing:
    """A limiter: at most *burst* + *per_s* · t requests are charged in any t seconds, as long as no single charge is
    greater than what may come at once.

    Ordinary work leaves *reserved* requests of the burst to urgent work, which therefore finds room at once however
    much ordinary work there is. What was charged beyond the burst is a debt: nothing has room until it is earned.
    """

    per_s: float
    burst: float
    reserved: float

    @classmethod
    def below(cls, per_min: float) -> Self:
        """A limiter that keeps to *per_min* requests in any minute, however the minute is cut out."""
        burst = per_min * BURST_SHARE
        return cls(per_min * STEADY_SHARE / 60, burst, burst * RESERVED_SHARE)

    def room(self, tat: datetime | None, now: datetime, cost: float, *, urgent: bool = False) -> int:
        """How many pieces of work of *cost* requests each may begin now. *tat* is ``None`` before the first charge."""
        spare = self._level(tat, now) - self._needed(cost, urgent=urgent) + _SLACK
        return 0 if spare < 0 else 1 + int(spare / cost)

    def charged(self, tat: datetime | None, now: datetime, requests: float) -> datetime:
        """The new moment after *requests* were charged."""
        begin = now if tat is None else max(tat, now)
        return begin + self._earning(requests)

    def given_back(self, tat: datetime, requests: float) -> datetime:
        """The new moment after *requests* that had been charged turned out not to be made."""
        return tat - self._earning(requests)

    def emptied(self, now: datetime) -> datetime:
        """The moment of a limiter whose burst is used up, so that what comes next has to be earned."""
        return now + self._earning(self.burst)

    def opens_at(self, tat: datetime, cost: float, *, urgent: bool = False) -> datetime:
        """From when on there is room for one piece of work of *cost* requests, if nothing else is charged."""
        return tat - self._earning(self.burst - self._needed(cost, urgent=urgent))

    def _level(self, tat: datetime | None, now: datetime) -> float:
        ahead_s = 0.0 if tat is None else max(0.0, (tat - now).total_seconds())
        return self.burst - ahead_s * self.per_s

    def _needed(self, cost: float, *, urgent: bool) -> float:
        """What has to be there for one piece of work: it may never be more than can be there, or it would starve."""
        reserved = 0.0 if urgent else self.reserved
        return min(reserved + cost, self.burst)

    def _earning(self, requests: float) -> timedelta:
        return timedelta(seconds=requests / self.per_s)

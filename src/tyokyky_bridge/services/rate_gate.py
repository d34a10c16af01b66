"""The rate that all workers together keep to with one partner, in the gate's row (sync.md 8.15).

A claim charges what an attempt usually costs, in the transaction that leases the links, and leases no more than there
is room for; so links that wait for the rate are simply due, with all their attempts. The end of an attempt charges the
difference to what it really sent. A partner that says 429 has its rate halved, and gets it back by steps.

A partner without a declared rate that never said 429 has no limiter, and none of this runs a statement for it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from tyokyky_bridge.adapterkit.manifest import Limits
from tyokyky_bridge.domain.pacing import Pacing
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import GateRow, LinkRow

UNDECLARED_PER_MIN = 1200
"""Requests a minute that a partner is taken to bear when its manifest does not say."""
LEAST_PER_MIN = 4.0
"""The slowest that a partner can make us by saying 429: about one attempt in a minute and a half."""
STEP_AFTER = timedelta(minutes=1)
STEP = 0.1
"""Part of the full rate by which a slowed one grows with a success, once in `STEP_AFTER`."""
LISTENING_SHARE = 0.25
"""Part of the steady rate that reading a change log may use."""


class Claim(Protocol):
    """Leases at most *limit* due links, or such of them as are urgent."""

    def __call__(self, limit: int, *, only_urgent: bool = False) -> tuple[LinkRow, ...]:
        """Lease them."""
        ...


def kept_rate(gate: GateRow, limits: Limits) -> float | None:
    """Requests a minute that all workers together keep below now; ``None`` where nothing is limited."""
    known = [rate for rate in (gate.rate_per_min, limits.requests_per_min) if rate is not None]
    return min(known, default=None)


def claim_within(
    gate: GateRow, limits: Limits, now: datetime, most: int, claim: Claim
) -> tuple[tuple[LinkRow, ...], GateRow]:
    """Claim at most *most* links as far as there is room, and charge for what was claimed; urgent ones have room left
    when ordinary ones have none.
    """
    pacing = _pacing(gate, limits)
    if pacing is None:
        return claim(most), gate
    cost = limits.requests_per_attempt
    room = min(most, pacing.room(gate.tat, now, cost))
    claimed = claim(room) if room else ()
    left = min(most, pacing.room(gate.tat, now, cost, urgent=True)) - len(claimed)
    if len(claimed) == room and left > 0:  # for more of those that take something back there is room
        claimed += claim(left, only_urgent=True)
    if not claimed:
        return (), gate
    return claimed, _at(gate, limits, pacing.charged(gate.tat, now, cost * len(claimed)))


def settled(gate: GateRow, limits: Limits, link: LinkRow, sent: int, now: datetime) -> GateRow:
    """The gate after an attempt that sent so many requests: the claim had charged the usual number."""
    pacing = _pacing(gate, limits)
    if pacing is None or gate.tat is None or not _begun_under(gate, link.leased_at):
        return gate
    unused = limits.requests_per_attempt - sent
    if unused == 0:
        return gate
    tat = pacing.given_back(gate.tat, unused) if unused > 0 else pacing.charged(gate.tat, now, -unused)
    return _at(gate, limits, tat)


def slowed(gate: GateRow, limits: Limits, begun: datetime | None, now: datetime) -> GateRow:
    """The gate after a 429 to something begun at *begun*: half the rate, and nothing left to be sent at once.

    Of all that was under way when the rate was last changed only the first halves it.
    """
    if not _begun_under(gate, begun):
        return gate
    rate = kept_rate(gate, limits) or UNDECLARED_PER_MIN
    half = replace(gate, rate_per_min=max(rate / 2, min(rate, LEAST_PER_MIN)), rate_set_at=now)
    pacing = _pacing(half, limits)
    return half if pacing is None else _at(half, limits, pacing.emptied(now))


def restored(gate: GateRow, limits: Limits, now: datetime) -> GateRow:
    """The gate after a success: a slowed partner gets a step nearer to its full rate, at most once a minute."""
    if gate.rate_per_min is None or (gate.rate_set_at is not None and now < gate.rate_set_at + STEP_AFTER):
        return gate
    full = limits.requests_per_min or UNDECLARED_PER_MIN
    rate = gate.rate_per_min + full * STEP
    raised = replace(gate, rate_per_min=rate if rate < full else None, rate_set_at=now)
    return _at(raised, limits, gate.tat)


def charge_sent(tx: Tx, partner: Partner, sent: int) -> None:
    """Charge requests that were sent for no link, such as the reading of a change log. Takes the gate's lock."""
    limits, system = partner.manifest.limits, partner.system.id
    if not sent or kept_rate(tx.gates.get(system), limits) is None:
        return
    gate = tx.gates.get(system, lock="update")
    pacing = _pacing(gate, limits)
    if pacing is not None:
        tx.gates.save(_at(gate, limits, pacing.charged(gate.tat, tx.now(), sent)))


def heed(tx: Tx, partner: Partner, *, begun: datetime, after: timedelta | None) -> None:
    """Slow a partner down that said 429 to something else than an attempt, and leave it alone as long as it asked."""
    gate = tx.gates.get(partner.system.id, lock="update")
    changed = slowed(gate, partner.manifest.limits, begun, tx.now())
    if after is not None:
        changed = replace(changed, paused_until=max(tx.now() + after, gate.paused_until or tx.now()))
    tx.gates.save(changed)


def listening_every_s(limits: Limits) -> float:
    """Seconds between two readings of a change log, so that they leave the rate to the sends; 0 without a rate."""
    if limits.requests_per_min is None:
        return 0.0
    return 1 / (Pacing.below(limits.requests_per_min).per_s * LISTENING_SHARE)


def _pacing(gate: GateRow, limits: Limits) -> Pacing | None:
    rate = kept_rate(gate, limits)
    return None if rate is None else Pacing.below(rate)


def _begun_under(gate: GateRow, begun: datetime | None) -> bool:
    """Whether what began then was charged at the present rate."""
    return gate.rate_set_at is None or begun is None or begun > gate.rate_set_at


def _at(gate: GateRow, limits: Limits, tat: datetime | None) -> GateRow:
    """The gate with that moment, and from when on each kind of work has room, for whoever only looks at the rows."""
    pacing, cost = _pacing(gate, limits), limits.requests_per_attempt
    if pacing is None or tat is None:
        return replace(gate, tat=None, ordinary_from=None, urgent_from=None)
    return replace(
        gate,
        tat=tat,
        ordinary_from=pacing.opens_at(tat, cost),
        urgent_from=pacing.opens_at(tat, cost, urgent=True),
    )

"""How an attempt ended, and what that means for the link and for the partner's gate (sync.md 8.15)."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tyokyky_bridge.adapterkit import errors as partner_errors
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.linking import HELD_OPEN
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.rate_gate import restored, settled, slowed
from tyokyky_bridge.services.records import (
    Ack,
    AttemptOutcome,
    GateRow,
    LinkResult,
    LinkRow,
    Park,
    Remote,
    Retry,
)

BACKOFF_FIRST_S = 0.5
BACKOFF_MOST_S = 300.0
SLOW_ATTEMPTS = 2
"""Where the hub itself was too slow, it waits at most as after so many attempts: two seconds."""
FAILURES_TO_OPEN = 5
OPEN_FIRST_S = 5.0
OPEN_MOST_S = 120.0
HELD_ATTEMPTS = 12
"""Attempts in vain before a person is asked to have a record closed: about a quarter of an hour or more."""
BLOCKED_PAUSE = timedelta(minutes=5)

_jitter = random.SystemRandom()


@dataclass(frozen=True)
class Ended:
    """The end of one attempt."""

    result: LinkResult
    outcome: AttemptOutcome
    remote: Remote | None = None
    identity_resolved: bool | None = None
    native_code: str | None = None
    pause: timedelta | None = None
    """Close the whole system for this long: it said when it will take writes again."""
    throttled: bool = False
    """It had too many requests: all workers slow down together."""
    system_failed: bool = False
    """Counts for the breaker: the system did not answer."""
    answered: bool = True
    """Whether the end tells anything of the system: ``False`` where it was not asked."""

    @property
    def event(self) -> str:
        """The audit's word for it."""
        return {Ack: "acknowledged", Retry: "postponed", Park: "parked"}[type(self.result)]

    @property
    def said(self) -> dict[str, Any]:
        """Reason and detail for the audit: codes, rows and paths."""
        match self.result:
            case Park(reason=reason, detail=detail):
                return {"reason": reason, **detail}
            case Retry(error=error):
                return {"reason": error}
            case _:
                return {}

    def tell_gate(self, tx: Tx, partner: Partner, link: LinkRow, sent: int) -> None:
        """Keep the partner's breaker, pause and rate: open after five failures in a row, longer each time it reopens.

        *sent*: the requests that the attempt on *link* made, as far as they were counted.
        """
        limits = partner.manifest.limits
        before = tx.gates.get(partner.system.id, lock="update")
        failures = int(before.window.get("failures", 0))
        uncounted = limits.requests_per_attempt if self.answered else 0
        gate = settled(before, limits, link, sent or uncounted, tx.now())
        opens = gate.tat is not None and before.tat is not None and gate.tat < before.tat
        if gate.breaker == "half":  # the one that was let through is back
            gate = replace(gate, paused_until=None)
        if not self.answered:
            changed = gate
        elif self.throttled:
            changed = slowed(gate, limits, link.leased_at, tx.now())
            if self.pause is not None:
                changed = replace(changed, paused_until=tx.now() + self.pause)
        elif self.system_failed:
            # Those that were under way when it opened say nothing new.
            fails = gate.breaker == "half" or (gate.breaker == "closed" and failures + 1 >= FAILURES_TO_OPEN)
            changed = replace(gate, window={"failures": failures + 1})
            if fails:
                changed = _opened(changed, tx)
        elif self.pause is not None:
            changed = replace(gate, paused_until=tx.now() + self.pause)
        else:
            changed = restored(gate, limits, tx.now())
            changed = replace(changed, breaker="closed", open_count=0, opened_at=None, window={"failures": 0})
        if changed != before:
            tx.gates.save(changed, opens=opens)


def _opened(gate: GateRow, tx: Tx) -> GateRow:
    span_s = min(OPEN_MOST_S, OPEN_FIRST_S * 2**gate.open_count) * _jitter.uniform(0.8, 1.2)
    return replace(
        gate,
        breaker="open",
        opened_at=tx.now(),
        open_count=gate.open_count + 1,
        paused_until=tx.now() + timedelta(seconds=span_s),
    )


def backoff(attempts: int) -> timedelta:
    """Full jitter: between nothing and half a second doubled with each attempt, five minutes at most."""
    most_s = min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2 ** min(attempts, 12))
    return timedelta(seconds=_jitter.uniform(0.05, most_s))


def result_of(error: partner_errors.PartnerError, link: LinkRow) -> Ended:
    """What a partner's error means for the link: each error is named by what to do next."""
    match error:
        case partner_errors.TryLater(record_only=True) if link.attempts >= HELD_ATTEMPTS:
            return Ended(Park(HELD_OPEN, {"code": error.reason, "attempts": link.attempts}), "try_later")
        case partner_errors.TryLater(after=after, record_only=True):
            return Ended(Retry(after or backoff(link.attempts), error.reason), "try_later")
        case partner_errors.TryLater(after=after, throttled=throttled) if throttled or after is not None:
            postponed = Retry(after or backoff(link.attempts), error.reason, counts=False)
            return Ended(postponed, "try_later", pause=after, throttled=throttled)
        case partner_errors.TryLater():
            return Ended(Retry(backoff(link.attempts), error.reason), "try_later", system_failed=True)
        case partner_errors.OutcomeUnknown():
            return Ended(
                Retry(backoff(link.attempts), error.code, outcome_known=False),
                "outcome_unknown",
                system_failed=True,
            )
        case partner_errors.ChangedUnderneath():
            return Ended(
                Retry(timedelta(milliseconds=50 * link.attempts), error.code),
                "changed_underneath",
                native_code=error.native_code,
            )
        case partner_errors.LicenceExpired():
            # Nothing was sent and the partner did nothing wrong: we were slow, or stood still.
            soon = backoff(min(link.attempts, SLOW_ATTEMPTS))
            return Ended(Retry(soon, error.code), "licence_expired")
        case partner_errors.Refused(reasons=reasons):
            detail = {"reasons": [{"code": r.native_code, "field": r.field, "rule": r.rule} for r in reasons]}
            return Ended(
                Park("refused", detail), "refused", native_code=reasons[0].native_code if reasons else None
            )
        case partner_errors.NotThere():
            return Ended(Park("not_there", {}), "not_there")
        case partner_errors.AmbiguousIdentity(hits=hits):
            return Ended(Park("identity", {"hits": hits}), "ambiguous_identity", identity_resolved=False)
        case partner_errors.Blocked(native_code=code):
            return Ended(
                Retry(BLOCKED_PAUSE, error.code, counts=False),
                "blocked",
                native_code=code,
                pause=BLOCKED_PAUSE,
            )
        case _:
            return Ended(Park("adapter_error", {"error": error.code}), "refused")

"""Where one target of a withdrawal is, from queued to proved absent (sync.md 8.13)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID

from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import DecisionRow, LinkRow
from tyokyky_bridge.services.sync_records import WithdrawalTarget
from tyokyky_bridge.services.withdrawing import may_be_under_way

TargetState = Literal[
    "queued",
    "in_flight",
    "retracting",
    "retracted",
    "verified_absent",
    "retained",
    "manual",
    "forbidden_present",
]
Ground = Literal["recipient_register", "one_time_consent", "partner_answer"]
LOOKS_BACK = 200
"""Most decisions of a link looked at."""
DELIVERED = frozenset({"ok", "unchanged", "adopted"})
"""Outcomes of attempts after which the partner's record is known to be as it was decided."""
_PROVEN = frozenset({"D0", "D1", "D3"})


@dataclass(frozen=True)
class Stage:
    """Where one target is, told from the link, the decisions that knew of the withdrawal, and their attempts."""

    tx: Tx
    bridge: Bridge
    target: WithdrawalTarget
    link: LinkRow

    @property
    def state(self) -> TargetState:
        """Where it is."""
        link, done = self.link, self._done_at
        if link.drift == "D4" and link.verified_at is not None and link.verified_at >= self.target.at:
            return "forbidden_present"
        if done is not None:
            if self._is_kept:
                return "retained"
            seen = link.verified_at is not None and link.verified_at >= min(done, link.acked_at or done)
            return "verified_absent" if seen and link.drift in _PROVEN else "retracted"
        if link.parked_reason is not None:
            return "manual"
        if self._under_way:
            return "in_flight"
        return "retracting" if link.lease_by is not None else "queued"

    def since(self, state: TargetState) -> datetime:
        """Since when the target is in that state."""
        link = self.link
        begun = {
            "forbidden_present": link.verified_at,
            "verified_absent": link.verified_at,
            "retained": self._done_at,
            "retracted": self._done_at,
            "manual": link.parked_at,
            "retracting": link.leased_at,
            "in_flight": min((d.at for d in self._under_way), default=None),
        }.get(state)
        return begun or self.target.at

    @property
    def ground(self) -> Ground:
        """Why the partner keeps what it got."""
        partner = self.bridge.partners.get(self.link.system)
        if partner is not None and partner.manifest.retract == "retained":
            return "recipient_register"
        return "partner_answer" if self.link.retained and not self._kept else "one_time_consent"

    @cached_property
    def _later(self) -> list[DecisionRow]:
        """The decisions that knew of the withdrawal and whose attempts ended well, newest first."""
        decisions = self.tx.decisions.of_link(self.link.id, limit=LOOKS_BACK)
        ended = ((d, self.tx.decisions.attempt(d.id)) for d in decisions if d.gen >= self.target.gen)
        return [d for d, attempt in ended if attempt is not None and attempt.outcome in DELIVERED]

    @cached_property
    def _done_at(self) -> datetime | None:
        """When the first attempt that knew of the withdrawal ended; it may still wait to send other items."""
        ends = [a.ended_at for d in self._later if (a := self.tx.decisions.attempt(d.id)) is not None]
        if ends:
            return min(ends)
        return self.link.acked_at if self.link.acked_gen >= self.target.gen else None

    @cached_property
    def _kept(self) -> frozenset[str]:
        items = self._later[0].items if self._later else ()
        return frozenset(i["path"] for i in items if i["state"] == "retained") & frozenset(self.target.paths)

    @property
    def _is_kept(self) -> bool:
        return bool(self._kept) or (self.link.retained and self.link.acked_gen >= self.target.gen)

    @cached_property
    def _under_way(self) -> list[DecisionRow]:
        """The sends decided before it that may still be on the wire."""
        found = (self.tx.decisions.get(UUID(each)) for each in self.target.in_flight)
        return [d for d in found if d is not None and may_be_under_way(self.tx, self.bridge, d)]

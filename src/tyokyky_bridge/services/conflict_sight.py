"""A conflict as a caller may know it: each side's value by the decisions that bind everybody (sync.md 8.12).

A value is shown to whoever may have it: our side as an item of the plan, their side as an item that the partner's party
would disclose. Who decides hears of the conflict in any case, with the values that it may not have left out. Others
hear of it only when nothing of it is hidden from them, and the partner's own party never where our side is: that there
is something in the plan that it may not see would be told by the conflict itself.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.items import (
    Leaves,
    Scalar,
    leaves_from_json,
    leaves_of,
    leaves_to_json,
    plan_from_leaves,
)
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.conflict_owner import coordinating_party
from tyokyky_bridge.services.loading import disclosure_to, facts_of, revision_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import Doc
from tyokyky_bridge.services.shape import element_of
from tyokyky_bridge.services.sight import HUB_CHANNEL, Seen, seen_if, seen_revision
from tyokyky_bridge.services.sync_records import ConflictRow

ESCALATES_AFTER = timedelta(days=7)
"""After this long an open conflict is a matter for the owner's superior."""
DECIDING = frozenset({Role.PROFESSIONAL, Role.SYSTEM})
HISTORY = 20
"""Most earlier values shown."""


@dataclass(frozen=True)
class Shown:
    """One value as a caller is shown it; ``None`` that is not *withheld* is a missing value."""

    value: Any = None
    withheld: bool = False


HIDDEN = Shown(None, withheld=True)


@dataclass(frozen=True)
class ConflictView:
    """One conflict as a caller may know it. *changed* says where our side comes from."""

    row: ConflictRow
    base: Shown
    ours: Shown
    theirs: Shown
    changed: Origin | None
    history: tuple[Doc, ...]
    age_s: float
    may_resolve: bool
    etag: str

    @property
    def escalate_at(self) -> datetime:
        """When it becomes a matter for the owner's superior."""
        return self.row.opened_at + ESCALATES_AFTER


@dataclass(frozen=True)
class ConflictSight:
    """What one caller may know of the conflicts of one plan."""

    tx: Tx
    bridge: Bridge
    caller: Caller
    seen: Seen

    def view(self, row: ConflictRow) -> ConflictView | None:
        """The conflict as the caller may know it; ``None``: not at all."""
        then = self._revision(row)
        ours, theirs = self._ours(then, row), self._theirs(row, row.theirs)
        decides = self.caller.party in self._deciders(row)
        if not self._may_know(row, ours, theirs, decides=decides):
            return None
        origin = then.revision.origins.get(row.path)
        end = row.resolved_at or self.tx.now()
        return ConflictView(
            row,
            Shown(row.base) if self._may_have_base(row, ours, theirs) else HIDDEN,
            ours,
            theirs,
            None if ours.withheld else origin,
            tuple(self._earlier(row, entry) for entry in row.history[-HISTORY:]),
            max(0.0, (end - row.opened_at).total_seconds()),
            decides and row.state == "open" and self.caller.role in DECIDING,
            self._etag(row),
        )

    def known(self) -> Mapping[str, set[str]]:
        """The paths in open conflict of which the caller may know, by system."""
        found: dict[str, set[str]] = {}
        for row in self.tx.conflicts.of_plan(self.seen.plan_id, state="open"):
            if self.view(row) is not None:
                found.setdefault(row.system, set()).add(row.path)
        return found

    def together(self, row: ConflictRow) -> tuple[ConflictRow, ...]:
        """The open conflicts that are decided with this one: an element that was deleted there goes or stays whole."""
        if row.theirs is not None or "]" not in row.path:
            return (row,)
        siblings = self.tx.conflicts.open_of_link(row.link_id)
        element = element_of(row.path)
        return tuple(
            c for c in siblings if c.id == row.id or (c.theirs is None and element_of(c.path) == element)
        ) or (row,)

    def with_theirs(self, row: ConflictRow, value: Any) -> dict[str, Scalar]:
        """The items of the plan with their *value*; an element that the plan has lost comes back as it stands there."""
        link = self.tx.links.get(row.link_id)
        leaves = dict(self.seen.revision.leaves)
        there: Mapping[str, Any] = (link.base_remote or {}) if link is not None else {}
        element = element_of(row.path)
        lost = {p: v for p, v in there.items() if element_of(p) == element and p not in leaves}
        return leaves_from_json(lost) | leaves | leaves_from_json({row.path: value})

    def partner_party(self, row: ConflictRow) -> str | None:
        """The party whose system holds the other side."""
        partner = self.bridge.known_partner(row.system, self.tx.now()) or self.bridge.partners.get(row.system)
        return None if partner is None else partner.system.party

    def _may_know(self, row: ConflictRow, ours: Shown, theirs: Shown, *, decides: bool) -> bool:
        if self.caller.role is Role.OVERSIGHT:
            return True
        if self.caller.party == self.partner_party(row):
            stands = row.path in self.seen.revision.leaves
            return not ours.withheld and (not stands or row.path in self.seen.disclosure.view.leaves)
        return decides or not (ours.withheld or theirs.withheld)

    def _deciders(self, row: ConflictRow) -> frozenset[str]:
        """Whose professionals decide: the owner's and the coordinator's, and where these may not even know of it, those
        of the party whose item it is.
        """
        revision = self.seen.revision
        parties = frozenset({row.owner, coordinating_party(revision)})
        partner, origin = self.partner_party(row), revision.origins.get(row.path)
        if origin is None or partner is None or parties != frozenset({partner}):
            return parties
        now = self.tx.now()
        if not self.bridge.in_force(partner, now):
            return frozenset({origin.party})
        given = disclosure_to(
            revision,
            facts_of(self.tx, self.bridge, row.client_id),
            party=partner,
            purpose=Purpose.WORK_ABILITY_SUPPORT,
            channel=HUB_CHANNEL,
            at=now,
        )
        return parties if row.path in given.view.leaves else frozenset({origin.party})

    def _revision(self, row: ConflictRow) -> Seen:
        """The plan as our side of the conflict has it: while it is open, as it stands now."""
        return self.seen if row.state == "open" else self._at(row.plan_version)

    def _at(self, version: int) -> Seen:
        stored = self.tx.plans.revision(self.seen.plan_id, version)
        if stored is None:
            return self.seen
        return seen_revision(self.tx, self.bridge, self.caller, self.seen, revision_of(stored))

    def _ours(self, then: Seen, row: ConflictRow) -> Shown:
        leaves = then.revision.leaves
        if row.path not in leaves:
            return Shown()
        if row.path not in then.disclosure.view.leaves:
            return HIDDEN
        return Shown(leaves_to_json({row.path: leaves[row.path]})[row.path])

    def _theirs(self, row: ConflictRow, value: Any) -> Shown:
        if value is None:
            return Shown()
        party = self.partner_party(row)
        if party is not None and (self.caller.party == party or self._would_get(row, value, party)):
            return Shown(value)
        return HIDDEN

    def _would_get(self, row: ConflictRow, value: Any, party: str) -> bool:
        """Whether the caller might have the item, were it the partner's."""
        brought: Leaves = self.with_theirs(row, value)
        origin = Origin(party, row.updated_at, "bridge", system=row.system)
        try:
            plan = plan_from_leaves(brought)
        except InvalidPlan:
            return False
        revision = self.seen.revision
        known: Mapping[str, Origin] = {
            p: revision.origins.get(p, origin) for p in leaves_of(plan) if p != row.path
        }
        candidate = Revision(
            plan, revision.version, {**known, row.path: origin}, revision.recorded_at, revision.recorded_by
        )
        after = seen_if(self.tx, self.bridge, self.caller, self.seen, candidate)
        return row.path in after.disclosure.view.leaves

    def _may_have_base(self, row: ConflictRow, ours: Shown, theirs: Shown) -> bool:
        """Both sides held it once; it is shown where a side is the caller's own or both are open to it."""
        if row.base is None or self.caller.party == self.partner_party(row):
            return True
        return not (ours.withheld or theirs.withheld) and ours.value is not None

    def _earlier(self, row: ConflictRow, entry: Doc) -> Doc:
        ours = self._ours(self._at(entry["plan_version"]), row)
        theirs = self._theirs(row, entry["theirs"])
        return {
            "ours": None if ours.withheld else entry["ours"],
            "theirs": theirs.value,
            "withheld": ours.withheld or theirs.withheld,
            "until": entry["until"],
        }

    def _etag(self, row: ConflictRow) -> str:
        """A strong validator of both sides, made of moments and no values: it moves when either side does."""
        origins = self.seen.revision.origins
        parts: list[Any] = []
        for each in self.together(row):
            origin = origins.get(each.path)
            at = None if origin is None else origin.at.isoformat()
            parts.append([str(each.id), each.state, each.updated_at.isoformat(), len(each.history), at])
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]

"""Whether the hub may keep what comes in: only what somebody else than its source may have (design.md 4, ADR 0006).

The hub holds items so that others than their source can have them. An item that no other party of the client may
receive now has no purpose in the hub, so it is not stored; the same decisions that bind what leaves are asked.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.case_facts import network_at, typ_active
from tyokyky_bridge.domain.consent import ConsentStatus, FormKind
from tyokyky_bridge.domain.decision import Facts
from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.item_decisions import permitted_of
from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_of, plan_from_leaves
from tyokyky_bridge.domain.parties import Purpose, Register
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.conflict_owner import coordinating_party
from tyokyky_bridge.services.shape import element_of
from tyokyky_bridge.services.sight import HUB_CHANNEL


@dataclass(frozen=True)
class Source:
    """A partner as the source of an edit: whose word it is, and what of it the hub may keep at the moment *at*."""

    bridge: Bridge
    partner: Partner
    before: Revision
    facts: Facts
    origin: Origin
    at: datetime

    @property
    def register(self) -> Register:
        """The register that the partner's party keeps."""
        party = self.bridge.directory.party(self.partner.system.party, on=finnish_day(self.at))
        return party.register

    @property
    def coordinates(self) -> bool:
        """Whether it is the coordinator's own party."""
        return coordinating_party(self.before) == self.partner.system.party

    def refused(self, changed: Mapping[str, Scalar | None]) -> dict[str, str]:
        """What of it the hub may not or cannot keep, with the reason. A deletion brings nothing."""
        brought = {p: v for p, v in changed.items() if v is not None}
        plan, keep, invalid = valid_with(self.before.leaves, brought)
        given = {p: v for p, v in keep.items() if v is not None}
        permitted = self.receivable(given, plan)
        return dict.fromkeys(invalid, "invalid") | {p: "not_stored" for p in given if p not in permitted}

    def receivable(self, brought: Mapping[str, Scalar], plan: SupportPlan | None = None) -> frozenset[str]:
        """Those of the *brought* items that at least one recipient other than their source may have now.

        Recipients are the other systems, each by its channel and purpose, and the parties of the network and the
        coordinator's through the hub's own interface. *brought* have to make a valid plan with what stands: *plan*,
        where it has been made already.
        """
        if not brought:
            return frozenset()
        if plan is None:
            plan = plan_from_leaves({**self.before.leaves, **brought})
        origins = {p: self.origin if p in brought else self.before.origins[p] for p in leaves_of(plan)}
        candidate = Revision(plan, self.before.version + 1, origins, self.at, self.origin.party)
        # A spoken consent covers one transaction; asking whether something may be kept is none.
        forms = tuple(form for form in self.facts.consents if form.form_kind is not FormKind.ORAL_ONCE)
        lasting = replace(self.facts, consents=forms, identity_resolved=True)
        left = set(brought)
        for party, purpose, channel in self._recipients():
            # What a non-disclosure order keeps back from others has its basis all the same.
            left -= permitted_of(
                candidate, left, recipient=party, purpose=purpose, channel=channel, facts=lasting, at=self.at
            )
            if not left:
                break
        return frozenset(brought.keys() - left)

    def _recipients(self) -> Iterable[tuple[str, Purpose, str]]:
        for other in self.bridge.partners_on(self.at):
            if other.system.id != self.partner.system.id:
                yield other.system.party, other.system.purpose, other.system.channel
        parties = {*network_at(self.before.plan, self.at), coordinating_party(self.before)}
        for party in sorted(parties - {self.partner.system.party}):
            if self.bridge.in_force(party, self.at):
                yield party, Purpose.WORK_ABILITY_SUPPORT, HUB_CHANNEL


def may_bring(partner: Partner, plan: SupportPlan, facts: Facts, at: datetime) -> bool:
    """Whether anything that comes from this partner could have a basis: only then is its record looked at for its own
    sake.
    """
    party = partner.system.party
    holder = facts.directory.holder(party, on=finnish_day(at))
    if holder is not None and holder.typ_party and typ_active(plan, at):
        return True
    return any(
        grant.discloser == party
        for form in facts.consents
        if form.status is ConsentStatus.ACTIVE
        for grant in form.grants
    )


def valid_with(
    leaves: Leaves, brought: Mapping[str, Scalar | None]
) -> tuple[SupportPlan | None, dict[str, Scalar | None], frozenset[str]]:
    """The plan with what was *brought* (``None`` removes), without what would make it invalid.

    Returns the plan (``None`` when nothing is left to change), what of *brought* is in it, and what is not. Items of
    one list element stand or fall together.
    """
    if not brought:
        return None, {}, frozenset()
    try:
        return plan_from_leaves(_with(leaves, brought)), dict(brought), frozenset()
    except InvalidPlan:
        pass
    kept: dict[str, Scalar | None] = {}
    bad: set[str] = set()
    plan = None
    for group in _groups(brought):
        tried = kept | {p: brought[p] for p in group}
        try:
            plan, kept = plan_from_leaves(_with(leaves, tried)), tried
        except InvalidPlan:
            bad.update(group)
    return plan, kept, frozenset(bad)


def _with(leaves: Leaves, brought: Mapping[str, Scalar | None]) -> dict[str, Scalar]:
    merged = {p: v for p, v in leaves.items() if p not in brought}
    merged.update((p, v) for p, v in brought.items() if v is not None)
    return merged


def _groups(paths: Collection[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for path in sorted(paths):
        groups.setdefault(element_of(path), []).append(path)
    return list(groups.values())

"""How far the withdrawal of a consent has reached, system by system, with its proof (sync.md 8.13).

What a party is told goes no further than what it may see: a target is shown with the items that are open to the caller,
and the caller's own system with those that had been delivered to it. Oversight sees all of it; the client sees every
system and how many items are concerned.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.clients import known_plans
from tyokyky_bridge.services.consent_sight import READERS, ConsentNotFound, consent_of_caller, need
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, DecisionRow, LinkRow
from tyokyky_bridge.services.sync_records import WithdrawalTarget
from tyokyky_bridge.services.withdrawal_stage import DELIVERED, LOOKS_BACK, Ground, Stage, TargetState

MANUAL_WITHIN = timedelta(days=14)
"""By when a person has to have seen to what the hub could not take back."""
_NOT_SENT = frozenset({"unchanged", "licence_expired", "not_there", "ambiguous_identity"})


@dataclass(frozen=True)
class Reached:
    """One system that a withdrawal concerns. *items* counts what the caller may know of, *paths* names it where the
    caller may see it; *gen* is for oversight. *ground*: why the partner keeps it. *owner* and *due_at*: who removes by
    hand what the hub could not, and by when.
    """

    system: str
    party: str | None
    state: TargetState
    items: int
    paths: tuple[str, ...]
    since: datetime
    gen: int | None
    ground: Ground | None = None
    owner: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class SentBefore:
    """A send between the client's word and its recording, which nobody could hold back yet. *outcome* is ``None`` as
    long as none is on record.
    """

    system: str
    at: datetime
    items: int
    outcome: str | None


@dataclass(frozen=True)
class Campaign:
    """What has become of everything that rested on one consent."""

    consent: Consent
    systems: tuple[Reached, ...]
    sent_before_recorded: tuple[SentBefore, ...]


async def consent_propagation(bridge: Bridge, caller: Caller, consent_id: UUID) -> Campaign:
    """How far the withdrawal of a consent has reached; no systems where it stands or concerned none.

    For the parties on the form, oversight, and the client whose it is. Raises: ConsentNotFound, NotForRole.
    """
    need(caller, READERS | {Role.CLIENT})

    def read(tx: Tx) -> Campaign:
        consent = _consent(tx, caller, consent_id)
        client_id = UUID(str(consent.client_id))
        sight = _Sight(tx, bridge, caller, client_id)
        shown = (sight.target(target) for target in tx.withdrawals.of_consent(consent_id))
        tx.audit.add(
            AuditEntry(
                event="consent/propagation_read",
                outcome="ok",
                actor_party=caller.party,
                actor_role=caller.role.value,
                actor_sub=caller.subject,
                client_id=client_id,
                basis=str(consent_id),
            )
        )
        return Campaign(
            consent, tuple(each for each in shown if each is not None), tuple(sight.sent_before(consent))
        )

    return await bridge.store.write(read)


def _consent(tx: Tx, caller: Caller, consent_id: UUID) -> Consent:
    if caller.role is not Role.CLIENT:
        return consent_of_caller(tx, caller, consent_id)
    row = tx.consents.get(consent_id)
    if row is None or caller.client_id is None or row.client_id != caller.client_id:
        raise ConsentNotFound
    return Consent.model_validate(row.doc)


@dataclass(frozen=True)
class _Sight:
    """What one caller may know of where one client's items are."""

    tx: Tx
    bridge: Bridge
    caller: Caller
    client_id: UUID

    def target(self, target: WithdrawalTarget) -> Reached | None:
        link = self.tx.links.get(target.link_id)
        shown = () if link is None else self._shown(link, target.paths, before=target.gen)
        if link is None or (not shown and not self._knows_all):
            return None
        partner = self.bridge.partners.get(link.system)
        party = None if partner is None else partner.system.party
        stage = Stage(self.tx, self.bridge, target, link)
        state = stage.state
        manual = state == "manual" and link.parked_at is not None
        return Reached(
            link.system,
            party,
            state,
            len(target.paths) if self._knows_all else len(shown),
            shown,
            stage.since(state),
            target.gen if self.caller.role is Role.OVERSIGHT else None,
            stage.ground if state == "retained" else None,
            party if manual else None,
            link.parked_at + MANUAL_WITHIN if manual and link.parked_at else None,
        )

    def sent_before(self, consent: Consent) -> Iterator[SentBefore]:
        """The sends on *consent* between its withdrawal and the recording of it."""
        if consent.withdrawn is None:
            return
        begin, end = consent.withdrawn.at, consent.withdrawn.recorded_at
        for link in self.tx.links.of_client(self.client_id):
            for decision in reversed(self.tx.decisions.of_link(link.id, limit=LOOKS_BACK)):
                paths = _rested(decision, consent.consent_id) if begin <= decision.at <= end else ()
                shown = paths if self._knows_all else self._shown(link, paths, before=None)
                attempt = self.tx.decisions.attempt(decision.id) if shown else None
                outcome = None if attempt is None else attempt.outcome
                if shown and outcome not in _NOT_SENT:
                    at = decision.at if attempt is None else attempt.started_at
                    yield SentBefore(link.system, at, len(shown), outcome)

    @property
    def _knows_all(self) -> bool:
        return self.caller.role in {Role.OVERSIGHT, Role.CLIENT}

    def _shown(self, link: LinkRow, paths: Collection[str], *, before: int | None) -> tuple[str, ...]:
        if self.caller.role is Role.OVERSIGHT:
            return tuple(paths)
        if self.caller.role is Role.CLIENT:
            return ()
        visible = set(self._visible.get(link.plan_id, frozenset()))
        partner = self.bridge.partners.get(link.system)
        if partner is not None and partner.system.party == self.caller.party:
            visible |= _delivered(self.tx, link, before)
        return tuple(path for path in paths if path in visible)

    @cached_property
    def _visible(self) -> dict[UUID, frozenset[str]]:
        plans = known_plans(self.tx, self.bridge, self.caller, self.tx.plans.of_client(self.client_id))
        return {seen.plan_id: frozenset(seen.disclosure.view.leaves) for seen in plans}


def _rested(decision: DecisionRow, consent_id: str) -> tuple[str, ...]:
    """The items that a decision wrote on that consent."""
    return tuple(
        i["path"]
        for i in decision.items
        if i.get("written") and str(i.get("basis", "")).endswith(f":{consent_id}")
    )


def _delivered(tx: Tx, link: LinkRow, before: int | None) -> set[str]:
    """What had been delivered to a system, as far back as the hub looks."""
    paths: set[str] = set()
    for decision in tx.decisions.of_link(link.id, limit=LOOKS_BACK):
        attempt = tx.decisions.attempt(decision.id)
        if attempt is not None and attempt.outcome in DELIVERED and (before is None or decision.gen < before):
            paths |= {i["path"] for i in decision.items if i.get("written")}
    return paths

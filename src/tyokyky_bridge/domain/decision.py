"""Whether one item may go to one recipient: every condition is evaluated, the table decides, every refusal
is told.

Pure: the same facts and the same moment always give the same decision. Source: domain report 6.6, security
report 2.
"""

from dataclasses import dataclass
from datetime import datetime

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import FormKind, Restriction
from tyokyky_bridge.domain.consent_ground import ConsentGround
from tyokyky_bridge.domain.decision_table import (
    Basis,
    BasisKind,
    Conditions,
    Outcome,
    Reason,
    Row,
    outcome_of,
)
from tyokyky_bridge.domain.facts import CaseFacts, Facts, ItemFacts
from tyokyky_bridge.domain.parties import Party, PartyId, Purpose, Register
from tyokyky_bridge.domain.standing_forms import not_replaced, restrictions_at
from tyokyky_bridge.domain.statute_ground import statute_ground

__all__ = [
    "Basis",
    "BasisKind",
    "CaseFacts",
    "Conditions",
    "Decision",
    "Facts",
    "Grounds",
    "ItemFacts",
    "Outcome",
    "Reason",
    "decide",
    "outcome_of",
]


@dataclass(frozen=True)
class Decision:
    """What was decided on an item, with every answer that led there, so that it can be replayed and
    explained.

    *code* is the headline: the kind of basis, or the reason of the row. *reasons* are all grounds that
    failed; a permit has none.
    """

    outcome: Outcome
    row: int
    code: str
    conditions: Conditions
    labels: frozenset[Category]
    discloser: PartyId | None
    basis: Basis | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def permits(self) -> bool:
        """Whether the item may leave."""
        return self.outcome is Outcome.PERMIT


def decide(
    item: ItemFacts,
    *,
    case: CaseFacts,
    recipient: Party,
    purpose: Purpose,
    channel: str,
    facts: Facts,
    at: datetime,
) -> Decision:
    """
    Decide on one item, at the moment of sending and again at every retry.

    Raises:
        ValueError: *at* is naive.

    Source: domain report 6.6.
    """
    grounds = Grounds(case=case, recipient=recipient, purpose=purpose, channel=channel, facts=facts, at=at)
    return grounds.decide(item)


class Grounds:
    """What stands for one client, recipient, purpose, channel and moment: laid out once, asked for every
    item.

    *asks_date*, *asks_service* and *asks_path* say whether a decision can depend on that fact of an item at
    all.
    """

    def __init__(
        self,
        *,
        case: CaseFacts,
        recipient: Party,
        purpose: Purpose,
        channel: str,
        facts: Facts,
        at: datetime,
    ) -> None:
        """Lay out what stands. Raises ValueError when *at* is naive."""
        self._day = finnish_day(at)
        self._recipient = recipient
        self._facts = facts
        self._in_network = recipient.id in case.network
        own = tuple(form for form in facts.consents if form.client_id == case.client_id)
        standing = sorted(
            (
                form
                for form in not_replaced(own, at)
                if form.grants and form.permits_at(at, cooperation_ended_on=case.cooperation_ended_on)
            ),
            key=lambda form: (form.granted_at, form.consent_id),
        )
        spoken = [form for form in standing if form.form_kind is FormKind.ORAL_ONCE]
        written = [form for form in standing if form.form_kind is not FormKind.ORAL_ONCE]
        unused = [form for form in spoken if form.consent_id not in facts.oral_used]
        used = [form for form in spoken if form.consent_id in facts.oral_used]
        self._has_used = bool(used)
        self._written, self._oral, self._oral_used = (
            ConsentGround(
                forms, recipient=recipient, purpose=purpose, directory=facts.directory, day=self._day
            )
            for forms in (written, unused, used)
        )
        self._statute = statute_ground(
            facts.legal_bases,
            facts.directory,
            recipient,
            purpose,
            channel,
            self._day,
            typ_active=case.typ_active,
        )
        self._restrictions = tuple(r for r in restrictions_at(own, at) if self._is_meant(r))
        consents = (self._written, self._oral, self._oral_used)
        self.asks_date = any(ground.asks_date for ground in consents)
        self.asks_service = any(ground.asks_service for ground in consents)
        self.asks_path = any(r.item is not None for r in self._restrictions)

    def decide(self, item: ItemFacts) -> Decision:
        """Evaluate every condition and let the table decide."""
        other = self._statute.other(item)
        typ = self._statute.typ(item)
        written = self._written.covers(item)
        oral = self._oral.covers(item)
        conditions = Conditions(
            identity_resolved=self._facts.identity_resolved,
            same_register=item.discloser is not None and item.discloser.shares_register_with(self._recipient),
            statutory_other=other is not None,
            typ_basis=isinstance(typ, Basis),
            client_restriction=self._is_forbidden(item),
            in_network=self._in_network,
            written_consent=isinstance(written, Basis),
            oral_once=isinstance(oral, Basis),
        )
        row = outcome_of(conditions)
        outcome = self._outcome(row)
        basis = None
        reasons: tuple[Reason, ...] = ()
        if outcome is Outcome.PERMIT:
            register = Basis(BasisKind.SAME_REGISTER, self._recipient.id)
            found = {2: register, 3: other, 4: typ, 5: typ, 8: written, 9: oral}[row.number]
            basis = found if isinstance(found, Basis) else None
        else:
            reasons = self._reasons(conditions, item, typ, written)
        return Decision(
            outcome=outcome,
            row=row.number,
            code=row.code if basis is None else basis.kind.value,
            conditions=conditions,
            labels=item.labels,
            discloser=None if item.discloser is None else item.discloser.id,
            basis=basis,
            reasons=reasons,
        )

    def closed_categories(self) -> frozenset[Category]:
        """
        List the categories of which no other party may give this recipient anything at all now.

        Computed from the facts alone and never from what the plan holds, so that it betrays nothing: for
        every category the best imaginable item (marked necessary, new, of any service, from any party) is
        put to the table.
        """
        by_other = self._statute.offered_by_other
        by_typ = self._statute.offered_by_typ
        by_written = self._written.offered()
        by_oral = self._oral.offered()
        whole = any(r.item is None and r.category is None for r in self._restrictions)
        forbidden = {r.category for r in self._restrictions if r.item is None}
        known, inside = self._facts.identity_resolved, self._in_network
        outcomes: dict[tuple[bool, ...], Outcome] = {}  # most categories give the same few answers
        closed: list[Category] = []
        for category in Category:
            answers = (
                category in by_other,
                category in by_typ,
                whole or category in forbidden,
                category in by_written,
                category in by_oral,
            )
            outcome = outcomes.get(answers)
            if outcome is None:
                other, typ, restricted, written, oral = answers
                conditions = Conditions(
                    identity_resolved=known,
                    same_register=False,
                    statutory_other=other,
                    typ_basis=typ,
                    client_restriction=restricted,
                    in_network=inside,
                    written_consent=written,
                    oral_once=oral,
                )
                outcome = outcomes[answers] = self._outcome(outcome_of(conditions))
            if outcome is not Outcome.PERMIT:
                closed.append(category)
        return frozenset(closed)

    def _outcome(self, row: Row) -> Outcome:
        return self._facts.typ_objection if row.outcome is Outcome.REVIEW else row.outcome

    def _is_meant(self, restriction: Restriction) -> bool:
        """Say whether a prohibition is about this recipient.

        The joint register is read by every TYP party, so what is forbidden to one of them is forbidden to it.
        """
        if restriction.recipient is None or restriction.recipient == self._recipient.id:
            return True
        named = self._facts.directory.holder(restriction.recipient, on=self._day)
        if named is None:  # who is meant cannot be told, so nobody gets it
            return True
        joint = self._recipient.register is Register.TYP and named.typ_party
        return joint or named.shares_register_with(self._recipient)

    def _is_forbidden(self, item: ItemFacts) -> bool:
        return any(
            (r.category is None or r.category in item.labels) and r.names_item(item.path)
            for r in self._restrictions
        )

    def _reasons(
        self,
        conditions: Conditions,
        item: ItemFacts,
        typ: Basis | tuple[Reason, ...],
        written: Basis | Reason,
    ) -> tuple[Reason, ...]:
        """List everything that stands in the way, in the order of the table's columns."""
        spent = self._has_used and isinstance(self._oral_used.covers(item), Basis)
        failing: list[tuple[bool, Reason]] = [
            (not conditions.identity_resolved, Reason.IDENTITY),
            (item.discloser is None, Reason.DISCLOSER_UNKNOWN),
            (not conditions.same_register, Reason.OTHER_REGISTER),
            (not conditions.statutory_other, Reason.NO_STATUTE),
            *((True, reason) for reason in (typ if isinstance(typ, tuple) else ())),
            (conditions.client_restriction, Reason.CLIENT_RESTRICTION),
            (not conditions.in_network, Reason.NOT_IN_NETWORK),
            *((True, reason) for reason in (written,) if isinstance(reason, Reason)),
            (not conditions.oral_once, Reason.ORAL_USED if spent else Reason.ORAL_NONE),
        ]
        return tuple(reason for fails, reason in failing if fails)

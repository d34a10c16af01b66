"""Whether a standing form covers an item going to one recipient, and if not, how far the best form came."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tyokyky_bridge.domain.calendar import within
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import Consent, FormKind, Grant
from tyokyky_bridge.domain.decision_table import Basis, BasisKind, Reason
from tyokyky_bridge.domain.facts import ItemFacts
from tyokyky_bridge.domain.parties import Directory, Party, PartyId, Purpose, Register

_BASIS_OF = {
    FormKind.Y100_WRITTEN: BasisKind.CONSENT_Y100,
    FormKind.OTHER_WRITTEN: BasisKind.CONSENT_Y100,
    FormKind.KANTA_LUOVUTUSLUPA: BasisKind.KANTA_LUOVUTUSLUPA,
    FormKind.ORAL_ONCE: BasisKind.CONSENT_ORAL_ONCE,
}
_KANTA_REGISTERS = frozenset({Register.HEALTH, Register.SOCIAL})

_Numbered = tuple[tuple[int, Grant], ...]


@dataclass(frozen=True)
class _Offer:
    """What is left of one form after direction, purpose and period. *covered* is ``None`` when items differ
    in it.
    """

    form: str
    kind: BasisKind
    grants: _Numbered
    covered: frozenset[Category] | None


class ConsentGround:
    """The standing forms of one client, towards one recipient, for one purpose, on one day."""

    def __init__(
        self, forms: Iterable[Consent], *, recipient: Party, purpose: Purpose, directory: Directory, day: date
    ) -> None:
        self._recipient = recipient
        self._purpose = purpose
        self._directory = directory
        self._day = day
        self._forms = tuple((form, self._towards_recipient(form)) for form in forms)
        self._offers: dict[PartyId, tuple[tuple[_Offer, ...], Reason]] = {}
        grants = [grant for _, numbered in self._forms for _, grant in numbered]
        self.asks_date = any(grant.data_from is not None for grant in grants)
        self.asks_service = any(grant.services for grant in grants)

    def covers(self, item: ItemFacts) -> Basis | Reason:
        """
        Give the oldest form whose grants cover every label of the item, or the reason why none does.

        Grants of one form complete each other; two forms never do, for a permit rests on exactly one basis.
        """
        if item.discloser is None:
            return Reason.CONSENT_DIRECTION if self._forms else Reason.CONSENT_NONE
        offers, reason = self._offers_of(item.discloser.id)
        for offer in offers:
            grants = offer.grants
            covered = offer.covered
            if covered is None:
                reached, grants = _for_item(grants, item)
                reason = _furthest(reason, reached)
                covered = _categories(grants)
            if grants:
                reason = Reason.CONSENT_CATEGORY
            if item.labels and item.labels <= covered:
                used = tuple(str(n) for n, grant in grants if item.labels.intersection(grant.categories))
                return Basis(offer.kind, offer.form, used)
        return reason

    def offered(self) -> frozenset[Category]:
        """List every category that some party may give, were the item new enough and of the right service."""
        disclosers = {grant.discloser for _, numbered in self._forms for _, grant in numbered}
        return frozenset[Category]().union(
            *(_categories(offer.grants) for id_ in disclosers for offer in self._offers_of(id_)[0])
        )

    def _towards_recipient(self, form: Consent) -> _Numbered:
        return tuple(
            (number, grant)
            for number, grant in enumerate(form.grants)
            if grant.recipient == self._recipient.id and self._kanta_allows(form, grant)
        )

    def _kanta_allows(self, form: Consent, grant: Grant) -> bool:
        if form.form_kind is not FormKind.KANTA_LUOVUTUSLUPA:
            return True
        discloser = self._directory.holder(grant.discloser, on=self._day)
        registers = {self._recipient.register, None if discloser is None else discloser.register}
        return registers <= _KANTA_REGISTERS

    def _offers_of(self, discloser: PartyId) -> tuple[tuple[_Offer, ...], Reason]:
        known = self._offers.get(discloser)
        if known is None:
            known = self._offers[discloser] = self._lay_out(discloser)
        return known

    def _lay_out(self, discloser: PartyId) -> tuple[tuple[_Offer, ...], Reason]:
        reason = Reason.CONSENT_DIRECTION if self._forms else Reason.CONSENT_NONE
        offers: list[_Offer] = []
        for form, towards in self._forms:
            left = tuple((n, g) for n, g in towards if g.discloser == discloser)
            if not left:
                continue
            reason = _furthest(reason, Reason.CONSENT_PURPOSE)
            left = tuple((n, g) for n, g in left if g.purpose is self._purpose)
            if not left:
                continue
            reason = _furthest(reason, Reason.CONSENT_PERIOD)
            left = tuple(
                (n, g) for n, g in left if g.period is None or within(self._day, g.period.start, g.period.end)
            )
            if left:
                plain = all(not g.services and g.data_from is None for _, g in left)
                kind = _BASIS_OF[form.form_kind]
                offers.append(_Offer(form.consent_id, kind, left, _categories(left) if plain else None))
        return tuple(offers), reason


_STAGES = (
    Reason.CONSENT_NONE,
    Reason.CONSENT_DIRECTION,
    Reason.CONSENT_PURPOSE,
    Reason.CONSENT_PERIOD,
    Reason.CONSENT_SERVICE,
    Reason.CONSENT_DATA_FROM,
    Reason.CONSENT_CATEGORY,
)


def _furthest(one: Reason, other: Reason) -> Reason:
    return max(one, other, key=_STAGES.index)


def _for_item(grants: _Numbered, item: ItemFacts) -> tuple[Reason, _Numbered]:
    """Keep the grants that fit the item's service and age; with the stage at which the last one fell."""
    of_service = tuple((n, g) for n, g in grants if not g.services or item.services.intersection(g.services))
    if not of_service:
        return Reason.CONSENT_SERVICE, ()
    new_enough = tuple(
        (n, g)
        for n, g in of_service
        if g.data_from is None or (item.dated is not None and item.dated >= g.data_from)
    )
    return Reason.CONSENT_DATA_FROM, new_enough


def _categories(grants: _Numbered) -> frozenset[Category]:
    return frozenset(category for _, grant in grants for category in grant.categories)

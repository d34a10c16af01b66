"""Whether the law lets an item go to one recipient: the TYP list, and every other statutory row."""

from datetime import date
from functools import cached_property, lru_cache

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.decision_table import Basis, BasisKind, Reason
from tyokyky_bridge.domain.facts import ItemFacts
from tyokyky_bridge.domain.legal_basis import LegalBases, LegalBasis, ReviewStatus, StatutoryKind
from tyokyky_bridge.domain.parties import JOINT_CHANNEL, Directory, Party, PartyId, Purpose

_Item = tuple[frozenset[Category], Party | None, bool]
"""All that the law asks of an item: its labels, its discloser, and whether it is marked as necessary."""


class StatuteGround:
    """The provisions in force on one day, towards one recipient, for one purpose over one channel.

    Nothing of a client is in it, so its answers are kept: most items of all clients ask the same few questions.
    """

    def __init__(
        self,
        bases: LegalBases,
        *,
        directory: Directory,
        recipient: Party,
        purpose: Purpose,
        channel: str,
        typ_active: bool,
        day: date,
    ) -> None:
        self._recipient = recipient
        self._directory = directory
        self._day = day
        self._typ_rows = tuple(
            row for row in bases.in_force(StatutoryKind.TYP, day) if row.recipients.has(recipient)
        )
        self._other_rows = tuple(
            row
            for row in bases.in_force(StatutoryKind.OTHER, day)
            if row.recipients.has(recipient)
            and row.purpose is purpose
            and row.channel in (None, channel)
            and (typ_active or not row.needs_typ_customership)
        )
        answers = (
            (Reason.TYP_CUSTOMERSHIP, typ_active),
            (Reason.TYP_CHANNEL, channel == JOINT_CHANNEL),
            (Reason.TYP_PURPOSE, purpose is Purpose.TYP),
        )
        self._refusals = tuple(reason for reason, holds in answers if not holds)
        self._typ_of: dict[PartyId | None, tuple[LegalBasis, ...]] = {}
        self._other = lru_cache(maxsize=1024)(self._other_for)
        self._typ = lru_cache(maxsize=1024)(self._typ_for)

    def other(self, item: ItemFacts) -> Basis | None:
        """Give the first provision outside TYP that names every label of the item."""
        return self._other((item.labels, item.discloser, item.marked))

    def typ(self, item: ItemFacts) -> Basis | tuple[Reason, ...]:
        """
        Test the whole conjunction behind "TYP basis arises", and name every part of it that fails.

        Active customership · TYP parties · the joint register's channel · purpose TYP · every label in the
        list in force that day · a necessity mark where the list asks for one.
        """
        return self._typ((item.labels, item.discloser, item.marked))

    def _other_for(self, item: _Item) -> Basis | None:
        labels, discloser, marked = item
        if discloser is None or not labels:
            return None
        for row in self._other_rows:
            if (
                labels <= row.categories
                and row.disclosers.has(discloser)
                and (marked or not row.needs_necessity_mark)
            ):
                return Basis(BasisKind.STATUTORY_OTHER, row.basis_id, draft=_is_draft(row))
        return None

    def _typ_for(self, item: _Item) -> Basis | tuple[Reason, ...]:
        labels, discloser, marked = item
        refusals = list(self._refusals)
        if discloser is None or not (discloser.typ_party and self._recipient.typ_party):
            refusals.append(Reason.TYP_PARTIES)
        rows = self._rows_from(discloser)
        used: set[LegalBasis] = set()
        listed = bool(labels)
        marks_suffice = True
        for label in labels:
            fitting = [row for row in rows if label in row.categories]
            enough = [row for row in fitting if marked or not row.needs_necessity_mark]
            listed = listed and bool(fitting)
            marks_suffice = marks_suffice and bool(enough or not fitting)
            used.update(enough[:1])
        if not listed:
            refusals.append(Reason.TYP_LABELS)
        if not marks_suffice:
            refusals.append(Reason.TYP_MARK)
        if refusals:
            return tuple(refusals)
        return Basis(
            BasisKind.STATUTORY_TYP,
            "+".join(sorted({row.regime for row in used})),
            tuple(sorted(row.basis_id for row in used)),
            draft=any(map(_is_draft, used)),
        )

    @cached_property
    def offered_by_other(self) -> frozenset[Category]:
        """The categories that a provision outside TYP opens from any other party."""
        return _opened(self._other_rows, self._givers())

    @cached_property
    def offered_by_typ(self) -> frozenset[Category]:
        """The categories that the TYP list opens from any other party, were the item marked necessary."""
        if self._refusals or not self._recipient.typ_party:
            return frozenset()
        return _opened(self._typ_rows, tuple(giver for giver in self._givers() if giver.typ_party))

    def _givers(self) -> tuple[Party, ...]:
        return tuple(
            party
            for party in self._directory.parties_on(self._day)
            if not party.shares_register_with(self._recipient)
        )

    def _rows_from(self, discloser: Party | None) -> tuple[LegalBasis, ...]:
        key = None if discloser is None else discloser.id
        rows = self._typ_of.get(key)
        if rows is None:
            rows = self._typ_of[key] = tuple(
                row for row in self._typ_rows if discloser is None or row.disclosers.has(discloser)
            )
        return rows


@lru_cache(maxsize=512)
def statute_ground(
    bases: LegalBases,
    directory: Directory,
    recipient: Party,
    purpose: Purpose,
    channel: str,
    day: date,
    *,
    typ_active: bool,
) -> StatuteGround:
    """Give the ground for these; the same one for the same, however many clients ask."""
    return StatuteGround(
        bases,
        directory=directory,
        recipient=recipient,
        purpose=purpose,
        channel=channel,
        typ_active=typ_active,
        day=day,
    )


def _opened(rows: tuple[LegalBasis, ...], givers: tuple[Party, ...]) -> frozenset[Category]:
    return frozenset(
        category for row in rows if any(map(row.disclosers.has, givers)) for category in row.categories
    )


def _is_draft(row: LegalBasis) -> bool:
    return row.status is ReviewStatus.DRAFT

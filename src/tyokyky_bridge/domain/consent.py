"""The client's consent: who may give what to whom, for what and for how long; and what the client forbids.

A form is data that is evaluated, never a switch: it is read again for every item at the moment of every
disclosure.
Source: domain report 6.1, 6.5, 6.6.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tyokyky_bridge.domain.calendar import a_year_after, finnish_day, within
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.parties import PartyId, Purpose
from tyokyky_bridge.domain.plan.parts import Period, WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import (
    Day,
    ElementId,
    Flag,
    ItemPath,
    Language,
    MimeType,
    Moment,
    PartyRef,
    ServiceRef,
    SetOf,
    Sha256,
    Uuid,
)

ConsentId = ElementId


class FormKind(StrEnum):
    """What kind of form, or of spoken word, the consent is. Source: domain report 6.5."""

    Y100_WRITTEN = "Y100_WRITTEN"
    ORAL_ONCE = "ORAL_ONCE"
    KANTA_LUOVUTUSLUPA = "KANTA_LUOVUTUSLUPA"
    OTHER_WRITTEN = "OTHER_WRITTEN"


class ConsentStatus(StrEnum):
    """Where the form stands. *draft* is also the state of a form that is unreadable or ambiguous: it
    permits nothing.
    """

    DRAFT = "draft"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ENTERED_IN_ERROR = "entered_in_error"


class CategoryMustBeNamed(BridgeError):
    """A special category cannot be granted by a wildcard: the form has to name it."""

    code = "consent/category-must-be-named"

    def __init__(self, wildcard: str) -> None:
        self.wildcard = wildcard
        super().__init__(f"{wildcard} names no category that may be granted without naming it")


class UnknownCategory(BridgeError):
    """There is no such information category."""

    code = "consent/unknown-category"

    def __init__(self) -> None:
        super().__init__("categories: there is no such information category")


class NotActive(BridgeError):
    """Only an active consent can be withdrawn or replaced."""

    code = "consent/not-active"

    def __init__(self, consent_id: str, status: ConsentStatus) -> None:
        self.consent_id = consent_id
        self.status = status
        super().__init__(f"consent {consent_id} is {status.value}, not active")


class CannotConfirm(BridgeError):
    """Only an active consent without a last day can be confirmed, and only before its year has run out."""

    code = "consent/cannot-confirm"

    def __init__(self, consent_id: str) -> None:
        self.consent_id = consent_id
        super().__init__(
            f"consent {consent_id} cannot be confirmed: it has ended, or has a last day of its own"
        )


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Grant(_Value):
    """One direction: *discloser* may give *recipient* these categories for this purpose, and nothing wider.

    *data_from* leaves older material out; *period* is narrower than the form's own; *services* (ids or
    service types) narrows the grant to items of those services.
    """

    discloser: PartyRef
    recipient: PartyRef
    categories: Annotated[SetOf[Category], Field(min_length=1)]
    purpose: Purpose = Purpose.WORK_ABILITY_SUPPORT
    direction_note: Text | None = None
    data_from: Day | None = None
    period: Period | None = None
    services: SetOf[ServiceRef] = ()

    @model_validator(mode="after")
    def _two_parties(self) -> Self:
        if self.discloser == self.recipient:
            msg = "discloser and recipient are the same party"
            raise ValueError(msg)
        return self


class Restriction(_Value):
    """What the client forbids: everything that fits all the given members. *item* may be a leaf or a list
    element.
    """

    category: Category | None = None
    recipient: PartyRef | None = None
    item: ItemPath | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.category is None and self.recipient is None and self.item is None:
            msg = "a restriction names a category, a recipient or an item"
            raise ValueError(msg)
        return self

    def names_item(self, path: str) -> bool:
        """Say whether *path* is the forbidden item or lies inside the forbidden element; true when it names
        none.
        """
        if self.item is None or path == self.item:
            return True
        return self.item.endswith("]") and path.startswith((self.item + ".", self.item + "["))


class Signer(_Value):
    """Who signed. A guardian signs for the client, and the client's own view is written down beside it."""

    kind: Literal["client", "guardian"] = "client"
    guardian: ElementId | None = None
    client_view: Text | None = None

    @model_validator(mode="after")
    def _guardian_complete(self) -> Self:
        if self.kind == "guardian" and (self.guardian is None or self.client_view is None):
            msg = "a guardian's signature needs the guardian and the client's own view"
            raise ValueError(msg)
        return self


class Evidence(_Value):
    """Where the signed form is and how to know it again. Paper scan and electronic signature are equal."""

    kind: Literal["scan", "electronic_signature"]
    sha256: Sha256
    mime: MimeType
    stored_at: PartyRef
    signed_on: Day


class Withdrawal(_Value):
    """When the client took the consent back, when the hub was told, by whom, and who has been told since."""

    at: Moment
    recorded_at: Moment
    by: Signer = Signer()
    received_by_party: PartyRef
    notified_parties: SetOf[str] = ()

    @model_validator(mode="after")
    def _told_afterwards(self) -> Self:
        if self.recorded_at < self.at:
            msg = "a withdrawal cannot be recorded before it is given"
            raise ValueError(msg)
        return self


class Consent(_Value):
    """One form as recorded. Days are Finnish calendar days, first and last included.

    *valid_until* ``None`` means until the cooperation ends, and then it has to be confirmed every twelve
    months (*confirmed_on*). A written form that is active has its evidence. Source: domain report 6.5.
    """

    consent_id: ConsentId
    client_id: Uuid
    form_kind: FormKind
    form_id: Str
    form_version: Str
    language: Language = "fi"
    interpreted: Flag = False
    status: ConsentStatus
    granted_at: Moment
    signed_by: Signer = Signer()
    taken_by: WorkerRef
    valid_from: Day
    valid_until: Day | None = None
    confirmed_on: tuple[Day, ...] = ()
    purpose_text: Text
    evidence: Evidence | None = None
    supersedes: ConsentId | None = None
    withdrawn: Withdrawal | None = None
    grants: tuple[Grant, ...] = ()
    restrictions: tuple[Restriction, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        written = self.form_kind in (FormKind.Y100_WRITTEN, FormKind.OTHER_WRITTEN)
        counts = self.status not in (ConsentStatus.DRAFT, ConsentStatus.ENTERED_IN_ERROR)
        rules = {
            "valid_until is before valid_from": self.valid_until is not None
            and self.valid_until < self.valid_from,
            "a consent grants or forbids something": not self.grants and not self.restrictions,
            "withdrawn goes with the status withdrawn or superseded": self.withdrawn is None
            if self.status is ConsentStatus.WITHDRAWN
            else self.withdrawn is not None and self.status is not ConsentStatus.SUPERSEDED,
            "a written form needs its evidence before it counts": written
            and counts
            and self.evidence is None,
            "a spoken consent needs its last day": self.form_kind is FormKind.ORAL_ONCE
            and self.valid_until is None,
            "a form cannot replace itself": self.supersedes == self.consent_id,
        }
        broken = [rule for rule, is_broken in rules.items() if is_broken]
        if broken:
            raise ValueError("; ".join(broken))
        return self

    def last_day(self, on: date) -> date:
        """Give the last day the form can count, as things stand on the day *on*.

        Without *valid_until* that is a year from the first day, or from the last confirmation given in time.
        """
        if self.valid_until is not None:
            return self.valid_until
        last = a_year_after(self.valid_from) - timedelta(days=1)
        for day in sorted(self.confirmed_on):
            if day <= on and day <= last:
                last = max(last, a_year_after(day) - timedelta(days=1))
        return last

    def permits_at(self, at: datetime, *, cooperation_ended_on: date | None = None) -> bool:
        """
        Say whether the form's grants can count at *at*, other forms aside.

        A withdrawal counts from the moment the hub was told: nobody can obey it earlier. A form without an
        end counts to the day the cooperation ended, and not after.
        """
        if self.status not in (ConsentStatus.ACTIVE, ConsentStatus.WITHDRAWN) or at < self.granted_at:
            return False
        if self.withdrawn is not None and at >= self.withdrawn.recorded_at:
            return False
        day = finnish_day(at)
        if self.valid_until is None and cooperation_ended_on is not None and day > cooperation_ended_on:
            return False
        return within(day, self.valid_from, self.last_day(day))

    def confirm(self, on: date) -> "Consent":
        """Give the form as confirmed anew on that day. Raises `CannotConfirm` when it has run out already."""
        if self.status is not ConsentStatus.ACTIVE or self.valid_until is not None or on > self.last_day(on):
            raise CannotConfirm(self.consent_id)
        return Consent.model_validate({**dict(self), "confirmed_on": (*self.confirmed_on, on)})

    def withdraw(self, withdrawal: Withdrawal) -> "Consent":
        """Give the form as withdrawn. Raises `NotActive` for a form that is not active."""
        if self.status is not ConsentStatus.ACTIVE:
            raise NotActive(self.consent_id, self.status)
        return Consent.model_validate(
            {**dict(self), "status": ConsentStatus.WITHDRAWN, "withdrawn": withdrawal}
        )

    def superseded(self, withdrawal: Withdrawal | None = None) -> "Consent":
        """Give the form as replaced by a newer one, which names it; *withdrawal* where that takes something away.

        Raises: NotActive.
        """
        if self.status is not ConsentStatus.ACTIVE:
            raise NotActive(self.consent_id, self.status)
        return Consent.model_validate(
            {**dict(self), "status": ConsentStatus.SUPERSEDED, "withdrawn": withdrawal}
        )

    @property
    def parties(self) -> frozenset[PartyId]:
        """Every party that stands in a grant of the form, on either side."""
        return frozenset(p for grant in self.grants for p in (grant.discloser, grant.recipient))

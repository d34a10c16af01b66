"""Consent: one resource for each direction of a form, discloser to recipient, as Kanta's permissions have it.

The root denies, each grant is a permit inside it, and what the client forbids is a denial inside the permit.
Source: domain report 6.7.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import Consent, ConsentStatus, FormKind, Grant, Restriction
from tyokyky_bridge.domain.parties import Directory, PartyId
from tyokyky_bridge.fhir.derived.consent_source import EVIDENCE, evidence, signer, verifications
from tyokyky_bridge.fhir.derived.provision import deny_all, permits
from tyokyky_bridge.fhir.derived.vocabulary import (
    V3_ACT,
    Document,
    Key,
    coding,
    concept,
    definition,
    digest,
    foreign,
    meta,
    naming,
    present,
    reference,
)

LABELS: Final = frozenset({Category.ADMIN_CASE})
"""What a form itself is labelled with; the categories that it opens stand in its provisions."""

_STATUSES: Final = {
    ConsentStatus.DRAFT: "draft",
    ConsentStatus.ACTIVE: "active",
    ConsentStatus.SUPERSEDED: "inactive",
    ConsentStatus.WITHDRAWN: "inactive",
    ConsentStatus.EXPIRED: "inactive",
    ConsentStatus.ENTERED_IN_ERROR: "entered-in-error",
}
_ENDS: Final = {
    ConsentStatus.SUPERSEDED: "superseded",
    ConsentStatus.WITHDRAWN: "withdrawn",
    ConsentStatus.EXPIRED: "expired",
}


@dataclass(frozen=True)
class Standing:
    """
    What decides, beside the form, whether it still counts.

    *at* is the moment of the answer, aware; *oral_used* tells that a spoken consent has covered its one
    transaction; *cooperation_ended_on* ends a form without a last day of its own.
    """

    at: datetime
    directory: Directory
    oral_used: bool = False
    cooperation_ended_on: date | None = None


def consent_id(form: Consent, discloser: PartyId, recipient: PartyId) -> str:
    """
    The id of one direction of a form.

    Where the readable one is too long, or could also be read as two other parties, a digest stands for it.

    Source: FHIR R4, datatype id: at most 64 characters.
    """
    direction = f"{discloser}-to-{recipient}"
    form_id = UUID(form.consent_id).hex
    readable = f"{form_id}.{direction}"
    at = len(discloser)
    ambiguous = direction.find("-to-") != at or direction.rfind("-to-") != at
    return f"{form_id}.h{digest(discloser, recipient)}" if ambiguous or len(readable) > 64 else readable


def consents(form: Consent, standing: Standing, *, party: PartyId | None = None) -> dict[Key, Document]:
    """
    The directions of a form, as they stand at the moment of *standing*.

    Args:
        form: The form as recorded. One that only forbids has no direction, and so no Consent.
        standing: What decides whether it still counts.
        party: Whose answer this is: it gets the directions that it is on, and all of a form that it took
            itself. ``None`` for oversight.
    """
    found: dict[Key, Document] = {}
    for discloser, recipient in sorted({(grant.discloser, grant.recipient) for grant in form.grants}):
        if party in (None, discloser, recipient, form.taken_by.party):
            document = _direction(form, standing, discloser, recipient)
            found["Consent", document["id"]] = document
    return found


def _direction(form: Consent, standing: Standing, discloser: PartyId, recipient: PartyId) -> Document:
    holder = standing.directory.holder(discloser, on=finnish_day(standing.at))
    end = _end_reason(form, standing)
    status = "inactive" if end is not None else _STATUSES[form.status]
    return present(
        resourceType="Consent",
        id=consent_id(form, discloser, recipient),
        meta=meta("Consent", register=None if holder is None else holder.register.value, labels=LABELS),
        contained=[] if form.evidence is None else [evidence(form)],
        extension=[] if end is None else [_ended(end)],
        identifier=[{"system": naming("form-instance"), "value": form.consent_id}],
        status=status,
        scope=concept(foreign("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")),
        category=[concept(foreign(V3_ACT, "IDSCL")), concept(_form_kind(form.form_kind))],
        patient=reference("Patient", form.client_id),
        dateTime=form.granted_at.astimezone(UTC).isoformat(),
        performer=[signer(form)],
        organization=[reference("Organization", discloser), reference("Organization", recipient)],
        sourceReference=None if form.evidence is None else {"reference": f"#{EVIDENCE}"},
        policyRule=concept(coding("policy-rule", "default-deny")),
        verification=verifications(form),
        provision=_provision(form, standing, discloser, recipient),
    )


def _form_kind(kind: FormKind) -> Document:
    return coding("consent-form-kind", kind.value.lower().replace("_", "-"))


def _ended(reason: str) -> Document:
    return {"url": definition("consent-end-reason"), "valueCoding": coding("consent-end-reason", reason)}


def _end_reason(form: Consent, standing: Standing) -> str | None:
    """Why the form counts no more. A form says itself that it was withdrawn or replaced; that it ran out, only
    the calendar says.
    """
    said = _ENDS.get(form.status)
    if said is not None or form.status is not ConsentStatus.ACTIVE:
        return said
    day = finnish_day(standing.at)
    ended_on = standing.cooperation_ended_on
    past = (
        day > form.last_day(day)
        or (form.form_kind is FormKind.ORAL_ONCE and standing.oral_used)
        or (form.valid_until is None and ended_on is not None and day > ended_on)
    )
    return "expired" if past else None


def _provision(form: Consent, standing: Standing, discloser: PartyId, recipient: PartyId) -> Document:
    period = {
        "start": form.valid_from.isoformat(),
        "end": form.last_day(finnish_day(standing.at)).isoformat(),
    }
    grants = [g for g in form.grants if (g.discloser, g.recipient) == (discloser, recipient)]
    denials = [r for r in form.restrictions if r.recipient in (None, recipient)]
    return deny_all(period, [_permit(grant, period, denials) for grant in grants])


def _permit(grant: Grant, period: Document, denials: list[Restriction]) -> Document:
    # A denial of a category that the grant does not open says nothing about this direction.
    fitting = [r for r in denials if r.category is None or r.category in grant.categories]
    return permits(grant, period, fitting)

"""Who signed a form, where the signed form is, and how often the client has confirmed it."""

from datetime import UTC
from typing import Final

from tyokyky_bridge.domain.consent import Consent, ConsentStatus
from tyokyky_bridge.fhir.derived.vocabulary import (
    Document,
    coding,
    concept,
    definition,
    naming,
    present,
    reference,
)

EVIDENCE: Final = "evidence"
"""The id of the signed form inside its Consent: it lies in an archive, and is no document of this server."""


def signer(form: Consent) -> Document:
    """The client, or the guardian who signed for the client."""
    if form.signed_by.guardian is None:
        return reference("Patient", form.client_id)
    guardian = {"system": naming("guardian-id"), "value": f"{form.client_id}/{form.signed_by.guardian}"}
    return {"type": "RelatedPerson", "identifier": guardian}


def verifications(form: Consent) -> list[Document]:
    """The signing, and every time the client confirmed the form since; none for a form that never counted."""
    if form.status in (ConsentStatus.DRAFT, ConsentStatus.ENTERED_IN_ERROR):
        return []
    moments = [form.granted_at.astimezone(UTC).isoformat(), *(day.isoformat() for day in form.confirmed_on)]
    return [{"verified": True, "verifiedWith": signer(form), "verificationDate": at} for at in moments]


def evidence(form: Consent) -> Document:
    """
    The signed form as a DocumentReference without its content.

    R4 defines `Attachment.hash` as SHA-1, so the SHA-256 of the archive goes into an extension.

    Raises:
        ValueError: the form has no evidence.
    """
    found = form.evidence
    if found is None:
        msg = "a form without evidence has no document"
        raise ValueError(msg)
    kind = coding("consent-form-kind", form.form_kind.value.lower().replace("_", "-"))
    return present(
        resourceType="DocumentReference",
        id=EVIDENCE,
        status="current",
        type={**concept(kind), "text": f"{form.form_id}, {form.form_version}"},
        custodian=reference("Organization", found.stored_at),
        content=[
            {
                "attachment": {
                    "extension": [{"url": definition("sha256"), "valueString": found.sha256}],
                    "contentType": found.mime,
                    "creation": found.signed_on.isoformat(),
                }
            }
        ],
    )

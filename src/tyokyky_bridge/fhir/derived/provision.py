"""The provisions of a Consent: what a grant opens, and what the client forbids inside it.

A reader must know our rule, because FHIR states none: an item may go when *all* of its labels are among those
permitted and none is among those denied. Source: domain report 6.7, the caution at its end.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.consent import Grant, Restriction
from tyokyky_bridge.fhir.derived.vocabulary import (
    V3_PARTICIPATION,
    Document,
    coding,
    concept,
    foreign,
    naming,
    present,
    reference,
)

_ACTION: Final = "http://terminology.hl7.org/CodeSystem/consentaction"


def deny_all(period: Document, permitted: Sequence[Document]) -> Document:
    """The root: for the time of the form nothing is permitted but what stands inside."""
    return present(type="deny", period=period, provision=list(permitted))


def permits(grant: Grant, form_period: Document, denials: Iterable[Restriction]) -> Document:
    """
    One grant as a permission, with what the client forbids inside it.

    Args:
        grant: The grant; its own period is narrower than that of the form.
        form_period: The period of the form.
        denials: The restrictions that touch this recipient.
    """
    types = code_list("CL-11").codes
    return present(
        type="permit",
        period={**form_period, **_period(grant)},
        actor=[
            _actor(concept(coding("consent-actor", "discloser")), grant.discloser),
            _actor(concept(foreign(V3_PARTICIPATION, "IRCP", "information recipient")), grant.recipient),
        ],
        action=[concept(foreign(_ACTION, "disclose", "Disclose"))],
        securityLabel=[coding("info-category", category.value) for category in grant.categories],
        purpose=[coding("purpose", grant.purpose.value)],
        code=[concept(coding("service-type", service)) for service in grant.services if service in types],
        dataPeriod=None if grant.data_from is None else {"start": grant.data_from.isoformat()},
        data=[_about("related", "service-id", each) for each in grant.services if each not in types],
        provision=[_denial(restriction) for restriction in denials],
    )


def _period(grant: Grant) -> Document:
    if grant.period is None:
        return {}
    start, end = grant.period.start, grant.period.end
    return present(
        start=None if start is None else start.isoformat(), end=None if end is None else end.isoformat()
    )


def _actor(role: Document, party: str) -> Document:
    return {"role": role, "reference": reference("Organization", party)}


def _about(meaning: str, slug: str, value: str) -> Document:
    return {"meaning": meaning, "reference": {"identifier": {"system": naming(slug), "value": value}}}


def _denial(restriction: Restriction) -> Document:
    """One that names a recipient alone denies the whole permission that it stands in."""
    return present(
        type="deny",
        securityLabel=[]
        if restriction.category is None
        else [coding("info-category", restriction.category.value)],
        data=[] if restriction.item is None else [_about("instance", "plan-item", restriction.item)],
    )

"""Which of a client's forms and prohibitions stand at a moment, when newer forms have replaced older ones.

Source: domain report 6.5, 6.6.
"""

from collections.abc import Iterable
from datetime import datetime

from tyokyky_bridge.domain.consent import Consent, ConsentStatus, Restriction


def not_replaced(consents: Iterable[Consent], at: datetime) -> tuple[Consent, ...]:
    """
    Leave out the forms that a newer form has replaced by *at*.

    The newer form is read alone: nothing is inherited, and when it ends, the old one does not come back.
    Only a newer form that is a draft or was entered in error replaces nothing.
    """
    forms = tuple(consents)
    replaced = {
        form.supersedes
        for form in forms
        if form.status not in (ConsentStatus.DRAFT, ConsentStatus.ENTERED_IN_ERROR) and form.granted_at <= at
    }
    return tuple(form for form in forms if form.consent_id not in replaced)


def restrictions_at(consents: Iterable[Consent], at: datetime) -> tuple[Restriction, ...]:
    """
    List what the client forbids at *at*.

    A prohibition outlives the form's withdrawal and its last day: taking a permission back must never open
    what was forbidden. It ends with a newer form that replaces its own.
    """
    lasting = (ConsentStatus.ACTIVE, ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED)
    return tuple(
        restriction
        for form in not_replaced(consents, at)
        if form.status in lasting and form.granted_at <= at
        for restriction in form.restrictions
    )

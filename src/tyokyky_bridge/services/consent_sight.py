"""Who may know of a consent: the parties on the form, whoever took it, and oversight."""

from uuid import UUID

from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.ports import Tx

RECORDERS = frozenset({Role.PROFESSIONAL, Role.SYSTEM})
READERS = RECORDERS | {Role.OVERSIGHT}


class ConsentNotFound(BridgeError):
    """No such consent, or none that the caller's party is on."""

    code = "consent/not-found"

    def __init__(self) -> None:
        super().__init__("no such consent")


def consent_of_caller(tx: Tx, caller: Caller, consent_id: UUID) -> Consent:
    """One consent. Raises: ConsentNotFound, the same for one that does not exist and one that the caller is not on."""
    row = tx.consents.get(consent_id)
    if row is None:
        raise ConsentNotFound
    consent = Consent.model_validate(row.doc)
    if not is_on(caller, consent):
        raise ConsentNotFound
    return consent


def is_on(caller: Caller, consent: Consent) -> bool:
    """Whether the caller may know of the form."""
    parties = {*consent.parties, consent.taken_by.party}
    return caller.party in parties or caller.role is Role.OVERSIGHT


def need(caller: Caller, roles: frozenset[Role]) -> None:
    """Raises: NotForRole, unless the caller's role is one of *roles*."""
    if caller.role not in roles:
        raise NotForRole(" or ".join(sorted(roles)))

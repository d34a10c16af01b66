"""What a decision rests on: the facts on file, what the plan says of the case, and what is known of one
item.
"""

from dataclasses import dataclass
from datetime import date

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.decision_table import Outcome
from tyokyky_bridge.domain.legal_basis import LegalBases
from tyokyky_bridge.domain.parties import Directory, Party, PartyId


@dataclass(frozen=True)
class Facts:
    """What is known when a disclosure is decided, apart from the plan itself.

    *consents* are all forms on file for the client; forms of anybody else are passed over. *oral_used*
    names the spoken consents that have been used up. *typ_objection* is what the client's objection against
    a TYP flow leads to: a policy of the controllers, REVIEW unless they decide otherwise. *non_disclosure*: the
    client's newest plan tells of an order, which then holds for every plan of theirs.
    """

    identity_resolved: bool
    directory: Directory
    legal_bases: LegalBases
    consents: tuple[Consent, ...] = ()
    oral_used: frozenset[str] = frozenset()
    typ_objection: Outcome = Outcome.REVIEW
    non_disclosure: bool = False


@dataclass(frozen=True)
class CaseFacts:
    """What the plan itself says that decisions rest on: whose it is, who is in the network, whether TYP is
    running.
    """

    client_id: str
    network: frozenset[PartyId] = frozenset()
    typ_active: bool = False
    cooperation_ended_on: date | None = None


@dataclass(frozen=True)
class ItemFacts:
    """What a decision needs to know of one item; never its content.

    *dated* is the day the information is of. *services* are the id and the type of the service it belongs to.
    """

    path: str
    labels: frozenset[Category]
    discloser: Party | None
    dated: date | None = None
    marked: bool = False
    services: frozenset[str] = frozenset()

"""Who is calling: a party, a role inside it, and the purpose of use."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.parties import Purpose


class Role(StrEnum):
    """What a caller may do at all; what it may see is decided per item."""

    PROFESSIONAL = "professional"
    """Reads and writes plans and consents for its own party."""
    SYSTEM = "system"
    """A record system of the party, acting like a professional of it."""
    OVERSIGHT = "oversight"
    """Data-protection officer: sees every decision and path, never a value that its party may not see."""
    OPERATIONS = "operations"
    """Redrives parked links; sees states and reasons, no content."""
    CLIENT = "client"
    """The client themselves, through a party's portal: sees how far the withdrawal of a consent has reached."""


@dataclass(frozen=True)
class Caller:
    """The authenticated caller of one request. *client_id* goes with the role of a client, and with no other."""

    party: str
    role: Role
    subject: str
    purpose: Purpose
    client_id: UUID | None = None
    overwrites: bool = False
    """Whether the issuer lets this client of ours update over FHIR without If-Match."""


class NotForRole(BridgeError):
    """The caller's role does not include this act."""

    code = "auth/not-for-role"

    def __init__(self, needed: str) -> None:
        super().__init__(f"this needs the role {needed}")

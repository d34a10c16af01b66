"""What storage keeps of resources that belong to no plan."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DocumentMethod = Literal["POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One version of a resource that a party keeps whole. Append-only; version numbers have no gaps.

    *body* is the resource as it goes out, in bytes: ``id``, ``meta.versionId`` and ``meta.lastUpdated`` are in it, so
    that reading sends it as it is. ``None`` says that this version is the deletion. *seq* grows in order of writing
    within one resource.
    """

    seq: int
    party: str
    type: str
    id: str
    version: int
    at: datetime
    method: DocumentMethod
    body: bytes | None

    @property
    def deleted(self) -> bool:
        """Whether the resource was gone from this version on."""
        return self.body is None

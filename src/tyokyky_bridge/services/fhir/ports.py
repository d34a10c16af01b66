"""What the FHIR face needs of storage beside plans, as a protocol; `services.ports` says what a transaction is."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, Protocol

from tyokyky_bridge.services.fhir.records import DocumentMethod, DocumentVersion

Mark = tuple[datetime, int]
"""A place in a history: moment and seq of the last version that was given."""


class Documents(Protocol):
    """Resources that belong to no plan, each kept whole by the party that brought it. No party meets another's."""

    def newest(
        self, party: str, type_: str, id_: str, *, lock: Literal["update"] | None = None
    ) -> DocumentVersion | None:
        """The newest version, which may be a deletion; *lock* keeps others from writing the next one."""
        ...

    def version(self, party: str, type_: str, id_: str, number: int) -> DocumentVersion | None:
        """Read one version."""
        ...

    def append(
        self,
        party: str,
        type_: str,
        id_: str,
        *,
        version: int,
        at: datetime,
        method: DocumentMethod,
        body: bytes | None,
    ) -> DocumentVersion:
        """Add the version after the newest one (version 1 when there is none).

        If another transaction was first, the whole function is run again and sees what that one wrote.
        """
        ...

    def standing(
        self, party: str, type_: str, *, after: str | None = None, limit: int | None = None
    ) -> tuple[DocumentVersion, ...]:
        """The newest versions of a type without deletions, by id, from the one after *after*."""
        ...

    def history(
        self,
        party: str,
        type_: str | None = None,
        id_: str | None = None,
        *,
        since: datetime | None = None,
        after: Mark | None = None,
        limit: int | None = None,
    ) -> tuple[DocumentVersion, ...]:
        """Versions of one resource, of a type or of all, newest first, deletions among them.

        Args:
            since: The oldest moment that counts (inclusive).
            after: Go on behind this place.
        """
        ...

    def hold(self, party: str, conditions: Collection[tuple[str, str]]) -> None:
        """Hold conditions (type, canonical criteria) until the transaction ends: who holds the same one waits.

        To be asked before searching for what a conditional create may find, once for all conditions of a transaction.
        Criteria are kept as a keyed digest only: they may name a person.
        """
        ...

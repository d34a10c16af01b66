"""The ward of a worker: links that processes died with before are tried one at a time (sync.md 8.15).

A link that kills the process takes down whatever else the process has in its hands, and all of it is claimed again. So
after a few such ends each of them is a suspect, and a worker has one suspect at a time, beside links that are none.
What is healthy then comes to its end and is cleared; what kills is the only suspect of its next death.
"""

import asyncio
from collections.abc import Iterable, Sequence

from tyokyky_bridge.services.ports import Store
from tyokyky_bridge.services.records import Lease, LinkRow


class Ward:
    """One bed for all systems of a worker. *systems* are woken when it is free again."""

    def __init__(self, store: Store, systems: Iterable[str]) -> None:
        self._store = store
        self._systems = tuple(systems)
        self._inside: int | None = None

    @property
    def is_free(self) -> bool:
        """Whether a suspect may be claimed."""
        return self._inside is None

    async def admit(self, claimed: Sequence[LinkRow], worker: str) -> tuple[LinkRow, ...]:
        """Take in the suspect of a claim, if there is one; returns what may be worked on.

        Two systems may have claimed at once: the later suspect goes back. Raises: StoreError.
        """
        suspect = next((link for link in claimed if link.is_suspect), None)
        if suspect is None:
            return tuple(claimed)
        if self._inside is None:
            self._inside = suspect.id
            return tuple(claimed)
        lease = Lease(suspect.id, suspect.lease_epoch, worker)
        await self._store.write(lambda tx: tx.workers.free([lease], harmless=True))
        return tuple(link for link in claimed if link is not suspect)

    def leave(self, _ended: "asyncio.Task[None]") -> None:
        """Let the next one in: the attempt has ended."""
        self._inside = None
        for system in self._systems:
            self._store.bell(system).ring()

"""What would become of a write, found out by carrying it out and undoing it: the same steps, and no trace of them."""

from collections.abc import Sequence

from tyokyky_bridge.fhir.wire.issues import Issue
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir.entries import Entry, Written
from tyokyky_bridge.services.fhir.refusals import EntryRefused
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.writeset import commit


class _Undone(Exception):
    """Ends the transaction of a rehearsal, with what it would have warned of."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        self.issues = issues
        super().__init__()


async def rehearse(bridge: Bridge, caller: Caller, entry: Entry, *, base: str = "") -> tuple[Issue, ...]:
    """
    The warnings that one write would give; nothing of it stays, its audit neither.

    Args:
        base: Where this server is, so that absolute references to it count as its own.

    Raises: what the write would raise.
    """

    def undo(_: Sighting, outcomes: Sequence[Written]) -> None:
        raise _Undone(outcomes[0].issues)

    try:
        await commit(bridge, caller, (entry,), versioned=False, base=base, then=undo)
    except _Undone as done:
        return done.issues
    except EntryRefused as refusal:
        raise refusal.cause from None
    return ()

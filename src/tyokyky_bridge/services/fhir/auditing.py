"""The trace that every FHIR interaction leaves: who, what kind, about whom; never content.

A search that shows three clients to somebody stands in the log of all three. Source: domain report 6.8.
"""

from collections.abc import Iterable
from uuid import UUID

from tyokyky_bridge.services.callers import Caller, NotForRole
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Version
from tyokyky_bridge.services.plans import EDITORS, READERS
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry


def need_reader(caller: Caller) -> None:
    """Raises: NotForRole, unless the caller's role reads plans."""
    if caller.role not in READERS:
        raise NotForRole(" or ".join(sorted(READERS)))


def need_editor(caller: Caller) -> None:
    """Raises: NotForRole, unless the caller's role writes plans."""
    if caller.role not in EDITORS:
        raise NotForRole(" or ".join(sorted(EDITORS)))


Shown = dict[tuple[UUID | None, UUID | None], dict[str, int]]
"""What is given out: by client and plan, how many resources of which types."""


def shown_of(sighting: Sighting, versions: Iterable[Version]) -> Shown:
    """What *versions* give out; one entry that names nobody where there are none."""
    counted: Shown = {}
    for version in versions:
        types = counted.setdefault(sighting.about(version.key), {})
        types[version.type] = types.get(version.type, 0) + 1
    return counted or {(None, None): {}}


def record(tx: Tx, caller: Caller, interaction: str, shown: Shown) -> None:
    """Record what is given out: one row for each plan or client among it."""
    for (client_id, plan_id), types in shown.items():
        note(tx, caller, interaction, client_id, plan_id, types)


def looked(sighting: Sighting, interaction: str, versions: Iterable[Version]) -> None:
    """Record in the transaction of *sighting* that *versions* are given out."""
    record(sighting.tx, sighting.caller, interaction, shown_of(sighting, versions))


def note(
    tx: Tx,
    caller: Caller,
    interaction: str,
    client_id: UUID | None,
    plan_id: UUID | None,
    types: dict[str, int],
) -> None:
    """Add one row: how many resources of which types."""
    tx.audit.add(
        AuditEntry(
            event=f"fhir/{interaction}",
            outcome="ok",
            actor_party=caller.party,
            actor_role=caller.role.value,
            actor_sub=caller.subject,
            client_id=client_id,
            plan_id=plan_id,
            what={"types": types},
        )
    )

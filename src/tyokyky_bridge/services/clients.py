"""Register a client by identity number, and find one: always by a body, never by a URL."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.hetu import parse_hetu
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.ports import IdentifierTaken, Tx
from tyokyky_bridge.services.records import AuditEntry, ClientRow, PlanRow
from tyokyky_bridge.services.sight import Seen, see

REGISTRARS = frozenset({Role.PROFESSIONAL, Role.SYSTEM})
SEEKERS = REGISTRARS | {Role.OVERSIGHT}
AUDIT_PAGE = 100


class ClientNotFound(BridgeError):
    """No such client, or none whose existence the caller may know."""

    code = "client/not-found"

    def __init__(self) -> None:
        super().__init__("no such client")


async def register_client(bridge: Bridge, caller: Caller, hetu: str) -> UUID:
    """Put a client on the hub's register by identity number; whoever registers a person gets the same id.

    The answer is the same whether or not others know the client, for that is confidential.

    Raises: InvalidHetu, NotForRole.
    """
    _need(caller, REGISTRARS)
    parse_hetu(hetu, synthetic_only=bridge.synthetic_only)
    try:
        return await bridge.store.write(lambda tx: register_in(tx, bridge, caller, hetu))
    except IdentifierTaken:  # somebody else registered them at the same moment
        return await bridge.store.write(lambda tx: register_in(tx, bridge, caller, hetu))


def register_in(tx: Tx, bridge: Bridge, caller: Caller, hetu: str) -> UUID:
    """Put a client on the register as part of a transaction.

    Raises: InvalidHetu, NotForRole; IdentifierTaken, when somebody else registered them at the same moment: the
    whole transaction is run again then, and finds them.
    """
    _need(caller, REGISTRARS)
    number = parse_hetu(hetu, synthetic_only=bridge.synthetic_only).value
    client = _holder(tx, number)
    if client is None:
        client = tx.clients.create()
        tx.clients.add_identifier(client.id, number, kind="final")
    if not registered_by(tx, client.id, caller.party):
        _audit(tx, caller, "client/registered", client)
    return client.id


async def find_client(bridge: Bridge, caller: Caller, hetu: str) -> tuple[UUID, tuple[Seen, ...]]:
    """The client with this identity number and the plans of theirs that the caller may know of.

    A number that the client had before finds them too, unless several clients had it. The century sign counts: two
    people may differ in nothing else. Raises: InvalidHetu, ClientNotFound, NotForRole.
    """
    _need(caller, SEEKERS)
    number = parse_hetu(hetu, synthetic_only=bridge.synthetic_only).value

    def find(tx: Tx) -> tuple[UUID, tuple[Seen, ...]]:
        client = _holder(tx, number)
        if client is None:
            raise ClientNotFound
        plans = known_plans(tx, bridge, caller, tx.plans.of_client(client.id))
        if not plans and not registered_by(tx, client.id, caller.party):
            raise ClientNotFound
        _audit(tx, caller, "client/found", client)
        return client.id, plans

    return await bridge.store.write(find)


def _holder(tx: Tx, number: str) -> ClientRow | None:
    """The client who has this number now, or else the only one who ever had it: a number is not given twice."""
    current = tx.clients.find(number)
    if current is not None:
        return current
    had = tx.clients.holders(number)
    return tx.clients.get(had[0]) if len(had) == 1 else None


def registered_by(tx: Tx, client_id: UUID, party: str) -> bool:
    """Whether *party* put this client on the register."""
    after = 0
    while page := tx.audit.of_client(client_id, after=after, limit=AUDIT_PAGE):
        if any(r.entry.event == "client/registered" and r.entry.actor_party == party for r in page):
            return True
        after = page[-1].seq
    return False


def known_plans(tx: Tx, bridge: Bridge, caller: Caller, plans: Iterable[PlanRow]) -> tuple[Seen, ...]:
    """Those of *plans* that the caller may know of, as it sees them."""
    found: list[Seen] = []
    for plan in plans:
        with suppress(PlanNotFound):
            found.append(see(tx, bridge, caller, plan.id))
    return tuple(found)


def _need(caller: Caller, roles: frozenset[Role]) -> None:
    if caller.role not in roles:
        raise NotForRole(" or ".join(sorted(roles)))


def _audit(tx: Tx, caller: Caller, event: str, client: ClientRow) -> None:
    tx.audit.add(
        AuditEntry(
            event=event,
            outcome="ok",
            actor_party=caller.party,
            actor_role=caller.role.value,
            actor_sub=caller.subject,
            client_id=client.id,
        )
    )

"""Register a client by identity number, and find one: always by a body, never by a URL."""

from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.hetu import parse_hetu
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, ClientRow, PlanRow
from tyokyky_bridge.services.sight import see


class ClientNotFound(BridgeError):
    """No such client, or none whose existence the caller may know."""

    code = "client/not-found"

    def __init__(self) -> None:
        super().__init__("no such client")


async def register_client(bridge: Bridge, caller: Caller, hetu: str) -> UUID:
    """Put a client on the hub's register by identity number; whoever registers a person gets the same id.

    The answer is the same whether or not others know the client, for that is confidential. Raises: InvalidHetu.
    """
    number = parse_hetu(hetu, synthetic_only=bridge.synthetic_only).value

    def register(tx: Tx) -> UUID:
        client = tx.clients.find(number)
        if client is None:
            client = tx.clients.create()
            tx.clients.add_identifier(client.id, number, kind="final")
        if not registered_by(tx, client.id, caller.party):
            _audit(tx, caller, "client/registered", client)
        return client.id

    return await bridge.store.write(register)


async def find_client(bridge: Bridge, caller: Caller, hetu: str) -> tuple[UUID, tuple[PlanRow, ...]]:
    """The client with this identity number and the plans of theirs that the caller may know of.

    The century sign counts: two people may differ in nothing else. Raises: InvalidHetu, ClientNotFound.
    """
    number = parse_hetu(hetu, synthetic_only=bridge.synthetic_only).value

    def find(tx: Tx) -> tuple[UUID, tuple[PlanRow, ...]]:
        client = tx.clients.find(number)
        if client is None:
            raise ClientNotFound
        plans = tuple(plan for plan in tx.plans.of_client(client.id) if _knows(tx, bridge, caller, plan))
        if not plans and not registered_by(tx, client.id, caller.party):
            raise ClientNotFound
        _audit(tx, caller, "client/found", client)
        return client.id, plans

    return await bridge.store.write(find)


def registered_by(tx: Tx, client_id: UUID, party: str) -> bool:
    """Whether *party* put this client on the register."""
    return any(
        row.entry.event == "client/registered" and row.entry.actor_party == party
        for row in tx.audit.of_client(client_id)
    )


def _knows(tx: Tx, bridge: Bridge, caller: Caller, plan: PlanRow) -> bool:
    try:
        see(tx, bridge, caller, plan.id)
    except PlanNotFound:
        return False
    return True


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

"""The wait between a change of who may have what and its answer (sync.md 8.13)."""

import asyncio
from uuid import UUID

from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import Tx

LOOK_EVERY_S = 0.05


async def no_more_starts(bridge: Bridge, client_id: UUID) -> None:
    """Wait until every send decided on older facts has ended or may no longer start: as long as a decision is good for.

    The decisions are asked and not the leases: a worker that was taken for dead has none and may still send.
    """
    epoch, may_start = await bridge.store.read(lambda tx: _look(tx, client_id))
    while may_start:
        await asyncio.sleep(LOOK_EVERY_S)
        may_start = await bridge.store.read(lambda tx: bool(tx.decisions.open_before(client_id, epoch)))


def _look(tx: Tx, client_id: UUID) -> tuple[int, bool]:
    client = tx.clients.get(client_id)
    epoch = client.epoch if client is not None else 0
    return epoch, bool(tx.decisions.open_before(client_id, epoch))

"""What one system would get of a plan, without asking the partner or sending anything."""

from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.mapping.preview import PreviewRow, preview
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.linking import desired_for
from tyokyky_bridge.services.loading import PlanNotFound, facts_of, latest_revision
from tyokyky_bridge.services.ports import Tx


class UnknownSystem(BridgeError):
    """No such system is installed."""

    code = "link/not-found"

    def __init__(self, installed: tuple[str, ...]) -> None:
        super().__init__(f"no such system; installed: {', '.join(installed)}")


async def preview_plan(bridge: Bridge, plan_id: UUID, system: str) -> list[PreviewRow]:
    """Every permitted item of the plan with its row, native place and value, or why it would not be carried.

    Raises: PlanNotFound, UnknownSystem.
    """

    def read(tx: Tx) -> list[PreviewRow]:
        partner = bridge.known_partner(system, tx.now())
        if partner is None:
            raise UnknownSystem(tuple(sorted(bridge.partners)))
        head = tx.plans.get(plan_id)
        if head is None:
            raise PlanNotFound
        facts = facts_of(tx, bridge, head.client_id)
        desired = desired_for(partner, latest_revision(tx, plan_id), facts, tx.now())
        return preview(partner.lens, {}, desired.disclosure.view)

    return await bridge.store.read(read)

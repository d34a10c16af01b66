"""``/v1/sync/quarantine``: records at partners with our mark that no link names, for those who run the hub."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tyokyky_bridge.api.answers import WRITES, answers
from tyokyky_bridge.api.auth import CallerDep
from tyokyky_bridge.api.intake import StrictRoute
from tyokyky_bridge.api.operations import SYSTEM, need_known
from tyokyky_bridge.api.v1 import BridgeDep
from tyokyky_bridge.services import quarantine
from tyokyky_bridge.services.sync_records import Quarantined, QuarantineState

router = APIRouter(prefix="/v1/sync", route_class=StrictRoute, tags=["sync"])


class QuarantinedShown(BaseModel):
    """A record with our mark that no link names: where it is and since when, nothing of what is in it."""

    id: UUID
    system: str
    record: str = Field(description="its number at the partner")
    reference: str = Field(description="our mark as it stands there")
    first_seen_at: datetime
    last_seen_at: datetime
    state: QuarantineState
    cleared_at: datetime | None
    cleared_by: str | None = Field(description="a party; `hub` where a link came to name it")

    @classmethod
    def of(cls, row: Quarantined) -> "QuarantinedShown":
        """Render one record."""
        return cls(
            id=row.id,
            system=row.system,
            record=row.record_id,
            reference=row.reference,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            state=row.state,
            cleared_at=row.cleared_at,
            cleared_by=row.cleared_by,
        )


@router.get("/quarantine", responses=answers("request/invalid"))
async def list_quarantined(
    bridge: BridgeDep,
    caller: CallerDep,
    system: Annotated[str | None, Query(pattern=SYSTEM)] = None,
    state: QuarantineState = "open",
) -> list[QuarantinedShown]:
    """Records at partners that carry our mark and that no link names, first seen first, 500 at most.

    For the roles `operations` and `oversight`. The hub neither writes to them nor removes them.
    """
    need_known(bridge, system, where="query")
    found = await quarantine.list_quarantined(bridge, caller, system=system, state=state)
    return [QuarantinedShown.of(row) for row in found]


@router.post(
    "/quarantine/{quarantined_id}/clearance",
    responses=answers("request/invalid", *WRITES, "quarantine/not-found"),
)
async def clear_quarantined(quarantined_id: UUID, bridge: BridgeDep, caller: CallerDep) -> QuarantinedShown:
    """Note that somebody has seen to a record. Nothing happens at the partner; a second time changes nothing.

    For the role `operations`. Seen again in another version, the record is open again.
    """
    return QuarantinedShown.of(await quarantine.clear_quarantined(bridge, caller, quarantined_id))

"""``/livez``, ``/readyz`` and ``/health``. A dead partner never makes the hub unready."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from tyokyky_bridge.api.v1 import the_bridge
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import StoreError, Tx
from tyokyky_bridge.services.standing import standings

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok", "unavailable"]


class SystemHealth(BaseModel):
    """One partner system in one line: its gate, its links in numbers, how far they are compared with its records."""

    model_config = ConfigDict(from_attributes=True)

    system: str
    title: str
    state: Literal["open", "paused", "failing"]
    breaker: Literal["closed", "open", "half"]
    paused_until: datetime | None
    rate_per_min: float | None = Field(
        description="requests a minute that all workers together stay below; null: not limited"
    )
    slowed: bool = Field(description="that is less than the full rate, because the partner said 429")
    in_sync: int
    due: int
    leased: int
    backlog: int = Field(description="due and leased")
    parked: int
    oldest_due_since: datetime | None
    oldest_due_age_s: float | None
    open_conflicts: int
    coverage: float | None = Field(description="the part of the links in sync compared within 24 h")
    forbidden_present: int = Field(description="links where something stands that may not: the first alarm")


class HubHealth(BaseModel):
    """The hub and every system."""

    status: Literal["ok", "degraded"]
    database: Literal["ok"]
    workers: int
    systems: list[SystemHealth]


@router.get("/livez")
async def livez() -> Alive:
    """The process is alive."""
    return Alive(status="ok")


@router.get("/readyz", responses={503: {"model": Alive}})
async def readyz(bridge: Annotated[Bridge, Depends(the_bridge)], response: Response) -> Alive:
    """The hub can answer: its database does."""
    try:
        await bridge.store.read(lambda tx: tx.now())
    except StoreError:
        response.status_code = 503
        return Alive(status="unavailable")
    return Alive(status="ok")


@router.get("/health")
async def health(bridge: Annotated[Bridge, Depends(the_bridge)]) -> HubHealth:
    """The hub's own state and one line for each system: counts and times, nothing of any client."""

    def read(tx: Tx) -> HubHealth:
        lines = standings(tx, bridge)
        status = "ok" if all(line.well for line in lines) else "degraded"
        systems = [SystemHealth.model_validate(line) for line in lines]
        return HubHealth(status=status, database="ok", workers=len(tx.workers.all()), systems=systems)

    return await bridge.store.read(read)

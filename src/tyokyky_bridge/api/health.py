"""``/livez``, ``/readyz`` and ``/health``. A dead partner never makes the hub unready."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from tyokyky_bridge.api.v1 import the_bridge
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import StoreError, Tx
from tyokyky_bridge.services.records import GateRow, LinkCounts

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok", "unavailable"]


class SystemHealth(BaseModel):
    """One partner system in one line: its gate and its links in numbers."""

    system: str
    title: str
    state: Literal["open", "paused", "failing"]
    paused_until: datetime | None
    in_sync: int
    due: int
    leased: int
    parked: int
    oldest_due_since: datetime | None


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
        counts = {c.system: c for c in tx.links.counts()}
        gates = {g.system: g for g in tx.gates.all()}
        lines = [
            _line(
                system,
                partner.manifest.title,
                counts.get(system),
                gates.get(system, GateRow(system)),
                tx.now(),
            )
            for system, partner in sorted(bridge.partners.items())
        ]
        status = "ok" if all(line.state == "open" and not line.parked for line in lines) else "degraded"
        return HubHealth(status=status, database="ok", workers=len(tx.workers.all()), systems=lines)

    return await bridge.store.read(read)


def _line(system: str, title: str, counts: LinkCounts | None, gate: GateRow, now: datetime) -> SystemHealth:
    paused = gate.paused_until is not None and gate.paused_until > now
    state: Literal["open", "paused", "failing"] = "open"
    if gate.breaker != "closed":
        state = "failing"
    elif paused:
        state = "paused"
    return SystemHealth(
        system=system,
        title=title,
        state=state,
        paused_until=gate.paused_until if paused else None,
        in_sync=counts.in_sync if counts else 0,
        due=counts.due if counts else 0,
        leased=counts.leased if counts else 0,
        parked=counts.parked if counts else 0,
        oldest_due_since=counts.oldest_due_since if counts else None,
    )

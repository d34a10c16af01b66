"""``/v1/sync``: what keeps the copies alike, for those who run the hub: figures, parked links, another try."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tyokyky_bridge.api.answers import WITH_BODY, WRITES, answers
from tyokyky_bridge.api.auth import CallerDep
from tyokyky_bridge.api.intake import StrictRoute
from tyokyky_bridge.api.problems import unfit
from tyokyky_bridge.api.v1 import BridgeDep
from tyokyky_bridge.services import reconciling, redriving
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.reconciling import Coverage
from tyokyky_bridge.services.redriving import ParkedLink, Wanted

router = APIRouter(prefix="/v1/sync", route_class=StrictRoute, tags=["sync"])

SYSTEM = r"^[a-z0-9][a-z0-9-]{0,63}$"
REASON = r"^[a-z][a-z0-9_]{0,63}$"


class SystemCompared(BaseModel):
    """How far one system's records are compared, and what was found last, in numbers of links."""

    system: str
    forbidden_present: int = Field(description="something stands where nothing of ours may: look here first")
    in_sync: int
    compared_within_24_h: int = Field(description="of those in sync")
    never_compared: int
    coverage: float | None = Field(
        description="the part of those in sync that was compared; null without any"
    )
    longest_ago: datetime | None
    found: dict[str, int] = Field(
        description="links: D0 alike, D1 a missed change, D2 an older state came back, D3 gone there, D4 forbidden;"
        " records: D5 in quarantine"
    )
    open_conflicts: int

    @classmethod
    def of(cls, figures: Coverage) -> "SystemCompared":
        """Render one system's figures."""
        return cls(
            system=figures.system,
            forbidden_present=figures.forbidden,
            in_sync=figures.in_sync,
            compared_within_24_h=figures.fresh,
            never_compared=figures.never,
            coverage=figures.share,
            longest_ago=figures.oldest,
            found=dict(figures.drift),
            open_conflicts=figures.open_conflicts,
        )


class Reconciliation(BaseModel):
    """The figures of all systems; those with forbidden data come first."""

    at: datetime
    forbidden_present: int
    systems: list[SystemCompared]


class ParkedShown(BaseModel):
    """A parked link: ids, reason and age, nothing of what is in it."""

    link: int
    plan_id: UUID
    system: str
    reason: str
    parked_at: datetime
    waiting_since: datetime
    attempts: int
    urgent: bool = Field(description="something has to be taken back")

    @classmethod
    def of(cls, parked: ParkedLink) -> "ParkedShown":
        """Render one parked link."""
        return cls(
            link=parked.link,
            plan_id=parked.plan_id,
            system=parked.system,
            reason=parked.reason,
            parked_at=parked.parked_at,
            waiting_since=parked.waiting_since,
            attempts=parked.attempts,
            urgent=parked.urgent,
        )


class ToRedrive(BaseModel):
    """Which parked links to try again: those that fit all that is given, of which there has to be something."""

    model_config = ConfigDict(extra="forbid")

    link: Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)] | None = None
    system: Annotated[str, Field(pattern=SYSTEM)] | None = None
    reason: Annotated[str, Field(pattern=REASON)] | None = None
    spread_s: Annotated[float, Field(ge=0, le=86400)] = Field(
        default=0,
        description="seconds over which they are spread, so that a system that is back is not overrun",
    )


class Redriven(BaseModel):
    """The links that will be tried again."""

    redriven: int
    links: list[int]


def need_known(bridge: Bridge, system: str | None, *, where: str) -> None:
    """Refuse a *system* that the directory does not have: nobody should take a slip of the pen for good news.

    Raises: RequestValidationError.
    """
    if system is not None and system not in bridge.partners:
        raise unfit(where=where, name="system", rule="names no system of this hub")


@router.get("/reconciliation", responses=answers())
async def read_reconciliation(bridge: BridgeDep, caller: CallerDep) -> Reconciliation:
    """How far every system's records are compared with what they ought to hold, and what was found: numbers only.

    For the roles `operations` and `oversight`.
    """
    at, figures = await reconciling.read_coverage(bridge, caller)
    return Reconciliation(
        at=at,
        forbidden_present=sum(each.forbidden for each in figures),
        systems=[SystemCompared.of(each) for each in figures],
    )


@router.get("/parked", responses=answers("request/invalid"))
async def list_parked(
    bridge: BridgeDep,
    caller: CallerDep,
    system: Annotated[str | None, Query(pattern=SYSTEM)] = None,
    reason: Annotated[str | None, Query(pattern=REASON)] = None,
) -> list[ParkedShown]:
    """The parked links of all plans, longest parked first, 500 at most. For the role `operations`."""
    need_known(bridge, system, where="query")
    found = await redriving.list_parked(bridge, caller, system=system, reason=reason)
    return [ParkedShown.of(each) for each in found]


@router.post("/parked/redrive", responses=answers(*WITH_BODY, *WRITES, "link/none-named"))
async def redrive_parked(body: ToRedrive, bridge: BridgeDep, caller: CallerDep) -> Redriven:
    """Try parked links again: one, those of a reason, or a whole system, spread over time. Audited one by one.

    Every item is decided afresh; nothing can be re-sent without that. For the role `operations`.
    """
    need_known(bridge, body.system, where="body")
    driven = await redriving.redrive_parked(
        bridge,
        caller,
        Wanted(body.link, body.system, body.reason),
        spread=timedelta(seconds=body.spread_s),
    )
    return Redriven(redriven=len(driven), links=list(driven))

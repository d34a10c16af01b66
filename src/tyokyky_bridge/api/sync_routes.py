"""``/v1``: what people see of the copies: conflicts, withdrawals, receipts, notices. Each handler makes one call."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from tyokyky_bridge.api import sync_schemas as schemas
from tyokyky_bridge.api.answers import WITH_BODY, WRITES, answers
from tyokyky_bridge.api.auth import AnyCallerDep, CallerDep
from tyokyky_bridge.api.intake import StrictRoute
from tyokyky_bridge.api.problems import unfit
from tyokyky_bridge.api.v1 import BridgeDep, IdempotencyKey, repeat_of
from tyokyky_bridge.api.withdrawal_schemas import WithdrawalReached
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services import campaign, conflicts, notices, propagation, resolving
from tyokyky_bridge.services.sync_records import ConflictState

router = APIRouter(prefix="/v1", route_class=StrictRoute)

ETAG = {"ETag": {"description": "of both sides; send it back as If-Match", "schema": {"type": "string"}}}
IfMatch = Annotated[
    str | None, Header(max_length=128, description="ETag of the conflict as last read", examples=['"5f1c…"'])
]
State = Annotated[ConflictState, Query(description="open ones unless another state is asked for")]
After = Annotated[
    UUID | None, Query(description="the last conflict of the page before; not together with plan")
]
PlanId = Annotated[UUID | None, Query(description="only those of this plan, all at once")]
RevisionNumber = Annotated[
    int | None, Query(ge=1, le=1_000_000, description="as the caller lists them; the newest by default")
]
WaitSeconds = Annotated[
    int, Query(ge=0, le=propagation.MOST_WAIT_S, description="how long to wait for all of it to settle")
]


class PreconditionRequired(BridgeError):
    """A decision needs If-Match, so that nobody decides about values that they have not read."""

    code = "conflict/precondition-required"

    def __init__(self) -> None:
        super().__init__("send If-Match with the ETag of the conflict as last read")


@router.get(
    "/conflicts",
    tags=["conflicts"],
    responses=answers("request/invalid", "conflict/not-found", "plan/not-found"),
)
async def list_conflicts(
    bridge: BridgeDep,
    caller: CallerDep,
    plan: PlanId = None,
    state: State = "open",
    after: After = None,
) -> list[schemas.ConflictShown]:
    """Conflicts of all plans of which the caller may know, longest open first, a hundred at a time."""
    if plan is not None:
        if after is not None:  # the same answer again would keep a caller turning pages for ever
            rule = "the conflicts of one plan come all at once: leave it out"
            raise unfit(where="query", name="after", rule=rule)
        found = await conflicts.conflicts_of_plan(bridge, caller, plan, state=state)
    else:
        found = await conflicts.list_conflicts(bridge, caller, state=state, after=after)
    return [schemas.ConflictShown.of(view) for view in found]


@router.get(
    "/plans/{plan_id}/conflicts", tags=["conflicts"], responses=answers("request/invalid", "plan/not-found")
)
async def list_plan_conflicts(
    plan_id: UUID, bridge: BridgeDep, caller: CallerDep, state: State = "open"
) -> list[schemas.ConflictShown]:
    """The conflicts of one plan of which the caller may know, oldest first."""
    found = await conflicts.conflicts_of_plan(bridge, caller, plan_id, state=state)
    return [schemas.ConflictShown.of(view) for view in found]


@router.get(
    "/conflicts/{conflict_id}",
    tags=["conflicts"],
    responses=answers("request/invalid", "conflict/not-found", headers=ETAG),
)
async def read_conflict(
    conflict_id: UUID, bridge: BridgeDep, caller: CallerDep, response: Response
) -> schemas.ConflictShown:
    """One conflict with its three values, as far as the caller may have them, and its history."""
    return _shown(await conflicts.read_conflict(bridge, caller, conflict_id), response)


@router.post(
    "/conflicts/{conflict_id}/resolution",
    tags=["conflicts"],
    responses=answers(
        *WITH_BODY,
        *WRITES,
        "conflict/not-found",
        "conflict/not-yours",
        "conflict/ended",
        "conflict/stale",
        "conflict/precondition-required",
        "conflict/busy",
        "conflict/no-basis",
        "plan/closed",
        "plan/invalid",
        "plan/not-found",
        "plan/not-your-field",
        "plan/category-withheld",
        "idempotency/key-reused",
        headers=ETAG,
    ),
)
async def resolve_conflict(
    conflict_id: UUID,
    body: schemas.ConflictDecision,
    *,
    bridge: BridgeDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> schemas.ConflictShown:
    """Decide which side stands: an ordinary change of the plan, which then reaches every system.

    If-Match takes the ETag of the conflict, which moves with either side and with nothing else.
    """
    if if_match is None:
        raise PreconditionRequired
    view = await resolving.resolve_conflict(
        bridge,
        caller,
        conflict_id,
        resolving.Choice(body.choice, body.value),
        if_match=if_match.strip().strip('"'),
        repeat=repeat_of(idempotency_key, "resolve_conflict", conflict_id, body.choice, body.value),
    )
    return _shown(view, response)


@router.get(
    "/consents/{consent_id}/propagation",
    tags=["consents"],
    responses=answers("request/invalid", "consent/not-found"),
)
async def read_withdrawal(consent_id: UUID, bridge: BridgeDep, caller: AnyCallerDep) -> WithdrawalReached:
    """How far the withdrawal of a consent has reached, with proof: for the parties on it, oversight, and the client."""
    return WithdrawalReached.of(await campaign.consent_propagation(bridge, caller, consent_id))


@router.get(
    "/plans/{plan_id}/propagation", tags=["plans"], responses=answers("request/invalid", "plan/not-found")
)
async def read_propagation(
    plan_id: UUID,
    bridge: BridgeDep,
    caller: CallerDep,
    request: Request,
    *,
    revision: RevisionNumber = None,
    wait: WaitSeconds = 0,
) -> schemas.RevisionReached:
    """Where a revision has arrived, for each system: about the items that it changed in the caller's sight."""
    found = await propagation.plan_propagation(
        bridge, caller, plan_id, revision=revision, wait_s=wait, gone=request.is_disconnected
    )
    return schemas.RevisionReached.of(found)


@router.get("/notices", tags=["notices"], responses=answers())
async def list_notices(bridge: BridgeDep, caller: CallerDep) -> list[schemas.NoticeShown]:
    """What the caller's party has to be told and has not signed for, oldest first, a hundred at a time."""
    return [schemas.NoticeShown.of(row) for row in await notices.list_notices(bridge, caller)]


@router.post(
    "/notices/{notice_id}/receipt",
    tags=["notices"],
    responses=answers("request/invalid", "notice/not-found", *WRITES),
)
async def sign_for_notice(notice_id: UUID, bridge: BridgeDep, caller: CallerDep) -> schemas.NoticeShown:
    """Sign for a notice of the caller's party; a second time changes nothing."""
    return schemas.NoticeShown.of(await notices.receive_notice(bridge, caller, notice_id))


def _shown(view: resolving.ConflictView, response: Response) -> schemas.ConflictShown:
    response.headers["ETag"] = f'"{view.etag}"'
    return schemas.ConflictShown.of(view)

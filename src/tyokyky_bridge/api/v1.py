"""``/v1``: clients, plans, consents and links in the canonical plan's own shape. Each handler makes one call."""

import hashlib
import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Path, Request, Response

from tyokyky_bridge.api import schemas
from tyokyky_bridge.api.answers import WITH_BODY, WRITES
from tyokyky_bridge.api.answers import answers as _answers
from tyokyky_bridge.api.auth import CallerDep
from tyokyky_bridge.api.intake import StrictRoute
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services import clients, consents, plans, trace
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.repeats import RepeatKey

EDITS = (
    *WITH_BODY,
    *WRITES,
    "plan/not-found",
    "plan/stale",
    "plan/precondition-required",
    "plan/closed",
    "plan/invalid",
    "plan/not-your-field",
    "plan/category-withheld",
    "hetu/invalid",
)
ETAG = {
    "ETag": {"description": "of the caller's view; send it back as If-Match", "schema": {"type": "string"}}
}
LOCATION = {"Location": {"description": "of the new plan", "schema": {"type": "string"}}}


router = APIRouter(prefix="/v1", route_class=StrictRoute)


def the_bridge(request: Request) -> Bridge:
    """The wired hub."""
    return request.app.state.bridge


BridgeDep = Annotated[Bridge, Depends(the_bridge)]
IfMatch = Annotated[
    str | None, Header(max_length=128, description="ETag of the plan as last read", examples=['"5f1c…"'])
]
Section = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", examples=["goals"])]
SystemId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", examples=["ura"])]
Number = Annotated[int, Path(ge=1, le=1_000_000, examples=[1])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[!-~]{1,128}$",
        description="a repeat with the same key has no second effect and is answered from what the first made",
    ),
]


class PreconditionRequired(BridgeError):
    """A change needs If-Match, so that nobody overwrites what they have not read."""

    code = "plan/precondition-required"

    def __init__(self) -> None:
        super().__init__("send If-Match with the ETag of the plan as last read")


@router.post(
    "/clients",
    status_code=201,
    tags=["clients"],
    responses=_answers(*WITH_BODY, *WRITES, "client/identity-taken", "hetu/invalid"),
)
async def register_client(
    body: schemas.ClientIdentity, bridge: BridgeDep, caller: CallerDep
) -> schemas.ClientRegistered:
    """Put a client on the register; the same party registering again gets the same id."""
    return schemas.ClientRegistered(client_id=await clients.register_client(bridge, caller, body.hetu))


@router.post(
    "/clients/search", tags=["clients"], responses=_answers(*WITH_BODY, "client/not-found", "hetu/invalid")
)
async def find_client(
    body: schemas.ClientIdentity, bridge: BridgeDep, caller: CallerDep
) -> schemas.ClientFound:
    """Find a client by identity number: only by POST, and 404 unless the caller may know of them."""
    client_id, found = await clients.find_client(bridge, caller, body.hetu)
    return schemas.ClientFound(client_id=client_id, plans=[schemas.PlanListed.of(seen) for seen in found])


@router.post(
    "/plans",
    status_code=201,
    tags=["plans"],
    responses=_answers(
        *WITH_BODY,
        *WRITES,
        "client/not-found",
        "plan/exists",
        "plan/invalid",
        "plan/not-your-field",
        "hetu/invalid",
        "idempotency/key-reused",
        ok=201,
        headers=ETAG | LOCATION,
    ),
)
async def create_plan(
    body: schemas.PlanToCreate,
    bridge: BridgeDep,
    caller: CallerDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> schemas.PlanSeen:
    """Record a client's plan. Linked systems receive what they may have afterwards: see the plan's links."""
    repeat = repeat_of(idempotency_key, "create_plan", body.client_id, body.plan)
    seen = await plans.create_plan(bridge, caller, body.client_id, body.plan, repeat=repeat)
    response.headers["Location"] = f"/v1/plans/{seen.plan_id}"
    return _seen(seen, response)


@router.get(
    "/plans/{plan_id}", tags=["plans"], responses=_answers("request/invalid", "plan/not-found", headers=ETAG)
)
async def read_plan(
    plan_id: UUID, bridge: BridgeDep, caller: CallerDep, response: Response
) -> schemas.PlanSeen:
    """The plan as the caller may see it; categories closed to the caller are named in ``withheld``."""
    return _seen(await plans.read_plan(bridge, caller, plan_id), response)


@router.patch("/plans/{plan_id}", tags=["plans"], responses=_answers(*EDITS, headers=ETAG))
async def revise_plan(
    plan_id: UUID,
    body: schemas.PlanChanges,
    bridge: BridgeDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.PlanSeen:
    """Record a new revision by items, elements or sections. What the caller cannot see stays as it is."""
    changes = [Change(change.path, change.value) for change in body.changes]
    return _seen(
        await plans.revise_plan(bridge, caller, plan_id, changes, if_match=_validator(if_match)), response
    )


@router.put("/plans/{plan_id}/sections/{section}", tags=["plans"], responses=_answers(*EDITS, headers=ETAG))
async def replace_section(
    plan_id: UUID,
    section: Section,
    body: Annotated[schemas.SectionContent, Body()],
    *,
    bridge: BridgeDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.PlanSeen:
    """Replace what the caller sees of one section (``goals``, ``health``, …); hidden items of it stay."""
    changes = [Change(section, body)]
    seen = await plans.revise_plan(bridge, caller, plan_id, changes, if_match=_validator(if_match))
    return _seen(seen, response)


@router.get(
    "/plans/{plan_id}/revisions", tags=["plans"], responses=_answers("request/invalid", "plan/not-found")
)
async def list_revisions(plan_id: UUID, bridge: BridgeDep, caller: CallerDep) -> list[schemas.RevisionListed]:
    """The revisions in which something changed that the caller may see, numbered from 1 for this caller."""
    found = await plans.list_revisions(bridge, caller, plan_id)
    return [
        schemas.RevisionListed(revision=r.number, at=r.at, cause=r.cause, etag=r.seen.etag) for r in found
    ]


@router.get(
    "/plans/{plan_id}/revisions/{number}",
    tags=["plans"],
    responses=_answers("request/invalid", "plan/not-found"),
)
async def read_revision(
    plan_id: UUID, number: Number, bridge: BridgeDep, caller: CallerDep
) -> schemas.PlanSeen:
    """One of those revisions, by today's decisions for the caller."""
    found = await plans.list_revisions(bridge, caller, plan_id)
    if number > len(found):
        raise PlanNotFound
    return schemas.PlanSeen.of(found[number - 1].seen)


@router.post(
    "/plans/{plan_id}/close",
    tags=["plans"],
    responses=_answers(*EDITS, "idempotency/key-reused", headers=ETAG),
)
async def close_plan(
    plan_id: UUID,
    body: schemas.PlanToClose,
    *,
    bridge: BridgeDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> schemas.PlanSeen:
    """Close the plan; the closing is delivered like any other change."""
    given = body.model_dump(mode="json", exclude_none=True)
    changes = [Change(f"closing.{name}", value) for name, value in given.items()]
    seen = await plans.revise_plan(
        bridge,
        caller,
        plan_id,
        [*changes, Change("header.status", "closed")],
        if_match=_validator(if_match),
        cause="close",
        repeat=repeat_of(idempotency_key, "close_plan", plan_id, given),
    )
    return _seen(seen, response)


@router.post(
    "/clients/{client_id}/consents",
    status_code=201,
    tags=["consents"],
    responses=_answers(
        *WITH_BODY,
        *WRITES,
        "client/not-found",
        "consent/not-found",
        "consent/not-active",
        "consent/invalid",
        "idempotency/key-reused",
    ),
)
async def record_consent(
    client_id: UUID,
    body: schemas.ConsentForm,
    bridge: BridgeDep,
    caller: CallerDep,
    idempotency_key: IdempotencyKey = None,
) -> schemas.ConsentRecorded:
    """Record a signed form, or with ``supersedes`` replace one: of the old form nothing is inherited."""
    repeat = repeat_of(idempotency_key, "record_consent", client_id, body)
    return schemas.ConsentRecorded.of(
        await consents.record_consent(bridge, caller, client_id, body, repeat=repeat)
    )


@router.get(
    "/clients/{client_id}/consents",
    tags=["consents"],
    responses=_answers("request/invalid", "client/not-found"),
)
async def list_consents(client_id: UUID, bridge: BridgeDep, caller: CallerDep) -> list[consents.Consent]:
    """The client's consents that the caller's party is on."""
    return list(await consents.list_consents(bridge, caller, client_id))


@router.get(
    "/consents/{consent_id}", tags=["consents"], responses=_answers("request/invalid", "consent/not-found")
)
async def read_consent(consent_id: UUID, bridge: BridgeDep, caller: CallerDep) -> consents.Consent:
    """One consent, for the parties on it."""
    return await consents.read_consent(bridge, caller, consent_id)


@router.post(
    "/consents/{consent_id}/withdrawal",
    tags=["consents"],
    responses=_answers(
        *WITH_BODY,
        *WRITES,
        "consent/not-found",
        "consent/not-active",
        "consent/invalid",
        "idempotency/key-reused",
    ),
)
async def withdraw_consent(
    consent_id: UUID,
    body: schemas.WithdrawalToRecord,
    bridge: BridgeDep,
    caller: CallerDep,
    idempotency_key: IdempotencyKey = None,
) -> schemas.ConsentRecorded:
    """Withdraw a consent: what rested on it stops at once, what waited is cancelled, the parties are told.

    Answers when nothing decided before can start any more; ``in_flight`` lists what had gone out, each send followed
    by its taking back.
    """
    repeat = repeat_of(idempotency_key, "withdraw_consent", consent_id, body.at, body.by)
    fenced = await consents.withdraw_consent(
        bridge, caller, consent_id, at=body.at, by=body.by, repeat=repeat
    )
    return schemas.ConsentRecorded.of(fenced)


@router.get("/plans/{plan_id}/links", tags=["links"], responses=_answers("request/invalid", "plan/not-found"))
async def list_links(plan_id: UUID, bridge: BridgeDep, caller: CallerDep) -> list[schemas.LinkShown]:
    """Each system's record as desired state: in sync, due, leased or parked with its reason; newest deliveries."""
    return [schemas.LinkShown.of(view) for view in await trace.list_links(bridge, caller, plan_id)]


@router.post(
    "/plans/{plan_id}/links/{system}/redrive",
    tags=["links"],
    responses=_answers("request/invalid", "plan/not-found", "link/not-found", "link/not-parked"),
)
async def redrive_link(
    plan_id: UUID, system: SystemId, bridge: BridgeDep, caller: CallerDep
) -> schemas.LinkShown:
    """Try a parked link again. Every item is decided afresh; nothing can be re-sent without that."""
    return schemas.LinkShown.of(await trace.redrive_link(bridge, caller, plan_id, system))


@router.get(
    "/plans/{plan_id}/disclosures/{system}",
    tags=["links"],
    responses=_answers("request/invalid", "plan/not-found", "link/not-found"),
)
async def read_disclosures(
    plan_id: UUID, system: SystemId, bridge: BridgeDep, caller: CallerDep
) -> schemas.DisclosuresShown:
    """Every item of the plan with its decision, basis and reason towards one system; no values.

    A caller gets the items that it may see itself; oversight gets them all.
    """
    return schemas.DisclosuresShown.of(await trace.trace_disclosures(bridge, caller, plan_id, system))


def _seen(seen: plans.Seen, response: Response) -> schemas.PlanSeen:
    response.headers["ETag"] = f'"{seen.etag}"'
    return schemas.PlanSeen.of(seen)


def _validator(if_match: str | None) -> str:
    if if_match is None:
        raise PreconditionRequired
    return if_match.strip().strip('"')


def repeat_of(key: str | None, operation: str, *asked: Any) -> RepeatKey | None:
    """The key of a request with a digest of what it asks."""
    if key is None:
        return None
    digest = hashlib.sha256(json.dumps([operation, *asked], sort_keys=True, default=str).encode())
    return RepeatKey(key, digest.hexdigest())

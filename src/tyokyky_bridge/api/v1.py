"""``/v1``: clients, plans, consents and links in the canonical plan's own shape. Each handler makes one call."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Path, Request, Response

from tyokyky_bridge.api import schemas
from tyokyky_bridge.api.auth import CallerDep
from tyokyky_bridge.api.idempotency import once
from tyokyky_bridge.api.problems import MEDIA_TYPE, STATUS
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services import clients, consents, plans, trace
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.loading import PlanNotFound


def _errors(*codes: str) -> dict[int | str, dict[str, Any]]:
    always = (
        "auth/missing-token",
        "auth/bad-token",
        "auth/not-for-role",
        "request/invalid",
        "request/malformed",
        "request/too-large",
        "server/unavailable",
    )
    described: dict[int, list[str]] = {}
    for code in (*always, *codes):
        described.setdefault(STATUS[code], []).append(code)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": ", ".join(found), "content": content} for status, found in described.items()
    }


router = APIRouter(prefix="/v1")


def the_bridge(request: Request) -> Bridge:
    """The wired hub."""
    return request.app.state.bridge


BridgeDep = Annotated[Bridge, Depends(the_bridge)]
IfMatch = Annotated[str | None, Header(description="ETag of the plan as last read", examples=['"5f1c…"'])]
Section = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", examples=["goals"])]
IdempotencyKey = Annotated[
    str | None, Header(max_length=128, description="a repeat with the same key gets the same answer")
]


class PreconditionRequired(BridgeError):
    """A change needs If-Match, so that nobody overwrites what they have not read."""

    code = "plan/precondition-required"

    def __init__(self) -> None:
        super().__init__("send If-Match with the ETag of the plan as last read")


@router.post("/clients", status_code=201, responses=_errors("client/identity-taken"), tags=["clients"])
async def register_client(
    body: schemas.ClientIdentity, bridge: BridgeDep, caller: CallerDep
) -> schemas.ClientRegistered:
    """Put a client on the register; the same party registering again gets the same id."""
    return schemas.ClientRegistered(client_id=await clients.register_client(bridge, caller, body.hetu))


@router.post("/clients/search", responses=_errors("client/not-found"), tags=["clients"])
async def find_client(
    body: schemas.ClientIdentity, bridge: BridgeDep, caller: CallerDep
) -> schemas.ClientFound:
    """Find a client by identity number: only by POST, and 404 unless the caller may know of them."""
    client_id, found = await clients.find_client(bridge, caller, body.hetu)
    listed = [schemas.PlanListed(plan_id=p.id, case_id=p.case_id, status=p.status) for p in found]
    return schemas.ClientFound(client_id=client_id, plans=listed)


@router.post(
    "/plans",
    status_code=201,
    response_model=schemas.PlanSeen,
    tags=["plans"],
    responses=_errors("client/not-found", "plan/exists", "idempotency/key-reused"),
)
async def create_plan(
    body: schemas.PlanToCreate, bridge: BridgeDep, caller: CallerDep, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record a client's plan. Linked systems receive what they may have afterwards: see the plan's links."""

    async def create() -> tuple[int, Mapping[str, Any], Mapping[str, str]]:
        seen = await plans.create_plan(bridge, caller, body.client_id, body.plan)
        headers = {"ETag": f'"{seen.etag}"', "Location": f"/v1/plans/{seen.plan_id}"}
        return 201, schemas.PlanSeen.of(seen).model_dump(mode="json"), headers

    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    return await once(bridge, caller, idempotency_key, digest, create)


@router.get("/plans/{plan_id}", responses=_errors("plan/not-found"), tags=["plans"])
async def read_plan(
    plan_id: UUID, bridge: BridgeDep, caller: CallerDep, response: Response
) -> schemas.PlanSeen:
    """The plan as the caller may see it; categories closed to the caller are named in ``withheld``."""
    return _seen(await plans.read_plan(bridge, caller, plan_id), response)


@router.patch(
    "/plans/{plan_id}",
    tags=["plans"],
    responses=_errors("plan/not-found", "plan/stale", "plan/precondition-required", "plan/closed"),
)
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


@router.put(
    "/plans/{plan_id}/sections/{section}",
    tags=["plans"],
    responses=_errors("plan/not-found", "plan/stale", "plan/precondition-required", "plan/closed"),
)
async def replace_section(
    plan_id: UUID,
    section: Section,
    body: Annotated[Any, Body()],
    bridge: BridgeDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.PlanSeen:
    """Replace what the caller sees of one section (``goals``, ``health``, …); hidden items of it stay."""
    changes = [Change(section, body)]
    seen = await plans.revise_plan(bridge, caller, plan_id, changes, if_match=_validator(if_match))
    return _seen(seen, response)


@router.get("/plans/{plan_id}/revisions", responses=_errors("plan/not-found"), tags=["plans"])
async def list_revisions(plan_id: UUID, bridge: BridgeDep, caller: CallerDep) -> list[schemas.RevisionListed]:
    """The revisions in which something changed that the caller may see."""
    found = await plans.list_revisions(bridge, caller, plan_id)
    return [
        schemas.RevisionListed(revision=r.number, at=r.at, cause=r.cause, etag=r.seen.etag) for r in found
    ]


@router.get("/plans/{plan_id}/revisions/{number}", responses=_errors("plan/not-found"), tags=["plans"])
async def read_revision(plan_id: UUID, number: int, bridge: BridgeDep, caller: CallerDep) -> schemas.PlanSeen:
    """One of those revisions, by today's decisions for the caller."""
    found = await plans.list_revisions(bridge, caller, plan_id)
    if not 1 <= number <= len(found):
        raise PlanNotFound
    return schemas.PlanSeen.of(found[number - 1].seen)


@router.post(
    "/plans/{plan_id}/close",
    tags=["plans"],
    responses=_errors("plan/not-found", "plan/stale", "plan/precondition-required", "plan/closed"),
)
async def close_plan(
    plan_id: UUID,
    body: schemas.PlanToClose,
    bridge: BridgeDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.PlanSeen:
    """Close the plan; the closing is delivered like any other change."""
    given = body.model_dump(mode="json", exclude_none=True)
    changes = [Change(f"closing.{name}", value) for name, value in given.items()] + [
        Change("header.status", "closed")
    ]
    seen = await plans.revise_plan(
        bridge, caller, plan_id, changes, if_match=_validator(if_match), cause="close"
    )
    return _seen(seen, response)


@router.post(
    "/clients/{client_id}/consents",
    status_code=201,
    tags=["consents"],
    responses=_errors("client/not-found", "consent/not-found", "consent/not-active", "consent/invalid"),
)
async def record_consent(
    client_id: UUID, body: schemas.ConsentForm, bridge: BridgeDep, caller: CallerDep
) -> schemas.ConsentRecorded:
    """Record a signed form, or with ``supersedes`` replace one: of the old form nothing is inherited."""
    return schemas.ConsentRecorded.of(await consents.record_consent(bridge, caller, client_id, body))


@router.get("/clients/{client_id}/consents", responses=_errors("client/not-found"), tags=["consents"])
async def list_consents(client_id: UUID, bridge: BridgeDep, caller: CallerDep) -> list[consents.Consent]:
    """The client's consents that the caller's party is on."""
    return list(await consents.list_consents(bridge, caller, client_id))


@router.get("/consents/{consent_id}", responses=_errors("consent/not-found"), tags=["consents"])
async def read_consent(consent_id: UUID, bridge: BridgeDep, caller: CallerDep) -> consents.Consent:
    """One consent, for the parties on it."""
    return await consents.read_consent(bridge, caller, consent_id)


@router.post(
    "/consents/{consent_id}/withdrawal",
    tags=["consents"],
    responses=_errors("consent/not-found", "consent/not-active", "consent/invalid"),
)
async def withdraw_consent(
    consent_id: UUID, body: schemas.WithdrawalToRecord, bridge: BridgeDep, caller: CallerDep
) -> schemas.ConsentRecorded:
    """Withdraw a consent: what rested on it stops at once, what waited is cancelled, the parties are told."""
    fenced = await consents.withdraw_consent(bridge, caller, consent_id, at=body.at, by=body.by)
    return schemas.ConsentRecorded.of(fenced)


@router.get("/plans/{plan_id}/links", responses=_errors("plan/not-found"), tags=["links"])
async def list_links(plan_id: UUID, bridge: BridgeDep, caller: CallerDep) -> list[schemas.LinkShown]:
    """Each system's record as desired state: in sync, due, leased or parked with its reason; newest deliveries."""
    return [schemas.LinkShown.of(view.link, view) for view in await trace.list_links(bridge, caller, plan_id)]


@router.post(
    "/plans/{plan_id}/links/{system}/redrive",
    tags=["links"],
    responses=_errors("plan/not-found", "link/not-found", "link/not-parked"),
)
async def redrive_link(plan_id: UUID, system: str, bridge: BridgeDep, caller: CallerDep) -> schemas.LinkShown:
    """Try a parked link again. Every item is decided afresh; nothing can be re-sent without that."""
    return schemas.LinkShown.of(await trace.redrive_link(bridge, caller, plan_id, system))


@router.get(
    "/plans/{plan_id}/disclosures/{system}",
    responses=_errors("plan/not-found", "link/not-found"),
    tags=["links"],
)
async def read_disclosures(
    plan_id: UUID, system: str, bridge: BridgeDep, caller: CallerDep
) -> schemas.DisclosuresShown:
    """Every item of the plan with its decision, basis and reason towards one system; no values."""
    return schemas.DisclosuresShown.of(await trace.trace_disclosures(bridge, caller, plan_id, system))


def _seen(seen: plans.Seen, response: Response) -> schemas.PlanSeen:
    response.headers["ETag"] = f'"{seen.etag}"'
    return schemas.PlanSeen.of(seen)


def _validator(if_match: str | None) -> str:
    if if_match is None:
        raise PreconditionRequired
    return if_match.strip().strip('"')

"""``/v1/systems/{system}/notices``: where partners push messages. No token: a message proves itself (sync.md 8.10)."""

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from tyokyky_bridge.api import problems
from tyokyky_bridge.api.answers import answers
from tyokyky_bridge.api.v1 import BridgeDep, SystemId
from tyokyky_bridge.services.intake import receive_notice as receive

MOST_BYTES = 64 * 1024
"""A message says where to look and carries no content, so it is short."""

_BODY: dict[str, Any] = {
    "description": "the message as the partner sends it; its headers and every byte count for the proof",
    "required": True,
    "content": {
        "application/json": {"schema": {"type": "object"}},
        "application/hl7-v2": {"schema": {"type": "string", "format": "binary"}},
    },
}

router = APIRouter(prefix="/v1")


class Received(BaseModel):
    """The one answer to every proved message, whether anybody here knows whom it is about or not."""

    received: Literal[True] = True


@router.post(
    "/systems/{system}/notices",
    status_code=202,
    tags=["systems"],
    response_model=Received,
    openapi_extra={"requestBody": _BODY},
    responses=answers(
        "request/invalid",
        "request/too-large",
        "request/timeout",
        "store/constraint",
        "notice/no-such-system",
        "notice/not-authentic",
        "notice/unreadable",
        always=("server/unavailable", "server/error"),
    ),
)
async def receive_notice(system: SystemId, bridge: BridgeDep, request: Request) -> Received | Response:
    """Take in a message of a system that pushes. It is a hint: the hub looks at the record itself, once per message."""
    body = await request.body()
    if len(body) > MOST_BYTES:
        return problems.problem("request/too-large")
    headers = {name.lower(): value for name, value in request.headers.items()}
    await receive(bridge, system, headers, body, at=datetime.now(UTC))
    return Received()

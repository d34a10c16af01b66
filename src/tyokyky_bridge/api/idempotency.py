"""``Idempotency-Key``: a POST that is sent again gets the answer of the first, and has no second effect."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from fastapi.responses import JSONResponse

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.records import IdempotencyRow

KEPT = timedelta(hours=24)


class KeyReused(BridgeError):
    """The same key came with another body."""

    code = "idempotency/key-reused"

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used with another body")


async def once(
    bridge: Bridge,
    caller: Caller,
    key: str | None,
    digest: str,
    act: Callable[[], Awaitable[tuple[int, Mapping[str, Any], Mapping[str, str]]]],
) -> JSONResponse:
    """Run *act* and keep its answer under *key*, or give the kept answer. Raises: KeyReused."""
    if key is not None:
        kept = await bridge.store.read(lambda tx: tx.idempotency.get(caller.party, key))
        if kept is not None:
            if kept.request_sha != digest:
                raise KeyReused
            return JSONResponse(kept.response["body"], kept.status, headers=dict(kept.response["headers"]))
    status, body, headers = await act()
    if key is not None:
        answer = {"body": dict(body), "headers": dict(headers)}
        await bridge.store.write(
            lambda tx: tx.idempotency.put(
                IdempotencyRow(caller.party, key, digest, status, answer, tx.now() + KEPT)
            )
        )
    return JSONResponse(dict(body), status, headers=dict(headers))

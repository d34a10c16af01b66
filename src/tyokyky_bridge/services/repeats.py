"""``Idempotency-Key``: a request that is sent again has no second effect, and is answered from what the first made."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import orjson

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import Doc, IdempotencyRow

T = TypeVar("T")

KEPT = timedelta(hours=24)
_TAKEN = timedelta(seconds=1)


class KeyReused(BridgeError):
    """The same key came with another request."""

    code = "idempotency/key-reused"

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used with another request")


@dataclass(frozen=True)
class RepeatKey:
    """The key of one request, and a digest of what was asked: operation, target and body."""

    key: str
    asked: str


def once(
    tx: Tx,
    caller: Caller,
    repeat: RepeatKey | None,
    act: Callable[[], T],
    *,
    note: Callable[[T], Doc],
    recall: Callable[[Doc], T],
) -> T:
    """Do *act* and keep what *note* says of it, or *recall* the answer from what was kept; all in one transaction.

    Ids are kept and no content: what a caller may see is decided again each time. The key is taken before anything
    is done, so that of two requests at once the second waits for the first. Raises: KeyReused, and what *act* raises.
    """
    if repeat is None:
        return act()
    scope = f"{caller.party}/{hashlib.sha256(caller.subject.encode()).hexdigest()}"
    claims = [repeat.asked, caller.role.value, caller.purpose.value]
    asked = hashlib.sha256(orjson.dumps(claims)).hexdigest()
    kept = tx.idempotency.get(scope, repeat.key)
    if kept is not None:
        if kept.request_sha != asked:
            raise KeyReused
        return recall(kept.response)
    tx.idempotency.put(IdempotencyRow(scope, repeat.key, asked, 200, {}, tx.now() - _TAKEN))
    made = act()
    tx.idempotency.put(IdempotencyRow(scope, repeat.key, asked, 200, note(made), tx.now() + KEPT))
    return made

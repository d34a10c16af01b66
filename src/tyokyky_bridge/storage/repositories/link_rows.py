"""The two faces of a link row: the value it is read as, and the columns that a result sets."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Update

from tyokyky_bridge.services.records import Ack, Intent, LinkResult, LinkRow, Park, Remote, Retry
from tyokyky_bridge.services.sync_records import DRIFTS, CheckedCounts
from tyokyky_bridge.storage.repositories.link_statements import ACKNOWLEDGE, FAIL, GIVE_BACK

FREE: dict[str, Any] = {"lease_by": None, "leased_at": None, "lease_until": None, "lease_want": 0}
ENDED: dict[str, Any] = FREE | {"unfinished": 0}
"""Free because whoever had it came to an end with it, whatever the end was."""
TOLD, LOOK, VERIFY = 1, 2, 4
"""Bits of the column ``want``."""
UNPARKED: dict[str, Any] = {"parked_reason": None, "parked_detail": None, "parked_at": None}
_NO_INTENT: dict[str, Any] = {"intent_key": None, "intent_gen": None, "intent_sha": None}
_FORGOTTEN: dict[str, Any] = {"remote_id": None, "remote_version": None, "created_by_us": False}
_ASKED: dict[int, frozenset[Literal["look", "verify"]]] = {
    0: frozenset(),
    TOLD: frozenset({"look"}),
    LOOK: frozenset({"look"}),
    TOLD | LOOK: frozenset({"look"}),
    VERIFY: frozenset({"verify"}),
    TOLD | VERIFY: frozenset({"look", "verify"}),
    LOOK | VERIFY: frozenset({"look", "verify"}),
    TOLD | LOOK | VERIFY: frozenset({"look", "verify"}),
}


def ending(result: LinkResult, *, now: datetime) -> tuple[Update, dict[str, Any]]:
    """The change that ends a lease with *result*, and its values."""
    match result:
        case Ack():
            return ACKNOWLEDGE, ENDED | _acknowledged(result, now=now)
        case Retry(counts=True):
            values = {"due_at": now + result.after, "last_error": result.error, "now": now}
            return FAIL, ENDED | values | _intent_after(result)
        case Retry():
            why: dict[str, Any] = {} if result.error is None else {"last_error": result.error}
            return GIVE_BACK, ENDED | why | {"due_at": now + result.after} | _intent_after(result)
        case Park():
            values = {
                "due_at": None,
                "parked_reason": result.reason,
                "parked_detail": result.detail,
                "parked_at": now,
                "last_error": result.reason,
                "now": now,
            }
            return FAIL, ENDED | values | _intent_after(result)


def _intent_after(result: Retry | Park) -> dict[str, Any]:
    return _NO_INTENT if result.outcome_known else {}


def _acknowledged(ack: Ack, *, now: datetime) -> dict[str, Any]:
    values = _NO_INTENT | {
        "gen": ack.gen,
        "kind": ack.kind,
        "now": now,
        "acked_gen": ack.gen,
        "acked_kind": ack.kind,
        "attempts": 0,
        "first_failed_at": None,
        "last_error": None,
        "base": ack.base,
        "projection_sha": ack.projection_sha,
        "retained": ack.retained,
        "base_hub": ack.base_hub,
        "base_remote": ack.base_remote,
    }
    if ack.drift is not None:
        values |= {"drift": ack.drift, "verified_at": now}
    return values | _FORGOTTEN if ack.kind == "absent" else values


def columns_of(remote: Remote) -> dict[str, Any]:
    """The columns that say where the record is at the partner."""
    return {
        "remote_person": remote.person,
        "remote_id": remote.record,
        "remote_version": remote.version,
        "created_by_us": remote.created_by_us,
    }


def checked_counts(row: Row[Any]) -> CheckedCounts:
    """What was compared, as counted."""
    drift = {name: getattr(row, name) for name in DRIFTS}
    return CheckedCounts(row.system, row.in_sync, row.fresh, row.never, row.oldest, drift)


def link_row(row: Row[Any]) -> LinkRow:
    """A link as it stands."""
    return LinkRow(
        id=row.id,
        plan_id=row.plan_id,
        client_id=row.client_id,
        system=row.system,
        desired_kind=row.desired_kind,
        desired_gen=row.desired_gen,
        acked_kind=row.acked_kind,
        acked_gen=row.acked_gen,
        acked_at=row.acked_at,
        due_at=row.due_at,
        due_since=row.due_since,
        urgent=row.priority == 0,
        lease_epoch=row.lease_epoch,
        lease_by=row.lease_by,
        leased_at=row.leased_at,
        lease_until=row.lease_until,
        attempts=row.attempts,
        unfinished=row.unfinished,
        first_failed_at=row.first_failed_at,
        last_error=row.last_error,
        parked_reason=row.parked_reason,
        parked_detail=row.parked_detail,
        parked_at=row.parked_at,
        remote=Remote(row.remote_person, row.remote_id, row.remote_version, row.created_by_us),
        intent=None
        if row.intent_key is None
        else Intent(key=row.intent_key, gen=row.intent_gen, sha=row.intent_sha),
        base=row.base,
        projection_sha=row.projection_sha,
        identity_resolved=row.identity_resolved,
        retained=row.retained,
        base_hub=row.base_hub,
        base_remote=row.base_remote,
        asked=_ASKED[row.lease_want],
        verified_at=row.verified_at,
        drift=row.drift,
        created_at=row.created_at,
    )

"""The two faces of a link row: the value it is read as, and the columns that a result sets."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func

from tyokyky_bridge.services.records import Ack, Intent, LinkResult, LinkRow, Park, Remote, Retry
from tyokyky_bridge.storage.tables import link
from tyokyky_bridge.storage.types import moment

FREE: dict[str, Any] = {"lease_by": None, "leased_at": None, "lease_until": None}
NO_INTENT: dict[str, Any] = {"intent_key": None, "intent_gen": None, "intent_sha": None}
_FORGOTTEN: dict[str, Any] = {"remote_id": None, "remote_version": None, "created_by_us": False}


def outcome_of(result: LinkResult, *, now: datetime) -> dict[str, Any]:
    """The columns that a result of work sets, beside the lease."""
    match result:
        case Ack():
            return _acknowledged(result, now=now)
        case Retry():
            return _again(result, now=now)
        case Park():
            return {
                "due_at": None,
                "parked_reason": result.reason,
                "parked_detail": result.detail,
                "parked_at": now,
                "last_error": result.reason,
                "first_failed_at": func.coalesce(link.c.first_failed_at, moment(now)),
            } | (NO_INTENT if result.outcome_known else {})


def _acknowledged(ack: Ack, *, now: datetime) -> dict[str, Any]:
    newer = link.c.desired_gen > ack.gen
    values = NO_INTENT | {
        # Facts move with time (a consent runs out): what was decided at sending is what this generation wants.
        "desired_kind": case((newer, link.c.desired_kind), else_=ack.kind),
        "acked_gen": ack.gen,
        "acked_kind": ack.kind,
        "acked_at": now,
        # A change made during the send is younger than the lease: the lease's begin bounds its age.
        "due_at": case((newer, moment(now))),
        "due_since": case((newer, func.coalesce(link.c.leased_at, moment(now)))),
        "priority": case((newer, link.c.priority), else_=1),
        "attempts": 0,
        "first_failed_at": None,
        "last_error": None,
        "base": ack.base,
        "projection_sha": ack.projection_sha,
        "retained": ack.retained,
    }
    return values | _FORGOTTEN if ack.kind == "absent" else values


def _again(retry: Retry, *, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"due_at": now + retry.after}
    if retry.counts:
        values |= {
            "last_error": retry.error,
            "first_failed_at": func.coalesce(link.c.first_failed_at, moment(now)),
        }
    else:
        values["attempts"] = case((link.c.attempts > 0, link.c.attempts - 1), else_=0)
    return values | (NO_INTENT if retry.outcome_known else {})


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
        created_at=row.created_at,
    )

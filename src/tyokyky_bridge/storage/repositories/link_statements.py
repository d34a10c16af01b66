"""The statements on the table ``link``, built once; `links` says what each is for."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    text,
    update,
)

from tyokyky_bridge.services.ports import Lock
from tyokyky_bridge.services.sync_records import DRIFTS
from tyokyky_bridge.storage.session import Insert, lockable, on_each_engine
from tyokyky_bridge.storage.tables import link
from tyokyky_bridge.storage.types import UtcDateTime

_of: BindParameter[Any] = bindparam("of")
_system: BindParameter[Any] = bindparam("system_is")
_size: BindParameter[Any] = bindparam("size")
_kind: BindParameter[Any] = bindparam("kind")
_now = bindparam("now", type_=UtcDateTime())
_leased = link.c.lease_by.is_not(None)
_parked = link.c.parked_reason.is_not(None)
_held = (link.c.id == _of) & (link.c.lease_epoch == bindparam("epoch")) & _leased
_UNPARKED = ("parked_reason", "parked_detail", "parked_at")


def _listed(*where: ColumnElement[bool]) -> Mapping[Lock | None, Select[Any]]:
    return lockable(select(link).where(*where).order_by(link.c.id))


GET = _listed(link.c.id == _of)
OF_PLAN = _listed(link.c.plan_id == _of)
OF_PLAN_IN_SYSTEM = _listed(link.c.plan_id == _of, link.c.system == _system)
OF_CLIENT = _listed(link.c.client_id == _of)
OF_CLIENT_IN_SYSTEM = _listed(link.c.client_id == _of, link.c.system == _system)

DUE = (
    select(link.c.id, link.c.unfinished)
    .where(
        link.c.system == _system,
        link.c.due_at <= _now,
        link.c.unfinished < bindparam("below"),
        link.c.priority <= bindparam("least_urgent"),
    )
    .order_by(link.c.priority, link.c.due_at, link.c.id)
    .limit(_size)
)
# Core knows one locking clause for a SELECT; here the links are taken and their clients held still.
DUE_ON_POSTGRES = text(
    "SELECT l.id, l.unfinished FROM link l JOIN client k ON k.id = l.client_id"
    " WHERE l.system = :system_is AND l.due_at <= :now AND l.unfinished < :below"
    " AND l.priority <= :least_urgent"
    " ORDER BY l.priority, l.due_at, l.id LIMIT :size"
    " FOR NO KEY UPDATE OF l SKIP LOCKED FOR SHARE OF k SKIP LOCKED"
)
LEASE = (
    update(link)
    .where(link.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        lease_epoch=link.c.lease_epoch + 1,
        attempts=link.c.attempts + 1,
        unfinished=link.c.unfinished + 1,
        lease_want=link.c.want.bitwise_or(link.c.lease_want),
        want=0,
    )
    .returning(link)
)

CHANGE_LEASED = update(link).where(_held)
# A result is also good after the lease ran out, as long as nobody else has taken the link since.
_FINISHED = CHANGE_LEASED.returning(link.c.system, link.c.due_at)
_newer = link.c.desired_gen > bindparam("gen")
_again = _newer | (link.c.want != 0)  # a hint that came during the work may have been missed by it
_unseen = link.c.want.bitwise_or(link.c.lease_want)
_known_already = (link.c.acked_gen == bindparam("gen")) & (link.c.acked_kind == _kind)
ACKNOWLEDGE = _FINISHED.where(link.c.acked_gen <= bindparam("gen")).values(
    acked_at=case((_known_already, link.c.acked_at), else_=_now),
    # Facts move with time (a consent runs out): what was decided at sending is what this generation wants.
    desired_kind=case((_newer, link.c.desired_kind), else_=_kind),
    # A change made during the send is younger than the lease: the lease's begin bounds its age.
    due_at=case((_again, _now)),
    due_since=case((_again, func.coalesce(link.c.leased_at, _now))),
    priority=case((_newer, link.c.priority), else_=1),
)
FAIL = _FINISHED.values(first_failed_at=func.coalesce(link.c.first_failed_at, _now), want=_unseen)
GIVE_BACK = _FINISHED.values(attempts=case((link.c.attempts > 0, link.c.attempts - 1), else_=0), want=_unseen)

# Whoever had the record open has saved it: a change there is a reason to try again.
_closed_again = link.c.parked_reason == "held_open"
LOOK = (
    update(link)
    .where(link.c.id == _of)
    .values(
        want=link.c.want.bitwise_or(bindparam("bits")),
        attempts=case((_closed_again, 0), else_=link.c.attempts),
        **{name: case((_parked & ~_closed_again, link.c[name])) for name in _UNPARKED},
        due_at=case(
            (_parked & ~_closed_again, None), (_leased | (link.c.due_at < _now), link.c.due_at), else_=_now
        ),
        due_since=func.coalesce(link.c.due_since, _now),
    )
    .returning(link.c.system, link.c.due_at)
)
UNLOOK = (
    update(link)
    .where(link.c.id == _of, ~_leased, ~_parked, link.c.desired_gen == link.c.acked_gen)
    .where(link.c.want == bindparam("bits"), link.c.intent_key.is_(None))
    .values(want=0, due_at=None, due_since=None)
)
AT_PERSON = select(link).where(link.c.system == _system, link.c.remote_person == _of).order_by(link.c.id)
AT_RECORD = select(link).where(link.c.system == _system, link.c.remote_id == _of).order_by(link.c.id)
BEING_MADE = select(link.c.id).where(link.c.system == _system, _leased, link.c.remote_id.is_(None))
MOVE = update(link).where(link.c.id == _of, ~_leased)
FORGET = update(link).where(link.c.id == _of).values(remote_person=None, remote_id=None, remote_version=None)
UNVERIFIED = (
    select(link)
    .where(
        link.c.system == _system,
        link.c.due_at.is_(None),
        ~_parked,
        or_(link.c.verified_at.is_(None), link.c.verified_at < bindparam("before")),
    )
    .order_by(link.c.verified_at.asc().nulls_first(), link.c.id)
    .limit(_size)
)

PARK = (
    update(link)
    .where(link.c.id == _of, ~_leased, ~_parked)
    .values(due_since=func.coalesce(link.c.due_since, _now))
)
REDRIVE = update(link).where(link.c.id == _of)
COUNTS = (
    select(
        link.c.system,
        func.count().label("total"),
        func.count(case((_parked, 1))).label("parked"),
        func.count(case((_leased, 1))).label("leased"),
        func.count(link.c.due_at).label("waiting"),
        func.min(link.c.due_since).label("oldest"),
    )
    .group_by(link.c.system)
    .order_by(link.c.system)
)

_in_sync = link.c.due_at.is_(None) & ~_parked
CHECKED = (
    select(
        link.c.system,
        func.count(case((_in_sync, 1))).label("in_sync"),
        func.count(case((_in_sync & (link.c.verified_at >= bindparam("since")), 1))).label("fresh"),
        func.count(case((_in_sync & link.c.verified_at.is_(None), 1))).label("never"),
        func.min(case((_in_sync, link.c.verified_at))).label("oldest"),
        *(func.count(case((link.c.drift == drift, 1))).label(drift) for drift in DRIFTS),
    )
    .group_by(link.c.system)
    .order_by(link.c.system)
)


def parked(*, system: str | None, reason: str | None) -> list[ColumnElement[bool]]:
    """The conditions of parked links, of one system or reason or of all."""
    where: list[ColumnElement[bool]] = [_parked]
    if system is not None:
        where.append(link.c.system == system)
    if reason is not None:
        where.append(link.c.parked_reason == reason)
    return where


@cache
def wanting(unpark: tuple[str, ...]) -> Mapping[str, Insert]:
    """The upsert of `links.want` that wakes links parked for the reasons *unpark*: names that stand in code."""
    healed = or_(false(), *(link.c.parked_reason == reason for reason in unpark))
    stays_parked = and_(_parked, ~healed)

    def upsert(into: Any) -> Any:
        new = into(link)
        row = new.excluded
        return new.on_conflict_do_update(
            index_elements=["plan_id", "system"],
            set_={
                "desired_kind": row.desired_kind,
                "desired_gen": link.c.desired_gen + 1,
                "due_at": case(
                    (stays_parked, None),
                    (_leased | (link.c.due_at < row.due_at), link.c.due_at),
                    else_=row.due_at,
                ),
                "due_since": func.coalesce(link.c.due_since, row.due_since),
                "priority": case((row.priority == 0, 0), else_=link.c.priority),
                "attempts": case((_parked & healed, 0), else_=link.c.attempts),
                "unfinished": case((_parked & healed, 0), else_=link.c.unfinished),
                **{name: case((stays_parked, link.c[name])) for name in _UNPARKED},
            },
        ).returning(link)

    return on_each_engine(upsert)

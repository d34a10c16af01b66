"""Links: the desired state of each (plan, system), leased to one worker at a time (sync.md 8.2–8.6)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select, text, update

from tyokyky_bridge.services.ports import Lock
from tyokyky_bridge.services.records import Ack, Doc, Intent, Kind, LinkCounts, LinkResult, LinkRow, Remote
from tyokyky_bridge.storage.repositories.link_rows import FREE, link_row, outcome_of
from tyokyky_bridge.storage.session import Session
from tyokyky_bridge.storage.tables import link
from tyokyky_bridge.storage.types import moment

_UNPARKED: dict[str, Any] = {"parked_reason": None, "parked_detail": None, "parked_at": None}

# Core knows one locking clause for a SELECT; here the links are taken and their clients held still.
_CLAIM_ON_POSTGRES = text(
    "SELECT l.id FROM link l JOIN client k ON k.id = l.client_id"
    " WHERE l.system = :system AND l.due_at <= :now"
    " ORDER BY l.priority, l.due_at, l.id LIMIT :n"
    " FOR NO KEY UPDATE OF l SKIP LOCKED FOR SHARE OF k SKIP LOCKED"
)


class LinkTable:
    """`services.ports.Links` over the table ``link``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def want(
        self,
        *,
        plan_id: UUID,
        client_id: UUID,
        system: str,
        kind: Kind,
        overtake: bool = False,
        unpark: Collection[str] = (),
    ) -> LinkRow:
        now = self._session.now()
        first = self._session.insert(link).values(
            plan_id=plan_id,
            client_id=client_id,
            system=system,
            desired_kind=kind,
            desired_gen=1,
            acked_gen=0,
            due_at=now,
            due_since=now,
            priority=0 if overtake else 1,
            lease_epoch=0,
            attempts=0,
            created_by_us=False,
            identity_resolved=False,
            retained=False,
            created_at=now,
        )
        stays_parked = link.c.parked_reason.is_not(None) & link.c.parked_reason.not_in(list(unpark))
        row = self._session.row(
            first.on_conflict_do_update(
                index_elements=["plan_id", "system"],
                set_={
                    "desired_kind": kind,
                    "desired_gen": link.c.desired_gen + 1,
                    "due_at": case(
                        (stays_parked, None),
                        (link.c.lease_by.is_not(None) | (link.c.due_at < now), link.c.due_at),
                        else_=moment(now),
                    ),
                    "due_since": func.coalesce(link.c.due_since, moment(now)),
                    "priority": 0 if overtake else link.c.priority,
                    "attempts": case((_to_unpark(stays_parked), 0), else_=link.c.attempts),
                    **{name: case((stays_parked, link.c[name])) for name in _UNPARKED},
                },
            ).returning(link)
        )
        assert row is not None  # noqa: S101 - an upsert without a condition always returns its row
        self._session.waited()
        self._session.due_systems.add(system)
        return link_row(row)

    def get(self, link_id: int, *, lock: Lock | None = None) -> LinkRow | None:
        found = self._select(link.c.id == link_id, lock=lock)
        return found[0] if found else None

    def of_plan(
        self, plan_id: UUID, *, system: str | None = None, lock: Lock | None = None
    ) -> tuple[LinkRow, ...]:
        where = link.c.plan_id == plan_id
        return self._select(where if system is None else where & (link.c.system == system), lock=lock)

    def of_client(self, client_id: UUID, *, lock: Lock | None = None) -> tuple[LinkRow, ...]:
        return self._select(link.c.client_id == client_id, lock=lock)

    def due_systems(self) -> frozenset[str]:
        rows = self._session.rows(
            select(link.c.system).distinct().where(link.c.due_at <= self._session.now())
        )
        return frozenset(row.system for row in rows)

    def next_due_at(self) -> datetime | None:
        return self._session.connection.execute(select(func.min(link.c.due_at))).scalar_one()

    def claim(self, system: str, *, limit: int, worker: str, lease: timedelta) -> tuple[LinkRow, ...]:
        now = self._session.now()
        if self._session.postgres:
            picked = self._session.connection.execute(
                _CLAIM_ON_POSTGRES, {"system": system, "now": now, "n": limit}
            )
        else:  # BEGIN IMMEDIATE keeps every other writer out
            picked = self._session.connection.execute(
                select(link.c.id)
                .where(link.c.system == system, link.c.due_at <= now)
                .order_by(link.c.priority, link.c.due_at, link.c.id)
                .limit(limit)
            )
        ids = [row.id for row in picked]
        if not ids:
            return ()
        claimed = self._session.rows(
            update(link)
            .where(link.c.id.in_(ids))
            .values(
                lease_epoch=link.c.lease_epoch + 1,
                attempts=link.c.attempts + 1,
                lease_by=worker,
                leased_at=now,
                lease_until=now + lease,
                due_at=now + lease,
            )
            .returning(link)
        )
        return tuple(link_row(row) for row in sorted(claimed, key=lambda row: ids.index(row.id)))

    def set_intent(self, link_id: int, lease_epoch: int, intent: Intent) -> bool:
        return self._leased(
            link_id, lease_epoch, intent_key=intent.key, intent_gen=intent.gen, intent_sha=intent.sha
        )

    def renew(self, link_id: int, lease_epoch: int, lease: timedelta) -> bool:
        until = self._session.now() + lease
        return self._leased(link_id, lease_epoch, lease_until=until, due_at=until)

    def finish(
        self,
        link_id: int,
        lease_epoch: int,
        result: LinkResult,
        *,
        remote: Remote | None = None,
        identity_resolved: bool | None = None,
    ) -> bool:
        values = FREE | outcome_of(result, now=self._session.now())
        if remote is not None:
            values |= {
                "remote_person": remote.person,
                "remote_id": remote.record,
                "remote_version": remote.version,
                "created_by_us": remote.created_by_us,
            }
        if identity_resolved is not None:
            values["identity_resolved"] = identity_resolved
        # A result is also good after the lease ran out, as long as nobody else has taken the link since.
        fence = _held(link_id, lease_epoch)
        if isinstance(result, Ack):
            fence &= link.c.acked_gen <= result.gen
        row = self._session.row(
            update(link).where(fence).values(values).returning(link.c.system, link.c.due_at)
        )
        if row is None:
            return False
        if row.due_at is not None and row.due_at <= self._session.now():
            self._session.due_systems.add(row.system)
        return True

    def park(self, link_id: int, reason: str, detail: Doc) -> bool:
        now = self._session.now()
        return bool(
            self._session.count(
                update(link)
                .where(link.c.id == link_id, link.c.lease_by.is_(None), link.c.parked_reason.is_(None))
                .values(
                    due_at=None,
                    due_since=func.coalesce(link.c.due_since, moment(now)),
                    parked_reason=reason,
                    parked_detail=detail,
                    parked_at=now,
                )
            )
        )

    def parked(
        self, *, system: str | None = None, reason: str | None = None, limit: int = 100
    ) -> tuple[LinkRow, ...]:
        rows = self._session.rows(
            select(link)
            .where(*_parked_where(system=system, reason=reason))
            .order_by(link.c.parked_at, link.c.id)
            .limit(limit)
        )
        return tuple(link_row(row) for row in rows)

    def redrive(
        self,
        *,
        link_id: int | None = None,
        system: str | None = None,
        reason: str | None = None,
        spread: timedelta = timedelta(0),
    ) -> tuple[int, ...]:
        where = _parked_where(system=system, reason=reason)
        if link_id is not None:
            where.append(link.c.id == link_id)
        picked = self._session.rows(
            self._session.locked(select(link.c.id, link.c.system).where(*where).order_by(link.c.id), "update")
        )
        self._session.waited()
        now = self._session.now()
        for turn, row in enumerate(picked):  # one after the other over the spread, not all at once
            self._session.connection.execute(
                update(link)
                .where(link.c.id == row.id)
                .values(_UNPARKED | {"due_at": now + spread * turn / len(picked), "attempts": 0})
            )
            self._session.due_systems.add(row.system)
        return tuple(row.id for row in picked)

    def release_worker(self, worker: str) -> int:
        freed = self._session.rows(
            update(link)
            .where(link.c.lease_by == worker)
            .values(FREE | {"due_at": self._session.now()})
            .returning(link.c.system)
        )
        self._session.due_systems.update(row.system for row in freed)
        return len(freed)

    def counts(self) -> tuple[LinkCounts, ...]:
        parked = link.c.parked_reason.is_not(None)
        leased = link.c.lease_by.is_not(None)
        rows = self._session.rows(
            select(
                link.c.system,
                func.count().label("total"),
                func.count(case((parked, 1))).label("parked"),
                func.count(case((leased, 1))).label("leased"),
                func.count(link.c.due_at).label("waiting"),
                func.min(link.c.due_since).label("oldest"),
            )
            .group_by(link.c.system)
            .order_by(link.c.system)
        )
        return tuple(
            LinkCounts(
                system=row.system,
                in_sync=row.total - row.parked - row.waiting,
                due=row.waiting - row.leased,
                leased=row.leased,
                parked=row.parked,
                oldest_due_since=row.oldest,
            )
            for row in rows
        )

    def _select(self, where: ColumnElement[bool], *, lock: Lock | None) -> tuple[LinkRow, ...]:
        rows = self._session.rows(self._session.locked(select(link).where(where).order_by(link.c.id), lock))
        if lock is not None:
            self._session.waited()
        return tuple(link_row(row) for row in rows)

    def _leased(self, link_id: int, lease_epoch: int, **values: Any) -> bool:
        return bool(self._session.count(update(link).where(_held(link_id, lease_epoch)).values(values)))


def _held(link_id: int, lease_epoch: int) -> ColumnElement[bool]:
    return (link.c.id == link_id) & (link.c.lease_epoch == lease_epoch) & link.c.lease_by.is_not(None)


def _to_unpark(stays_parked: ColumnElement[bool]) -> ColumnElement[bool]:
    return link.c.parked_reason.is_not(None) & ~stays_parked


def _parked_where(*, system: str | None, reason: str | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [link.c.parked_reason.is_not(None)]
    if system is not None:
        where.append(link.c.system == system)
    if reason is not None:
        where.append(link.c.parked_reason == reason)
    return where

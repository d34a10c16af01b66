"""Links: the desired state of each (plan, system), leased to one worker at a time (sync.md 8.2–8.6)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from tyokyky_bridge.services.ports import Lock
from tyokyky_bridge.services.records import (
    SUSPECT_AFTER,
    Doc,
    Intent,
    Kind,
    LinkCounts,
    LinkResult,
    LinkRow,
    Remote,
)
from tyokyky_bridge.services.sync_records import CheckedCounts
from tyokyky_bridge.storage.repositories import link_statements as sql
from tyokyky_bridge.storage.repositories.link_rows import (
    LOOK,
    TOLD,
    UNPARKED,
    VERIFY,
    checked_counts,
    columns_of,
    ending,
    link_row,
)
from tyokyky_bridge.storage.session import Session, lockable
from tyokyky_bridge.storage.tables import link

_ANY = 32_767
"""More claims than are ever counted."""


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
        row = self._session.row(
            sql.wanting(tuple(unpark))[self._session.engine],
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
            unfinished=0,
            created_by_us=False,
            identity_resolved=False,
            retained=False,
            created_at=now,
        )
        assert row is not None  # noqa: S101 - an upsert without a condition always returns its row
        self._session.waited()
        self._session.due_systems.add(system)
        return link_row(row)

    def get(self, link_id: int, *, lock: Lock | None = None) -> LinkRow | None:
        found = self._select(sql.GET[lock], lock, of=link_id)
        return found[0] if found else None

    def of_plan(
        self, plan_id: UUID, *, system: str | None = None, lock: Lock | None = None
    ) -> tuple[LinkRow, ...]:
        if system is None:
            return self._select(sql.OF_PLAN[lock], lock, of=plan_id)
        return self._select(sql.OF_PLAN_IN_SYSTEM[lock], lock, of=plan_id, system_is=system)

    def of_client(
        self, client_id: UUID, *, system: str | None = None, lock: Lock | None = None
    ) -> tuple[LinkRow, ...]:
        if system is None:
            return self._select(sql.OF_CLIENT[lock], lock, of=client_id)
        return self._select(sql.OF_CLIENT_IN_SYSTEM[lock], lock, of=client_id, system_is=system)

    def look(self, link_id: int, *, verify: bool = False, told: bool = False) -> bool:
        now = self._session.now()
        bits = VERIFY if verify else TOLD if told else LOOK
        row = self._session.row(sql.LOOK, of=link_id, bits=bits, now=now)
        if row is None or row.due_at is None:
            return False
        self._session.due_systems.add(row.system)
        return True

    def unlook(self, link_id: int) -> bool:
        return bool(self._session.count(sql.UNLOOK, of=link_id, bits=TOLD))

    def at_remote(
        self, system: str, *, person: str | None = None, record: str | None = None
    ) -> tuple[LinkRow, ...]:
        rows = list(self._session.rows(sql.AT_RECORD, system_is=system, of=record) if record else ())
        if not rows and person:
            rows = list(self._session.rows(sql.AT_PERSON, system_is=system, of=person))
        return tuple(link_row(row) for row in rows)

    def being_made(self, system: str) -> tuple[int, ...]:
        return tuple(row.id for row in self._session.rows(sql.BEING_MADE, system_is=system))

    def agree(
        self,
        link_id: int,
        lease_epoch: int,
        *,
        base_hub: Doc | None,
        base_remote: Doc | None,
        remote: Remote | None = None,
    ) -> bool:
        values: dict[str, Any] = {"base_hub": base_hub, "base_remote": base_remote}
        if remote is not None:
            values |= columns_of(remote)
        return self._change_leased(link_id, lease_epoch, **values)

    def move(
        self, link_id: int, *, base_hub: Doc | None, base_remote: Doc | None, base: Doc | None = None
    ) -> bool:
        values: dict[str, Any] = {"base_hub": base_hub, "base_remote": base_remote}
        if base is not None:
            values["base"] = base
        return bool(self._session.count(sql.MOVE, of=link_id, **values))

    def forget_remote(self, link_id: int) -> None:
        self._session.run(sql.FORGET, of=link_id)

    def unverified(self, system: str, *, before: datetime, limit: int) -> tuple[LinkRow, ...]:
        rows = self._session.rows(sql.UNVERIFIED, system_is=system, before=before, size=limit)
        return tuple(link_row(row) for row in rows)

    def checked(self, since: datetime) -> tuple[CheckedCounts, ...]:
        return tuple(checked_counts(row) for row in self._session.rows(sql.CHECKED, since=since))

    def claim(
        self,
        system: str,
        *,
        limit: int,
        worker: str,
        lease: timedelta,
        suspects: bool = True,
        only_urgent: bool = False,
    ) -> tuple[LinkRow, ...]:
        now = self._session.now()
        # On SQLite BEGIN IMMEDIATE keeps every other writer out.
        due = sql.DUE_ON_POSTGRES if self._session.engine == "postgresql" else sql.DUE
        below = _ANY if suspects else SUSPECT_AFTER
        rows = self._session.rows(
            due, system_is=system, now=now, size=limit, below=below, least_urgent=0 if only_urgent else 1
        )
        found = [(row.id, row.unfinished >= SUSPECT_AFTER) for row in rows]
        suspect = next((link_id for link_id, suspected in found if suspected), None)
        ids = [link_id for link_id, suspected in found if not suspected or link_id == suspect]
        if not ids:
            return ()
        until = now + lease
        claimed = self._session.rows(
            sql.LEASE, ids=ids, lease_by=worker, leased_at=now, lease_until=until, due_at=until
        )
        return tuple(link_row(row) for row in sorted(claimed, key=lambda row: ids.index(row.id)))

    def set_intent(self, link_id: int, lease_epoch: int, intent: Intent) -> bool:
        return self._change_leased(
            link_id, lease_epoch, intent_key=intent.key, intent_gen=intent.gen, intent_sha=intent.sha
        )

    def finish(
        self,
        link_id: int,
        lease_epoch: int,
        result: LinkResult,
        *,
        remote: Remote | None = None,
        identity_resolved: bool | None = None,
    ) -> bool:
        statement, values = ending(result, now=self._session.now())
        if remote is not None:
            values |= columns_of(remote)
        if identity_resolved is not None:
            values["identity_resolved"] = identity_resolved
        row = self._session.row(statement, of=link_id, epoch=lease_epoch, **values)
        if row is None:
            return False
        if row.due_at is not None and row.due_at <= self._session.now():
            self._session.due_systems.add(row.system)
        return True

    def park(self, link_id: int, reason: str, detail: Doc) -> bool:
        now = self._session.now()
        return bool(
            self._session.count(
                sql.PARK,
                of=link_id,
                now=now,
                due_at=None,
                parked_reason=reason,
                parked_detail=detail,
                parked_at=now,
            )
        )

    def parked(
        self, *, system: str | None = None, reason: str | None = None, limit: int = 100
    ) -> tuple[LinkRow, ...]:
        rows = self._session.rows(
            select(link)
            .where(*sql.parked(system=system, reason=reason))
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
        where = sql.parked(system=system, reason=reason)
        if link_id is not None:
            where.append(link.c.id == link_id)
        picked = self._session.rows(
            lockable(select(link.c.id, link.c.system).where(*where).order_by(link.c.id))["update"]
        )
        self._session.waited()
        now = self._session.now()
        for turn, row in enumerate(picked):  # one after the other over the spread, not all at once
            due_at = now + spread * turn / len(picked)
            self._session.run(sql.REDRIVE, of=row.id, due_at=due_at, attempts=0, unfinished=0, **UNPARKED)
            self._session.due_systems.add(row.system)
        return tuple(row.id for row in picked)

    def counts(self) -> tuple[LinkCounts, ...]:
        return tuple(
            LinkCounts(
                system=row.system,
                in_sync=row.total - row.parked - row.waiting,
                due=row.waiting - row.leased,
                leased=row.leased,
                parked=row.parked,
                oldest_due_since=row.oldest,
            )
            for row in self._session.rows(sql.COUNTS)
        )

    def _select(self, statement: Select[Any], lock: Lock | None, **values: Any) -> tuple[LinkRow, ...]:
        rows = self._session.rows(statement, **values)
        if lock is not None:
            self._session.waited()
        return tuple(link_row(row) for row in rows)

    def _change_leased(self, link_id: int, lease_epoch: int, **values: Any) -> bool:
        return bool(self._session.count(sql.CHANGE_LEASED, of=link_id, epoch=lease_epoch, **values))

"""Plans: a head row that moves, and revisions that never do."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from tyokyky_bridge.services.ports import Lock, RowMissing, StaleRevision
from tyokyky_bridge.services.records import Doc, PlanRow, RevisionHead, RevisionRow
from tyokyky_bridge.storage.session import Session
from tyokyky_bridge.storage.tables import plan, plan_revision


class PlanTable:
    """`services.ports.Plans` over the tables ``plan`` and ``plan_revision``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def insert(
        self,
        *,
        plan_id: UUID,
        client_id: UUID,
        case_id: UUID,
        status: str,
        leaves: Doc,
        origins: Doc,
        cause: str,
        actor: str,
    ) -> PlanRow:
        now = self._session.now()
        made = PlanRow(plan_id, client_id, case_id, 1, status, now, now)
        self._session.connection.execute(
            insert(plan).values(
                id=plan_id,
                client_id=client_id,
                case_id=case_id,
                version=1,
                status=status,
                created_at=now,
                updated_at=now,
            )
        )
        self._keep(RevisionRow(plan_id, 1, leaves, origins, cause, actor, now))
        return made

    def append(
        self,
        plan_id: UUID,
        *,
        expected: int,
        status: str,
        leaves: Doc,
        origins: Doc,
        cause: str,
        actor: str,
    ) -> RevisionRow:
        head = self.get(plan_id, lock="update")
        if head is None:
            raise RowMissing(plan.name)
        if head.version != expected:
            raise StaleRevision(expected=expected, current=head.version)
        made = RevisionRow(plan_id, expected + 1, leaves, origins, cause, actor, self._session.now())
        self._session.connection.execute(
            update(plan)
            .where(plan.c.id == plan_id)
            .values(version=made.version, status=status, updated_at=made.at)
        )
        self._keep(made)
        return made

    def get(self, plan_id: UUID, *, lock: Lock | None = None) -> PlanRow | None:
        row = self._session.row(self._session.locked(select(plan).where(plan.c.id == plan_id), lock))
        if lock is not None:
            self._session.waited()
        return None if row is None else _plan(row)

    def latest(self, plan_id: UUID, *, lock: Lock | None = None) -> RevisionRow | None:
        if lock is not None:
            head = self.get(plan_id, lock=lock)
            return None if head is None else self.revision(plan_id, head.version)
        row = self._session.row(
            select(plan_revision)
            .join(plan, (plan.c.id == plan_revision.c.plan_id) & (plan.c.version == plan_revision.c.version))
            .where(plan.c.id == plan_id)
        )
        return None if row is None else _revision(row)

    def revision(self, plan_id: UUID, version: int) -> RevisionRow | None:
        row = self._session.row(
            select(plan_revision).where(
                plan_revision.c.plan_id == plan_id, plan_revision.c.version == version
            )
        )
        return None if row is None else _revision(row)

    def history(self, plan_id: UUID) -> tuple[RevisionHead, ...]:
        kept = plan_revision.c
        rows = self._session.rows(
            select(kept.plan_id, kept.version, kept.cause, kept.actor, kept.at)
            .where(kept.plan_id == plan_id)
            .order_by(kept.version)
        )
        return tuple(RevisionHead(r.plan_id, r.version, r.cause, r.actor, r.at) for r in rows)

    def of_client(self, client_id: UUID, *, lock: Lock | None = None) -> tuple[PlanRow, ...]:
        rows = self._session.rows(
            self._session.locked(select(plan).where(plan.c.client_id == client_id).order_by(plan.c.id), lock)
        )
        if lock is not None:
            self._session.waited()
        return tuple(_plan(row) for row in rows)

    def page(self, *, after: UUID | None = None, limit: int = 50) -> tuple[PlanRow, ...]:
        statement = select(plan).order_by(plan.c.id).limit(limit)
        if after is not None:
            statement = statement.where(plan.c.id > after)
        return tuple(_plan(row) for row in self._session.rows(statement))

    def _keep(self, made: RevisionRow) -> None:
        self._session.connection.execute(
            insert(plan_revision).values(
                plan_id=made.plan_id,
                version=made.version,
                leaves=made.leaves,
                origins=made.origins,
                cause=made.cause,
                actor=made.actor,
                at=made.at,
            )
        )


def _plan(row: Row[Any]) -> PlanRow:
    return PlanRow(
        id=row.id,
        client_id=row.client_id,
        case_id=row.case_id,
        version=row.version,
        status=row.status,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _revision(row: Row[Any]) -> RevisionRow:
    return RevisionRow(row.plan_id, row.version, row.leaves, row.origins, row.cause, row.actor, row.at)

"""Plans: a head row that moves, and revisions that never do."""

from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Row, bindparam, insert, select, update

from tyokyky_bridge.services.ports import Lock, RowMissing, StaleRevision
from tyokyky_bridge.services.records import Doc, PlanRow, RevisionHead, RevisionRow
from tyokyky_bridge.storage.session import Session, lockable, values_of
from tyokyky_bridge.storage.tables import plan, plan_revision

_kept = plan_revision.c
_of: BindParameter[Any] = bindparam("of")

_ADD = insert(plan)
_KEEP = insert(plan_revision)
_MOVE = update(plan).where(plan.c.id == _of, plan.c.version == bindparam("expected"))
_GET = lockable(select(plan).where(plan.c.id == _of))
_LATEST = (
    select(plan_revision)
    .join(plan, (plan.c.id == _kept.plan_id) & (plan.c.version == _kept.version))
    .where(plan.c.id == _of)
)
_REVISION = select(plan_revision).where(_kept.plan_id == _of, _kept.version == bindparam("number"))
_HISTORY = (
    select(_kept.plan_id, _kept.version, _kept.cause, _kept.actor, _kept.at)
    .where(_kept.plan_id == _of)
    .order_by(_kept.version)
)
_OF_CLIENT = lockable(select(plan).where(plan.c.client_id == _of).order_by(plan.c.id))
_FIRST_PAGE = select(plan).order_by(plan.c.id).limit(bindparam("size"))
_NEXT_PAGE = _FIRST_PAGE.where(plan.c.id > bindparam("after"))


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
        self._session.run(_ADD, **values_of(made, PlanRow.__slots__))
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
        made = RevisionRow(plan_id, expected + 1, leaves, origins, cause, actor, self._session.now())
        moved = self._session.count(
            _MOVE, of=plan_id, expected=expected, version=made.version, status=status, updated_at=made.at
        )
        if not moved:
            head = self.get(plan_id)
            if head is None:
                raise RowMissing(plan.name)
            raise StaleRevision(expected=expected, current=head.version)
        self._keep(made)
        return made

    def get(self, plan_id: UUID, *, lock: Lock | None = None) -> PlanRow | None:
        row = self._session.row(_GET[lock], of=plan_id)
        if lock is not None:
            self._session.waited()
        return None if row is None else _plan(row)

    def latest(self, plan_id: UUID, *, lock: Lock | None = None) -> RevisionRow | None:
        if lock is not None and self._session.has_row_locks:
            # Which revision is the latest is known only once the lock is had.
            head = self.get(plan_id, lock=lock)
            return None if head is None else self.revision(plan_id, head.version)
        row = self._session.row(_LATEST, of=plan_id)
        return None if row is None else _revision(row)

    def revision(self, plan_id: UUID, version: int) -> RevisionRow | None:
        row = self._session.row(_REVISION, of=plan_id, number=version)
        return None if row is None else _revision(row)

    def history(self, plan_id: UUID) -> tuple[RevisionHead, ...]:
        rows = self._session.rows(_HISTORY, of=plan_id)
        return tuple(RevisionHead(r.plan_id, r.version, r.cause, r.actor, r.at) for r in rows)

    def of_client(self, client_id: UUID, *, lock: Lock | None = None) -> tuple[PlanRow, ...]:
        rows = self._session.rows(_OF_CLIENT[lock], of=client_id)
        if lock is not None:
            self._session.waited()
        return tuple(_plan(row) for row in rows)

    def page(self, *, after: UUID | None = None, limit: int = 50) -> tuple[PlanRow, ...]:
        if after is None:
            rows = self._session.rows(_FIRST_PAGE, size=limit)
        else:
            rows = self._session.rows(_NEXT_PAGE, size=limit, after=after)
        return tuple(_plan(row) for row in rows)

    def _keep(self, made: RevisionRow) -> None:
        self._session.run(_KEEP, **values_of(made, RevisionRow.__slots__))


def _plan(row: Row[Any]) -> PlanRow:
    return PlanRow(**values_of(row, PlanRow.__slots__))


def _revision(row: Row[Any]) -> RevisionRow:
    return RevisionRow(**values_of(row, RevisionRow.__slots__))

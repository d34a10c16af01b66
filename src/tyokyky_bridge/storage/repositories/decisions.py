"""Decisions, the attempts they licensed, and the items that withdrawals cancelled. Append-only, all of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, insert, select

from tyokyky_bridge.services.records import AttemptOutcome, AttemptRow, CancelledRow, DecisionRow
from tyokyky_bridge.storage.session import Session, values_of
from tyokyky_bridge.storage.tables import attempt, cancelled_item, decision, link

_of: BindParameter[Any] = bindparam("of")


def _newest_first(where: ColumnElement[bool]) -> Select[Any]:
    newest = select(decision).where(where).order_by(decision.c.at.desc(), decision.c.id.desc())
    return newest.limit(bindparam("size"))


_ADD = insert(decision)
_GET = select(decision).where(decision.c.id == _of)
_OF_LINK = _newest_first(decision.c.link_id == _of)
_OF_SYSTEM = _newest_first(
    decision.c.link_id.in_(
        select(link.c.id).where(link.c.plan_id == _of, link.c.system == bindparam("system_is"))
    )
)
_WITH_BODY = _newest_first((decision.c.link_id == _of) & (decision.c.body_sha256 == bindparam("sha")))
_OPEN = (
    select(decision)
    .outerjoin(attempt, attempt.c.decision_id == decision.c.id)
    .where(
        decision.c.client_id == _of,
        decision.c.consent_epoch < bindparam("epoch"),
        decision.c.kind != "read",
        decision.c.send_before > bindparam("now"),
        attempt.c.decision_id.is_(None),
    )
    .order_by(decision.c.at, decision.c.id)
)
_RECORD = insert(attempt)
_ATTEMPT = select(attempt).where(attempt.c.decision_id == _of)
_CANCEL = insert(cancelled_item)
_CANCELLED = (
    select(cancelled_item)
    .where(cancelled_item.c.link_id == _of)
    .order_by(cancelled_item.c.at, cancelled_item.c.path)
)


class DecisionTable:
    """`services.ports.Decisions` over ``decision``, ``attempt`` and ``cancelled_item``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: DecisionRow) -> None:
        self._session.run(_ADD, **values_of(row, DecisionRow.__slots__))

    def get(self, decision_id: UUID) -> DecisionRow | None:
        return self._one(_GET, of=decision_id)

    def of_link(self, link_id: int, *, limit: int = 50) -> tuple[DecisionRow, ...]:
        return tuple(_decision(row) for row in self._session.rows(_OF_LINK, of=link_id, size=limit))

    def latest(self, plan_id: UUID, system: str) -> DecisionRow | None:
        return self._one(_OF_SYSTEM, of=plan_id, system_is=system, size=1)

    def with_body(self, link_id: int, body_sha256: str) -> DecisionRow | None:
        return self._one(_WITH_BODY, of=link_id, sha=body_sha256, size=1)

    def record_attempt(
        self,
        decision_id: UUID,
        outcome: AttemptOutcome,
        *,
        native_code: str | None = None,
        ms: int,
        started_at: datetime,
        remote_version: str | None = None,
    ) -> AttemptRow:
        now = self._session.now()
        made = AttemptRow(decision_id, outcome, native_code, ms, started_at, now, remote_version)
        self._session.run(_RECORD, **values_of(made, AttemptRow.__slots__))
        return made

    def attempt(self, decision_id: UUID) -> AttemptRow | None:
        row = self._session.row(_ATTEMPT, of=decision_id)
        return None if row is None else AttemptRow(**values_of(row, AttemptRow.__slots__))

    def open_before(self, client_id: UUID, epoch: int) -> tuple[DecisionRow, ...]:
        rows = self._session.rows(_OPEN, of=client_id, epoch=epoch, now=self._session.now())
        return tuple(_decision(row) for row in rows)

    def cancel(self, link_id: int, paths: Collection[str], *, consent_id: UUID) -> None:
        now = self._session.now()
        cancelled = [
            {
                "link_id": link_id,
                "path": path,
                "state": "cancelled_by_withdrawal",
                "consent_id": consent_id,
                "at": now,
            }
            for path in sorted(paths)
        ]
        if cancelled:
            self._session.connection.execute(_CANCEL, cancelled)

    def cancelled(self, link_id: int) -> tuple[CancelledRow, ...]:
        rows = self._session.rows(_CANCELLED, of=link_id)
        return tuple(CancelledRow(r.link_id, r.path, r.state, r.consent_id, r.at) for r in rows)

    def _one(self, statement: Select[Any], **values: Any) -> DecisionRow | None:
        row = self._session.row(statement, **values)
        return None if row is None else _decision(row)


def _decision(row: Row[Any]) -> DecisionRow:
    values = values_of(row, DecisionRow.__slots__)
    values["items"] = tuple(values["items"])
    return DecisionRow(**values)

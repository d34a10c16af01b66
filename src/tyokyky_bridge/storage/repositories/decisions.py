"""Decisions, the attempts they licensed, and the items that withdrawals cancelled. Append-only, all of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, insert, select

from tyokyky_bridge.services.records import AttemptOutcome, AttemptRow, CancelledRow, DecisionRow
from tyokyky_bridge.storage.session import Session, values_of
from tyokyky_bridge.storage.tables import attempt, cancelled_item, decision, link

_NEWEST = (decision.c.at.desc(), decision.c.id.desc())


class DecisionTable:
    """`services.ports.Decisions` over ``decision``, ``attempt`` and ``cancelled_item``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: DecisionRow) -> None:
        columns = values_of(row, DecisionRow.__slots__)
        self._session.connection.execute(insert(decision).values(columns))

    def get(self, decision_id: UUID) -> DecisionRow | None:
        return self._newest(decision.c.id == decision_id)

    def of_link(self, link_id: int, *, limit: int = 50) -> tuple[DecisionRow, ...]:
        rows = self._session.rows(
            select(decision).where(decision.c.link_id == link_id).order_by(*_NEWEST).limit(limit)
        )
        return tuple(_decision(row) for row in rows)

    def latest(self, plan_id: UUID, system: str) -> DecisionRow | None:
        of_plan = select(link.c.id).where(link.c.plan_id == plan_id, link.c.system == system)
        return self._newest(decision.c.link_id.in_(of_plan))

    def with_body(self, link_id: int, body_sha256: str) -> DecisionRow | None:
        return self._newest((decision.c.link_id == link_id) & (decision.c.body_sha256 == body_sha256))

    def record_attempt(
        self,
        decision_id: UUID,
        outcome: AttemptOutcome,
        *,
        native_code: str | None = None,
        ms: int,
        started_at: datetime,
    ) -> AttemptRow:
        made = AttemptRow(decision_id, outcome, native_code, ms, started_at, self._session.now())
        self._session.connection.execute(
            insert(attempt).values(
                decision_id=decision_id,
                outcome=outcome,
                native_code=native_code,
                ms=ms,
                started_at=started_at,
                ended_at=made.ended_at,
            )
        )
        return made

    def attempt(self, decision_id: UUID) -> AttemptRow | None:
        row = self._session.row(select(attempt).where(attempt.c.decision_id == decision_id))
        if row is None:
            return None
        return AttemptRow(row.decision_id, row.outcome, row.native_code, row.ms, row.started_at, row.ended_at)

    def open_before(self, client_id: UUID, epoch: int) -> tuple[DecisionRow, ...]:
        rows = self._session.rows(
            select(decision)
            .outerjoin(attempt, attempt.c.decision_id == decision.c.id)
            .where(
                decision.c.client_id == client_id,
                decision.c.consent_epoch < epoch,
                decision.c.kind != "read",
                decision.c.send_before > self._session.now(),
                attempt.c.decision_id.is_(None),
            )
            .order_by(decision.c.at, decision.c.id)
        )
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
            self._session.connection.execute(insert(cancelled_item), cancelled)

    def cancelled(self, link_id: int) -> tuple[CancelledRow, ...]:
        rows = self._session.rows(
            select(cancelled_item)
            .where(cancelled_item.c.link_id == link_id)
            .order_by(cancelled_item.c.at, cancelled_item.c.path)
        )
        return tuple(CancelledRow(r.link_id, r.path, r.state, r.consent_id, r.at) for r in rows)

    def _newest(self, where: ColumnElement[bool]) -> DecisionRow | None:
        row = self._session.row(select(decision).where(where).order_by(*_NEWEST).limit(1))
        return None if row is None else _decision(row)


def _decision(row: Row[Any]) -> DecisionRow:
    values = values_of(row, DecisionRow.__slots__)
    values["items"] = tuple(values["items"])
    return DecisionRow(**values)

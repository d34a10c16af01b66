"""Answers kept for callers who repeat a request with its Idempotency-Key."""

from sqlalchemy import delete, select

from tyokyky_bridge.services.records import IdempotencyRow
from tyokyky_bridge.storage.session import RunAgain, Session, values_of
from tyokyky_bridge.storage.tables import api_idempotency as kept


class IdempotencyTable:
    """`services.ports.Idempotency` over the table ``api_idempotency``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, caller: str, key: str) -> IdempotencyRow | None:
        row = self._session.row(
            select(kept).where(
                kept.c.caller == caller, kept.c.key == key, kept.c.expires_at > self._session.now()
            )
        )
        return None if row is None else IdempotencyRow(**values_of(row, IdempotencyRow.__slots__))

    def put(self, row: IdempotencyRow) -> None:
        columns = values_of(row, IdempotencyRow.__slots__)
        stored = self._session.row(
            self._session.insert(kept)
            .values(columns)
            .on_conflict_do_update(
                index_elements=["caller", "key"],
                set_=columns,
                where=kept.c.expires_at <= self._session.now(),
            )
            .returning(kept.c.key)
        )
        if stored is None:
            raise RunAgain(kept.name)

    def prune(self) -> int:
        return self._session.count(delete(kept).where(kept.c.expires_at <= self._session.now()))

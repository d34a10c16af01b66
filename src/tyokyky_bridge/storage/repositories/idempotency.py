"""Answers kept for callers who repeat a request with its Idempotency-Key."""

from sqlalchemy import bindparam, delete, select

from tyokyky_bridge.services.records import IdempotencyRow
from tyokyky_bridge.storage.session import RunAgain, Session, on_each_engine, values_of
from tyokyky_bridge.storage.tables import api_idempotency as kept
from tyokyky_bridge.storage.types import UtcDateTime

_now = bindparam("now", type_=UtcDateTime())

_GET = select(kept).where(
    kept.c.caller == bindparam("of"), kept.c.key == bindparam("named"), kept.c.expires_at > _now
)
_PUT = on_each_engine(
    lambda into: (
        (new := into(kept))
        .on_conflict_do_update(
            index_elements=["caller", "key"],
            set_={name: new.excluded[name] for name in IdempotencyRow.__slots__},
            where=kept.c.expires_at <= _now,
        )
        .returning(kept.c.key)
    )
)
_PRUNE = delete(kept).where(kept.c.expires_at <= _now)


class IdempotencyTable:
    """`services.ports.Idempotency` over the table ``api_idempotency``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, caller: str, key: str) -> IdempotencyRow | None:
        row = self._session.row(_GET, of=caller, named=key, now=self._session.now())
        return None if row is None else IdempotencyRow(**values_of(row, IdempotencyRow.__slots__))

    def put(self, row: IdempotencyRow) -> None:
        columns = values_of(row, IdempotencyRow.__slots__)
        stored = self._session.row(_PUT[self._session.engine], now=self._session.now(), **columns)
        if stored is None:
            raise RunAgain(kept.name)

    def prune(self) -> int:
        return self._session.count(_PRUNE, now=self._session.now())

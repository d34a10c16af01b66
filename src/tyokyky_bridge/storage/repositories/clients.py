"""Clients and the blind index of their identity numbers."""

from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, column, insert, select, update

from tyokyky_bridge.services.ports import IdentifierTaken, Lock, RowMissing
from tyokyky_bridge.services.records import ClientRow, IdentifierKind, IdentifierRow
from tyokyky_bridge.storage.session import Session, lockable, on_each_engine
from tyokyky_bridge.storage.tables import client, client_identifier

_known = client_identifier.c
_of: BindParameter[Any] = bindparam("of")
_blind: BindParameter[Any] = bindparam("blind_is")

_CREATE = insert(client)
_GET = lockable(select(client).where(client.c.id == _of))
_FIND = (
    select(client)
    .join(client_identifier, _known.client_id == client.c.id)
    .where(_known.blind == _blind, _known.retired_at.is_(None))
)
_HOLDERS = select(_known.client_id).where(_known.blind == _blind).order_by(_known.id)
_IDENTIFIERS = select(client_identifier).where(_known.client_id == _of).order_by(_known.id)
_ADD_IDENTIFIER = on_each_engine(
    lambda into: (
        into(client_identifier)
        .on_conflict_do_nothing(index_elements=["blind"], index_where=column("retired_at").is_(None))
        .returning(_known.id)
    )
)
_RETIRE = update(client_identifier).where(
    _known.client_id == _of, _known.blind == _blind, _known.retired_at.is_(None)
)
_BUMP_EPOCH = (
    update(client).where(client.c.id == _of).values(epoch=client.c.epoch + 1).returning(client.c.epoch)
)


class ClientTable:
    """`services.ports.Clients` over the tables ``client`` and ``client_identifier``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self) -> ClientRow:
        made = ClientRow(id=self._session.new_id(), epoch=1, created_at=self._session.now())
        self._session.run(_CREATE, id=made.id, epoch=made.epoch, created_at=made.created_at)
        return made

    def get(self, client_id: UUID, *, lock: Lock | None = None) -> ClientRow | None:
        row = self._session.row(_GET[lock], of=client_id)
        if lock is not None:
            self._session.waited()
        return None if row is None else ClientRow(row.id, row.epoch, row.created_at)

    def find(self, hetu: str) -> ClientRow | None:
        row = self._session.row(_FIND, blind_is=self._session.blind(hetu))
        return None if row is None else ClientRow(row.id, row.epoch, row.created_at)

    def holders(self, hetu: str) -> tuple[UUID, ...]:
        rows = self._session.rows(_HOLDERS, blind_is=self._session.blind(hetu))
        return tuple(dict.fromkeys(row.client_id for row in rows))

    def identifiers(self, client_id: UUID) -> tuple[IdentifierRow, ...]:
        rows = self._session.rows(_IDENTIFIERS, of=client_id)
        return tuple(IdentifierRow(r.client_id, r.kind, r.since, r.retired_at) for r in rows)

    def add_identifier(self, client_id: UUID, hetu: str, *, kind: IdentifierKind) -> IdentifierRow:
        now = self._session.now()
        added = self._session.row(
            _ADD_IDENTIFIER[self._session.engine],
            client_id=client_id,
            blind=self._session.blind(hetu),
            kind=kind,
            since=now,
        )
        if added is None:
            raise IdentifierTaken
        return IdentifierRow(client_id, kind, now, None)

    def retire_identifier(self, client_id: UUID, hetu: str) -> bool:
        blind = self._session.blind(hetu)
        return bool(
            self._session.count(_RETIRE, of=client_id, blind_is=blind, retired_at=self._session.now())
        )

    def bump_epoch(self, client_id: UUID) -> int:
        row = self._session.row(_BUMP_EPOCH, of=client_id)
        if row is None:
            raise RowMissing(client.name)
        self._session.waited()
        return row.epoch

"""Clients and the blind index of their identity numbers."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, column, insert, select, update

from tyokyky_bridge.services.ports import IdentifierTaken, Lock, RowMissing
from tyokyky_bridge.services.records import ClientRow, IdentifierKind, IdentifierRow
from tyokyky_bridge.storage.session import Session
from tyokyky_bridge.storage.tables import client, client_identifier


class ClientTable:
    """`services.ports.Clients` over the tables ``client`` and ``client_identifier``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self) -> ClientRow:
        now = self._session.now()
        made = ClientRow(id=self._session.new_id(), epoch=1, created_at=now)
        self._session.connection.execute(insert(client).values(id=made.id, epoch=1, created_at=now))
        return made

    def get(self, client_id: UUID, *, lock: Lock | None = None) -> ClientRow | None:
        row = self._session.row(self._session.locked(select(client).where(client.c.id == client_id), lock))
        if lock is not None:
            self._session.waited()
        return None if row is None else _client(row)

    def find(self, hetu: str) -> ClientRow | None:
        row = self._session.row(
            select(client)
            .join(client_identifier, client_identifier.c.client_id == client.c.id)
            .where(
                client_identifier.c.blind == self._session.blind(hetu),
                client_identifier.c.retired_at.is_(None),
            )
        )
        return None if row is None else _client(row)

    def holders(self, hetu: str) -> tuple[UUID, ...]:
        rows = self._session.rows(
            select(client_identifier.c.client_id)
            .where(client_identifier.c.blind == self._session.blind(hetu))
            .order_by(client_identifier.c.id)
        )
        return tuple(dict.fromkeys(row.client_id for row in rows))

    def identifiers(self, client_id: UUID) -> tuple[IdentifierRow, ...]:
        rows = self._session.rows(
            select(client_identifier)
            .where(client_identifier.c.client_id == client_id)
            .order_by(client_identifier.c.id)
        )
        return tuple(IdentifierRow(r.client_id, r.kind, r.since, r.retired_at) for r in rows)

    def add_identifier(self, client_id: UUID, hetu: str, *, kind: IdentifierKind) -> IdentifierRow:
        now = self._session.now()
        added = self._session.row(
            self._session.insert(client_identifier)
            .values(client_id=client_id, blind=self._session.blind(hetu), kind=kind, since=now)
            .on_conflict_do_nothing(index_elements=["blind"], index_where=column("retired_at").is_(None))
            .returning(client_identifier.c.id)
        )
        if added is None:
            raise IdentifierTaken
        return IdentifierRow(client_id, kind, now, None)

    def retire_identifier(self, client_id: UUID, hetu: str) -> bool:
        return bool(
            self._session.count(
                update(client_identifier)
                .where(
                    client_identifier.c.client_id == client_id,
                    client_identifier.c.blind == self._session.blind(hetu),
                    client_identifier.c.retired_at.is_(None),
                )
                .values(retired_at=self._session.now())
            )
        )

    def bump_epoch(self, client_id: UUID) -> int:
        row = self._session.row(
            update(client)
            .where(client.c.id == client_id)
            .values(epoch=client.c.epoch + 1)
            .returning(client.c.epoch)
        )
        if row is None:
            raise RowMissing(client.name)
        self._session.waited()
        return row.epoch


def _client(row: Row[Any]) -> ClientRow:
    return ClientRow(id=row.id, epoch=row.epoch, created_at=row.created_at)

"""Resources that belong to no plan: versions that never change, and a head row that says which is the newest."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from tyokyky_bridge.services.fhir.ports import Mark
from tyokyky_bridge.services.fhir.records import DocumentMethod, DocumentVersion
from tyokyky_bridge.storage.fhir_tables import fhir_condition, fhir_current, fhir_version
from tyokyky_bridge.storage.session import RunAgain, Session, lockable, on_each_engine, values_of

_kept = fhir_version.c
_head = fhir_current.c
_party: BindParameter[Any] = bindparam("of_party")
_type: BindParameter[Any] = bindparam("of_type")
_id: BindParameter[Any] = bindparam("of_id")
_this_head = (_head.party == _party, _head.type == _type, _head.id == _id)

_ADD = on_each_engine(
    lambda into: (
        into(fhir_version)
        .on_conflict_do_nothing(index_elements=["party", "type", "id", "version"])
        .returning(_kept.seq)
    )
)
_FIRST = insert(fhir_current)
_MOVE = update(fhir_current).where(*_this_head, _head.version == bindparam("before"))
_LOCK = lockable(select(_head.version).where(*_this_head))["update"]
_newest = select(fhir_version).join(fhir_current, _head.seq == _kept.seq)
_NEWEST = _newest.where(*_this_head)
_VERSION = select(fhir_version).where(
    _kept.party == _party, _kept.type == _type, _kept.id == _id, _kept.version == bindparam("number")
)
_STANDING = _newest.where(_head.party == _party, _head.type == _type, _head.deleted.is_(False)).order_by(
    _head.id
)
_HOLD = on_each_engine(lambda into: into(fhir_condition).on_conflict_do_nothing())
_held = fhir_condition.c
_LOCK_CONDITION = lockable(
    select(_held.digest).where(_held.party == _party, _held.type == _type, _held.digest == bindparam("named"))
)["update"]


class DocumentTable:
    """`services.fhir.ports.Documents` over ``fhir_version``, ``fhir_current`` and ``fhir_condition``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def newest(
        self, party: str, type_: str, id_: str, *, lock: Literal["update"] | None = None
    ) -> DocumentVersion | None:
        if lock is not None:
            self._session.row(_LOCK, of_party=party, of_type=type_, of_id=id_)
            self._session.waited()
        row = self._session.row(_NEWEST, of_party=party, of_type=type_, of_id=id_)
        return None if row is None else _version(row)

    def version(self, party: str, type_: str, id_: str, number: int) -> DocumentVersion | None:
        row = self._session.row(_VERSION, of_party=party, of_type=type_, of_id=id_, number=number)
        return None if row is None else _version(row)

    def append(
        self,
        party: str,
        type_: str,
        id_: str,
        *,
        version: int,
        at: datetime,
        method: DocumentMethod,
        body: bytes | None,
    ) -> DocumentVersion:
        added = self._session.row(
            _ADD[self._session.engine],
            party=party,
            type=type_,
            id=id_,
            version=version,
            at=at,
            method=method,
            body=body,
        )
        if added is None:
            raise RunAgain(fhir_version.name)
        head = {"version": version, "seq": added.seq, "deleted": body is None}
        if version == 1:
            self._session.run(_FIRST, party=party, type=type_, id=id_, **head)
        elif not self._session.count(
            _MOVE, of_party=party, of_type=type_, of_id=id_, before=version - 1, **head
        ):
            raise RunAgain(fhir_current.name)
        return DocumentVersion(added.seq, party, type_, id_, version, at, method, body)

    def standing(
        self, party: str, type_: str, *, after: str | None = None, limit: int | None = None
    ) -> tuple[DocumentVersion, ...]:
        statement = _STANDING if after is None else _STANDING.where(_head.id > after)
        rows = self._session.rows(_limited(statement, limit), of_party=party, of_type=type_)
        return tuple(_version(row) for row in rows)

    def history(
        self,
        party: str,
        type_: str | None = None,
        id_: str | None = None,
        *,
        since: datetime | None = None,
        after: Mark | None = None,
        limit: int | None = None,
    ) -> tuple[DocumentVersion, ...]:
        where: list[ColumnElement[bool]] = [_kept.party == party]
        if type_ is not None:
            where.append(_kept.type == type_)
        if id_ is not None:
            where.append(_kept.id == id_)
        if since is not None:
            where.append(_kept.at >= since)
        if after is not None:
            at, seq = after
            where.append(or_(_kept.at < at, and_(_kept.at == at, _kept.seq < seq)))
        statement = select(fhir_version).where(*where).order_by(_kept.at.desc(), _kept.seq.desc())
        return tuple(_version(row) for row in self._session.rows(_limited(statement, limit)))

    def hold(self, party: str, conditions: Collection[tuple[str, str]]) -> None:
        named = {(type_, self._session.blind(f"{type_}?{criteria}")) for type_, criteria in conditions}
        for type_, digest in sorted(named):  # in one order, so that two bundles do not wait for each other
            self._session.run(_HOLD[self._session.engine], party=party, type=type_, digest=digest)
            self._session.row(_LOCK_CONDITION, of_party=party, of_type=type_, named=digest)
            self._session.waited()


def _limited(statement: Select[Any], limit: int | None) -> Select[Any]:
    return statement if limit is None else statement.limit(limit)


def _version(row: Row[Any]) -> DocumentVersion:
    return DocumentVersion(**values_of(row, DocumentVersion.__slots__))

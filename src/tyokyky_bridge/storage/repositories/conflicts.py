"""Fields that two sides changed, until a person decides."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)

from tyokyky_bridge.services.records import LinkRow
from tyokyky_bridge.services.sync_records import ConflictRow, ConflictState, Resolution
from tyokyky_bridge.storage.session import Session, lockable, values_of
from tyokyky_bridge.storage.sync_tables import conflict

_of: BindParameter[Any] = bindparam("of")
_open = conflict.c.state == "open"
_VALUES = ("base", "ours", "theirs", "plan_version", "remote_version")


def _listed(*where: ColumnElement[bool]) -> Select[Any]:
    return select(conflict).where(*where).order_by(conflict.c.opened_at, conflict.c.id)


_ADD = insert(conflict)
_GET = _listed(conflict.c.id == _of)
_OPEN_ON = lockable(_listed(conflict.c.link_id == _of, conflict.c.path == bindparam("on"), _open))["update"]
_OPEN_OF_LINK = select(conflict).where(conflict.c.link_id == _of, _open).order_by(conflict.c.path)
_OF_PLAN = _listed(conflict.c.plan_id == _of)
_CHANGE = update(conflict).where(conflict.c.id == _of)
_END = update(conflict).where(conflict.c.id == _of, _open)
_SUPERSEDE = update(conflict).where(
    conflict.c.link_id == _of, conflict.c.path.in_(bindparam("paths", expanding=True)), _open
)
_COUNTS = select(conflict.c.system, func.count().label("total")).where(_open).group_by(conflict.c.system)


class ConflictTable:
    """`services.sync_ports.Conflicts` over the table ``conflict``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(
        self,
        link: LinkRow,
        path: str,
        *,
        base: Any,
        ours: Any,
        theirs: Any,
        plan_version: int,
        remote_version: str | None,
        owner: str,
    ) -> ConflictRow:
        now = self._session.now()
        values: dict[str, Any] = {
            "base": base,
            "ours": ours,
            "theirs": theirs,
            "plan_version": plan_version,
            "remote_version": remote_version,
        }
        standing = self._session.row(_OPEN_ON, of=link.id, on=path)
        if standing is not None:
            same = (standing.ours, standing.theirs) == (ours, theirs)
            older = {**values_of(standing, _VALUES), "until": now.isoformat()}
            history = standing.history if same else [*standing.history, older]
            moved = {} if same else {"updated_at": now}
            self._session.run(_CHANGE, of=standing.id, history=history, **values, **moved)
            found = self.get(standing.id)
            assert found is not None  # noqa: S101 - it is locked
            return found
        made = ConflictRow(
            id=self._session.new_id(),
            link_id=link.id,
            plan_id=link.plan_id,
            client_id=link.client_id,
            system=link.system,
            path=path,
            owner=owner,
            opened_at=now,
            updated_at=now,
            state="open",
            resolution=None,
            resolved_by=None,
            resolved_at=None,
            history=(),
            **values,
        )
        self._session.run(_ADD, **{**values_of(made, ConflictRow.__slots__), "history": []})
        return made

    def supersede(self, link_id: int, paths: Collection[str]) -> int:
        if not paths:
            return 0
        now = self._session.now()
        ended = {"state": "superseded", "resolved_at": now, "updated_at": now}
        return self._session.count(_SUPERSEDE, of=link_id, paths=sorted(paths), **ended)

    def resolve(self, conflict_id: UUID, *, resolution: Resolution, by: str) -> bool:
        now = self._session.now()
        values = {"state": "resolved", "resolution": resolution, "resolved_by": by}
        return bool(self._session.count(_END, of=conflict_id, resolved_at=now, updated_at=now, **values))

    def get(self, conflict_id: UUID) -> ConflictRow | None:
        row = self._session.row(_GET, of=conflict_id)
        return None if row is None else _conflict(row)

    def open_of_link(self, link_id: int) -> tuple[ConflictRow, ...]:
        return tuple(_conflict(row) for row in self._session.rows(_OPEN_OF_LINK, of=link_id))

    def of_plan(self, plan_id: UUID, *, state: ConflictState | None = None) -> tuple[ConflictRow, ...]:
        rows = self._session.rows(_OF_PLAN, of=plan_id)
        return tuple(_conflict(row) for row in rows if state is None or row.state == state)

    def page(
        self,
        *,
        state: ConflictState | None = "open",
        system: str | None = None,
        after: ConflictRow | None = None,
        limit: int = 100,
    ) -> tuple[ConflictRow, ...]:
        where: list[ColumnElement[bool]] = []
        if after is not None:
            where.append(tuple_(conflict.c.opened_at, conflict.c.id) > tuple_(after.opened_at, after.id))
        if state is not None:
            where.append(conflict.c.state == state)
        if system is not None:
            where.append(conflict.c.system == system)
        return tuple(_conflict(row) for row in self._session.rows(_listed(*where).limit(limit)))

    def counts(self) -> dict[str, int]:
        return {row.system: row.total for row in self._session.rows(_COUNTS)}


def _conflict(row: Row[Any]) -> ConflictRow:
    values = values_of(row, ConflictRow.__slots__)
    values["history"] = tuple(values["history"])
    return ConflictRow(**values)

"""What comes in: hints, how far each change log was read, and what was decided about each edit."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, delete, insert, or_, select, update

from tyokyky_bridge.services.sync_records import FeedRow, HintOutcome, InboxRow, IntakeRow
from tyokyky_bridge.storage.session import Session, on_each_engine, values_of
from tyokyky_bridge.storage.sync_tables import feed_cursor, inbox, intake
from tyokyky_bridge.storage.types import UtcDateTime

_of: BindParameter[Any] = bindparam("of")
_system: BindParameter[Any] = bindparam("system_is")
_now = bindparam("now", type_=UtcDateTime())

_HINT = on_each_engine(
    lambda into: (
        into(inbox).on_conflict_do_nothing(index_elements=["system", "event_id"]).returning(inbox.c.system)
    )
)
_open = inbox.c.outcome.is_(None)
_SETTLE = update(inbox).where(
    inbox.c.link_id == _of, _open, inbox.c.received_at <= bindparam("before"), inbox.c.kind != "identity"
)
_SETTLE_ONE = update(inbox).where(inbox.c.system == _system, inbox.c.event_id == bindparam("event_is"), _open)
_IDENTITIES = (
    select(inbox)
    .where(inbox.c.system == _system, inbox.c.kind == "identity", _open)
    .order_by(inbox.c.received_at, inbox.c.event_id)
    .limit(bindparam("size"))
)
_OF_LINK = select(inbox).where(inbox.c.link_id == _of).order_by(inbox.c.received_at, inbox.c.event_id)
_TOLD = select(inbox.c.told).where(inbox.c.link_id == _of, _open, inbox.c.kind != "identity")
_PRUNE = delete(inbox).where(inbox.c.received_at < bindparam("before"))

_FEED = select(feed_cursor).where(feed_cursor.c.system == _system)
_TAKE = on_each_engine(
    lambda into: (
        (new := into(feed_cursor))
        .on_conflict_do_update(
            index_elements=["system"],
            set_={"lease_by": new.excluded.lease_by, "lease_until": new.excluded.lease_until},
            where=or_(
                feed_cursor.c.lease_by.is_(None),
                feed_cursor.c.lease_by == new.excluded.lease_by,
                feed_cursor.c.lease_until <= _now,
            ),
        )
        .returning(feed_cursor)
    )
)
_HELD = update(feed_cursor).where(feed_cursor.c.system == _system, feed_cursor.c.lease_by == bindparam("me"))

_ADD = insert(intake)
_NEWEST = (
    select(intake)
    .where(intake.c.link_id == _of)
    .order_by(intake.c.at.desc(), intake.c.id.desc())
    .limit(bindparam("size"))
)
_SINCE = select(intake.c["items"]).where(intake.c.link_id == _of, intake.c.at >= bindparam("since"))


class InboxTable:
    """`services.sync_ports.Inbox` over the table ``inbox``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        system: str,
        event_id: str,
        *,
        link_id: int,
        kind: str,
        outcome: HintOutcome | None = None,
        told: str | None = None,
    ) -> bool:
        now = self._session.now()
        added = self._session.row(
            _HINT[self._session.engine],
            system=system,
            event_id=event_id,
            received_at=now,
            link_id=link_id,
            kind=kind,
            outcome=outcome,
            settled_at=None if outcome is None else now,
            told=told,
        )
        return added is not None

    def settle(self, link_id: int, *, before: datetime, outcome: HintOutcome) -> int:
        now = self._session.now()
        values = {"outcome": outcome, "settled_at": now, "told": None}
        return self._session.count(_SETTLE, of=link_id, before=before, **values)

    def told(self, link_id: int) -> tuple[str | None, ...]:
        return tuple(row.told for row in self._session.rows(_TOLD, of=link_id))

    def identities(self, system: str, *, limit: int = 20) -> tuple[InboxRow, ...]:
        rows = self._session.rows(_IDENTITIES, system_is=system, size=limit)
        return tuple(InboxRow(**values_of(row, InboxRow.__slots__)) for row in rows)

    def settle_one(self, system: str, event_id: str, *, outcome: HintOutcome) -> bool:
        now = self._session.now()
        return bool(
            self._session.count(
                _SETTLE_ONE, system_is=system, event_is=event_id, outcome=outcome, settled_at=now
            )
        )

    def of_link(self, link_id: int) -> tuple[InboxRow, ...]:
        rows = self._session.rows(_OF_LINK, of=link_id)
        return tuple(InboxRow(**values_of(row, InboxRow.__slots__)) for row in rows)

    def prune(self, older_than: timedelta) -> int:
        return self._session.count(_PRUNE, before=self._session.now() - older_than)


class FeedTable:
    """`services.sync_ports.Feeds` over the table ``feed_cursor``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, system: str, *, worker: str, lease: timedelta) -> FeedRow | None:
        now = self._session.now()
        row = self._session.row(
            _TAKE[self._session.engine], system=system, lease_by=worker, lease_until=now + lease, now=now
        )
        return None if row is None else _feed(row)

    def advance(self, system: str, *, worker: str, cursor: str, lost: bool = False) -> bool:
        now = self._session.now()
        values = {"cursor": cursor, "polled_at": now} | ({"lost_at": now} if lost else {})
        return bool(self._session.count(_HELD, system_is=system, me=worker, **values))

    def release(self, system: str, *, worker: str) -> None:
        self._session.run(_HELD, system_is=system, me=worker, lease_by=None, lease_until=None)

    def get(self, system: str) -> FeedRow | None:
        row = self._session.row(_FEED, system_is=system)
        return None if row is None else _feed(row)


class IntakeTable:
    """`services.sync_ports.Intakes` over the table ``intake``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: IntakeRow) -> None:
        self._session.run(_ADD, **values_of(row, IntakeRow.__slots__))

    def of_link(self, link_id: int, *, limit: int = 50) -> tuple[IntakeRow, ...]:
        rows = self._session.rows(_NEWEST, of=link_id, size=limit)
        return tuple(_intake(row) for row in rows)

    def rejections(self, link_id: int, since: datetime) -> dict[str, int]:
        rows = self._session.rows(_SINCE, of=link_id, since=since)
        return Counter(i["path"] for row in rows for i in row[0] if i["state"] == "rejected")


def _feed(row: Row[Any]) -> FeedRow:
    return FeedRow(**values_of(row, FeedRow.__slots__))


def _intake(row: Row[Any]) -> IntakeRow:
    values = values_of(row, IntakeRow.__slots__)
    values["items"] = tuple(values["items"])
    return IntakeRow(**values)

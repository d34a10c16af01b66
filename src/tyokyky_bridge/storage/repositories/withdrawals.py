"""Which links a withdrawal concerns."""

from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Row, bindparam, select

from tyokyky_bridge.services.sync_records import WithdrawalTarget
from tyokyky_bridge.storage.session import Session, on_each_engine, values_of
from tyokyky_bridge.storage.sync_tables import withdrawal_target

_of: BindParameter[Any] = bindparam("of")
_ADD = on_each_engine(lambda into: into(withdrawal_target).on_conflict_do_nothing())
_OF_CONSENT = (
    select(withdrawal_target)
    .where(withdrawal_target.c.consent_id == _of)
    .order_by(withdrawal_target.c.link_id)
)
_OF_LINK = (
    select(withdrawal_target)
    .where(withdrawal_target.c.link_id == _of)
    .order_by(withdrawal_target.c.at, withdrawal_target.c.consent_id)
)


class WithdrawalTable:
    """`services.sync_ports.Withdrawals` over the table ``withdrawal_target``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, target: WithdrawalTarget) -> None:
        self._session.run(_ADD[self._session.engine], **values_of(target, WithdrawalTarget.__slots__))

    def of_consent(self, consent_id: UUID) -> tuple[WithdrawalTarget, ...]:
        return tuple(_target(row) for row in self._session.rows(_OF_CONSENT, of=consent_id))

    def of_link(self, link_id: int) -> tuple[WithdrawalTarget, ...]:
        return tuple(_target(row) for row in self._session.rows(_OF_LINK, of=link_id))


def _target(row: Row[Any]) -> WithdrawalTarget:
    values = values_of(row, WithdrawalTarget.__slots__)
    values["paths"], values["in_flight"] = tuple(values["paths"]), tuple(values["in_flight"])
    return WithdrawalTarget(**values)

"""The transaction that a use case is given: all repositories over one session."""

from datetime import datetime
from uuid import UUID

from tyokyky_bridge.storage.repositories.audit import AuditTable
from tyokyky_bridge.storage.repositories.clients import ClientTable
from tyokyky_bridge.storage.repositories.conflicts import ConflictTable
from tyokyky_bridge.storage.repositories.consents import ConsentTable
from tyokyky_bridge.storage.repositories.decisions import DecisionTable
from tyokyky_bridge.storage.repositories.documents import DocumentTable
from tyokyky_bridge.storage.repositories.gates import GateTable
from tyokyky_bridge.storage.repositories.idempotency import IdempotencyTable
from tyokyky_bridge.storage.repositories.intakes import FeedTable, InboxTable, IntakeTable
from tyokyky_bridge.storage.repositories.links import LinkTable
from tyokyky_bridge.storage.repositories.notices import NoticeTable
from tyokyky_bridge.storage.repositories.plans import PlanTable
from tyokyky_bridge.storage.repositories.quarantine import QuarantineTable
from tyokyky_bridge.storage.repositories.withdrawals import WithdrawalTable
from tyokyky_bridge.storage.repositories.workers import WorkerTable
from tyokyky_bridge.storage.session import Session


class Transaction:
    """`services.ports.Tx`. The connection is not reachable from it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.clients = ClientTable(session)
        self.plans = PlanTable(session)
        self.consents = ConsentTable(session)
        self.links = LinkTable(session)
        self.decisions = DecisionTable(session)
        self.gates = GateTable(session)
        self.audit = AuditTable(session)
        self.notices = NoticeTable(session)
        self.idempotency = IdempotencyTable(session)
        self.workers = WorkerTable(session)
        self.inbox = InboxTable(session)
        self.feeds = FeedTable(session)
        self.intakes = IntakeTable(session)
        self.conflicts = ConflictTable(session)
        self.withdrawals = WithdrawalTable(session)
        self.quarantine = QuarantineTable(session)
        self.documents = DocumentTable(session)

    def now(self) -> datetime:
        """The hub clock."""
        return self._session.now()

    def new_id(self) -> UUID:
        """A new time-ordered identifier."""
        return self._session.new_id()

"""Bodies about what the copies have become: conflicts, receipts, and notices to parties."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tyokyky_bridge.services.conflict_sight import ConflictView, Shown
from tyokyky_bridge.services.propagation import Propagation, Receipt, ReceiptState
from tyokyky_bridge.services.records import NoticeRow
from tyokyky_bridge.services.sync_records import ConflictState, Resolution


class ValueShown(BaseModel):
    """One value of a field in conflict."""

    value: Any = Field(description="a JSON value in plan shape; null where the field is empty or withheld")
    withheld: bool = Field(description="there may be a value, and the caller may not have it")

    @classmethod
    def of(cls, shown: Shown) -> "ValueShown":
        """Render one value."""
        return cls(value=shown.value, withheld=shown.withheld)


class ChangedBy(BaseModel):
    """Where our side of a conflict comes from."""

    party: str
    system: str | None
    at: datetime


class EarlierValues(BaseModel):
    """Values that a conflict had before a side moved on."""

    ours: Any
    theirs: Any
    withheld: bool = Field(description="one of them is left out because the caller may not have it")
    until: datetime


class ConflictShown(BaseModel):
    """A field that two sides changed, as the caller may know it."""

    id: UUID
    plan_id: UUID
    system: str = Field(description="whose record holds the other side")
    path: str
    state: ConflictState
    owner: str = Field(
        description="the party whose professionals decide; the coordinator's party may as well"
    )
    base: ValueShown = Field(description="what both sides last agreed on")
    ours: ValueShown
    theirs: ValueShown
    changed: ChangedBy | None = Field(
        description="who changed our side; null where that is withheld or empty"
    )
    remote_version: str | None
    opened_at: datetime
    updated_at: datetime
    age_s: float
    escalate_at: datetime
    history: list[EarlierValues]
    may_resolve: bool
    resolution: Resolution | None
    resolved_by: str | None = Field(description="the party of the one who decided")
    resolved_at: datetime | None
    etag: str = Field(description="of both sides as they stand; send it as If-Match with the decision")

    @classmethod
    def of(cls, view: ConflictView) -> "ConflictShown":
        """Render one caller's view."""
        row, changed = view.row, view.changed
        return cls(
            id=row.id,
            plan_id=row.plan_id,
            system=row.system,
            path=row.path,
            state=row.state,
            owner=row.owner,
            base=ValueShown.of(view.base),
            ours=ValueShown.of(view.ours),
            theirs=ValueShown.of(view.theirs),
            changed=changed and ChangedBy(party=changed.party, system=changed.system, at=changed.at),
            remote_version=None if view.theirs.withheld else row.remote_version,
            opened_at=row.opened_at,
            updated_at=row.updated_at,
            age_s=view.age_s,
            escalate_at=view.escalate_at,
            history=[EarlierValues.model_validate(entry) for entry in view.history],
            may_resolve=view.may_resolve,
            resolution=row.resolution,
            resolved_by=row.resolved_by,
            resolved_at=row.resolved_at,
            etag=view.etag,
        )


class ConflictDecision(BaseModel):
    """Which side stands, or a third value."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    choice: Resolution
    value: Any = Field(
        default=None, description="with other, and with it alone: a JSON value in plan shape; null empties it"
    )

    @model_validator(mode="after")
    def _goes_with_other(self) -> Self:
        # A forgotten value would empty the field everywhere, and one beside another choice would be lost unseen.
        if ("value" in self.model_fields_set) != (self.choice == "other"):
            msg = "value goes with the choice other, and with it alone: null empties the field"
            raise ValueError(msg)
        return self


class ReceiptShown(BaseModel):
    """How far one system has a revision."""

    system: str
    party: str
    state: ReceiptState
    not_permitted: dict[str, int] = Field(description="how many of its items may not go there, by reason")
    reason: str | None = Field(description="why it is parked")
    at: datetime | None = Field(description="when it came to be so")
    age_s: float = Field(description="seconds from the revision until then, or until now while it waits")

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptShown":
        """Render one receipt."""
        return cls(
            system=receipt.system,
            party=receipt.party,
            state=receipt.state,
            not_permitted=dict(receipt.why),
            reason=receipt.reason,
            at=receipt.at,
            age_s=receipt.age_s,
        )


class RevisionReached(BaseModel):
    """Where a revision has arrived."""

    revision: int
    at: datetime
    settled: bool = Field(description="nothing of it is on its way")
    systems: list[ReceiptShown]

    @classmethod
    def of(cls, found: Propagation) -> "RevisionReached":
        """Render it."""
        systems = [ReceiptShown.of(receipt) for receipt in found.receipts]
        return cls(revision=found.revision, at=found.at, settled=found.is_settled, systems=systems)


class NoticeShown(BaseModel):
    """Something the caller's party has to be told."""

    id: UUID
    kind: str = Field(examples=["consent_withdrawn", "edit_rejected", "data_quality"])
    client_id: UUID
    consent_id: UUID | None
    at: datetime
    received_at: datetime | None

    @classmethod
    def of(cls, row: NoticeRow) -> "NoticeShown":
        """Render one notice."""
        return cls(
            id=row.id,
            kind=row.kind,
            client_id=row.client_id,
            consent_id=row.consent_id,
            at=row.at,
            received_at=row.delivered_at,
        )

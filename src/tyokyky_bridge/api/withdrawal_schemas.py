"""Bodies about how far the withdrawal of a consent has reached."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from tyokyky_bridge.services.campaign import Campaign, Reached, SentBefore
from tyokyky_bridge.services.withdrawal_stage import Ground, TargetState
from tyokyky_bridge.services.withdrawing import InFlight


class SendInFlight(BaseModel):
    """A send that had been decided before a withdrawal and may have gone out; its taking back follows it."""

    decision: UUID
    system: str
    items: list[str] = Field(description="those of its items that lost their basis")
    outcome: str | None = Field(description="null as long as it is not known how it ended")
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, send: InFlight) -> "SendInFlight":
        """Render one send."""
        return cls(
            decision=send.decision,
            system=send.system,
            items=list(send.paths),
            outcome=send.outcome,
            started_at=send.started_at,
            ended_at=send.ended_at,
        )


class TargetShown(BaseModel):
    """One system that a withdrawal concerns."""

    system: str
    party: str | None
    state: TargetState = Field(
        description="queued, a send under way, being taken back, taken back, proved absent, kept on a ground, "
        "a person's task, or present though it may not be"
    )
    items: int = Field(description="how many items it concerns, of which the caller may know")
    paths: list[str] = Field(description="these items, where the caller may see them")
    since: datetime
    generation: int | None = Field(description="from which on they may not stand there; for oversight")
    ground: Ground | None = Field(description="why the partner keeps it")
    owner: str | None = Field(description="the party that removes it by hand")
    due_at: datetime | None = Field(description="by when")

    @classmethod
    def of(cls, reached: Reached) -> "TargetShown":
        """Render one system."""
        return cls(
            system=reached.system,
            party=reached.party,
            state=reached.state,
            items=reached.items,
            paths=list(reached.paths),
            since=reached.since,
            generation=reached.gen,
            ground=reached.ground,
            owner=reached.owner,
            due_at=reached.due_at,
        )


class SentBeforeShown(BaseModel):
    """A send after the client's withdrawal and before it was recorded."""

    system: str
    at: datetime
    items: int
    outcome: str | None

    @classmethod
    def of(cls, sent: SentBefore) -> "SentBeforeShown":
        """Render one send."""
        return cls(system=sent.system, at=sent.at, items=sent.items, outcome=sent.outcome)


class WithdrawalReached(BaseModel):
    """How far the withdrawal of a consent has reached."""

    consent_id: UUID
    status: str
    withdrawn_at: datetime | None = Field(description="when the client said it")
    recorded_at: datetime | None = Field(description="when the hub was told")
    systems: list[TargetShown]
    sent_before_recorded: list[SentBeforeShown]

    @classmethod
    def of(cls, campaign: Campaign) -> "WithdrawalReached":
        """Render it."""
        consent = campaign.consent
        return cls(
            consent_id=UUID(consent.consent_id),
            status=consent.status.value,
            withdrawn_at=consent.withdrawn.at if consent.withdrawn else None,
            recorded_at=consent.withdrawn.recorded_at if consent.withdrawn else None,
            systems=[TargetShown.of(each) for each in campaign.systems],
            sent_before_recorded=[SentBeforeShown.of(each) for each in campaign.sent_before_recorded],
        )

"""Bodies of the REST face. The plan itself has one schema, the domain's own."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from tyokyky_bridge.api.withdrawal_schemas import SendInFlight
from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.services.consents import Fenced
from tyokyky_bridge.services.shape import shaped
from tyokyky_bridge.services.sight import Seen
from tyokyky_bridge.services.trace import LinkView, Trace

PlanContent = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "x-schema": "SupportPlan"}),
]
"""A plan in its own shape."""

PlanView = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "The members of SupportPlan that the caller may see; any may be absent.",
        }
    ),
]

ConsentForm = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "x-schema": "ConsentForm"}),
]
"""A consent as on the form: without the ids that the hub gives, and with ``mutual`` boxes for both directions."""


class Body(BaseModel):
    """A request body: unknown members are refused, values are never echoed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ClientIdentity(Body):
    """An identity number, in a body so that it is in no URL and no log."""

    hetu: str = Field(
        max_length=20, description="Henkilötunnus with its century sign", examples=["120385-921T"]
    )


class ClientRegistered(BaseModel):
    """The client's id in the hub."""

    client_id: UUID


class ClientFound(BaseModel):
    """A client and the plans the caller may know of."""

    client_id: UUID
    plans: list["PlanListed"]


class PlanListed(BaseModel):
    """A plan's head; status and case are absent where the caller may not see them."""

    plan_id: UUID
    case_id: UUID | None
    status: str | None

    @classmethod
    def of(cls, seen: Seen) -> "PlanListed":
        """Render one caller's view."""
        leaves = seen.disclosure.view.leaves
        return cls.model_validate(
            {
                "plan_id": seen.plan_id,
                "case_id": leaves.get("header.case_id"),
                "status": leaves.get("header.status"),
            }
        )


SectionContent = Annotated[
    dict[str, Any] | list[Any] | None,
    WithJsonSchema({"description": "The section in plan shape: an object or a list, as in SupportPlan."}),
]


class PlanToCreate(Body):
    """A client's new plan."""

    client_id: UUID
    plan: PlanContent


class PlanChange(Body):
    """Set an item, an element, an object or a section; null removes it."""

    path: str = Field(
        max_length=400, pattern=r"^[a-z_]+[a-z0-9_.\[\]A-Z-]*$", examples=["goals[g-1].text_client", "health"]
    )
    value: Any = None


class PlanChanges(Body):
    """One or more changes that become one revision together."""

    changes: list[PlanChange] = Field(min_length=1, max_length=500)


class PlanToClose(Body):
    """Closing of a plan (domain report D15)."""

    closed_on: date
    reason: str = Field(max_length=64)
    agreed_with_client_on: date | None = None
    summary: str | None = Field(default=None, max_length=10_000)


class PlanSeen(BaseModel):
    """The plan as the caller may see it."""

    plan_id: UUID
    client_id: UUID
    plan: PlanView
    withheld: list[str] = Field(description="information categories closed to the caller, whatever they hold")
    non_disclosure: bool = Field(
        description="the client has a turvakielto: addresses and places are left out"
    )

    @classmethod
    def of(cls, seen: Seen) -> "PlanSeen":
        """Render one caller's view."""
        view = seen.disclosure.view
        return cls(
            plan_id=seen.plan_id,
            client_id=seen.client_id,
            plan=shaped(view.leaves),
            withheld=sorted(view.withheld),
            non_disclosure=view.non_disclosure,
        )


class RevisionListed(BaseModel):
    """A revision that changed something the caller may see."""

    revision: int
    at: datetime
    cause: str
    etag: str


class ConsentRecorded(BaseModel):
    """A consent, and what recording or withdrawing it stopped at once."""

    consent: Consent
    cancelled: dict[str, list[str]] = Field(description="waiting items that lost their basis, by system")
    cancelled_elements: dict[str, list[str]]
    notified: list[str] = Field(description="parties that get a notice")
    in_flight: list[SendInFlight] = Field(
        description="sends that had been decided before and may have gone out; empty: nothing was on its way"
    )

    @classmethod
    def of(cls, fenced: Fenced) -> "ConsentRecorded":
        """Render the result."""
        return cls(
            consent=fenced.consent,
            cancelled={s: list(p) for s, p in fenced.cancelled.items()},
            cancelled_elements={s: list(p) for s, p in fenced.cancelled_elements.items()},
            notified=list(fenced.notified),
            in_flight=[SendInFlight.of(send) for send in fenced.in_flight],
        )


class WithdrawalToRecord(Body):
    """When the client took the consent back, and who did so."""

    at: datetime = Field(description="the moment the client said it; with offset")
    by: dict[str, Any] | None = Field(
        default=None, description="signer, as in the consent; the client by default"
    )


class LinkShown(BaseModel):
    """One system's record as desired state."""

    system: str
    state: Literal["in_sync", "due", "leased", "parked"]
    desired: Literal["present", "absent"]
    desired_generation: int
    acknowledged_generation: int
    acknowledged_at: datetime | None = Field(
        description="since when the record is known to hold that generation; later looks do not move it"
    )
    due_since: datetime | None
    next_try_at: datetime | None
    attempts: int
    last_error: str | None
    parked_reason: str | None
    parked_detail: dict[str, Any] | None = Field(
        description="rows, paths and rules; null where that names items that the caller does not see"
    )
    retained: bool = Field(description="the partner keeps what it lawfully got before the basis ended")
    cancelled: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []

    @classmethod
    def of(cls, view: LinkView) -> "LinkShown":
        """Render a link."""
        link = view.link
        return cls(
            system=link.system,
            state=link.state,
            desired=link.desired_kind,
            desired_generation=link.desired_gen,
            acknowledged_generation=link.acked_gen,
            acknowledged_at=link.acked_at,
            due_since=link.due_since,
            next_try_at=link.due_at,
            attempts=link.attempts,
            last_error=link.last_error,
            parked_reason=link.parked_reason,
            parked_detail=dict(view.parked_detail) if view.parked_detail else None,
            retained=link.retained,
            cancelled=[dict(c) for c in view.cancelled],
            deliveries=[dict(d) for d in view.deliveries],
        )


class ItemTraced(BaseModel):
    """One item towards one system."""

    path: str
    state: Literal[
        "sent", "held", "queued", "parked", "conflict", "not_carried", "withheld", "retained", "to_be_cleared"
    ]
    outcome: str
    row: int = Field(description="row of the decision table")
    basis: str | None
    reason: str | None
    reasons: list[str]
    labels: list[str]
    note: str | None


class DisclosuresShown(BaseModel):
    """Every item of the plan exactly once, with its decision towards one system."""

    system: str
    recipient: str
    link_state: str | None
    decision: UUID | None = Field(description="the newest recorded decision a payload was made from")
    mapping_version: str | None
    items: list[ItemTraced]

    @classmethod
    def of(cls, trace: Trace) -> "DisclosuresShown":
        """Render a trace."""
        return cls(
            system=trace.system,
            recipient=trace.recipient,
            link_state=trace.link.state if trace.link else None,
            decision=trace.decision.id if trace.decision else None,
            mapping_version=trace.decision.mapping_version if trace.decision else None,
            items=[
                ItemTraced(
                    path=i.path,
                    state=i.state,
                    outcome=i.outcome,
                    row=i.row,
                    basis=i.basis,
                    reason=i.reason,
                    reasons=list(i.reasons),
                    labels=list(i.labels),
                    note=i.note,
                )
                for i in trace.items
            ],
        )


class Problem(BaseModel):
    """RFC 9457 problem details; the same body for every error."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[dict[str, str]] | None = None

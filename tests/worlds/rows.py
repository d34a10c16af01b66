"""Rows for storage tests: a client, a plan, a link, a decision."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import DecisionKind, DecisionRow, Kind, LinkRow, PlanRow

HETU = "120385-921T"
TWIN = "120385Y921T"  # the same digits, another century sign: another person

LEASE = timedelta(seconds=30)


def a_plan(
    tx: Tx,
    *,
    client_id: UUID | None = None,
    leaves: Mapping[str, Any] | None = None,
    actor: str = "lrha-health",
) -> PlanRow:
    """A plan at version 1, of a new client unless one is named."""
    return tx.plans.insert(
        plan_id=tx.new_id(),
        client_id=client_id or tx.clients.create().id,
        case_id=uuid4(),
        status="active",
        leaves={"header.status": "active"} if leaves is None else leaves,
        origins={"header.status": {"party": actor}},
        cause="api",
        actor=actor,
    )


def revise(tx: Tx, plan: PlanRow, *, expected: int, leaves: Mapping[str, Any]) -> int:
    """Append a revision; returns the new version."""
    return tx.plans.append(
        plan.id,
        expected=expected,
        status="active",
        leaves=leaves,
        origins={},
        cause="api",
        actor="lrha-health",
    ).version


def a_link(
    tx: Tx,
    *,
    plan: PlanRow | None = None,
    system: str = "lifecare-lr",
    kind: Kind = "present",
    overtake: bool = False,
) -> LinkRow:
    """A link that is due, of a new plan unless one is given."""
    plan = plan or a_plan(tx)
    return tx.links.want(
        plan_id=plan.id, client_id=plan.client_id, system=system, kind=kind, overtake=overtake
    )


def want_again(tx: Tx, link: LinkRow, **options: Any) -> LinkRow:
    """Raise the desired generation of a link."""
    return tx.links.want(
        plan_id=link.plan_id,
        client_id=link.client_id,
        system=link.system,
        **({"kind": link.desired_kind} | options),
    )


def claim(
    tx: Tx, *, system: str = "lifecare-lr", limit: int = 10, worker: str = "w-1"
) -> tuple[LinkRow, ...]:
    """Claim as a worker does."""
    return tx.links.claim(system, limit=limit, worker=worker, lease=LEASE)


def a_decision(
    tx: Tx,
    link: LinkRow,
    *,
    epoch: int = 1,
    body: str = "ab" * 32,
    kind: DecisionKind = "send",
    send_within: timedelta = timedelta(seconds=2),
) -> DecisionRow:
    """Record a decision about a link, now."""
    row = DecisionRow(
        id=tx.new_id(),
        link_id=link.id,
        client_id=link.client_id,
        system=link.system,
        gen=link.desired_gen,
        kind=kind,
        plan_version=1,
        consent_epoch=epoch,
        mapping_version="lifecare/1",
        items=(
            {"path": "health.work_ability_conclusion", "outcome": "PERMIT", "row": 8, "basis": "consent"},
        ),
        body_sha256=body,
        idem_key="k" + body[:8],
        worker="w-1",
        lease_epoch=link.lease_epoch,
        at=tx.now(),
        send_before=tx.now() + send_within,
    )
    tx.decisions.add(row)
    return row


def a_consent(tx: Tx, client_id: UUID, *, status: str = "active") -> UUID:
    """Record a consent of a client."""
    doc = {"form_kind": "Y100_WRITTEN"}
    return tx.consents.add(
        consent_id=tx.new_id(), client_id=client_id, status=status, doc=doc, actor="lrha-health"
    ).id


def bury(tx: Tx, worker: str) -> int:
    """Make due what a worker has leased, as when its process is seen to be dead; returns how many links."""
    return tx.workers.free([lease for lease in tx.workers.leases() if lease.worker == worker])

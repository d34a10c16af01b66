"""Stored rows to domain values and back."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tyokyky_bridge.domain.consent import Consent, FormKind
from tyokyky_bridge.domain.decision import Facts
from tyokyky_bridge.domain.disclosure import Disclosure, disclose
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.items import leaves_from_json, plan_from_leaves
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.ports import Lock, Tx
from tyokyky_bridge.services.records import ConsentRow, OralUseRow, RevisionRow
from tyokyky_bridge.services.remembered import Remembered


class PlanNotFound(BridgeError):
    """No such plan, or none whose existence the caller may know."""

    code = "plan/not-found"

    def __init__(self) -> None:
        super().__init__("no such plan")


def revision_of(row: RevisionRow) -> Revision:
    """A stored revision as the domain knows it."""
    return _revisions((row.plan_id, row.version), row)


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        plan=plan_from_leaves(leaves_from_json(row.leaves)),
        version=row.version,
        origins={path: Origin.from_json(doc) for path, doc in row.origins.items()},
        recorded_at=row.at,
        recorded_by=row.actor,
    )


_revisions = Remembered(_revision, most=256)


def consent_of(row: ConsentRow) -> Consent:
    """A stored consent as the domain knows it."""
    return _consents(row.id, row)


def _consent(row: ConsentRow) -> Consent:
    return Consent.model_validate(row.doc)


_consents = Remembered(_consent, most=1024)


def latest_revision(tx: Tx, plan_id: UUID, *, lock: Lock | None = None) -> Revision:
    """The newest revision of a plan. Raises `PlanNotFound`."""
    row = tx.plans.latest(plan_id, lock=lock)
    if row is None:
        raise PlanNotFound
    return revision_of(row)


def facts_of(tx: Tx, bridge: Bridge, client_id: UUID, *, retrying: int | None = None) -> Facts:
    """What a decision about this client's items rests on, as of this transaction.

    *retrying* names the link that tries again: an oral consent covers one transaction, and as long as the partner has
    not acknowledged what that link sent on it, it is the same transaction.
    """
    consents = tuple(consent_of(row) for row in tx.consents.of_client(client_id))
    spoken = any(form.form_kind is FormKind.ORAL_ONCE for form in consents)
    return Facts(
        identity_resolved=True,
        directory=bridge.directory,
        legal_bases=bridge.legal_bases,
        consents=consents,
        oral_used=frozenset(
            str(use.consent_id)
            for use in (tx.consents.uses(client_id) if spoken else ())
            if retrying is None or _was_spent(tx, use, retrying)
        ),
        non_disclosure=_newest_plan_tells_of_an_order(tx, client_id),
    )


def _newest_plan_tells_of_an_order(tx: Tx, client_id: UUID) -> bool:
    """A non-disclosure order is about the person: an address in an older plan is kept back by it as well.

    Of a single plan nothing has to be read here: what it says itself counts anyway.
    """
    plans = tx.plans.of_client(client_id)
    if len(plans) < 2:
        return False
    newest = max(plans, key=lambda row: (row.created_at, row.id))
    return latest_revision(tx, newest.id).plan.client.non_disclosure.active is True


def _was_spent(tx: Tx, use: OralUseRow, link_id: int) -> bool:
    decision = tx.decisions.get(use.decision_id) if use.decision_id else None
    if decision is None or decision.link_id != link_id:
        return True
    link = tx.links.get(link_id)
    return link is None or link.acked_gen >= decision.gen


def disclosure_to(
    revision: Revision,
    facts: Facts,
    *,
    party: str,
    purpose: Purpose,
    channel: str,
    at: datetime,
    identity_resolved: bool = True,
    standing: SupportPlan | None = None,
) -> Disclosure:
    """What one recipient may have of a revision, item by item; *standing* is the plan now, of an older revision."""
    return disclose(
        revision,
        recipient=party,
        purpose=purpose,
        channel=channel,
        facts=replace(facts, identity_resolved=identity_resolved),
        at=at,
        standing=standing,
    )

"""Record, supersede and withdraw consents; each marks the client's links dirty in its own transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.consent import (
    Consent,
    ConsentStatus,
    Signer,
    Withdrawal,
)
from tyokyky_bridge.domain.decision import Facts
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.notices import parties_to_notify
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.clients import ClientNotFound, known_plans, registered_by
from tyokyky_bridge.services.fence import no_more_starts
from tyokyky_bridge.services.forms import ConsentInvalid, check_form, read_form, rules_of
from tyokyky_bridge.services.linking import Desired, cancel_withdrawn, desired_for, refresh_links
from tyokyky_bridge.services.loading import facts_of, latest_revision
from tyokyky_bridge.services.ports import Lock, Tx
from tyokyky_bridge.services.records import AuditEntry, Doc, PlanRow
from tyokyky_bridge.services.repeats import RepeatKey, once
from tyokyky_bridge.services.shape import element_of

RECORDERS = frozenset({Role.PROFESSIONAL, Role.SYSTEM})
READERS = RECORDERS | {Role.OVERSIGHT}


class ConsentNotFound(BridgeError):
    """No such consent, or none that the caller's party is on."""

    code = "consent/not-found"

    def __init__(self) -> None:
        super().__init__("no such consent")


@dataclass(frozen=True)
class Fenced:
    """What a withdrawal stopped at once: items that waited, by system, and the parties that have to be told.

    Of the cancelled items a caller is told those that it could see; the audit and the links know them all.
    """

    consent: Consent
    cancelled: Mapping[str, tuple[str, ...]]
    notified: tuple[str, ...]

    @property
    def cancelled_elements(self) -> dict[str, tuple[str, ...]]:
        """The cancelled items gathered by the list element that they belong to."""
        return {s: tuple(sorted({element_of(p) for p in paths})) for s, paths in self.cancelled.items()}


async def record_consent(
    bridge: Bridge,
    caller: Caller,
    client_id: UUID,
    form: Mapping[str, Any],
    *,
    repeat: RepeatKey | None = None,
) -> Fenced:
    """Record a signed form; with ``supersedes`` it replaces another, of which nothing is inherited.

    A superseding form that leaves something out withdraws it: what waited to be sent on the old form is cancelled
    and every party of the old form is told. It is answered as a withdrawal is.

    Raises: ClientNotFound, ConsentInvalid, ConsentNotFound, NotActive, NotForRole, KeyReused.
    """
    _need(caller, RECORDERS)

    def record(tx: Tx) -> Fenced:
        _client(tx, bridge, caller, client_id, lock="update")
        visible = _visible(tx, bridge, caller, client_id)
        now = tx.now()
        consent = read_form({**form, "consent_id": str(tx.new_id()), "client_id": str(client_id)})
        check_form(consent, bridge.directory, finnish_day(now))
        before = _desired(tx, bridge, client_id)
        told = _supersede(tx, caller, client_id, consent) if _replaces(consent) else ()
        tx.consents.add(
            consent_id=UUID(consent.consent_id),
            client_id=client_id,
            status=consent.status.value,
            doc=consent.model_dump(mode="json"),
            actor=caller.party,
        )
        fenced = _fence(tx, bridge, client_id, before, consent_id=UUID(consent.consent_id), told=told)
        _audit(tx, caller, "consent/recorded", consent, now, fenced)
        return _told(consent, fenced, visible)

    recorded = await bridge.store.write(
        lambda tx: once(tx, caller, repeat, lambda: record(tx), note=_note, recall=_recall(tx, caller))
    )
    if _replaces(recorded.consent):
        await no_more_starts(bridge, client_id)
    return recorded


async def withdraw_consent(
    bridge: Bridge,
    caller: Caller,
    consent_id: UUID,
    *,
    at: datetime,
    by: Mapping[str, Any] | None = None,
    repeat: RepeatKey | None = None,
) -> Fenced:
    """Withdraw a consent as of now; *at* says when the client took it back, which may be earlier.

    Everything that rested on it stops in this transaction, whatever was queued is cancelled, and every party of the
    form gets a notice. Returns when no send that was decided before can start any more: after about two seconds at
    most, for a decision is good for no longer.

    Raises: ConsentNotFound, NotActive, ConsentInvalid, NotForRole, KeyReused.
    """
    _need(caller, RECORDERS)

    def withdraw(tx: Tx) -> Fenced:
        client_id = UUID(str(_of_caller(tx, caller, consent_id).client_id))
        tx.clients.get(client_id, lock="update")
        consent = _of_caller(tx, caller, consent_id)
        visible = _visible(tx, bridge, caller, client_id)
        now = tx.now()
        before = _desired(tx, bridge, client_id)
        try:
            withdrawal = Withdrawal(
                at=at,
                recorded_at=now,
                by=Signer.model_validate(by if by is not None else {}),
                received_by_party=caller.party,
                notified_parties=parties_to_notify(consent),
            )
        except ValidationError as error:
            raise ConsentInvalid(rules_of(error)) from None
        ended = consent.withdraw(withdrawal)
        tx.consents.change(
            consent_id, status=ended.status.value, doc=ended.model_dump(mode="json"), actor=caller.party
        )
        fenced = _fence(tx, bridge, client_id, before, consent_id=consent_id, told=parties_to_notify(ended))
        _audit(tx, caller, "consent/withdrawn", ended, now, fenced)
        return _told(ended, fenced, visible)

    withdrawn = await bridge.store.write(
        lambda tx: once(tx, caller, repeat, lambda: withdraw(tx), note=_note, recall=_recall(tx, caller))
    )
    await no_more_starts(bridge, UUID(str(withdrawn.consent.client_id)))
    return withdrawn


async def read_consent(bridge: Bridge, caller: Caller, consent_id: UUID) -> Consent:
    """One consent, for the parties on it. Raises: ConsentNotFound, NotForRole."""
    _need(caller, READERS)
    return await bridge.store.read(lambda tx: _of_caller(tx, caller, consent_id))


async def list_consents(bridge: Bridge, caller: Caller, client_id: UUID) -> tuple[Consent, ...]:
    """A client's consents that the caller's party is on (all of them for oversight).

    Raises: ClientNotFound, NotForRole.
    """
    _need(caller, READERS)

    def read(tx: Tx) -> tuple[Consent, ...]:
        _client(tx, bridge, caller, client_id)
        rows = tx.consents.of_client(client_id)
        return tuple(c for c in (Consent.model_validate(r.doc) for r in rows) if _is_on(caller, c))

    return await bridge.store.read(read)


def _fence(
    tx: Tx,
    bridge: Bridge,
    client_id: UUID,
    before: dict[UUID, dict[str, Desired]],
    *,
    consent_id: UUID,
    told: tuple[str, ...],
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Raise the fence, cancel what lost its basis, mark links dirty, and note who has to be told."""
    tx.clients.bump_epoch(client_id)
    after = _desired(tx, bridge, client_id)
    cancelled: dict[str, tuple[str, ...]] = {}
    for plan in tx.plans.of_client(client_id, lock="update"):
        links = tx.links.of_plan(plan.id, lock="update")
        of_plan = cancel_withdrawn(tx, links, before[plan.id], after[plan.id], consent_id)
        for system, paths in of_plan.items():
            cancelled[system] = tuple(sorted({*cancelled.get(system, ()), *paths}))
        refresh_links(
            tx,
            bridge,
            plan_id=plan.id,
            client_id=client_id,
            revision=latest_revision(tx, plan.id),
            overtake=bool(told),
        )
    for party in told:
        tx.notices.add(client_id=client_id, party=party, kind="consent_withdrawn", consent_id=consent_id)
    return cancelled, told


def _desired(tx: Tx, bridge: Bridge, client_id: UUID) -> dict[UUID, dict[str, Desired]]:
    facts: Facts = facts_of(tx, bridge, client_id)
    now = tx.now()
    return {
        plan.id: _desired_of_plan(tx, bridge, plan, facts, now)
        for plan in tx.plans.of_client(client_id, lock="update")
    }


def _desired_of_plan(
    tx: Tx, bridge: Bridge, plan: PlanRow, facts: Facts, now: datetime
) -> dict[str, Desired]:
    revision = latest_revision(tx, plan.id)
    return {p.system.id: desired_for(p, revision, facts, now) for p in bridge.partners_on(now)}


def _visible(tx: Tx, bridge: Bridge, caller: Caller, client_id: UUID) -> frozenset[str]:
    """Every item of the client's plans that the caller sees before anything changes."""
    plans = known_plans(tx, bridge, caller, tx.plans.of_client(client_id))
    return frozenset(path for seen in plans for path in seen.disclosure.view.leaves)


def _told(
    consent: Consent,
    fenced: tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]],
    visible: frozenset[str],
) -> Fenced:
    shown = {s: tuple(p for p in paths if p in visible) for s, paths in fenced[0].items()}
    return Fenced(consent, {s: paths for s, paths in shown.items() if paths}, fenced[1])


def _note(fenced: Fenced) -> Doc:
    cancelled = {system: list(paths) for system, paths in fenced.cancelled.items()}
    return {"consent": fenced.consent.consent_id, "cancelled": cancelled, "told": list(fenced.notified)}


def _recall(tx: Tx, caller: Caller) -> Callable[[Doc], Fenced]:
    return lambda kept: Fenced(
        _of_caller(tx, caller, UUID(kept["consent"])),
        {system: tuple(paths) for system, paths in kept["cancelled"].items()},
        tuple(kept["told"]),
    )


def _replaces(consent: Consent) -> bool:
    """A draft replaces nothing yet: it may be unreadable, and the form that it names still stands."""
    return consent.supersedes is not None and consent.status is ConsentStatus.ACTIVE


def _supersede(tx: Tx, caller: Caller, client_id: UUID, new: Consent) -> tuple[str, ...]:
    """End the form that *new* replaces and say who has to be told; whose party is not on it cannot know of it.

    A newer form that takes something away is a withdrawal of the old one: when it was given and when it was
    recorded are both kept.
    """
    try:
        old = _of_caller(tx, caller, UUID(str(new.supersedes)))
    except ValueError:
        raise ConsentNotFound from None
    if old.client_id != str(client_id):
        raise ConsentNotFound
    told = parties_to_notify(old, replaced_by=new)
    now = tx.now()
    withdrawal = Withdrawal(
        at=min(new.granted_at, now),
        recorded_at=now,
        by=new.signed_by,
        received_by_party=caller.party,
        notified_parties=told,
    )
    ended = old.superseded(withdrawal if told else None)
    tx.consents.change(
        UUID(old.consent_id), status=ended.status.value, doc=ended.model_dump(mode="json"), actor=caller.party
    )
    return told


def _client(tx: Tx, bridge: Bridge, caller: Caller, client_id: UUID, *, lock: Lock | None = None) -> None:
    """Find, and with *lock* hold, the client for whom the caller may act: it registered them, or knows a plan."""
    if tx.clients.get(client_id, lock=lock) is None or not bridge.in_force(caller.party, tx.now()):
        raise ClientNotFound
    if registered_by(tx, client_id, caller.party):
        return
    if not known_plans(tx, bridge, caller, tx.plans.of_client(client_id)):
        raise ClientNotFound


def _of_caller(tx: Tx, caller: Caller, consent_id: UUID) -> Consent:
    row = tx.consents.get(consent_id)
    if row is None:
        raise ConsentNotFound
    consent = Consent.model_validate(row.doc)
    if not _is_on(caller, consent):
        raise ConsentNotFound
    return consent


def _is_on(caller: Caller, consent: Consent) -> bool:
    parties = {p for g in consent.grants for p in (g.discloser, g.recipient)} | {consent.taken_by.party}
    return caller.party in parties or caller.role is Role.OVERSIGHT


def _need(caller: Caller, roles: frozenset[Role]) -> None:
    if caller.role not in roles:
        raise NotForRole(" or ".join(sorted(roles)))


def _audit(
    tx: Tx,
    caller: Caller,
    event: str,
    consent: Consent,
    now: datetime,
    fenced: tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]],
) -> None:
    tx.audit.add(
        AuditEntry(
            event=event,
            outcome="ok",
            actor_party=caller.party,
            actor_role=caller.role.value,
            actor_sub=caller.subject,
            client_id=UUID(str(consent.client_id)),
            basis=consent.consent_id,
            what={
                "at": now.isoformat(),
                "cancelled": {s: list(p) for s, p in fenced[0].items()},
                "told": list(fenced[1]),
            },
        )
    )

"""Record, supersede and withdraw consents; each marks the client's links dirty in its own transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.consent import (
    Consent,
    Signer,
    Withdrawal,
)
from tyokyky_bridge.domain.notices import parties_to_notify
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.clients import ClientNotFound, known_plans, registered_by
from tyokyky_bridge.services.consent_sight import (
    READERS,
    RECORDERS,
    ConsentNotFound,
    consent_of_caller,
    is_on,
    need,
)
from tyokyky_bridge.services.fence import no_more_starts
from tyokyky_bridge.services.forms import ConsentInvalid, check_form, read_form, rules_of
from tyokyky_bridge.services.ports import Lock, Tx
from tyokyky_bridge.services.records import AuditEntry, Doc
from tyokyky_bridge.services.repeats import RepeatKey, once
from tyokyky_bridge.services.withdrawing import (
    Fenced,
    InFlight,
    Stopped,
    desired_of,
    fence,
    replaces,
    supersede,
    with_outcomes,
)

__all__ = [
    "Consent",
    "ConsentInvalid",
    "ConsentNotFound",
    "Fenced",
    "list_consents",
    "read_consent",
    "record_consent",
    "withdraw_consent",
]


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
    need(caller, RECORDERS)

    def record(tx: Tx) -> Fenced:
        _client(tx, bridge, caller, client_id, lock="update")
        visible = _visible(tx, bridge, caller, client_id)
        now = tx.now()
        consent = read_form({**form, "consent_id": str(tx.new_id()), "client_id": str(client_id)})
        check_form(consent, bridge.directory, finnish_day(now))
        before = desired_of(tx, bridge, client_id)
        told: tuple[str, ...] = ()
        if replaces(consent):
            told = supersede(tx, caller, _replaced(tx, caller, client_id, consent), consent)
        tx.consents.add(
            consent_id=UUID(consent.consent_id),
            client_id=client_id,
            status=consent.status.value,
            doc=consent.model_dump(mode="json"),
            actor=caller.party,
        )
        ended = UUID(str(consent.supersedes)) if told else None
        stopped = fence(tx, bridge, client_id, before, cause=UUID(consent.consent_id), ended=ended, told=told)
        _look_at_givers(tx, bridge, client_id, consent)
        _audit(tx, caller, "consent/recorded", consent, now, stopped)
        return stopped.as_seen(consent, visible)

    recorded = await bridge.store.write(
        lambda tx: once(tx, caller, repeat, lambda: record(tx), note=_note, recall=_recall(tx, caller))
    )
    if not replaces(recorded.consent):
        return recorded
    await no_more_starts(bridge, client_id)
    return await bridge.store.read(lambda tx: with_outcomes(tx, recorded))


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
    most, for a decision is good for no longer; what had been on its way is listed with how it ended.

    Raises: ConsentNotFound, NotActive, ConsentInvalid, NotForRole, KeyReused.
    """
    need(caller, RECORDERS)

    def withdraw(tx: Tx) -> Fenced:
        client_id = UUID(str(consent_of_caller(tx, caller, consent_id).client_id))
        tx.clients.get(client_id, lock="update")
        consent = consent_of_caller(tx, caller, consent_id)
        visible = _visible(tx, bridge, caller, client_id)
        now = tx.now()
        before = desired_of(tx, bridge, client_id)
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
        told = parties_to_notify(ended)
        stopped = fence(tx, bridge, client_id, before, cause=consent_id, ended=consent_id, told=told)
        _audit(tx, caller, "consent/withdrawn", ended, now, stopped)
        return stopped.as_seen(ended, visible)

    withdrawn = await bridge.store.write(
        lambda tx: once(tx, caller, repeat, lambda: withdraw(tx), note=_note, recall=_recall(tx, caller))
    )
    await no_more_starts(bridge, UUID(str(withdrawn.consent.client_id)))
    return await bridge.store.read(lambda tx: with_outcomes(tx, withdrawn))


async def read_consent(bridge: Bridge, caller: Caller, consent_id: UUID) -> Consent:
    """One consent, for the parties on it. Raises: ConsentNotFound, NotForRole."""
    need(caller, READERS)
    return await bridge.store.read(lambda tx: consent_of_caller(tx, caller, consent_id))


async def list_consents(bridge: Bridge, caller: Caller, client_id: UUID) -> tuple[Consent, ...]:
    """A client's consents that the caller's party is on (all of them for oversight).

    Raises: ClientNotFound, NotForRole.
    """
    need(caller, READERS)

    def read(tx: Tx) -> tuple[Consent, ...]:
        _client(tx, bridge, caller, client_id)
        rows = tx.consents.of_client(client_id)
        return tuple(c for c in (Consent.model_validate(r.doc) for r in rows) if is_on(caller, c))

    return await bridge.store.read(read)


def _visible(tx: Tx, bridge: Bridge, caller: Caller, client_id: UUID) -> frozenset[str]:
    """Every item of the client's plans that the caller sees before anything changes."""
    plans = known_plans(tx, bridge, caller, tx.plans.of_client(client_id))
    return frozenset(path for seen in plans for path in seen.disclosure.view.leaves)


def _look_at_givers(tx: Tx, bridge: Bridge, client_id: UUID, consent: Consent) -> None:
    """What stands in the records of those who may give something now may be taken in: look, and do not wait for an
    edit there.
    """
    givers = {grant.discloser for grant in consent.grants}
    theirs = {p.system.id for p in bridge.partners_on(tx.now()) if p.system.party in givers}
    for link in sorted(tx.links.of_client(client_id), key=lambda link: link.id):
        if link.system in theirs and link.state == "in_sync":
            tx.links.look(link.id)


def _note(fenced: Fenced) -> Doc:
    return {
        "consent": fenced.consent.consent_id,
        "cancelled": {system: list(paths) for system, paths in fenced.cancelled.items()},
        "told": list(fenced.notified),
        "in_flight": [[str(s.decision), s.system, list(s.paths)] for s in fenced.in_flight],
    }


def _recall(tx: Tx, caller: Caller) -> Callable[[Doc], Fenced]:
    return lambda kept: Fenced(
        consent_of_caller(tx, caller, UUID(kept["consent"])),
        {system: tuple(paths) for system, paths in kept["cancelled"].items()},
        tuple(kept["told"]),
        tuple(InFlight(UUID(d), system, tuple(paths)) for d, system, paths in kept.get("in_flight", ())),
    )


def _replaced(tx: Tx, caller: Caller, client_id: UUID, new: Consent) -> Consent:
    """The form that *new* names; whose party is not on it cannot know of it. Raises: ConsentNotFound."""
    try:
        old = consent_of_caller(tx, caller, UUID(str(new.supersedes)))
    except ValueError:
        raise ConsentNotFound from None
    if old.client_id != str(client_id):
        raise ConsentNotFound
    return old


def _client(tx: Tx, bridge: Bridge, caller: Caller, client_id: UUID, *, lock: Lock | None = None) -> None:
    """Find, and with *lock* hold, the client for whom the caller may act: it registered them, or knows a plan."""
    if tx.clients.get(client_id, lock=lock) is None or not bridge.in_force(caller.party, tx.now()):
        raise ClientNotFound
    if registered_by(tx, client_id, caller.party):
        return
    if not known_plans(tx, bridge, caller, tx.plans.of_client(client_id)):
        raise ClientNotFound


def _audit(
    tx: Tx,
    caller: Caller,
    event: str,
    consent: Consent,
    now: datetime,
    stopped: Stopped,
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
                "cancelled": {s: list(p) for s, p in stopped.cancelled.items()},
                "told": list(stopped.told),
                "in_flight": [str(send.decision) for send in stopped.in_flight],
            },
        )
    )

"""Record, supersede and withdraw consents; each marks the client's links dirty in its own transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.consent import (
    CategoryMustBeNamed,
    Consent,
    ConsentStatus,
    Signer,
    UnknownCategory,
    Withdrawal,
)
from tyokyky_bridge.domain.consent_forms import expand_categories, expand_mutual, recording_problems
from tyokyky_bridge.domain.decision import Facts
from tyokyky_bridge.domain.errors import BridgeError, Problem
from tyokyky_bridge.domain.notices import parties_to_notify
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.clients import ClientNotFound, registered_by
from tyokyky_bridge.services.linking import Desired, cancel_withdrawn, desired_for, refresh_links
from tyokyky_bridge.services.loading import facts_of, latest_revision
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, PlanRow
from tyokyky_bridge.services.shape import element_of
from tyokyky_bridge.services.sight import see

RECORDERS = frozenset({Role.PROFESSIONAL, Role.SYSTEM})


class ConsentNotFound(BridgeError):
    """No such consent, or none that the caller's party is on."""

    code = "consent/not-found"

    def __init__(self) -> None:
        super().__init__("no such consent")


class ConsentInvalid(BridgeError):
    """The form breaks a rule; *problems* name field and rule."""

    code = "consent/invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.rule}" for p in self.problems))


class MutualGrant(BaseModel):
    """ "These parties may share mutually": one box of the form, expanded into a grant for each direction."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    parties: list[str] = Field(min_length=2)
    categories: list[str] = Field(
        min_length=1, description="named one by one; `admin.*` brings in ordinary ones only"
    )
    purpose: Purpose = Purpose.WORK_ABILITY_SUPPORT
    data_from: date | None = None


@dataclass(frozen=True)
class Fenced:
    """What a withdrawal stopped at once: items that waited, by system, and the parties that have to be told."""

    consent: Consent
    cancelled: Mapping[str, tuple[str, ...]]
    notified: tuple[str, ...]

    @property
    def cancelled_elements(self) -> dict[str, tuple[str, ...]]:
        """The cancelled items gathered by the list element that they belong to."""
        return {s: tuple(sorted({element_of(p) for p in paths})) for s, paths in self.cancelled.items()}


async def record_consent(bridge: Bridge, caller: Caller, client_id: UUID, form: Mapping[str, Any]) -> Fenced:
    """Record a signed form; with ``supersedes`` it replaces another, of which nothing is inherited.

    A superseding form that leaves something out withdraws it: what waited to be sent on the old form is cancelled
    and every party of the old form is told.

    Raises: ClientNotFound, ConsentInvalid, ConsentNotFound, NotActive.
    """
    _need(caller)

    def record(tx: Tx) -> Fenced:
        _client(tx, bridge, caller, client_id)
        now = tx.now()
        consent = _valid({**form, "consent_id": str(tx.new_id()), "client_id": str(client_id)})
        _check(bridge, consent, finnish_day(now))
        before = _desired(tx, bridge, client_id)
        old = _supersede(tx, caller, client_id, consent) if consent.supersedes else None
        tx.consents.add(
            consent_id=UUID(consent.consent_id),
            client_id=client_id,
            status=consent.status.value,
            doc=consent.model_dump(mode="json"),
            actor=caller.party,
        )
        told = parties_to_notify(old, replaced_by=consent) if old else ()
        fenced = _fence(tx, bridge, client_id, before, consent_id=UUID(consent.consent_id), told=told)
        _audit(tx, caller, "consent/recorded", consent, now, fenced)
        return Fenced(consent, *fenced)

    return await bridge.store.write(record)


async def withdraw_consent(
    bridge: Bridge, caller: Caller, consent_id: UUID, *, at: datetime, by: Mapping[str, Any] | None = None
) -> Fenced:
    """Withdraw a consent as of now; *at* says when the client took it back, which may be earlier.

    Everything that rested on it stops in this transaction, whatever was queued is cancelled, and every party of the
    form gets a notice.

    Raises: ConsentNotFound, NotActive, ConsentInvalid.
    """
    _need(caller)

    def withdraw(tx: Tx) -> Fenced:
        consent = _of_caller(tx, caller, consent_id)
        client_id = UUID(str(consent.client_id))
        tx.clients.get(client_id, lock="update")
        now = tx.now()
        before = _desired(tx, bridge, client_id)
        try:
            withdrawal = Withdrawal(
                at=at,
                recorded_at=now,
                by=Signer.model_validate(by or {}),
                received_by_party=caller.party,
                notified_parties=parties_to_notify(consent),
            )
        except ValidationError as error:
            raise ConsentInvalid(_rules(error)) from error
        ended = consent.withdraw(withdrawal)
        tx.consents.change(
            consent_id, status=ended.status.value, doc=ended.model_dump(mode="json"), actor=caller.party
        )
        fenced = _fence(tx, bridge, client_id, before, consent_id=consent_id, told=parties_to_notify(ended))
        _audit(tx, caller, "consent/withdrawn", ended, now, fenced)
        return Fenced(ended, *fenced)

    return await bridge.store.write(withdraw)


async def read_consent(bridge: Bridge, caller: Caller, consent_id: UUID) -> Consent:
    """One consent, for the parties on it. Raises: ConsentNotFound."""
    return await bridge.store.read(lambda tx: _of_caller(tx, caller, consent_id))


async def list_consents(bridge: Bridge, caller: Caller, client_id: UUID) -> tuple[Consent, ...]:
    """A client's consents that the caller's party is on (all of them for oversight). Raises: ClientNotFound."""

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
        cancelled |= cancel_withdrawn(tx, links, before[plan.id], after[plan.id], consent_id)
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


def _supersede(tx: Tx, caller: Caller, client_id: UUID, new: Consent) -> Consent:
    row = tx.consents.get(UUID(str(new.supersedes)))
    if row is None or row.client_id != client_id:
        raise ConsentNotFound
    old = Consent.model_validate(row.doc)
    ended = old.superseded()
    tx.consents.change(
        row.id, status=ended.status.value, doc=ended.model_dump(mode="json"), actor=caller.party
    )
    return ended


def _client(tx: Tx, bridge: Bridge, caller: Caller, client_id: UUID) -> None:
    """Lock the client for whom the caller may act: it registered them, or knows a plan of theirs."""
    if tx.clients.get(client_id) is None:
        raise ClientNotFound
    known = registered_by(tx, client_id, caller.party)
    for plan in tx.plans.of_client(client_id):
        if known:
            break
        try:
            see(tx, bridge, caller, plan.id)
            known = True
        except BridgeError:
            continue
    if not known:
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


def _valid(form: Mapping[str, Any]) -> Consent:
    """The form as a value: ``mutual`` boxes become grants in both directions, wildcards what they stand for."""
    given = dict(form)
    try:
        mutual = [MutualGrant.model_validate(box) for box in given.pop("mutual", ())]
        grants = [_named(grant) for grant in given.get("grants", ())]
        expanded = [
            grant.model_dump(mode="json")
            for box in mutual
            for grant in expand_mutual(
                box.parties, categories=box.categories, purpose=box.purpose, data_from=box.data_from
            )
        ]
        return Consent.model_validate({**given, "grants": [*grants, *expanded]})
    except ValidationError as error:
        raise ConsentInvalid(_rules(error)) from error
    except (CategoryMustBeNamed, UnknownCategory) as error:
        raise ConsentInvalid([Problem("categories", str(error))]) from error
    except (TypeError, AttributeError) as error:
        raise ConsentInvalid([Problem("grants", "has the wrong shape")]) from error


def _named(grant: Any) -> dict[str, Any]:
    return {**grant, "categories": list(expand_categories(grant.get("categories", ())))}


def _rules(error: ValidationError) -> list[Problem]:
    return [
        Problem(".".join(str(part) for part in e["loc"]), str(e["msg"]).removeprefix("Value error, "))
        for e in error.errors(include_input=False, include_url=False)
    ]


def _check(bridge: Bridge, consent: Consent, day: date) -> None:
    """A form that is to be active has to be right; an unreadable one can be kept as a draft."""
    problems = recording_problems(consent, bridge.directory, on=day)
    if problems and consent.status is ConsentStatus.ACTIVE:
        raise ConsentInvalid(problems)


def _need(caller: Caller) -> None:
    if caller.role not in RECORDERS:
        raise NotForRole(" or ".join(sorted(RECORDERS)))


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

"""Bring one leased link true: look → fetch → decide → lens put → conditional write → read back → ack (sync.md 8).

Nothing here trusts an earlier decision: every attempt reads plan, consents and the standing record again, decides every
item in the transaction that records the intent, and starts the request within the licence or not at all.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from tyokyky_bridge.adapterkit import errors as partner_errors
from tyokyky_bridge.adapterkit.contract import Found, Standing, Written
from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_to_json
from tyokyky_bridge.domain.parties import NotInForce
from tyokyky_bridge.mapping.lens import LensRefusal, Reading
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.deciding import Decided, Engine, Fenced, Stand, decide, refused_by_lens
from tyokyky_bridge.services.incoming import may_bring
from tyokyky_bridge.services.linking import DELETED_THERE, NO_NUMBER, Desired, desired_for
from tyokyky_bridge.services.loading import facts_of, revision_of
from tyokyky_bridge.services.merging import LeaseLost, Met, Taken, bases_of, take_in
from tyokyky_bridge.services.ours import Ours, ever_ours, ours_of
from tyokyky_bridge.services.outcomes import Ended, backoff, result_of
from tyokyky_bridge.services.ports import StoreError, Tx
from tyokyky_bridge.services.records import Ack, AuditEntry, Kind, LinkResult, LinkRow, Park, Remote, Retry
from tyokyky_bridge.services.sync_records import Drift, HintOutcome

__all__ = ["Engine", "current_hetu", "deliver"]

log = structlog.get_logger()


@dataclass(frozen=True)
class Look:
    """What a link is about, before the partner is asked anything."""

    hetu: str
    desired: Desired
    ours: Ours
    once: Ours
    """What we ever wrote there, where the record is looked at to find what came back."""
    brings: bool
    """Whether anything that stands there could be taken in."""

    @property
    def kind(self) -> Kind:
        """Whether anything of ours ought to be there."""
        return self.desired.kind


async def deliver(engine: Engine, partner: Partner, link: LinkRow) -> None:
    """Do one attempt on one leased link and record how it ended. Raises nothing of the partner's or the store's."""
    started_s = time.monotonic()
    progress: dict[str, Any] = {}
    try:
        async with asyncio.timeout(partner.manifest.limits.deadline_s):
            ended = await _attempt(engine, partner, link, progress)
    except (Fenced, LeaseLost):
        log.info("delivery.fenced", link=link.id, system=link.system)
        return
    except StoreError as error:
        # The lease runs out by itself, and what was decided before is on record.
        log.warning("delivery.store", link=link.id, system=link.system, error=error.code)
        return
    except TimeoutError:
        ended = Ended(
            Retry(backoff(link.attempts), "deadline", outcome_known="sending" not in progress),
            "outcome_unknown",
            system_failed=True,
        )
    except LensRefusal as refusal:
        ended = Ended(refused_by_lens(refusal), "refused")
    except NotInForce:
        ended = Ended(Park("not_in_force", {}), "refused", answered=False)
    except partner_errors.PartnerError as error:
        ended = result_of(error, link)
    except Exception as error:  # noqa: BLE001  # one broken link must not stop the others (I10)
        log.error(  # noqa: TRY400  # a traceback shows values
            "delivery.broken", link=link.id, system=link.system, error=type(error).__name__
        )
        ended = Ended(
            Park("adapter_error", {"error": type(error).__name__}, outcome_known="sending" not in progress),
            "refused",
        )
    try:
        await _record(engine, partner, link, ended, progress, started_s)
    except StoreError as error:
        log.warning("delivery.not_recorded", link=link.id, system=link.system, error=error.code)


async def _attempt(
    engine: Engine,
    partner: Partner,
    link: LinkRow,
    progress: dict[str, Any],
    held_up: Park | None = None,
) -> Ended:
    store, adapter = engine.bridge.store, partner.adapter
    look = await store.read(lambda tx: _look(tx, engine.bridge, partner, link))
    absent = Ack(link.desired_gen, "absent", None)
    if look.kind == "absent" and not look.ours.values and not look.ours.created and not _is_asked(link, look):
        return Ended(absent, "unchanged", answered=False)
    try:
        located = await _locate(partner, link, look)
    except partner_errors.NotThere:
        if look.kind == "present":
            raise
        return Ended(replace(absent, drift="D0"), "unchanged")  # no record, so nothing of ours in it
    if located is None:
        return Ended(Park(NO_NUMBER), "not_there", answered=False)
    found, standing = located
    reading = partner.lens.get(standing.content)
    met = Met(standing, reading, bases_of(link, look.ours, reading, partner))
    vanished = link.remote.record is not None and standing.record_id is None
    if vanished:
        if look.kind == "present" and met.bases.remote and not look.ours.created:
            return Ended(Park(DELETED_THERE), "not_there")
        met = met.begun_anew()
    relapsed = look.once.standing(reading, partner) - look.desired.carried.keys()
    taken = Taken(met.bases)
    if look.brings and (met.is_foreign or (reading.notes and standing.version != link.remote.version)):
        taken = await store.write(lambda tx: take_in(tx, engine.bridge, partner, link, met))
    progress["drift"] = _drift(link, taken, vanished=vanished, relapsed=bool(relapsed))
    progress["hint"] = "merged" if taken.changed else _echo(link, standing)
    if not taken.changed and not relapsed and not vanished and _is_quiet(link, look):
        return Ended(_as_before(link), "unchanged")
    voidable = await _is_voidable(partner, link, look, standing, reading, found)
    stand = Stand(
        found,
        standing,
        reading,
        look.ours,
        taken,
        frozenset(relapsed),
        voidable,
        time.monotonic(),
        held_up,
    )
    decided = await store.write(lambda tx: decide(tx, engine, partner, link, stand))
    if isinstance(decided, Park):
        return Ended(decided, "refused")
    progress["decided"] = decided
    key = str(decided.row.idem_key)
    remote = Remote(found.person_id, standing.record_id, standing.version, look.ours.created)
    if decided.voids:
        progress["sending"] = True
        fate = await adapter.retract(found, standing=standing, key=key, licence=decided.licence)
        if fate == "voided":
            return Ended(_ack(decided, {}, look), "ok", Remote(found.person_id))
        remote = replace(remote, created_by_us=False)  # theirs after all: only our items go
    if decided.body is None:
        ack = _ack(decided, reading.leaves, look)
        return Ended(replace(ack, drift=progress["drift"]), "unchanged", remote)
    progress["sending"] = True
    try:
        written = await adapter.write(
            found, decided.body, standing=standing, key=key, licence=decided.licence
        )
    except partner_errors.Refused as refused:
        if not decided.clears or decided.held_up is not None:
            raise
        ended = result_of(refused, link)
        await store.write(lambda tx: _record_attempt(tx, decided, ended, milliseconds=0))
        why = ended.result if isinstance(ended.result, Park) else None
        return await _attempt(engine, partner, link, progress, why)
    return await _prove(partner, decided, look, remote, standing, written)


def _is_asked(link: LinkRow, look: Look) -> bool:
    """Whether the record is looked at although nothing may stand there: for what it brings, or for what came back."""
    return look.brings or bool(look.once.layers)


def _is_quiet(link: LinkRow, look: Look) -> bool:
    """Whether a look finds nothing to decide: what ought to stand there has been acknowledged already."""
    return (
        bool(link.asked)
        and link.acked_gen == link.desired_gen
        and link.acked_kind == look.kind
        and link.intent is None
        and link.projection_sha == (look.desired.sha if look.kind == "present" else None)
    )


def _as_before(link: LinkRow) -> Ack:
    return Ack(
        link.acked_gen,
        link.acked_kind or "absent",
        link.base,
        projection_sha=link.projection_sha,
        retained=link.retained,
        base_hub=link.base_hub,
        base_remote=link.base_remote,
        drift="D0",
    )


def _drift(link: LinkRow, taken: Taken, *, vanished: bool, relapsed: bool) -> Drift:
    """The class of what a look found (sync.md 8.17); a change that a hint had told of is no drift."""
    if relapsed:
        return "D4"
    if vanished:
        return "D3"
    return "D1" if taken.changed and "look" not in link.asked and "verify" in link.asked else "D0"


def _echo(link: LinkRow, standing: Standing) -> HintOutcome:
    """A hint that led to the very version that we know was our own write coming back."""
    return "echo" if standing.version == link.remote.version else "nothing"


async def _prove(
    partner: Partner, decided: Decided, look: Look, remote: Remote, standing: Standing, written: Written
) -> Ended:
    """Acknowledge, after reading back where the partner may store something other than it acknowledged."""
    created = remote.created_by_us or standing.record_id is None
    remote = Remote(remote.person, written.record_id, written.version, created)
    if partner.manifest.read_back:
        stood = await partner.adapter.fetch(Found(str(remote.person), written.record_id))
        remote = replace(remote, version=stood.version)
        held, drift = partner.lens.get(stood.content).leaves, "D0"
        wrong = sorted(p for p, v in decided.put.expected.items() if held.get(p) != v)
        if wrong:
            return Ended(Park("read_back", {"paths": wrong, "notes": list(written.notes)}), "refused", remote)
    else:
        held, drift = partner.lens.get(decided.put.native).leaves, None
    if decided.held_up is not None:
        return Ended(decided.held_up, "ok", remote)
    return Ended(replace(_ack(decided, held, look), drift=drift), "ok", remote)


def _ack(decided: Decided, held: Leaves, look: Look) -> Ack:
    """What the partner is now known to hold of ours, by the leaves that its record *held* at last."""
    bases = decided.bases(held)
    seen = leaves_to_json(bases.remote) if look.brings or decided.desired.kind == "present" else None
    if decided.desired.kind == "absent":
        return Ack(decided.row.gen, "absent", None, retained=bool(decided.ours), base_remote=seen)
    base = {p: v for p, v in decided.ours.items() if p in held}
    return Ack(
        decided.row.gen,
        "present",
        leaves_to_json(base),
        projection_sha=decided.desired.sha,
        base_hub=leaves_to_json(bases.hub),
        base_remote=seen,
    )


async def _locate(partner: Partner, link: LinkRow, look: Look) -> tuple[Found, Standing] | None:
    """The record where it was last seen, or where the partner finds it now; ``None`` without a number to ask by."""
    known = link.remote
    if known.person is not None and known.record is not None:
        found = Found(known.person, known.record)
        try:
            return found, await partner.adapter.fetch(found)
        except partner_errors.NotThere:  # removed, or moved to another person
            pass
    if not look.hetu:
        return None
    found = await partner.adapter.find(look.hetu)
    return found, await partner.adapter.fetch(found)


async def _is_voidable(
    partner: Partner, link: LinkRow, look: Look, standing: Standing, reading: Reading, found: Found
) -> bool:
    """Whether the record as a whole is ours to take back: we made it, and nobody has written in it since."""
    if partner.manifest.retract != "void" or not look.ours.created or standing.record_id is None:
        return False
    if standing.version is not None and standing.version == link.remote.version:
        return True
    if look.kind == "present":
        return False
    form = await partner.adapter.fetch(Found(found.person_id, None))
    blank = partner.lens.get(form.content).leaves
    ours = look.ours.standing(reading, partner)
    return all(p in ours or blank.get(p) == v for p, v in reading.leaves.items())


def _look(tx: Tx, bridge: Bridge, partner: Partner, link: LinkRow) -> Look:
    row = tx.plans.latest(link.plan_id)
    if row is None:
        raise Fenced
    partner = bridge.partner_on(partner.system.id, tx.now())
    revision = revision_of(row)
    facts = facts_of(tx, bridge, link.client_id, retrying=link.id)
    desired = desired_for(partner, revision, facts, tx.now())
    watched = "verify" in link.asked and partner.manifest.retract != "retained"
    return Look(
        current_hetu(revision.leaves),
        desired,
        ours_of(tx, link),
        ever_ours(tx, link) if watched else Ours((), created=False),
        desired.kind == "present" or may_bring(partner, revision.plan, facts, tx.now()),
    )


def current_hetu(leaves: Mapping[str, Scalar]) -> str:
    """The client's official identity number; empty without exactly one.

    A temporary number means somebody only to whoever gave it out, so no other organisation is asked by it.
    Source: domain report 5.3.
    """
    official = {str(leaves[p]) for p in leaves if _is_hetu(p) and _kind(leaves, p) == "official"}
    return official.pop() if len(official) == 1 else ""


def _kind(leaves: Mapping[str, Scalar], path: str) -> Scalar:
    return leaves[path.removesuffix("value") + "kind"]


def _is_hetu(path: str) -> bool:
    return path.startswith("client.hetu[") and path.endswith("].value")


async def _record(
    engine: Engine,
    partner: Partner,
    link: LinkRow,
    ended: Ended,
    progress: Mapping[str, Any],
    started_s: float,
) -> None:
    decided: Decided | None = progress.get("decided")
    milliseconds = int((time.monotonic() - started_s) * 1000)

    def finish(tx: Tx) -> bool:
        ended.tell_gate(tx, partner)
        kept = tx.links.finish(
            link.id,
            link.lease_epoch,
            _in_time(tx, link, decided, ended.result),
            remote=ended.remote,
            identity_resolved=ended.identity_resolved,
        )
        if decided is not None:
            _record_attempt(tx, decided, ended, milliseconds=milliseconds)
        if kept:
            _settle(tx, link, ended, progress)
            what = {
                "gen": link.desired_gen,
                "decision": str(decided.row.id) if decided else None,
                "detail": ended.said,
            }
            tx.audit.add(
                AuditEntry(
                    event=f"delivery/{ended.event}",
                    outcome=ended.outcome,
                    actor_party="hub",
                    client_id=link.client_id,
                    plan_id=link.plan_id,
                    recipient=link.system,
                    what=what,
                )
            )
        return kept

    kept = await engine.bridge.store.write(finish)
    log.info(
        f"delivery.{ended.event}",
        link=link.id,
        system=link.system,
        outcome=ended.outcome,
        kept=kept,
    )


def _settle(tx: Tx, link: LinkRow, ended: Ended, progress: Mapping[str, Any]) -> None:
    """What the end of an attempt says of hints and withdrawals: what was taken back is looked at once more."""
    if not isinstance(ended.result, Ack):
        return
    if link.leased_at is not None:
        tx.inbox.settle(link.id, before=link.leased_at, outcome=progress.get("hint", "nothing"))
    decided: Decided | None = progress.get("decided")
    if decided is not None and (decided.voids or decided.clears) and ended.result.drift is None:
        tx.links.look(link.id, verify=True)
    if progress.get("drift") == "D4":
        tx.audit.add(
            AuditEntry(
                event="drift/forbidden_present",
                outcome="alarm",
                actor_party="hub",
                client_id=link.client_id,
                plan_id=link.plan_id,
                recipient=link.system,
            )
        )


def _in_time(tx: Tx, link: LinkRow, decided: Decided | None, result: LinkResult) -> LinkResult:
    """What stopped an older generation does not stop the newer one that came meanwhile."""
    if not isinstance(result, Park):
        return result
    current = tx.links.get(link.id, lock="update")
    tried = decided.row.gen if decided is not None else link.desired_gen
    if current is None or current.desired_gen == tried:
        return result
    return Retry(timedelta(0), result.reason, outcome_known=result.outcome_known)


def _record_attempt(tx: Tx, decided: Decided, ended: Ended, *, milliseconds: int) -> None:
    tx.decisions.record_attempt(
        decided.row.id,
        ended.outcome,
        native_code=ended.native_code,
        ms=milliseconds,
        started_at=tx.now() - timedelta(milliseconds=milliseconds),
    )

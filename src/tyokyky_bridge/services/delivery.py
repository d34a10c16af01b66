"""Bring one leased link true: look → fetch → decide → lens put → conditional write → read back → ack (sync.md 8).

Nothing here trusts an earlier decision: every attempt reads plan, consents and the standing record again, decides every
item in the transaction that records the intent, and starts the request within the licence or not at all.
"""

import asyncio
import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
import structlog

from tyokyky_bridge.adapterkit import errors as partner_errors
from tyokyky_bridge.adapterkit.contract import Found, Licence, Native, Standing, Written
from tyokyky_bridge.domain.decision import BasisKind, Outcome
from tyokyky_bridge.domain.disclosure import Disclosure
from tyokyky_bridge.domain.items import Scalar, leaves_from_json, leaves_to_json
from tyokyky_bridge.mapping.lens import LensRefusal, Put, Reading
from tyokyky_bridge.mapping.writing import UNREADABLE
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.linking import Desired, desired_for
from tyokyky_bridge.services.loading import facts_of, revision_of
from tyokyky_bridge.services.outcomes import Ended, result_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import Ack, AuditEntry, DecisionRow, Intent, LinkRow, Park, Remote, Retry

log = structlog.get_logger()

CREATES = "new-"
"""Start of the idempotency key of a write that creates the record."""


@dataclass(frozen=True)
class Engine:
    """What an engine process adds to the bridge: its name and its time limits (seconds)."""

    bridge: Bridge
    worker: str
    licence_s: float = 2.0


@dataclass(frozen=True)
class Look:
    """What a link is about, before the partner is asked anything."""

    hetu: str
    kind: Literal["present", "absent"]
    ours: Mapping[str, Scalar]


@dataclass(frozen=True)
class Decided:
    """One committed decision: the body it licenses (``None``: nothing has to be written) and what will be ours."""

    row: DecisionRow
    body: Native | None
    voids: bool
    put: Put
    ours: Mapping[str, Scalar]
    desired: Desired
    licence: Licence


class Fenced(Exception):
    """The lease is no longer ours: leave the link to whoever has it."""


async def deliver(engine: Engine, partner: Partner, link: LinkRow) -> None:
    """Do one attempt on one leased link and record how it ended. Raises nothing of the partner's."""
    started_s = time.monotonic()
    progress: dict[str, Any] = {}
    try:
        async with asyncio.timeout(partner.manifest.limits.deadline_s):
            ended = await _attempt(engine, partner, link, progress)
    except Fenced:
        log.info("delivery.fenced", link=link.id, system=link.system)
        return
    except TimeoutError:
        ended = Ended(
            Retry(timedelta(seconds=1), "deadline", outcome_known="sending" not in progress),
            "outcome_unknown",
        )
    except LensRefusal as refusal:
        detail = {"row": refusal.row, "path": refusal.path, "rule": refusal.rule}
        ended = Ended(Park("lens", detail), "refused")
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
    await _record(engine, partner, link, ended, progress, started_s)


async def _attempt(engine: Engine, partner: Partner, link: LinkRow, progress: dict[str, Any]) -> Ended:
    store = engine.bridge.store
    look = await store.read(lambda tx: _look(tx, engine.bridge, partner, link))
    if look.kind == "absent" and not look.ours and not _is_ours(link):
        return Ended(Ack(link.desired_gen, "absent", None), "unchanged")
    if not look.hetu:
        return Ended(Park("identity", {"hits": 0}), "not_there")
    found = await _find(partner, link, look)
    progress["found"] = found
    standing = await partner.adapter.fetch(found)
    reading = partner.lens.get(standing.content)
    decided_from_s = time.monotonic()
    decided = await store.write(
        lambda tx: _decide(tx, engine, partner, link, look, standing, reading, decided_from_s)
    )
    if isinstance(decided, Park):
        return Ended(decided, "refused")
    progress["decided"] = decided
    remote = Remote(found.person_id, found.record_id, standing.version, _is_ours(link))
    if decided.voids:
        progress["sending"] = True
        fate = await partner.adapter.retract(
            found, standing=standing, key=str(decided.row.idem_key), licence=decided.licence
        )
        return Ended(Ack(link.desired_gen, "absent", None, retained=fate == "retained"), "ok", remote)
    if decided.body is None:
        return Ended(_ack(decided, standing.content, partner), "unchanged", remote)
    progress["sending"] = True
    written = await partner.adapter.write(
        found, decided.body, standing=standing, key=str(decided.row.idem_key), licence=decided.licence
    )
    return await _prove(partner, link, decided, found, standing, written)


async def _prove(
    partner: Partner, link: LinkRow, decided: Decided, found: Found, standing: Standing, written: Written
) -> Ended:
    """Acknowledge, after reading back where the partner may store something other than it acknowledged."""
    created = _is_ours(link) or standing.record_id is None
    remote = Remote(found.person_id, written.record_id, written.version, created)
    content = decided.put.native
    if partner.manifest.read_back:
        stood = await partner.adapter.fetch(Found(found.person_id, written.record_id))
        remote, content = replace(remote, version=stood.version), stood.content
        held = partner.lens.get(content).leaves
        wrong = sorted(p for p, v in decided.put.expected.items() if held.get(p) != v)
        if wrong:
            return Ended(Park("read_back", {"paths": wrong, "notes": list(written.notes)}), "refused", remote)
    return Ended(_ack(decided, content, partner), "ok", remote)


def _ack(decided: Decided, content: Native, partner: Partner) -> Ack:
    """What the partner is now known to hold of ours."""
    if decided.desired.kind == "absent":
        retained = partner.manifest.retract == "retained" and bool(decided.ours)
        return Ack(decided.row.gen, "absent", None, retained=retained)
    held = partner.lens.get(content).leaves
    base = {p: v for p, v in decided.ours.items() if p in held}
    return Ack(decided.row.gen, "present", leaves_to_json(base), projection_sha=decided.desired.sha)


async def _find(partner: Partner, link: LinkRow, look: Look) -> Found:
    if link.remote.person is not None and link.remote.record is not None:
        return Found(link.remote.person, link.remote.record)
    return await partner.adapter.find(look.hetu)


def _look(tx: Tx, bridge: Bridge, partner: Partner, link: LinkRow) -> Look:
    row = tx.plans.latest(link.plan_id)
    if row is None:
        raise Fenced
    revision = revision_of(row)
    desired = desired_for(partner, revision, facts_of(tx, bridge, link.client_id), tx.now())
    return Look(current_hetu(revision.leaves), desired.kind, _ours(tx, link))


def current_hetu(leaves: Mapping[str, Scalar]) -> str:
    """The client's identity number in force: the official one, else a temporary one; empty without either."""
    numbers = {str(leaves[p]): str(leaves[p.removesuffix("value") + "kind"]) for p in leaves if _is_hetu(p)}
    ranked = [n for kind in ("official", "temporary") for n in sorted(numbers) if numbers[n] == kind]
    return ranked[0] if ranked else ""


def _is_hetu(path: str) -> bool:
    return path.startswith("client.hetu[") and path.endswith("].value")


def _ours(tx: Tx, link: LinkRow) -> dict[str, Scalar]:
    """Every item that the hub wrote or may have written there, with the value it wrote.

    The base says what was acknowledged; the newest decision adds what an attempt with unknown outcome may have
    written, so that nothing of ours can stay behind after a crash.
    """
    ours = dict(leaves_from_json(link.base or {}))
    last = tx.decisions.latest(link.plan_id, link.system)
    if last is not None and (link.intent is not None or link.retained):
        row = tx.plans.revision(link.plan_id, last.plan_version)
        values = leaves_from_json(row.leaves) if row else {}
        ours.update(
            {i["path"]: values[i["path"]] for i in last.items if i.get("ours") and i["path"] in values}
        )
    return ours


def _decide(
    tx: Tx,
    engine: Engine,
    partner: Partner,
    link: LinkRow,
    look: Look,
    standing: Standing,
    reading: Reading,
    decided_from_s: float,
) -> Decided | Park:
    """Decide every item, render, and commit decision and intent together; a withdrawal that committed first wins."""
    client = tx.clients.get(link.client_id, lock="share")
    row = tx.plans.latest(link.plan_id, lock="share")
    if client is None or row is None:
        raise Fenced
    revision = revision_of(row)
    facts = facts_of(tx, engine.bridge, link.client_id, retrying=link.id)
    desired = desired_for(partner, revision, facts, tx.now())
    view = desired.disclosure.view
    current = tx.links.get(link.id)
    gen = current.desired_gen if current else link.desired_gen
    spoken = _spoken_paths(tx, link)
    gone = {p for p in look.ours if p not in desired.carried}
    kept = {
        p for p in gone if p in revision.leaves and (partner.manifest.retract == "retained" or p in spoken)
    }
    clear = (gone - kept) & _still_ours(reading, look.ours, partner) if gone else set[str]()
    put = partner.lens.put(standing.content, view, clear)
    voids = (
        desired.kind == "absent"
        and partner.manifest.retract == "void"
        and _is_ours(link)
        and standing.record_id is not None
    )
    written = {p for p, v in put.expected.items() if reading.leaves.get(p) != v}
    unread = sorted(p for p, why in put.not_carried.items() if why == UNREADABLE)
    if unread:
        rules = sorted({f"{n.row}: {n.rule}" for n in reading.notes if n.path in unread})
        return Park("unknown_code", {"paths": unread, "rules": rules})
    ours = {p: v for p, v in desired.carried.items() if p in put.carried and (p in written or p in look.ours)}
    changes = put.native != standing.content and bool(put.carried or clear)
    body = orjson.dumps(put.native, option=orjson.OPT_SORT_KEYS) if changes or voids else None
    sha = hashlib.sha256(body).hexdigest() if body else None
    decision = DecisionRow(
        id=tx.new_id(),
        link_id=link.id,
        client_id=link.client_id,
        system=link.system,
        gen=gen,
        kind="retract" if desired.kind == "absent" else "send",
        plan_version=revision.version,
        consent_epoch=client.epoch,
        mapping_version=partner.lens.version,
        items=tuple(
            trace_items(
                desired.disclosure,
                put,
                written=written,
                ours=set(ours) | clear | kept,
                clear=clear,
                kept=kept,
            )
        ),
        body_sha256=sha,
        idem_key=(CREATES if standing.record_id is None else "") + _key(link, gen, sha) if sha else None,
        worker=engine.worker,
        lease_epoch=link.lease_epoch,
        at=tx.now(),
        send_before=tx.now() + timedelta(seconds=engine.licence_s),
    )
    tx.decisions.add(decision)
    for consent_id in desired.disclosure.oral_consents_used:
        tx.consents.use_once(UUID(consent_id), "disclosure", decision_id=decision.id)
    if sha and not tx.links.set_intent(link.id, link.lease_epoch, Intent(str(decision.idem_key), gen, sha)):
        raise Fenced
    licence = Licence(str(decision.id), decided_from_s + engine.licence_s)
    kept_values = {p: look.ours[p] for p in kept}
    return Decided(
        decision, put.native if changes else None, voids, put, ours | kept_values, desired, licence
    )


def _still_ours(reading: Reading, ours: Mapping[str, Scalar], partner: Partner) -> set[str]:
    """The items of ours that the record still holds as we wrote them; what the partner edited since is theirs."""
    try:
        projected = partner.lens.put_leaves({}, ours).expected
    except LensRefusal:
        projected = {}
    standing = reading.leaves
    return {p for p, v in ours.items() if p in standing and standing[p] in {v, projected.get(p, v)}}


def _spoken_paths(tx: Tx, link: LinkRow) -> set[str]:
    """Items given on an oral consent: it covered that one transaction, so its end takes nothing back."""
    last = tx.decisions.latest(link.plan_id, link.system)
    spoken = BasisKind.CONSENT_ORAL_ONCE.value
    items = last.items if last else ()
    return {
        i["path"] for i in items if i["state"] == "retained" or str(i.get("basis", "")).startswith(spoken)
    }


def trace_items(
    disclosure: Disclosure, put: Put, *, written: set[str], ours: set[str], clear: set[str], kept: set[str]
) -> list[dict[str, Any]]:
    """One entry for every item of the plan, and one for each cleared item that the plan no longer has."""
    items: list[dict[str, Any]] = []
    for path, decision in disclosure.decisions.items():
        entry: dict[str, Any] = {"path": path, "outcome": decision.outcome.value, "row": decision.row}
        if decision.basis is not None:
            entry["basis"] = f"{decision.basis.kind.value}:{decision.basis.id}"
        if decision.outcome is not Outcome.PERMIT:
            entry["reason"] = decision.code
            entry["reasons"] = [reason.value for reason in decision.reasons]
        if path in clear or path in kept:
            entry["state"] = "clear" if path in clear else "retained"
        elif path in put.carried:
            entry["state"] = "sent" if path in written or path in ours else "held"
        elif path in put.not_carried:
            entry |= {"state": "not_carried", "note": put.not_carried[path]}
        else:
            entry["state"] = "withheld"
        if path in put.losses:
            entry["loss"] = put.losses[path]
        if path in ours:
            entry["ours"] = True
        items.append(entry)
    deleted = sorted((clear | kept) - disclosure.decisions.keys())
    items += [{"path": p, "outcome": "DELETED", "state": "clear", "ours": True} for p in deleted]
    return items


def _is_ours(link: LinkRow) -> bool:
    """Whether the hub created the record: as acknowledged, or in the attempt whose outcome is not known."""
    return link.remote.created_by_us or (link.intent is not None and link.intent.key.startswith(CREATES))


def _key(link: LinkRow, gen: int, body_sha: str) -> str:
    """Stable for one (link, generation, body): a repeat is recognised, an undo is not mistaken for one."""
    raw = f"{link.plan_id}|{link.system}|{gen}|{body_sha}".encode()
    return base64.b32encode(hashlib.blake2b(raw, digest_size=20).digest()).decode().lower()


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
            ended.result,
            remote=ended.remote,
            identity_resolved=ended.identity_resolved,
        )
        if decided is not None:
            tx.decisions.record_attempt(
                decided.row.id,
                ended.outcome,
                native_code=ended.native_code,
                ms=milliseconds,
                started_at=tx.now() - timedelta(milliseconds=milliseconds),
            )
        if kept:
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

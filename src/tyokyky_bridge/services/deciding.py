"""The one transaction of an attempt: decide every item, render the body, and commit both with the intent to send."""

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from tyokyky_bridge.adapterkit import errors as partner_errors
from tyokyky_bridge.adapterkit.contract import Licence, Native
from tyokyky_bridge.domain.decision import BasisKind, Decision, Outcome
from tyokyky_bridge.domain.disclosure import Disclosure
from tyokyky_bridge.domain.items import Leaves, Scalar
from tyokyky_bridge.mapping.lens import Put
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.linking import Desired, desired_for
from tyokyky_bridge.services.loading import facts_of, revision_of
from tyokyky_bridge.services.merging import Bases, Taken
from tyokyky_bridge.services.ours import CREATES, other_plans
from tyokyky_bridge.services.outcomes import Ended
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import DecisionRow, Intent, LinkRow, Park
from tyokyky_bridge.services.rendering import Stand, rendered

_LED = "a newer plan of the client stands there"
_THEIRS = "the partner has a value of its own there, and nobody has decided yet"


class Fenced(Exception):
    """The lease is no longer ours: leave the link to whoever has it."""


@dataclass(frozen=True)
class Engine:
    """What an engine process adds to the bridge: its name and its time limits (seconds)."""

    bridge: Bridge
    worker: str
    licence_s: float = 2.0


@dataclass(frozen=True)
class Decided:
    """One committed decision: the body it licenses (``None``: nothing has to be written) and what will be ours.

    *clears*: something of ours is taken back by it. *held_up*: why the rest was not sent.
    """

    row: DecisionRow
    body: Native | None
    voids: bool
    clears: bool
    put: Put
    ours: Mapping[str, Scalar]
    desired: Desired
    licence: Licence
    held_up: Park | None
    taken: Taken

    def bases(self, held: Leaves) -> Bases:
        """What both sides agree on when the partner's record reads *held*: what we wrote, and of theirs what stood."""
        kept, carried, before = self.taken.kept, self.put.carried, self.taken.bases
        # What their record has no room for or keeps read-only stays as it was agreed.
        hub = {p: before.hub[p] for p in self.desired.carried if p in before.hub}
        hub |= {p: v for p, v in self.desired.carried.items() if p in carried}
        hub |= {p: v for p, v in before.hub.items() if p in kept}
        remote = {p: v for p, v in before.remote.items() if p in kept or held.get(p) == v}
        remote |= {p: held[p] for p in carried if p in held and p not in kept}
        return Bases(hub, remote)

    def record(self, tx: Tx, ended: Ended, *, milliseconds: int) -> None:
        """Record how the one attempt that this decision licensed ended."""
        tx.decisions.record_attempt(
            self.row.id,
            ended.outcome,
            native_code=ended.native_code,
            ms=milliseconds,
            started_at=tx.now() - timedelta(milliseconds=milliseconds),
            remote_version=ended.remote.version if ended.remote is not None else None,
        )


def decide(tx: Tx, engine: Engine, partner: Partner, link: LinkRow, stand: Stand) -> Decided | Park:
    """Decide every item, render, and commit decision and intent together; a withdrawal that committed first wins.

    Raises: Fenced, NotInForce, ChangedUnderneath (a basis came, or a spoken consent went elsewhere, meanwhile).
    """
    client = tx.clients.get(link.client_id, lock="share")
    row = tx.plans.latest(link.plan_id, lock="share")
    links = tx.links.of_client(link.client_id, system=link.system)
    current = next((row for row in links if row.id == link.id), None)
    if client is None or row is None or current is None:
        raise Fenced
    partner = engine.bridge.partner_on(partner.system.id, tx.now())
    revision = revision_of(row)
    facts = facts_of(tx, engine.bridge, link.client_id, retrying=link.id)
    desired = desired_for(partner, revision, facts, tx.now())
    if (
        stand.unmerged and desired.kind == "present"
    ):  # a basis came after the look: take in first what stands there
        raise partner_errors.ChangedUnderneath(native_code="basis-came")
    others = other_plans(tx, link, links)
    ours, content = stand.ours.values, stand.standing.content
    gone = ours.keys() - desired.carried.keys()
    still = stand.ours.standing(stand.reading, partner) if gone else set[str]()
    lasting = gone if not gone or partner.manifest.retract == "retained" else _spoken_paths(tx, link)
    # What a non-disclosure order keeps back stays nowhere: it would go out again with every write.
    lasting = lasting - desired.disclosure.filtered
    kept = {p for p in gone & lasting & still if p in revision.leaves}
    back = stand.relapsed - desired.carried.keys()
    clear = ((gone & still) | back | stand.deleted(revision.leaves)) - kept - others.led
    made = rendered(partner, stand, desired, clear, others, in_plan=revision.leaves)
    put, held_up, clear, contested = made.put, made.held_up, made.clear, made.contested
    if held_up is not None and not clear:
        return held_up
    idle = "parked" if held_up is not None else "not_carried" if others.newer else None
    voids = desired.kind == "absent" and stand.voidable and not kept and not others.bases
    written = {p for p, v in put.expected.items() if stand.reading.leaves.get(p) != v}
    known = ours.keys() | others.bases
    mine = {
        p: v
        for p, v in desired.carried.items()
        if p in (ours if idle else put.carried)
        and (p in written or (p in known and revision.origins[p].system != link.system))
    }
    mine |= {p: ours[p] for p in contested & ours.keys()}
    changes = put.native != content and bool(put.carried or clear)
    _, sha = body_of(put.native) if changes or voids else (None, None)
    # What brings a record back to where it was, after an edit, a removal or a restored backup, is no repeat.
    whole = f"{sha}|{stand.standing.version}|{link.remote.record}|{link.remote.version}"
    creates = stand.standing.record_id is None or (stand.ours.created and not link.remote.created_by_us)
    traced = trace_items(
        desired.disclosure,
        put,
        written=written,
        ours=mine.keys() | clear | kept,
        clear=clear,
        kept=kept,
        contested=contested,
        idle=idle,
    )
    decision = DecisionRow(
        id=tx.new_id(),
        link_id=link.id,
        client_id=link.client_id,
        system=link.system,
        gen=current.desired_gen,
        kind="retract" if desired.kind == "absent" else "send",
        plan_version=revision.version,
        consent_epoch=client.epoch,
        mapping_version=partner.lens.version,
        items=tuple(traced),
        body_sha256=sha,
        idem_key=(CREATES if creates else "") + _key(link, current.desired_gen, whole) if sha else None,
        worker=engine.worker,
        lease_epoch=link.lease_epoch,
        at=tx.now(),
        send_before=tx.now() + timedelta(seconds=engine.licence_s),
    )
    tx.decisions.add(decision)
    decided = desired.disclosure.decisions
    _use_up(tx, engine, link, decision, (decided[p] for p in written if p in decided))
    intent = Intent(str(decision.idem_key), decision.gen, sha) if sha else None
    if intent is not None and not tx.links.set_intent(link.id, link.lease_epoch, intent):
        raise Fenced
    return Decided(
        decision,
        put.native if changes else None,
        voids,
        bool(clear),
        put,
        mine | {p: ours[p] for p in kept},
        desired,
        Licence(str(decision.id), stand.since_s + engine.licence_s),
        held_up,
        replace(stand.taken, kept=contested),
    )


def body_of(native: Native) -> tuple[bytes, str]:
    """A record's canonical bytes and their digest, by which a decision is bound to what it licenses."""
    body = orjson.dumps(native, option=orjson.OPT_SORT_KEYS)
    return body, hashlib.sha256(body).hexdigest()


def _use_up(tx: Tx, engine: Engine, link: LinkRow, decision: DecisionRow, sent: Iterable[Decision]) -> None:
    """A spoken consent covers one transaction: the one that carries something out. Another link may have had it."""
    bases = [d.basis for d in sent if d.basis is not None]
    spoken = {basis.id for basis in bases if basis.kind is BasisKind.CONSENT_ORAL_ONCE}
    for consent_id in sorted(spoken):
        if not tx.consents.use_once(UUID(consent_id), "disclosure", decision_id=decision.id):
            known = facts_of(tx, engine.bridge, link.client_id, retrying=link.id)
            if consent_id in known.oral_used:
                raise partner_errors.ChangedUnderneath(native_code="spoken-consent-used")


def _spoken_paths(tx: Tx, link: LinkRow) -> set[str]:
    """Items given on an oral consent: it covered that one transaction, so its end takes nothing back."""
    last = tx.decisions.latest(link.plan_id, link.system)
    spoken = BasisKind.CONSENT_ORAL_ONCE.value
    items = last.items if last else ()
    return {
        i["path"] for i in items if i["state"] == "retained" or str(i.get("basis", "")).startswith(spoken)
    }


def trace_items(
    disclosure: Disclosure,
    put: Put,
    *,
    written: Collection[str],
    ours: Collection[str],
    clear: Collection[str],
    kept: Collection[str],
    contested: Collection[str] = (),
    idle: str | None = None,
) -> list[dict[str, Any]]:
    """One entry for every item of the plan, and one for each cleared item that the plan no longer has.

    *idle* is the state of permitted items where nothing but a taking back is sent.
    """
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
        elif path in contested and path in disclosure.view.leaves:
            entry |= {"state": "conflict", "note": _THEIRS}
        elif path in put.carried:
            entry["state"] = "sent" if path in written or path in ours else "held"
        elif path in put.not_carried:
            entry |= {"state": "not_carried", "note": put.not_carried[path]}
        elif idle is not None and path in disclosure.view.leaves:
            entry |= {"state": idle} | ({"note": _LED} if idle == "not_carried" else {})
        else:
            entry["state"] = "withheld"
        if path in put.losses:
            entry["loss"] = put.losses[path]
        if path in ours:
            entry["ours"] = True
        if path in written:
            entry["written"] = True
        items.append(entry)
    deleted = sorted((set(clear) | set(kept)) - disclosure.decisions.keys())
    items += [{"path": p, "outcome": "DELETED", "state": "clear", "ours": True} for p in deleted]
    return items


def _key(link: LinkRow, gen: int, written: str) -> str:
    """Stable for one (link, generation, body, version it replaces): a repeat is recognised, an undo is none."""
    raw = f"{link.plan_id}|{link.system}|{gen}|{written}".encode()
    return base64.b32encode(hashlib.blake2b(raw, digest_size=20).digest()).decode().lower()

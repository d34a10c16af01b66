"""One attempt on one link: look → fetch → take in → decide → lens put → conditional write → read back (sync.md 8).

Nothing here trusts an earlier decision: every attempt reads plan, consents and the standing record again, decides every
item in the transaction that records the intent, and starts the request within the licence or not at all.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from tyokyky_bridge.adapterkit import errors as partner_errors
from tyokyky_bridge.adapterkit.contract import Found, Standing, Written
from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_to_json
from tyokyky_bridge.mapping.lens import Reading
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.deciding import Decided, Engine, Fenced, Stand, body_of, decide
from tyokyky_bridge.services.incoming import may_bring
from tyokyky_bridge.services.linking import DELETED_THERE, NO_NUMBER, Desired, desired_for
from tyokyky_bridge.services.loading import facts_of, revision_of
from tyokyky_bridge.services.merging import Met, Taken, bases_of, take_in
from tyokyky_bridge.services.ours import Ours, ever_ours, ours_of
from tyokyky_bridge.services.outcomes import Ended, result_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import Ack, Kind, LinkRow, Park, Remote
from tyokyky_bridge.services.sync_records import Drift, HintOutcome


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

    @property
    def is_idle(self) -> bool:
        """Whether there is no reason to ask the partner: nothing goes there, may stand there or comes from there."""
        ours = self.ours.values or self.ours.created or self.once.layers
        return self.kind == "absent" and not ours and not self.brings


class Attempt:
    """One attempt and how far it has come: *decided* once something is decided, *sending* once a request may be out."""

    def __init__(self, engine: Engine, partner: Partner, link: LinkRow) -> None:
        self.decided: Decided | None = None
        self.sending = False
        self.drift: Drift = "D0"
        self.hint: HintOutcome = "nothing"
        self._engine = engine
        self._partner = partner
        self._link = link

    async def run(self, held_up: Park | None = None) -> Ended:
        """Do it. *held_up*: why only a taking back may be sent now. Raises what partner, lens and store raise."""
        store, partner, link = self._engine.bridge.store, self._partner, self._link
        look = await store.read(lambda tx: _look(tx, self._engine.bridge, partner, link))
        absent = Ack(link.desired_gen, "absent", None)
        if look.is_idle:
            return Ended(absent, "unchanged", answered=False)
        try:
            located = await self._locate(look)
        except partner_errors.NotThere:
            if look.kind == "present":
                raise
            return Ended(replace(absent, drift="D0"), "unchanged")  # no record, so nothing of ours in it
        if located is None:
            return Ended(Park(NO_NUMBER), "not_there", answered=False)
        found, standing = located
        if found.person_id != link.remote.person and await store.read(
            lambda tx: _is_anothers(tx, link, found)
        ):
            return Ended(Park("identity"), "ambiguous_identity", identity_resolved=False)
        reading = partner.lens.get(standing.content)
        met = Met(standing, reading, bases_of(link, look.ours, reading, partner))
        vanished = link.remote.record is not None and standing.record_id is None
        if vanished and look.kind == "present" and met.bases.remote and not look.ours.created:
            return Ended(Park(DELETED_THERE), "not_there")
        if met.is_foreign:
            met = replace(met, restored=await store.read(lambda tx: _is_older_of_ours(tx, link, standing)))
        once = await store.read(lambda tx: ever_ours(tx, link)) if met.restored else look.once
        back = once.standing(reading, partner) if standing.record_id is not None else set[str]()
        relapsed = frozenset(back - look.desired.carried.keys())
        taken = await self._take_in(look, met.begun_anew() if vanished else met)
        self.drift = _drift(link, met, taken, vanished=vanished, relapsed=bool(relapsed))
        self.hint = "merged" if taken.changed else _echo(link, standing)
        if self.drift == "D0" and not taken.changed and _is_quiet(link, look):
            return Ended(_as_before(link), "unchanged")
        voidable = await self._is_voidable(look, standing, reading, found)
        stand = Stand(
            found, standing, reading, look.ours, taken, relapsed, voidable, time.monotonic(), held_up
        )
        decided = await store.write(lambda tx: decide(tx, self._engine, partner, link, stand))
        if isinstance(decided, Park):
            return Ended(decided, "refused")
        self.decided = decided
        return await self._send(look, decided, stand)

    async def _take_in(self, look: Look, met: Met) -> Taken:
        new_notes = met.reading.notes and met.standing.version != self._link.remote.version
        if not look.brings or not (met.is_foreign or new_notes):
            return Taken(met.bases)
        bridge, partner, link = self._engine.bridge, self._partner, self._link
        return await bridge.store.write(lambda tx: take_in(tx, bridge, partner, link, met))

    async def _send(self, look: Look, decided: Decided, stand: Stand) -> Ended:
        adapter, standing, key = self._partner.adapter, stand.standing, str(decided.row.idem_key)
        version = self._version(stand)
        remote = Remote(stand.found.person_id, standing.record_id, version, look.ours.created)
        if decided.voids:
            self.sending = True
            fate = await adapter.retract(stand.found, standing=standing, key=key, licence=decided.licence)
            if fate == "voided":
                return Ended(_ack(decided, {}, look), "ok", Remote(stand.found.person_id))
            remote = replace(remote, created_by_us=False)  # theirs after all: only our items go
        if decided.body is None:
            ack = _ack(decided, stand.reading.leaves, look)
            return Ended(replace(ack, drift=self.drift), "unchanged", remote)
        self.sending = True
        try:
            written = await adapter.write(
                stand.found, decided.body, standing=standing, key=key, licence=decided.licence
            )
        except partner_errors.Refused as refused:
            if not decided.clears or decided.held_up is not None:
                raise
            ended = result_of(refused, self._link)
            await self._engine.bridge.store.write(lambda tx: decided.record(tx, ended, milliseconds=0))
            return await self.run(ended.result if isinstance(ended.result, Park) else None)
        return await self._prove(look, decided, remote, standing, written)

    def _version(self, stand: Stand) -> str | None:
        """The version that our own last write made: what somebody else has written in since is not ours to void."""
        arrived = self._link.intent is not None and not stand.taken.foreign
        first = self._link.remote.record != stand.standing.record_id
        return stand.standing.version if first or arrived else self._link.remote.version

    async def _prove(
        self, look: Look, decided: Decided, remote: Remote, standing: Standing, written: Written
    ) -> Ended:
        """Acknowledge, after reading back where the partner may store something other than it acknowledged."""
        partner = self._partner
        created = remote.created_by_us or standing.record_id is None
        remote = Remote(remote.person, written.record_id, written.version, created)
        drift: Drift | None = None
        if partner.manifest.read_back:
            stood = await partner.adapter.fetch(Found(str(remote.person), written.record_id))
            remote = replace(remote, version=stood.version)
            held, drift = partner.lens.get(stood.content).leaves, "D0"
            wrong = sorted(p for p, v in decided.put.expected.items() if held.get(p) != v)
            if wrong and None not in (written.version, stood.version) and written.version != stood.version:
                # Somebody has written since, and it is theirs: the next attempt takes it in.
                code = "read-back"
                raise partner_errors.ChangedUnderneath(code)
            if wrong:
                await self._remember_damage(decided, held, wrong)
                detail = {"paths": wrong, "notes": list(written.notes)}
                return Ended(Park("read_back", detail), "refused", remote)
        else:
            held = partner.lens.get(decided.put.native).leaves
        if decided.held_up is not None:
            return Ended(decided.held_up, "ok", remote)
        return Ended(replace(_ack(decided, held, look), drift=drift), "ok", remote)

    async def _remember_damage(self, decided: Decided, held: Leaves, wrong: Collection[str]) -> None:
        """What the partner made of our write is nobody's edit: it counts as seen, and ours as still to be sent."""
        bases, link = decided.bases(held), self._link
        hub = leaves_to_json({p: v for p, v in bases.hub.items() if p not in wrong})
        seen = leaves_to_json(bases.remote)
        await self._engine.bridge.store.write(
            lambda tx: tx.links.agree(link.id, link.lease_epoch, base_hub=hub, base_remote=seen)
        )

    async def _locate(self, look: Look) -> tuple[Found, Standing] | None:
        """The record where it was last seen, or where the partner finds it now; ``None`` without a number to ask by."""
        known, adapter = self._link.remote, self._partner.adapter
        if known.person is not None and known.record is not None:
            found = Found(known.person, known.record)
            try:
                return found, await adapter.fetch(found)
            except partner_errors.NotThere:  # removed, or moved to another person
                pass
        if not look.hetu:
            return None
        found = await adapter.find(look.hetu)
        return found, await adapter.fetch(found)

    async def _is_voidable(self, look: Look, standing: Standing, reading: Reading, found: Found) -> bool:
        """Whether the record as a whole is ours to take back: we made it, and nobody has written in it since."""
        partner, link = self._partner, self._link
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


def _is_anothers(tx: Tx, link: LinkRow, found: Found) -> bool:
    """Whether the partner's person is another client's here: two persons were taken for one, there or in the hub."""
    links = tx.links.at_remote(link.system, person=found.person_id)
    return any(other.client_id != link.client_id for other in links)


def _is_quiet(link: LinkRow, look: Look) -> bool:
    """Whether a look finds nothing to decide: what ought to stand there has been acknowledged already."""
    return (
        bool(link.asked)
        and link.acked_gen == link.desired_gen
        and link.acked_kind == look.kind
        and link.intent is None
        and (look.kind == "absent" or link.base_remote is not None)
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


def _drift(link: LinkRow, met: Met, taken: Taken, *, vanished: bool, relapsed: bool) -> Drift:
    """The class of what a look found (sync.md 8.17); a change that a hint had told of is no drift."""
    if relapsed:
        return "D4"
    if met.restored:
        return "D2"
    if vanished:
        return "D3"
    return "D1" if taken.changed and "look" not in link.asked and "verify" in link.asked else "D0"


def _is_older_of_ours(tx: Tx, link: LinkRow, standing: Standing) -> bool:
    """Whether the record is what we wrote before the newest acknowledged write, byte for byte and under the version of
    then. Somebody who undoes an edit by hand makes a new version, and is no backup.
    """
    decision = tx.decisions.with_body(link.id, body_of(standing.content)[1])
    if decision is None or decision.gen >= link.acked_gen or standing.version is None:
        return False
    attempt = tx.decisions.attempt(decision.id)
    return attempt is not None and attempt.remote_version == standing.version


def _echo(link: LinkRow, standing: Standing) -> HintOutcome:
    """A hint that led to the very version that we know was our own write coming back."""
    return "echo" if standing.version == link.remote.version else "nothing"


def _ack(decided: Decided, held: Leaves, look: Look) -> Ack:
    """What the partner is now known to hold of ours, by the leaves that its record *held* at last."""
    bases = decided.bases(held)
    watched = look.brings or decided.desired.kind == "present"
    hub = leaves_to_json(bases.hub) if watched else None
    seen = leaves_to_json(bases.remote) if watched else None
    if decided.desired.kind == "absent":
        kept = bool(decided.ours)
        return Ack(decided.row.gen, "absent", None, retained=kept, base_hub=hub, base_remote=seen)
    base = {p: v for p, v in decided.ours.items() if p in held}
    return Ack(
        decided.row.gen,
        "present",
        leaves_to_json(base),
        projection_sha=decided.desired.sha,
        base_hub=hub,
        base_remote=seen,
    )


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

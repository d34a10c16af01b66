"""One attempt on one link: look → fetch → take in → decide → lens put → conditional write → read back (sync.md 8).

Nothing here trusts an earlier decision: every attempt reads plan, consents and the standing record again, decides every
item in the transaction that records the intent, and starts the request within the licence or not at all.
"""

import contextlib
import time
from collections.abc import Collection
from dataclasses import replace

from tyokyky_bridge.adapterkit import errors as partner_errors
from tyokyky_bridge.adapterkit.contract import Found, Marked, Standing, Written
from tyokyky_bridge.adapterkit.meter import start_meter
from tyokyky_bridge.domain.items import Leaves, leaves_to_json
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.deciding import Decided, Engine, decide
from tyokyky_bridge.services.linking import DELETED_THERE, NO_NUMBER
from tyokyky_bridge.services.looking import (
    Look,
    acknowledged,
    as_before,
    drift_of,
    echo_of,
    is_anothers,
    is_older_of_ours,
    is_quiet,
    look_at,
)
from tyokyky_bridge.services.merging import Met, Taken, bases_of, take_in
from tyokyky_bridge.services.ours import CREATES, ever_ours
from tyokyky_bridge.services.outcomes import Ended, result_of
from tyokyky_bridge.services.quarantine import quarantine
from tyokyky_bridge.services.records import Ack, LinkRow, Park, Remote
from tyokyky_bridge.services.rendering import Stand
from tyokyky_bridge.services.sync_records import Drift, HintOutcome


class Attempt:
    """One attempt and how far it has come: *decided* once something is decided, *sending* once a request may be out."""

    def __init__(self, engine: Engine, partner: Partner, link: LinkRow) -> None:
        self.decided: Decided | None = None
        self.sending = False
        self.drift: Drift = "D0"
        self.hint: HintOutcome = "nothing"
        self.meter = start_meter()
        self._engine = engine
        self._partner = partner
        self._link = link

    async def run(self, held_up: Park | None = None) -> Ended:
        """Do it. *held_up*: why only a taking back may be sent now. Raises what partner, lens and store raise."""
        store, partner, link = self._engine.bridge.store, self._partner, self._link
        look = await store.read(lambda tx: look_at(tx, self._engine.bridge, partner, link))
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
            lambda tx: is_anothers(tx, link, found)
        ):
            return Ended(Park("identity"), "ambiguous_identity", identity_resolved=False)
        vanished = link.remote.record is not None and standing.record_id != link.remote.record
        if vanished and standing.record_id is not None:
            look = self._replaced(look)
        reading = partner.lens.get(standing.content)
        met = Met(standing, reading, bases_of(link, look.ours, reading, partner))
        wanted = look.kind == "present" and standing.record_id is None
        if vanished and wanted and met.bases.remote and not look.ours.created:
            return Ended(Park(DELETED_THERE), "not_there")
        if met.is_foreign:
            met = replace(met, restored=await store.read(lambda tx: is_older_of_ours(tx, link, standing)))
        once = await store.read(lambda tx: ever_ours(tx, link)) if met.restored else look.once
        back = once.standing(reading, partner) if standing.record_id is not None else set[str]()
        relapsed = frozenset(back - look.desired.carried.keys() - look.ours.values.keys())
        taken = await self._take_in(look, met.begun_anew() if vanished else met)
        self.drift = drift_of(link, met, taken, vanished=vanished, relapsed=bool(relapsed))
        self.hint = echo_of(link, standing, taken)
        if self.drift == "D0" and not taken.changed and is_quiet(link, look):
            return Ended(as_before(link), "unchanged")
        voidable = await self._is_voidable(look, met, found)
        unmerged = met.is_foreign and not look.brings
        stand = Stand(
            found,
            standing,
            reading,
            look.ours,
            taken,
            relapsed,
            unmerged,
            voidable,
            time.monotonic(),
            held_up,
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
                ack = acknowledged(decided, {}, look)
                return Ended(replace(ack, drift=self._alarm()), "ok", Remote(stand.found.person_id))
            remote = replace(remote, created_by_us=False)  # theirs after all: only our items go
        if decided.body is None:
            ack = acknowledged(decided, stand.reading.leaves, look)
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
            self.decided, self.sending = None, False  # that one has ended
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
            held, drift = partner.lens.get(stood.content).leaves, "D0"
            wrong = sorted(p for p, v in decided.put.expected.items() if held.get(p) != v)
            overtaken = None not in (written.version, stood.version) and written.version != stood.version
            if wrong and overtaken:
                # Somebody has written since, and it is theirs: the next attempt takes it in.
                code = "read-back"
                raise partner_errors.ChangedUnderneath(code)
            if not overtaken:  # else the word of their version has to be news
                remote = replace(remote, version=stood.version)
            if wrong:
                await self._remember_damage(decided, held, wrong)
                detail = {"paths": wrong, "notes": list(written.notes)}
                return Ended(Park("read_back", detail), "refused", remote)
        else:
            held = partner.lens.get(decided.put.native).leaves
        if decided.held_up is not None:
            return Ended(decided.held_up, "ok", remote)
        ack = acknowledged(decided, held, look)
        return Ended(replace(ack, drift=self._alarm() or drift), "ok", remote)

    def _alarm(self) -> Drift | None:
        """What forbidden data was found is told until a later look has seen it gone."""
        return "D4" if self.drift == "D4" else None

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
                standing = await adapter.fetch(found)
            except partner_errors.NotThere:  # removed, or moved to another person
                pass
            else:  # in place of one that was removed another may stand
                if standing.record_id is not None or not look.hetu:
                    await self._look_beside(look)
                    return found, standing
        if not look.hetu:
            return None
        found = await adapter.find(look.hetu)
        standing = await adapter.fetch(found)
        await self._quarantine(found.marked)
        return found, standing

    async def _look_beside(self, look: Look) -> None:
        """When a record is compared: whether the client has others with our mark, where a search shows that."""
        if not self._partner.manifest.finds_others or "verify" not in self._link.asked or not look.hetu:
            return
        with contextlib.suppress(partner_errors.PartnerError):  # no word about the record that was fetched
            await self._quarantine((await self._partner.adapter.find(look.hetu)).marked)

    async def _quarantine(self, marked: tuple[Marked, ...]) -> None:
        if marked:
            await self._engine.bridge.store.write(lambda tx: quarantine(tx, self._link.system, marked))

    def _replaced(self, look: Look) -> Look:
        """After another record took the place of the one we knew: it is of our making only if we were making one."""
        intent = self._link.intent
        created = look.ours.created and intent is not None and intent.key.startswith(CREATES)
        return replace(look, ours=replace(look.ours, created=created))

    async def _is_voidable(self, look: Look, met: Met, found: Found) -> bool:
        """Whether the record as a whole is ours to take back: we made it, and nobody else has a word in it."""
        partner, link, standing, reading = self._partner, self._link, met.standing, met.reading
        if partner.manifest.retract != "void" or not look.ours.created or standing.record_id is None:
            return False
        untouched = standing.version is not None and standing.version == link.remote.version
        if untouched and not met.is_foreign and not look.theirs & reading.leaves.keys():
            return True
        if look.kind == "present":
            return False
        form = await partner.adapter.fetch(Found(found.person_id, None))
        blank = partner.lens.get(form.content).leaves
        ours = look.ours.standing(reading, partner)
        return all(p in ours or blank.get(p) == v for p, v in reading.leaves.items())

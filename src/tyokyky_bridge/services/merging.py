"""What a partner changed, taken in: one transaction between fetching a record and deciding what to send (sync.md 8.11).

Nothing of a partner's edit is dropped in silence: each changed item is taken, agreed, rejected, in conflict, or not
stored because nobody else may have it; all of it is on record in an intake decision, without values.
"""

from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tyokyky_bridge.adapterkit.contract import Standing
from tyokyky_bridge.domain.authority import Authority, authority_for
from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_from_json, leaves_to_json, pattern_of
from tyokyky_bridge.domain.merge import Merged, Sides, agreed_bases, merge
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.mapping.lens import LensRefusal, Reading
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.conflict_owner import owner_of
from tyokyky_bridge.services.incoming import Source, valid_with
from tyokyky_bridge.services.intake_record import intake_items, tell_of_intake
from tyokyky_bridge.services.linking import Desired, desired_for
from tyokyky_bridge.services.loading import facts_of, revision_of
from tyokyky_bridge.services.ours import Ours
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import LinkRow
from tyokyky_bridge.services.revising import append_revision
from tyokyky_bridge.services.shape import element_of
from tyokyky_bridge.services.sync_records import ConflictRow, IntakeRow

CLOSED = frozenset({"closed", "cancelled", "superseded"})
TUG_LIMIT = 3
"""How often in a day an edit is written back before a person is asked."""
_TUG_TIME = timedelta(hours=24)
_DONE = frozenset({"taken", "rejected", "agreed"})
"""What happens each time; what merely stands there as before is told once."""


@dataclass(frozen=True)
class Bases:
    """What both sides last agreed on: ours, and as it was read at the partner."""

    hub: Leaves = field(default_factory=dict[str, Scalar])
    remote: Leaves = field(default_factory=dict[str, Scalar])


@dataclass(frozen=True)
class Taken:
    """What a look brought in. *bases* count from now on; *kept* are items of the partner's that may not be overwritten:
    those in conflict, and those that the hub may not know.
    """

    bases: Bases
    kept: frozenset[str] = frozenset()
    changed: bool = False
    """Whether anything of the partner's was new."""
    foreign: bool = False
    """Whether anything stands there that is not as both sides agreed, new or met before."""


@dataclass(frozen=True)
class Met:
    """A partner's record as it was met, and what both sides had agreed on before."""

    standing: Standing
    reading: Reading
    bases: Bases
    restored: bool = False
    """Whether it is, to the byte, an older state of our own: the partner restored a backup."""

    @property
    def is_foreign(self) -> bool:
        """Whether the record reads otherwise than it did when both sides last agreed."""
        return dict(self.bases.remote) != self.reading.leaves

    def begun_anew(self) -> "Met":
        """After the record vanished: what it held is no deletion, item by item, and all of ours goes there again."""
        there = self.reading.leaves
        remote = {p: v for p, v in self.bases.remote.items() if there.get(p) == v}
        return replace(self, bases=Bases({p: v for p, v in self.bases.hub.items() if p in remote}, remote))


class LeaseLost(Exception):
    """The link is somebody else's by now."""


def bases_of(link: LinkRow, ours: Ours, reading: Reading, partner: Partner) -> Bases:
    """The bases of a link, moved on by writes of ours that arrived without our knowing: they are no edit of theirs."""
    there = reading.leaves
    if link.base_remote is None and link.base:  # acknowledged before the two bases were kept
        hub: dict[str, Scalar] = leaves_from_json(link.base)
        remote: dict[str, Scalar] = {p: there[p] for p in hub if p in there}
    else:
        hub, remote = leaves_from_json(link.base_hub or {}), leaves_from_json(link.base_remote or {})
    for layer in reversed(ours.unsettled):
        written = {p: v for p, v in layer.items() if p in there and there[p] != remote.get(p)}
        projected: Leaves = _projected(partner, layer) if written else {}
        for path, value in written.items():
            if there[path] in {value, projected.get(path, value)}:
                hub[path], remote[path] = value, there[path]
    for path in ours.cleared:
        if path not in there:
            hub.pop(path, None)
            remote.pop(path, None)
    return Bases(hub, remote)


def take_in(tx: Tx, bridge: Bridge, partner: Partner, link: LinkRow, met: Met) -> Taken:
    """Merge the record as read into the plan. Raises: LeaseLost."""
    tx.clients.get(link.client_id, lock="update")  # a merge may move the fence
    row = tx.plans.latest(link.plan_id, lock="update")
    current = tx.links.get(link.id, lock="update")
    if row is None or current is None or current.lease_epoch != link.lease_epoch or current.lease_by is None:
        raise LeaseLost
    before = revision_of(row)
    facts = facts_of(tx, bridge, link.client_id, retrying=link.id)
    desired = desired_for(partner, before, facts, tx.now())
    reading, bases = met.reading, met.bases
    source = Source(bridge, partner, before, facts, _origin(partner, met.standing, tx.now()), tx.now())
    changed = {
        p: reading.leaves.get(p)
        for p in {*reading.leaves, *bases.remote}
        if reading.leaves.get(p) != bases.remote.get(p)
    }
    closed = before.leaves["header.status"] in CLOSED
    unread = _unread(changed, reading, before, bases)
    readable = {p: v for p, v in changed.items() if p not in unread}
    refused = dict.fromkeys(readable, "closed") if closed else source.refused(readable)
    refused |= dict.fromkeys(unread, "unreadable")
    sides = _sides(partner, desired, met, before, refused)
    authority = _hub_alone if met.restored else authority_for(source.register, coordinates=source.coordinates)
    waiting = {row.path: row for row in tx.conflicts.open_of_link(link.id)}
    merged, rest = _judged(tx, link, sides, authority, before, desired, waiting=waiting.keys())
    plan, _, invalid = valid_with(before.leaves, {**merged.taken, **dict.fromkeys(rest)})
    version = before.version
    if plan is not None:
        version = append_revision(
            tx,
            bridge,
            client_id=link.client_id,
            before=before,
            plan=plan,
            fresh=source.origin,
            cause="merge",
            at=tx.now(),
        ).version
    contested = _conflicts(
        tx, source, link, merged, waiting, version=version, remote_version=met.standing.version
    )
    hub, remote = agreed_bases(sides, merged, not_stored=invalid)
    items = intake_items(merged, refused, invalid, reading)
    told = {item["path"]: item for row in reversed(tx.intakes.of_link(link.id)) for item in row.items}
    news = any(item["state"] in _DONE or told.get(item["path"]) != item for item in items)
    if news:
        row = IntakeRow(
            id=tx.new_id(),
            link_id=link.id,
            client_id=link.client_id,
            system=link.system,
            plan_version=version,
            remote_version=met.standing.version,
            items=items,
            at=tx.now(),
        )
        tell_of_intake(tx, partner, link, row, told.values())
    kept_hub, kept_remote = leaves_to_json(hub), leaves_to_json(remote)
    if (kept_hub, kept_remote) != (current.base_hub, current.base_remote):
        tx.links.agree(link.id, link.lease_epoch, base_hub=kept_hub, base_remote=kept_remote)
    unseen = {p for p in refused if p in reading.leaves and authority(pattern_of(p)) is not Authority.HUB}
    nameless = {p for p in unread if p not in {note.path for note in reading.notes}}
    moved = (hub, remote) != (dict(bases.hub), dict(bases.remote))
    taken = Taken(
        Bases(hub, remote),
        frozenset(merged.conflicts) | unseen | invalid | nameless,
        changed=news or contested or moved,
        foreign=bool(changed),
    )
    if taken.changed and link.leased_at is not None:  # by now: the attempt may yet come to nothing
        tx.inbox.settle(link.id, before=link.leased_at, outcome="merged")
    return taken


def _hub_alone(_pattern: str) -> Authority:
    """A backup that was restored there is nobody's edit: all of it is written over."""
    return Authority.HUB


def _judged(
    tx: Tx,
    link: LinkRow,
    sides: Sides,
    authority: Callable[[str], Authority],
    before: Revision,
    desired: Desired,
    *,
    waiting: Set[str],
) -> tuple[Merged, frozenset[str]]:
    """The merge, with what goes in front of a person for other reasons than the table; and what goes with elements
    that were deleted there.
    """
    merged = merge(sides, authority, waiting)
    often = tx.intakes.rejections(link.id, tx.now() - _TUG_TIME) if merged.rejected else {}
    tug = {p for p in merged.rejected if often.get(p, 0) >= TUG_LIMIT}
    if tug:
        merged = merge(sides, authority, waiting | tug)
    rest, hidden = _rests(merged, before, desired)
    if hidden:
        merged = merge(sides, authority, waiting | tug | hidden)
        rest, _ = _rests(merged, before, desired)
    return merged, rest


def _rests(merged: Merged, before: Revision, desired: Desired) -> tuple[frozenset[str], frozenset[str]]:
    """What the plan still holds of elements that the partner's users deleted and nobody else changed.

    Returns what goes with them, for the partner could see it although its record has no place for it; and, of elements
    of which something is hidden from the partner, the deleted paths: those deletions cannot simply be taken.
    """
    rest: set[str] = set()
    hidden: set[str] = set()
    for element in merged.gone_elements:
        deleted = {p for p, value in merged.taken.items() if value is None and p.startswith(element)}
        left = {p for p in before.leaves if p.startswith(element)} - deleted
        if not deleted or any(p.startswith(element) for p in merged.conflicts):
            continue
        if left <= desired.disclosure.view.leaves.keys():
            rest |= left
        else:
            hidden |= deleted
    return frozenset(rest), frozenset(hidden)


def _unread(changed: Collection[str], reading: Reading, before: Revision, bases: Bases) -> frozenset[str]:
    """What of a change cannot be judged: what is missing may stand in something that could not be read, and of a new
    element of which a part could not be read, nothing is taken.
    """
    gone = {p for p in changed if p not in reading.leaves and any(note.may_hold(p) for note in reading.notes)}
    known = {element_of(p) for p in (*before.leaves, *bases.remote)}
    partial = {element_of(note.path) for note in reading.notes if note.path is not None} - known
    return frozenset(gone | {p for p in changed if element_of(p) in partial})


def _sides(partner: Partner, desired: Desired, met: Met, before: Revision, refused: Collection[str]) -> Sides:
    """The merge's view of both sides. What the hub may not keep counts as unchanged, so that nothing of it is kept."""
    bases, reading = met.bases, met.reading
    theirs = {p: v for p, v in reading.leaves.items() if p not in refused}
    theirs.update((p, bases.remote[p]) for p in refused if p in bases.remote)
    try:
        projected = partner.lens.put(met.standing.content, desired.disclosure.view).expected
    except LensRefusal:
        projected = {}
    return Sides(bases.hub, bases.remote, desired.carried, theirs, before.leaves, projected)


def _origin(partner: Partner, standing: Standing, at: datetime) -> Origin:
    return Origin(
        party=partner.system.party,
        at=at,
        role="bridge",
        system=partner.system.id,
        record=standing.record_id,
        record_version=standing.version,
    )


def _projected(partner: Partner, layer: Leaves) -> Leaves:
    try:
        return partner.lens.put_leaves({}, layer).expected
    except LensRefusal:
        return {}


def _conflicts(
    tx: Tx,
    source: Source,
    link: LinkRow,
    merged: Merged,
    waiting: Mapping[str, ConflictRow],
    *,
    version: int,
    remote_version: str | None,
) -> bool:
    """Keep the conflicts; returns whether the partner has a value in one that nobody has seen yet."""
    seen = {path: (row.theirs,) for path, row in waiting.items()}
    tx.conflicts.supersede(link.id, merged.settled)
    for path, each in merged.conflicts.items():
        tx.conflicts.put(
            link,
            path,
            base=_json(path, each.base),
            ours=_json(path, each.ours),
            theirs=_json(path, each.theirs),
            plan_version=version,
            remote_version=remote_version,
            owner=owner_of(path, source.before, source.bridge.directory, source.at),
        )
    return any(seen.get(p) != (_json(p, each.theirs),) for p, each in merged.conflicts.items())


def _json(path: str, value: Scalar | None) -> Any:
    return None if value is None else leaves_to_json({path: value})[path]

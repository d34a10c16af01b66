"""The body of an attempt: the view put into the standing record, around everything that waits for a person."""

from collections.abc import Collection
from dataclasses import dataclass

from tyokyky_bridge.adapterkit.contract import Found, Standing
from tyokyky_bridge.domain.disclosure import View
from tyokyky_bridge.domain.items import Leaves
from tyokyky_bridge.mapping.lens import LensRefusal, Put, Reading
from tyokyky_bridge.mapping.writing import UNREADABLE
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.linking import Desired
from tyokyky_bridge.services.merging import Taken
from tyokyky_bridge.services.ours import OtherPlans, Ours
from tyokyky_bridge.services.records import Park
from tyokyky_bridge.services.shape import element_of


@dataclass(frozen=True)
class Stand:
    """What an attempt found at the partner, and since when its decision may count (monotonic seconds).

    *taken*: what it brought in. *relapsed*: what came back there after it was taken away. *unmerged*: what stands there
    was not taken in, for nothing could come from there. *voidable*: the record is
    ours as a whole. *held_up*: why only a taking back may be sent now.
    """

    found: Found
    standing: Standing
    reading: Reading
    ours: Ours
    taken: Taken
    relapsed: frozenset[str]
    unmerged: bool
    voidable: bool
    since_s: float
    held_up: Park | None = None

    def deleted(self, plan: Leaves) -> set[str]:
        """What both sides agreed on and the plan has no more: deleted, not withheld; not what was edited there."""
        bases, there = self.taken.bases, self.reading.leaves
        return {p for p in bases.hub if p not in plan and p in there and there[p] == bases.remote.get(p)}


@dataclass(frozen=True)
class Rendered:
    """A body, with why it holds no more than a taking back, if so; and what it leaves to a person."""

    put: Put
    held_up: Park | None
    clear: frozenset[str]
    contested: frozenset[str]


def rendered(
    partner: Partner,
    stand: Stand,
    desired: Desired,
    clear: Collection[str],
    others: OtherPlans,
    *,
    in_plan: Leaves,
) -> Rendered:
    """Put the view into the standing record, around everything that waits for a person."""
    contested = stand.taken.kept
    clear = frozenset(clear) - contested
    view = desired.disclosure.view.without(contested) if contested else desired.disclosure.view
    put, held_up = _body(partner, stand, view, clear, others)
    torn = _torn(partner, stand, put)
    if torn:
        waits = {p for p in {*view.leaves, *clear, *stand.ours.values} if element_of(p) in torn}
        contested, clear = contested | waits, clear - (waits - in_plan.keys())
        put, held_up = _body(partner, stand, view.without(waits), clear, others)
    return Rendered(put, held_up, clear, contested)


def _body(
    partner: Partner, stand: Stand, view: View, clear: Collection[str], others: OtherPlans
) -> tuple[Put, Park | None]:
    """A taking back must not wait for what cannot be sent."""
    content = stand.standing.content
    held_up = stand.held_up
    if held_up is None and not others.newer:
        try:
            put = partner.lens.put(content, view, clear)
        except LensRefusal as refusal:
            held_up = refused_by_lens(refusal)
        else:
            held_up = _unreadable(put, stand.reading)
            if held_up is None:
                return put, None
    return partner.lens.put_leaves(content, {}, clear), held_up


def _torn(partner: Partner, stand: Stand, put: Put) -> frozenset[str]:
    """The elements that a write would take away although something in them waits for a person: all of each waits."""
    kept, there = stand.taken.kept, stand.reading.leaves
    if not kept or put.native == stand.standing.content:
        return frozenset()
    left = partner.lens.get(put.native).leaves
    return frozenset(element_of(p) for p in kept if p in there and left.get(p) != there[p])


def refused_by_lens(refusal: LensRefusal) -> Park:
    """Park with row, path and rule."""
    return Park("lens", {"row": refusal.row, "path": refusal.path, "rule": refusal.rule})


def _unreadable(put: Put, reading: Reading) -> Park | None:
    unread = sorted(p for p, why in put.not_carried.items() if why == UNREADABLE)
    rules = sorted({f"{n.row}: {n.rule}" for n in reading.notes if n.path in unread})
    return Park("unknown_code", {"paths": unread, "rules": rules}) if unread else None

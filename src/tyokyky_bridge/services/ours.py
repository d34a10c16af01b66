"""What of a partner's record is the hub's: what it wrote there, and what it may have written without knowing."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_from_json
from tyokyky_bridge.mapping.lens import LensRefusal, Reading
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import DecisionRow, LinkRow

CREATES = "new-"
"""Start of the idempotency key of a write that creates the record."""
LOOKS_BACK = 50
"""Most decisions looked at for writes that nobody acknowledged."""
_STANDS = frozenset({"sent", "held"})


@dataclass(frozen=True)
class Ours:
    """The items that are or may be ours at a partner. *layers* hold what was written, the newest first, for which of
    them arrived is not known; *created* says whether the record itself is, or may be, of our making.
    """

    layers: tuple[Leaves, ...]
    created: bool
    unsettled: tuple[Leaves, ...] = ()
    """Those of the layers that nobody has acknowledged, the newest first."""
    cleared: frozenset[str] = frozenset()
    """What we may have taken back without knowing."""

    @cached_property
    def values(self) -> Leaves:
        """Each item with the newest value that we may have written."""
        found: dict[str, Scalar] = {}
        for layer in reversed(self.layers):
            found.update(layer)
        return found

    def standing(self, reading: Reading, partner: Partner) -> set[str]:
        """The items that the record still holds as we wrote them; what the partner edited since is theirs."""
        return {path for layer in self.layers for path in _as_written(layer, reading, partner)}


def _as_written(layer: Leaves, reading: Reading, partner: Partner) -> Iterator[str]:
    try:
        projected = partner.lens.put_leaves({}, layer).expected
    except LensRefusal:
        projected = {}
    there = reading.leaves
    return (p for p, v in layer.items() if p in there and there[p] in {v, projected.get(p, v)})


def ours_of(tx: Tx, link: LinkRow) -> Ours:
    """What was acknowledged, and on top of it whatever was decided since: an attempt that failed may have arrived in
    part, and one that a crash cut off in whole.
    """
    layers: list[Leaves] = []
    created = link.remote.created_by_us
    kept: set[str] | None = None
    cleared: set[str] = set()
    unsettled: list[Leaves] = []
    for decision in _unsettled(tx, link):
        paths = {item["path"] for item in decision.items if item.get("ours")}
        if decision.gen <= link.acked_gen:  # the partner kept it when the basis ended: older values may stand
            kept = paths if kept is None else kept
            paths &= kept
        else:
            created = created or str(decision.idem_key).startswith(CREATES)
            cleared |= {item["path"] for item in decision.items if item["state"] == "clear"}
        layers.append(_values(tx, link.plan_id, decision.plan_version, paths))
        if decision.gen > link.acked_gen:
            unsettled.append(layers[-1])
    if link.base:
        layers.append(leaves_from_json(link.base))
    return Ours(tuple(layer for layer in layers if layer), created, tuple(unsettled), frozenset(cleared))


def ever_ours(tx: Tx, link: LinkRow) -> Ours:
    """All that the hub wrote there as far back as it looks, acknowledged, taken back or not: for what came back."""
    decisions = tx.decisions.of_link(link.id, limit=LOOKS_BACK)
    layers = (
        _values(tx, link.plan_id, d.plan_version, {i["path"] for i in d.items if i.get("written")})
        for d in decisions
    )
    return Ours(tuple(layer for layer in layers if layer), created=False)


def _unsettled(tx: Tx, link: LinkRow) -> Iterator[DecisionRow]:
    newest = tx.decisions.of_link(link.id, limit=1)
    if not link.retained and all(decision.gen <= link.acked_gen for decision in newest):
        return
    for decision in tx.decisions.of_link(link.id, limit=LOOKS_BACK):
        if decision.gen <= link.acked_gen and not link.retained:
            return
        yield decision


def _values(tx: Tx, plan_id: UUID, version: int, paths: Collection[str]) -> Leaves:
    row = tx.plans.revision(plan_id, version) if paths else None
    return {} if row is None else leaves_from_json({p: row.leaves[p] for p in paths if p in row.leaves})


@dataclass(frozen=True)
class OtherPlans:
    """What other plans of the client have in the same partner's record, for it keeps one for a person.

    *bases* are the items that they wrote there. *newer* says that a newer plan stands there, with the items *led* by
    it: then this one writes nothing more, and takes back only what is not the newer one's.
    """

    bases: frozenset[str] = frozenset()
    newer: bool = False
    led: frozenset[str] = frozenset()


def other_plans(tx: Tx, link: LinkRow, links: Iterable[LinkRow]) -> OtherPlans:
    """Look at the other plans of the client, by all *links* of the client to the same system."""
    others = [other for other in links if other.id != link.id]
    if not others:
        return OtherPlans()
    # Plan ids are ordered by time.
    newer = [o for o in others if o.plan_id > link.plan_id and o.desired_kind == "present"]
    latest = [tx.decisions.latest(o.plan_id, o.system) for o in newer]
    return OtherPlans(
        frozenset(path for o in others for path in o.base or ()),
        bool(newer),
        frozenset(i["path"] for d in latest if d is not None for i in d.items if i["state"] in _STANDS),
    )

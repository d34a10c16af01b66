"""The three-way merge of a plan with one partner's record, field by field: no change is dropped in silence.

Two bases keep a lossy mapping from looking like an editor: *ours* changed when it differs from what we had at the last
agreement, *theirs* changed when it differs from what was read there then. A deletion is a value like any other, the
missing one. Lists are leaves by element id, so elements merge one by one and never by position.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from tyokyky_bridge.domain.authority import Authority
from tyokyky_bridge.domain.findings import Found, Merged, Sides, Verdict
from tyokyky_bridge.domain.items import Leaves, Scalar, pattern_of

__all__ = ["Found", "Merged", "Sides", "Verdict", "agreed_bases", "decided_bases", "merge"]

AuthorityOf = Callable[[str], Authority]
"""From a pattern to whose word stands, total: `authority.authority_for`."""


def merge(sides: Sides, authority: AuthorityOf, open_conflicts: Collection[str] = ()) -> Merged:
    """
    Judge every path that somebody changed since both sides last agreed.

    ============ ============== =============== ======== ==========
    ours changed theirs changed hub             remote   shared
    ============ ============== =============== ======== ==========
    yes          no             push            push     push
    no           yes            reject          take     take
    yes          yes, the same  agree           agree    agree
    yes          yes, different reject          take     conflict
    ============ ============== =============== ======== ==========

    First contact is the same with empty bases. Beside the table:

    * An open conflict stays one, with the new values, until both sides hold the same.
    * Where something is withheld from them, a value they write meets what it cannot see: shared is a conflict, never
      taken. Their deletion there is no edit: they let go of a copy they should not have.
    * An element deleted there is taken whole or not at all on shared paths. When we changed a leaf of it, when one is
      the hub's, or when one is in conflict, the deletion of its shared leaves is a conflict.

    Args:
        sides: What both hold, and held.
        authority: Whose word stands, by pattern; total.
        open_conflicts: Paths that wait for a person already.
    """
    gone = _gone_elements(sides)
    contested = _contested(sides, authority, open_conflicts, gone)
    found: dict[str, Found] = {}
    paths = {*sides.base_hub, *sides.base_remote, *sides.ours, *sides.theirs, *open_conflicts}
    for path in sorted(paths):
        is_open = path in open_conflicts
        withheld = sides.withholds(path)
        if withheld:
            verdict = _judge_withheld(sides, path, authority, is_open=is_open)
        else:
            torn = any(path.startswith(element) for element in contested)
            verdict = _judge(sides, path, authority, is_open=is_open, torn=torn)
        if verdict is not None:
            base = sides.base_hub.get(path, sides.base_remote.get(path))
            ours = sides.ours.get(path, sides.plan.get(path))
            found[path] = Found(path, verdict, base, ours, sides.theirs.get(path), withheld)
    settled = (p for p in open_conflicts if p not in found or found[p].verdict is not Verdict.CONFLICT)
    return Merged(found, frozenset(gone), frozenset(settled))


def _judge(sides: Sides, path: str, authority: AuthorityOf, *, is_open: bool, torn: bool) -> Verdict | None:
    we_changed = sides.ours.get(path) != sides.base_hub.get(path)
    they_changed = sides.theirs.get(path) != sides.base_remote.get(path)
    if not we_changed and not they_changed:
        return Verdict.AGREE if is_open else None
    if sides.agree_on(path):
        return Verdict.AGREE
    if is_open:
        return Verdict.CONFLICT
    if not they_changed:
        return Verdict.PUSH
    owner = authority(pattern_of(path))
    if owner is Authority.SHARED:
        return Verdict.CONFLICT if we_changed or torn else Verdict.TAKE
    return Verdict.TAKE if owner is Authority.REMOTE else Verdict.REJECT


def _judge_withheld(sides: Sides, path: str, authority: AuthorityOf, *, is_open: bool) -> Verdict | None:
    theirs = sides.theirs.get(path)
    they_changed = theirs != sides.base_remote.get(path)
    if theirs is None:
        return Verdict.HIDDEN
    if theirs == sides.plan[path] and (they_changed or is_open):
        return Verdict.AGREE
    if is_open:
        return Verdict.CONFLICT
    if not they_changed:
        return Verdict.HIDDEN if path in sides.base_hub else None
    owner = authority(pattern_of(path))
    if owner is Authority.SHARED:
        return Verdict.CONFLICT
    return Verdict.TAKE if owner is Authority.REMOTE else Verdict.REJECT


def _elements(paths: Iterable[str]) -> set[str]:
    """The elements that these paths stand in, each as the prefix of its leaves: ``goals[g-1].``."""
    found: set[str] = set()
    for path in paths:
        at = path.find("].")
        while at >= 0:
            found.add(path[: at + 2])
            at = path.find("].", at + 2)
    return found


def _gone_elements(sides: Sides) -> set[str]:
    deleted = _elements(path for path in sides.base_remote if path not in sides.theirs)
    return deleted - _elements(sides.theirs) if deleted else deleted


def _contested(
    sides: Sides, authority: AuthorityOf, open_conflicts: Collection[str], gone: set[str]
) -> list[str]:
    """The outermost gone elements whose deletion cannot simply be taken."""
    outermost = [each for each in gone if not any(each != other and each.startswith(other) for other in gone)]

    def stands(path: str, value: Scalar) -> bool:
        return (
            value != sides.base_hub.get(path)
            or path in open_conflicts
            or authority(pattern_of(path)) is Authority.HUB
        )

    return [
        element
        for element in outermost
        if any(path.startswith(element) and stands(path, value) for path, value in sides.ours.items())
    ]


def agreed_bases(
    sides: Sides, merged: Merged, *, not_stored: Collection[str] = ()
) -> tuple[dict[str, Scalar], dict[str, Scalar]]:
    """
    What ``(base_hub, base_remote)`` become in the transaction that stores *merged*, before anything is pushed.

    By verdict:

    * TAKE: both become theirs. The plan has it now and they had it: that is the new agreement.
    * AGREE: base_hub becomes ours and base_remote theirs, which differ only by what the mapping loses.
    * REJECT: both become theirs. base_remote, because we have seen it and it must not be judged again; base_hub,
      because ours then counts as changed against it, which is what writes ours back. Where we have no value and never
      agreed on one, base_hub stays without: there is nothing of ours to write back, and what the partner keeps for
      itself is not deleted.
    * CONFLICT: both stay, so that both sides keep counting as changed until a person decides (`decided_bases`).
    * PUSH: both stay until the partner has acknowledged the write. The engine then sets base_hub to the leaves that it
      wrote and base_remote to what was read back, which covers rejected paths too.
    * HIDDEN: both lose the path when the partner no longer has it, else both stay until the withdrawal is done.

    Args:
        sides: What was merged.
        merged: What came of it.
        not_stored: Paths whose incoming value the hub has no basis to keep. Their bases stay, for a base would keep
            it: the change is found and refused again next time, and met as theirs when the basis comes or ours moves.
    """
    base_hub, base_remote = dict(sides.base_hub), dict(sides.base_remote)
    for path, each in merged.found.items():
        verdict = each.verdict
        if path in not_stored or verdict is Verdict.PUSH or verdict is Verdict.CONFLICT:
            continue
        if verdict is Verdict.HIDDEN and each.theirs is not None:
            continue
        hub = each.ours if verdict is Verdict.AGREE else each.theirs
        if verdict is Verdict.REJECT and each.ours is None and path not in base_hub:
            hub = None
        _put(base_hub, path, hub)
        _put(base_remote, path, each.theirs)
    return base_hub, base_remote


def decided_bases(
    base_hub: Leaves, base_remote: Leaves, decided: Mapping[str, Scalar | None]
) -> tuple[dict[str, Scalar], dict[str, Scalar]]:
    """
    What ``(base_hub, base_remote)`` become when a person has decided conflicts: theirs, on both sides.

    Theirs then counts as seen, and whatever the person chose instead counts as our change, so the next push overwrites
    it knowingly. Should they have changed it again meanwhile, that is a new change against this base.

    Args:
        base_hub: The base of our side.
        base_remote: The base of theirs.
        decided: Their value in each decided conflict, as the person saw it, by path; ``None`` when they had none.
    """
    hub, remote = dict(base_hub), dict(base_remote)
    for path, theirs in decided.items():
        _put(hub, path, theirs)
        _put(remote, path, theirs)
    return hub, remote


def _put(leaves: dict[str, Scalar], path: str, value: Scalar | None) -> None:
    if value is None:
        leaves.pop(path, None)
    else:
        leaves[path] = value

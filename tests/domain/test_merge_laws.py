"""Laws of the merge, for any two sides, whoever owns what, whatever is in conflict already."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tyokyky_bridge.domain.authority import Authority
from tyokyky_bridge.domain.items import Leaves, Scalar, pattern_of
from tyokyky_bridge.domain.merge import Merged, Sides, Verdict, agreed_bases, decided_bases, merge

HUB, REMOTE, SHARED = Authority.HUB, Authority.REMOTE, Authority.SHARED
TAKE, AGREE, REJECT = Verdict.TAKE, Verdict.AGREE, Verdict.REJECT
CONFLICT, PUSH, HIDDEN = Verdict.CONFLICT, Verdict.PUSH, Verdict.HIDDEN

PATHS = ("a", "b", "l[x].p", "l[x].q", "l[x].m[z].r", "l[y].p", "l[y].s[v]")
PATTERNS = tuple(dict.fromkeys(pattern_of(path) for path in PATHS))

OWNERS = [dict(zip(PATTERNS, row, strict=True)) for row in product(Authority, repeat=len(PATTERNS))]
STORIES = list(
    product(
        (None, "1"),
        (None, "1", "2"),
        (None, "1", "3", "4"),
        (None, "1", "2", "3", "5"),
        *[(False, False, False, True)] * 3,
    )
)
"""Of one path: what the bases, the plan and they hold; whether it is withheld, read back lossily, in conflict."""
GONE = ("", "", "l[x].", "l[x].m[z].", "l[y].")


def sides_of(
    stories: tuple[tuple[str | None, str | None, str | None, str | None, bool, bool, bool], ...], gone: str
) -> Sides:
    base_hub, base_remote, plan, theirs = (
        {path: story[n] for path, story in zip(PATHS, stories, strict=True) if story[n] is not None}
        for n in range(4)
    )
    told = dict(zip(PATHS, stories, strict=True))
    ours = {path: value for path, value in plan.items() if not told[path][4]}
    projected = {path: f"{value}-" if told[path][5] else value for path, value in ours.items()}
    base_remote, theirs = (
        {path: f"{value}-" if told[path][5] else value for path, value in side.items()}
        for side in (base_remote, theirs)
    )
    if gone:
        theirs = {path: value for path, value in theirs.items() if not path.startswith(gone)}
    return Sides(base_hub, base_remote, ours, theirs, plan, projected)


def law(test: Callable[..., None]) -> Callable[..., None]:
    """Hold *test* for many sides."""

    @settings(max_examples=500, deadline=None)
    @given(
        st.tuples(*[st.sampled_from(STORIES)] * len(PATHS)), st.sampled_from(GONE), st.sampled_from(OWNERS)
    )
    def held(stories, gone, of):
        is_open = frozenset(path for path, story in zip(PATHS, stories, strict=True) if story[6])
        test(sides_of(stories, gone), of, is_open)

    held.__name__ = test.__name__
    return held


def changed(sides: Sides, path: str) -> tuple[bool, bool]:
    return (
        sides.ours.get(path) != sides.base_hub.get(path),
        sides.theirs.get(path) != sides.base_remote.get(path),
    )


def with_values(sides: Sides, values: Mapping[str, Scalar | None], bases: tuple[Leaves, Leaves]) -> Sides:
    """The sides after the plan got *values*: what was withheld stays so, and what reads back is known."""
    hidden = sides.plan.keys() - sides.ours.keys()
    plan = {path: value for path, value in (dict(sides.plan) | dict(values)).items() if value is not None}
    ours = {path: value for path, value in plan.items() if path not in hidden}
    projected = {p: v for p, v in sides.projected.items() if p in ours and p not in values}
    return Sides(*bases, ours, sides.theirs, plan, projected)


def stored(sides: Sides, merged: Merged) -> Sides:
    return with_values(sides, merged.taken, agreed_bases(sides, merged))


@law
def test_no_change_of_theirs_is_dropped_without_an_entry(sides, of, is_open):
    found = merge(sides, of.__getitem__, is_open).found

    assert {path for path in PATHS if changed(sides, path)[1]} <= found.keys()
    assert is_open <= found.keys()
    assert all(any(changed(sides, path)) or path in is_open for path in found)
    for path, each in found.items():
        assert each.theirs == sides.theirs.get(path)
        assert each.ours == sides.plan.get(path)


@law
def test_a_one_sided_change_wins_by_authority(sides, of, is_open):
    merged = merge(sides, of.__getitem__, is_open)

    for path in PATHS:
        in_gone = any(path.startswith(element) for element in merged.gone_elements)
        if path in is_open or sides.withholds(path) or sides.agree_on(path) or in_gone:
            continue
        owner = of[pattern_of(path)]
        if changed(sides, path) == (True, False):
            assert merged.found[path].verdict is PUSH
        if changed(sides, path) == (False, True):
            assert merged.found[path].verdict is (REJECT if owner is HUB else TAKE)
        if changed(sides, path) == (True, True):
            expected = {HUB: REJECT, REMOTE: TAKE, SHARED: CONFLICT}
            assert merged.found[path].verdict is expected[owner]


@law
def test_an_equal_change_sends_nothing_and_takes_nothing(sides, of, is_open):
    for path, each in merge(sides, of.__getitem__, is_open).found.items():
        if each.theirs == each.ours:
            still_withheld = each.withheld and not changed(sides, path)[1] and path not in is_open
            assert each.verdict is (HIDDEN if still_withheld else AGREE)
        elif each.verdict is AGREE:
            assert sides.agree_on(path) or not any(changed(sides, path))


@law
def test_no_value_is_invented_and_the_hubs_own_is_not_changed(sides, of, is_open):
    merged = merge(sides, of.__getitem__, is_open)

    for path, value in merged.taken.items():
        assert value == sides.theirs.get(path)
        assert changed(sides, path)[1]
        assert of[pattern_of(path)] is not HUB
    assert all(of[pattern_of(path)] is HUB for path in merged.rejected)


@law
def test_a_second_merge_of_the_stored_result_finds_nothing_new(sides, of, is_open):
    first = merge(sides, of.__getitem__, is_open)
    second = merge(stored(sides, first), of.__getitem__, first.conflicts)

    assert second.taken == {}
    assert second.rejected == {}
    assert second.conflicts == first.conflicts
    assert first.of(PUSH).items() <= second.of(PUSH).items()
    written_back = {p for p, each in first.rejected.items() if not each.withheld and each.ours is not None}
    assert written_back <= second.of(PUSH).keys()
    assert not {p for p in second.of(PUSH) if first.found.get(p) and first.found[p].verdict in (TAKE, AGREE)}


@law
def test_an_acknowledged_push_leaves_nothing_but_conflicts_and_what_is_withheld(sides, of, is_open):
    first = merge(sides, of.__getitem__, is_open)
    after = stored(sides, first)
    base_hub, base_remote, theirs = dict(after.base_hub), dict(after.base_remote), dict(after.theirs)
    for path in merge(after, of.__getitem__, first.conflicts).of(PUSH):
        for side in (base_hub, base_remote, theirs):
            side.pop(path, None)
            if path in after.ours:
                side[path] = after.ours[path]
    last = merge(
        replace(after, base_hub=base_hub, base_remote=base_remote, theirs=theirs),
        of.__getitem__,
        first.conflicts,
    )

    assert {each.verdict for each in last.found.values()} <= {CONFLICT, HIDDEN}
    assert last.conflicts.keys() == first.conflicts.keys()


@law
def test_a_decided_conflict_is_none_any_more_and_the_choice_can_be_pushed(sides, of, is_open):
    first = merge(sides, of.__getitem__, is_open)
    after = stored(sides, first)
    for path, each in first.conflicts.items():
        for choice in {each.base, each.ours, each.theirs, "typed"}:
            bases = decided_bases(after.base_hub, after.base_remote, {path: each.theirs})
            decided = with_values(after, {path: choice}, bases)
            second = merge(decided, of.__getitem__, first.conflicts.keys() - {path})
            assert path not in second.conflicts
            if choice == each.theirs or decided.withholds(path):
                assert path not in second.of(PUSH)
            else:
                assert second.found[path].verdict is PUSH


@law
def test_a_record_that_stands_still_is_never_their_edit(sides, of, is_open):
    still = replace(sides, theirs=sides.base_remote)

    assert {e.verdict for e in merge(still, of.__getitem__).found.values()} <= {PUSH, AGREE, HIDDEN}


@law
def test_nothing_withheld_is_pushed_and_its_value_moves_no_other_path(sides, of, is_open):
    merged = merge(sides, of.__getitem__, is_open)
    hidden = {path for path in sides.plan if sides.withholds(path)}
    rewritten = replace(sides, plan=dict(sides.plan) | dict.fromkeys(hidden, "secret"))
    again = merge(rewritten, of.__getitem__, is_open)

    assert not hidden & merged.of(PUSH).keys()
    assert hidden & merged.found.keys() == {path for path, each in merged.found.items() if each.withheld}
    assert {p: e for p, e in merged.found.items() if p not in hidden} == {
        p: e for p, e in again.found.items() if p not in hidden
    }


@law
def test_a_shared_element_is_deleted_whole_or_not_at_all(sides, of, is_open):
    merged = merge(sides, lambda pattern: SHARED, is_open)

    for element in merged.gone_elements:
        inside = {p for p in sides.ours if p.startswith(element) and p in sides.base_remote}
        taken = inside & merged.taken.keys()
        assert taken == inside or not taken


@law
def test_an_open_conflict_ends_only_in_agreement_or_in_their_letting_go(sides, of, is_open):
    merged = merge(sides, of.__getitem__, is_open)

    assert merged.settled | merged.conflicts.keys() >= is_open
    for path in merged.settled:
        assert path not in merged.found or merged.found[path].verdict in (AGREE, HIDDEN)

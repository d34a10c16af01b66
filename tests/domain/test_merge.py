"""The merge loses no change and lets nobody write what is another's: the cases to read; the laws are beside."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tyokyky_bridge.domain.authority import Authority, authority_for
from tyokyky_bridge.domain.items import Leaves
from tyokyky_bridge.domain.merge import Merged, Sides, Verdict, agreed_bases, merge
from tyokyky_bridge.domain.parties import Register

HUB, REMOTE, SHARED = Authority.HUB, Authority.REMOTE, Authority.SHARED
TAKE, AGREE, REJECT = Verdict.TAKE, Verdict.AGREE, Verdict.REJECT
CONFLICT, PUSH, HIDDEN = Verdict.CONFLICT, Verdict.PUSH, Verdict.HIDDEN

Owners = Callable[[str], Authority]


def always(owner: Authority) -> Owners:
    return lambda pattern: owner


def seen(before: Leaves, ours: Leaves, theirs: Leaves, **more: Leaves) -> Sides:
    """Both sides had *before*; the partner may see all that we have."""
    return Sides(before, before, ours, theirs, more.get("plan", ours), more.get("projected", {}))


def verdicts(merged: Merged) -> dict[str, Verdict]:
    return {path: each.verdict for path, each in merged.found.items()}


# The table


@pytest.mark.parametrize(
    ("ours", "theirs", "hub", "remote", "shared"),
    [
        ("old", "old", None, None, None),
        ("new", "old", PUSH, PUSH, PUSH),
        ("old", "new", REJECT, TAKE, TAKE),
        ("new", "new", AGREE, AGREE, AGREE),
        ("new", "other", REJECT, TAKE, CONFLICT),
        (None, "old", PUSH, PUSH, PUSH),
        ("old", None, REJECT, TAKE, TAKE),
        (None, None, AGREE, AGREE, AGREE),
        (None, "new", REJECT, TAKE, CONFLICT),
        ("new", None, REJECT, TAKE, CONFLICT),
    ],
)
def test_every_row_of_the_table(ours, theirs, hub, remote, shared):
    sides = seen({"a": "old"}, {"a": ours} if ours else {}, {"a": theirs} if theirs else {})

    for owner, expected in ((HUB, hub), (REMOTE, remote), (SHARED, shared)):
        assert verdicts(merge(sides, always(owner))) == ({"a": expected} if expected else {})


@pytest.mark.parametrize(
    ("ours", "theirs", "hub", "remote", "shared"),
    [
        ({"a": "x"}, {"a": "x"}, AGREE, AGREE, AGREE),
        ({}, {"a": "x"}, REJECT, TAKE, TAKE),
        ({"a": "x"}, {}, PUSH, PUSH, PUSH),
        ({"a": "x"}, {"a": "y"}, REJECT, TAKE, CONFLICT),
    ],
)
def test_first_contact_follows_the_table_with_empty_bases(ours, theirs, hub, remote, shared):
    for owner, expected in ((HUB, hub), (REMOTE, remote), (SHARED, shared)):
        assert verdicts(merge(seen({}, ours, theirs), always(owner))) == {"a": expected}


def test_a_conflict_holds_all_three_values():
    (conflict,) = merge(seen({"a": "old"}, {"a": "we"}, {"a": "they"}), always(SHARED)).conflicts.values()

    assert (conflict.path, conflict.base, conflict.ours, conflict.theirs) == ("a", "old", "we", "they")
    assert not conflict.withheld


def test_two_edits_of_a_goal_at_once_are_kept_both_and_the_coordinators_date_stands():
    """Scenario 12: Kaisa in Effica against Helmi in the hub, who coordinates for health care."""
    goal = "goals[g-1].text_client"
    before = {goal: "Osa-aikatyö", "follow_up.next_on": "2026-05-01"}
    helmi = {goal: "Osa-aikatyö keväällä", "follow_up.next_on": "2026-06-01"}
    kaisa = {goal: "Osa-aikatyö syksyllä", "follow_up.next_on": "2026-07-01"}

    merged = merge(seen(before, helmi, kaisa), authority_for(Register.SOCIAL))

    assert verdicts(merged) == {goal: CONFLICT, "follow_up.next_on": REJECT}
    assert (merged.conflicts[goal].ours, merged.conflicts[goal].theirs) == (helmi[goal], kaisa[goal])
    by_the_coordinator = merge(seen(before, helmi, kaisa), authority_for(Register.SOCIAL, coordinates=True))
    assert by_the_coordinator.taken == {"follow_up.next_on": "2026-07-01"}


# What a mapping loses


def test_what_the_mapping_loses_is_never_their_edit():
    sides = Sides({"a": "long text"}, {"a": "long"}, {"a": "long text"}, {"a": "long"}, {"a": "long text"})

    assert merge(sides, always(REMOTE)).found == {}


def test_our_value_as_it_reads_back_agrees_with_ours():
    sides = seen({}, {"a": "long text"}, {"a": "long"}, projected={"a": "long"})

    merged = merge(sides, always(SHARED))

    assert verdicts(merged) == {"a": AGREE}
    assert agreed_bases(sides, merged) == ({"a": "long text"}, {"a": "long"})


# What the partner may not see


@pytest.mark.parametrize(("owner", "expected"), [(HUB, REJECT), (REMOTE, TAKE), (SHARED, CONFLICT)])
def test_what_they_write_where_something_is_withheld_never_silently_wins(owner, expected):
    sides = seen({}, {}, {"a": "theirs"}, plan={"a": "hidden"})

    (found,) = merge(sides, always(owner)).found.values()

    assert (found.verdict, found.ours, found.withheld) == (expected, "hidden", True)


def test_what_they_write_where_the_plan_holds_nothing_is_not_withheld():
    assert merge(seen({}, {}, {"a": "theirs"}), always(SHARED)).taken == {"a": "theirs"}


@pytest.mark.parametrize("owner", list(Authority))
def test_the_same_value_as_the_withheld_one_agrees(owner):
    sides = seen({}, {}, {"a": "same"}, plan={"a": "same"})

    merged = merge(sides, always(owner))

    assert verdicts(merged) == {"a": AGREE}
    assert merged.found["a"].withheld
    shown_again = replace(sides, ours=sides.plan)
    bases = agreed_bases(sides, merged)
    assert merge(replace(shown_again, base_hub=bases[0], base_remote=bases[1]), always(owner)).found == {}


@pytest.mark.parametrize("owner", list(Authority))
def test_a_withdrawn_value_is_neither_pushed_as_a_deletion_nor_deleted_when_they_let_go_of_it(owner):
    still_there = seen({"a": "x"}, {}, {"a": "x"}, plan={"a": "x"})
    let_go = replace(still_there, theirs={})

    assert verdicts(merge(still_there, always(owner))) == {"a": HIDDEN}
    merged = merge(let_go, always(owner))
    assert verdicts(merged) == {"a": HIDDEN}
    assert agreed_bases(let_go, merged) == ({}, {})


def test_a_withdrawn_value_that_was_kept_is_nothing_new_when_it_is_shown_again():
    sides = Sides({"a": "long text"}, {"a": "long"}, {}, {"a": "long"}, {"a": "long text"})
    base_hub, base_remote = agreed_bases(sides, merge(sides, always(SHARED)))
    shown_again = replace(sides, base_hub=base_hub, base_remote=base_remote, ours=sides.plan)

    assert merge(shown_again, always(SHARED)).found == {}


def test_a_rejected_write_over_something_withheld_is_written_back_once_it_is_shown_again():
    sides = seen({}, {}, {"a": "theirs"}, plan={"a": "hidden"})
    base_hub, base_remote = agreed_bases(sides, merge(sides, always(HUB)))
    later = replace(sides, base_hub=base_hub, base_remote=base_remote)

    assert PUSH not in verdicts(merge(later, always(HUB))).values()
    assert verdicts(merge(replace(later, ours=later.plan), always(HUB))) == {"a": PUSH}


# Elements

GOAL = {"goals[g-1].text": "t", "goals[g-1].due": "d", "goals[g-1].steps[s-1].text": "s"}
OTHER = {"goals[g-2].text": "t"}


def test_an_element_they_deleted_and_we_left_alone_is_taken_whole():
    merged = merge(seen(GOAL | OTHER, GOAL | OTHER, OTHER), always(SHARED))

    assert merged.taken == dict.fromkeys(GOAL)
    assert merged.gone_elements == {"goals[g-1].", "goals[g-1].steps[s-1]."}


def test_a_nested_element_goes_without_its_parent():
    left = {path: value for path, value in GOAL.items() if "steps" not in path}

    merged = merge(seen(GOAL, GOAL | {"goals[g-1].text": "new"}, left), always(SHARED))

    assert merged.gone_elements == {"goals[g-1].steps[s-1]."}
    assert verdicts(merged) == {"goals[g-1].text": PUSH, "goals[g-1].steps[s-1].text": TAKE}


@pytest.mark.parametrize(
    "touched", [{"goals[g-1].due": "new"}, {"goals[g-1].steps[s-1].text": "new"}, {"goals[g-1].area": "new"}]
)
def test_an_element_they_deleted_while_we_changed_it_is_contested_whole(touched):
    merged = merge(seen(GOAL | OTHER, GOAL | OTHER | touched, OTHER), always(SHARED))

    assert merged.conflicts.keys() == GOAL.keys()
    assert merged.taken == {}


def test_an_element_with_a_leaf_of_the_hub_is_not_torn_apart():
    def owner(pattern: str) -> Authority:
        return HUB if pattern == "goals[].due" else SHARED

    merged = merge(seen(GOAL, GOAL, {}), owner)

    assert verdicts(merged) == dict.fromkeys(GOAL, CONFLICT) | {"goals[g-1].due": REJECT}


def test_an_element_with_an_open_conflict_is_not_torn_apart():
    assert not merge(seen(GOAL, GOAL, {}), always(SHARED), {"goals[g-1].due"}).taken


def test_in_a_contested_element_the_owner_takes_its_own():
    def owner(pattern: str) -> Authority:
        return REMOTE if pattern == "goals[].due" else SHARED

    merged = merge(seen(GOAL, GOAL | {"goals[g-1].text": "new"}, {}), owner)

    assert merged.taken == {"goals[g-1].due": None}


def test_a_code_taken_out_of_a_set_is_not_a_gone_element():
    codes = {"referrals[r-1].need_cues[low_b4]": "low_b4", "header.located_at[ura]": "ura"}
    left = {"referrals[r-1].reason": "x"}

    merged = merge(seen(codes | left, codes | left, left), always(SHARED))

    assert merged.taken == dict.fromkeys(codes)
    assert merged.gone_elements == frozenset()


# Open conflicts and bases


@pytest.mark.parametrize(("ours", "theirs"), [("new", "old"), ("old", "new"), ("new", "other")])
@pytest.mark.parametrize("owner", list(Authority))
def test_an_open_conflict_stays_one_with_the_new_values(ours, theirs, owner):
    merged = merge(seen({"a": "old"}, {"a": ours}, {"a": theirs}), always(owner), {"a"})

    assert (merged.conflicts["a"].ours, merged.conflicts["a"].theirs) == (ours, theirs)
    assert merged.settled == frozenset()


@pytest.mark.parametrize("value", ["old", "new"])
def test_an_open_conflict_is_settled_when_both_sides_come_to_hold_the_same(value):
    merged = merge(seen({"a": "old"}, {"a": value}, {"a": value}), always(SHARED), {"a"})

    assert verdicts(merged) == {"a": AGREE}
    assert merged.settled == {"a"}


def test_an_open_conflict_about_something_withheld_ends_when_they_let_go_of_it():
    open_one = seen({}, {}, {"a": "theirs"}, plan={"a": "hidden"})

    assert merge(open_one, always(REMOTE), {"a"}).conflicts
    assert merge(replace(open_one, theirs={}), always(REMOTE), {"a"}).settled == {"a"}


def test_a_rejected_edit_counts_as_seen_and_ours_is_pushed_back():
    sides = seen({"a": "ours"}, {"a": "ours"}, {"a": "theirs"})
    base_hub, base_remote = agreed_bases(sides, merge(sides, always(HUB)))

    assert (base_hub, base_remote) == ({"a": "theirs"}, {"a": "theirs"})
    later = replace(sides, base_hub=base_hub, base_remote=base_remote)
    assert verdicts(merge(later, always(HUB))) == {"a": PUSH}


def test_a_rejected_edit_of_what_we_deleted_is_deleted_there_again():
    sides = seen({"a": "old"}, {}, {"a": "theirs"})
    base_hub, base_remote = agreed_bases(sides, merge(sides, always(HUB)))

    later = merge(replace(sides, base_hub=base_hub, base_remote=base_remote), always(HUB))
    assert (later.found["a"].verdict, later.found["a"].ours) == (PUSH, None)


def test_what_they_keep_where_we_never_had_anything_is_not_deleted_at_theirs():
    sides = seen({}, {}, {"a": "theirs"})
    base_hub, base_remote = agreed_bases(sides, merge(sides, always(HUB)))

    assert (base_hub, base_remote) == ({}, {"a": "theirs"})
    assert merge(replace(sides, base_hub=base_hub, base_remote=base_remote), always(HUB)).found == {}


def test_no_base_keeps_what_the_hub_may_not_store():
    sides = seen({}, {}, {"a": "1", "b": "2"})

    assert agreed_bases(sides, merge(sides, always(SHARED)), not_stored={"a"}) == ({"b": "2"}, {"b": "2"})

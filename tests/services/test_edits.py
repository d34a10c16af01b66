"""Laws of editing: whatever a caller with part sight does, nothing that it does not see is changed (design 4)."""

import random
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tyokyky_bridge.domain.disclosure import disclose
from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.items import FIELDS, leaves_of, leaves_to_json, pattern_of, plan_from_leaves
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.changes import CategoryWithheld, Change, NotYourField, Sight, apply_changes
from tyokyky_bridge.services.shape import flatten, place_of, shaped
from tyokyky_bridge.services.sight import Seen
from worlds.parties import DIRECTORY, EMPLOYMENT, HEALTH, KELA, NOW, SOCIAL, facts, mutual
from worlds.plans import SECTIONS, plans, random_leaves, value_for

PARTIES = (HEALTH, SOCIAL, EMPLOYMENT, KELA)
CATEGORIES = (
    "plan.goals",
    "health.conclusion",
    "self.b4",
    "admin.case",
    "plan.services",
    "employment.status",
)


@st.composite
def scenes(draw):
    """A plan whose items come from several parties, and one caller with whatever a random form opens to it."""
    plan = draw(plans())
    rng = random.Random(draw(st.integers(0, 2**32)))
    givers = draw(st.sampled_from([PARTIES, (HEALTH, EMPLOYMENT), (SOCIAL,)]))
    origins = {path: Origin(rng.choice(givers), NOW, "professional") for path in leaves_of(plan)}
    leaves = dict(leaves_of(plan))
    member = {f"network.members[w-{p}].organization.party": p for p in PARTIES}
    leaves.update(member)
    origins.update(dict.fromkeys(member, Origin(HEALTH, NOW, "professional")))
    named = draw(st.sets(st.sampled_from(CATEGORIES), min_size=1))
    form = mutual(*PARTIES, categories=tuple(named), client=str(leaves["client.client_id"]))
    return revision(plan_from_leaves(leaves), origins), form, draw(st.sampled_from(PARTIES)), rng


def revision(plan, origins):
    return Revision(plan=plan, version=1, origins=origins, recorded_at=NOW, recorded_by=HEALTH)


def seen(of, form, party):
    disclosure = disclose(
        of,
        recipient=party,
        purpose=Purpose.WORK_ABILITY_SUPPORT,
        channel="hub",
        facts=facts(form),
        at=NOW,
    )
    return Seen(UUID(int=1), UUID(int=2), of, disclosure)


def sight(found, party):
    view = found.disclosure.view
    return Sight(
        view.leaves.keys(), view.withheld, DIRECTORY.party(party, on=NOW.date()).register, view.non_disclosure
    )


def an_edit(rng, view, hidden, other):
    """Something a caller could send: its view written back, cut or changed, at any level, or a shot in the dark."""
    kind = rng.randrange(6)
    section = rng.choice(SECTIONS)
    if kind == 5 and hidden:
        path = rng.choice(sorted(hidden))
        return Change(path, leaves_to_json({path: value_for(pattern_of(path), rng)})[path])
    if kind == 0:
        return Change(section, None)
    if kind == 1:
        return Change(section, shaped(view.leaves).get(section))
    if kind == 2:
        return Change(section, shaped(other).get(section))
    if not view.leaves:
        return Change(section, None)
    path = rng.choice(sorted(view.leaves))
    if kind == 3:
        return Change(path, None if rng.random() < 0.5 else leaves_to_json({path: view.leaves[path]})[path])
    pattern = pattern_of(path)
    if pattern.endswith("[]"):
        return Change(path, None)
    return Change(path, leaves_to_json({path: value_for(pattern, rng)})[path])


@settings(max_examples=150, deadline=None)
@given(scenes())
def test_no_edit_of_a_caller_changes_an_item_that_it_does_not_see(scene):
    of, form, party, rng = scene
    found = seen(of, form, party)
    view = found.disclosure.view
    hidden = {p: v for p, v in of.leaves.items() if p not in view.leaves}
    edits = [an_edit(rng, view, hidden, random_leaves(rng, density=0.5)) for _ in range(rng.randint(1, 3))]
    try:
        after = leaves_of(apply_changes(of.leaves, edits, sight(found, party)))
    except (InvalidPlan, NotYourField, CategoryWithheld):
        return  # nothing is changed then
    assert {p: after.get(p) for p in hidden} == hidden


@settings(max_examples=100, deadline=None)
@given(scenes())
def test_a_view_written_back_section_by_section_changes_nothing(scene):
    of, form, party, _ = scene
    found = seen(of, form, party)
    back = [Change(section, content) for section, content in shaped(found.disclosure.view.leaves).items()]
    assert leaves_of(apply_changes(of.leaves, back, sight(found, party))) == of.leaves


@settings(max_examples=100, deadline=None)
@given(scenes())
def test_the_etag_does_not_move_with_the_text_of_hidden_items(scene):
    of, form, party, _ = scene
    before = seen(of, form, party)
    texts = [
        p
        for p in of.leaves
        if p not in before.disclosure.view.leaves and FIELDS[pattern_of(p)].kind == "text"
    ]
    assume(texts)
    other = dict(of.leaves) | dict.fromkeys(texts, "aivan muuta")
    after = seen(revision(plan_from_leaves(other), of.origins), form, party)
    assert after.etag == before.etag


@settings(max_examples=60, deadline=None)
@given(plans())
def test_shape_and_leaves_are_each_others_inverse(plan):
    document = shaped(leaves_of(plan))
    back = {}
    for section, content in document.items():
        back |= flatten(section, content)
    assert back == leaves_to_json(leaves_of(plan))


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("goals", {"g-1": {}}, "must be a list"),
        ("goals", [5], "must be an object"),
        ("goals", [None], "an element has nothing but its id"),
        (
            "goals",
            [{"id": "g-1", "due": "2026-05-01"}, {"id": "g-1", "due": "2026-06-01"}],
            "two elements have the same id",
        ),
        ("goals", [{"id": "g-1"}], "an element has nothing but its id"),
        ("goals", [{"id": ["g"], "due": "2026-05-01"}], "an id has 1-64 of a-z 0-9 -"),
        ("goals", [{"id": "g]x", "due": "2026-05-01"}], "an id has 1-64 of a-z 0-9 -"),
        ("goals[g-1]", {"id": "g-2", "due": "2026-05-01"}, "the id in the body is not the id in the path"),
        ("health", "text", "must be an object"),
        ("health.work_ability_conclusion", {"a": 1}, "must be a single value"),
        ("competence.driving_licence", ["B", "B"], "a value stands twice"),
        ("competence.driving_licence", [["B"]], "is not a code"),
        ("competence.driving_licence", "B", "must be a list"),
    ],
)
def test_a_shape_that_is_not_the_plans_is_refused(path, value, rule):
    with pytest.raises(InvalidPlan) as refusal:
        flatten(path, value)
    assert refusal.value.problems[0].rule == rule


@pytest.mark.parametrize(
    "path",
    [
        "tuulikki",
        "goals[g-1][g-2]",
        "goals.text_client",
        "health[h].work",
        "",
        "goals[120385-921T",
        "header.",
    ],
)
def test_a_place_that_the_plan_does_not_have_is_refused_and_not_repeated(path):
    with pytest.raises(InvalidPlan) as refusal:
        place_of(path)
    assert refusal.value.problems[0].field == "?"


def test_names_that_a_caller_made_up_are_counted_and_not_repeated():
    with pytest.raises(InvalidPlan) as refusal:
        flatten("health", {"120385-921T": 1, "Esimerkki": {"a": 2}})
    assert str(refusal.value) == "health.?: there are no such fields (2)"

"""Laws of disclosure for arbitrary forms: more consent never takes away, and a View betrays nothing it withholds."""

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case import TYP_CUSTOMER, marks, merged, revision
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.disclosure import disclose
from tyokyky_bridge.domain.item_decisions import permitted_of
from tyokyky_bridge.domain.items import Leaves, leaves_to_json, plan_from_leaves
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.revision import Revision
from worlds.parties import EMPLOYMENT, HEALTH, KELA, NGO, NOW, SOCIAL, TYP, facts, form

PARTIES = (HEALTH, SOCIAL, EMPLOYMENT, KELA, NGO, TYP)
PLAN = revision(**merged(TYP_CUSTOMER, marks("health.work_ability_conclusion", "scores[b4-1]")))

recipients = st.sampled_from(PARTIES)
channels = st.sampled_from(["typpi", "ura", "hub"])
purposes = st.sampled_from([Purpose.TYP, Purpose.WORK_ABILITY_SUPPORT])
categories = st.sets(st.sampled_from(Category), min_size=1, max_size=12)
pairs = st.permutations(PARTIES).map(lambda order: order[:2])


@st.composite
def grants(draw: st.DrawFn) -> dict[str, Any]:
    giver, taker = draw(pairs)
    grant: dict[str, Any] = {
        "discloser": giver,
        "recipient": taker,
        "categories": tuple(draw(categories)),
        "purpose": draw(purposes),
    }
    if draw(st.booleans()):
        grant["data_from"] = draw(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    if draw(st.booleans()):
        grant["services"] = draw(st.sampled_from([("s-1",), ("s-2",), ("mental_substance_services",)]))
    return grant


restrictions = st.one_of(
    st.builds(lambda c: {"category": c}, st.sampled_from(Category)),
    st.builds(lambda p: {"recipient": p}, st.sampled_from(PARTIES)),
    st.builds(lambda i: {"item": i}, st.sampled_from(sorted(PLAN.leaves))),
)


@st.composite
def forms(draw: st.DrawFn) -> Any:
    spoken = draw(st.booleans())
    kind = {"form_kind": "ORAL_ONCE", "evidence": None} if spoken else {}
    return form(
        draw(st.integers(1, 50)),
        grants=tuple(draw(st.lists(grants(), min_size=1, max_size=3))),
        restrictions=tuple(draw(st.lists(restrictions, max_size=2))),
        **kind,
    )


def view(of: Revision, consents: Any, recipient: str, channel: str, purpose: Purpose) -> Any:
    return disclose(
        of, recipient=recipient, purpose=purpose, channel=channel, facts=facts(*consents), at=NOW
    ).view


several_forms = st.lists(forms(), max_size=3, unique_by=lambda f: f.consent_id)


@settings(max_examples=60, deadline=None)
@given(several_forms, grants(), recipients, channels, purposes)
def test_another_grant_never_takes_an_item_away(consents, grant, recipient, channel, purpose):
    before = view(PLAN, consents, recipient, channel, purpose)
    after = view(PLAN, [*consents, form(59, grants=(grant,))], recipient, channel, purpose)
    assert before.leaves.items() <= after.leaves.items()
    assert after.withheld <= before.withheld


@settings(max_examples=60, deadline=None)
@given(several_forms, restrictions, recipients, channels, purposes)
def test_another_prohibition_never_opens_an_item(consents, restriction, recipient, channel, purpose):
    before = view(PLAN, consents, recipient, channel, purpose)
    after = view(PLAN, [*consents, form(59, restrictions=(restriction,))], recipient, channel, purpose)
    assert after.leaves.items() <= before.leaves.items()
    assert before.withheld <= after.withheld


@settings(max_examples=80, deadline=None)
@given(
    several_forms,
    recipients,
    channels,
    purposes,
    st.booleans(),
    st.sets(st.sampled_from(sorted(PLAN.leaves))),
)
def test_a_few_items_are_decided_as_in_the_whole(consents, recipient, channel, purpose, order, paths):
    asked: Any = {"recipient": recipient, "purpose": purpose, "channel": channel, "at": NOW}
    known = replace(facts(*consents), non_disclosure=order)
    whole = disclose(PLAN, **asked, facts=known)
    few = permitted_of(PLAN, paths, **asked, facts=known)
    assert few == (whole.permitted | whole.filtered) & paths


CONTROL = (
    "network.members[",
    "header.typ_customership",
    "necessity_marks[",
    "closing.closed_on",
    "client.client_id",
)
"""What decisions themselves rest on is a fact and not hidden content: the network, TYP, marks, the end, whose plan."""


def rewritten(leaves: Leaves, hidden: set[str], seed: str) -> dict[str, Any]:
    """Give every hidden item of free content another value; drop the optional ones on demand."""
    out: dict[str, Any] = {}
    for path, value in leaves.items():
        if path not in hidden or path.startswith(CONTROL):
            out[path] = value
        elif path.startswith(("health.", "social.", "competence.work_experience", "goals[")) and isinstance(
            value, str
        ):
            if path.split(".")[-1] in {"status", "checkup_date"} or path == "competence.work_history_pattern":
                out[path] = value
            elif seed != "dropped" or path.endswith("text_client"):
                out[path] = f"{seed} {len(path)}"
        elif path.startswith("scores[") and path.endswith("].value"):
            out[path] = 7
        elif path == "client.address.street":
            out[path] = seed
        else:
            out[path] = value
    return out


@settings(max_examples=80, deadline=None)
@given(several_forms, recipients, channels, purposes, st.sampled_from(["toinen", "kolmas", "dropped"]))
def test_a_view_is_the_same_whatever_the_withheld_items_hold(consents, recipient, channel, purpose, seed):
    """I8: two plans that differ in nothing but withheld items give equal Views, byte for byte."""
    one = view(PLAN, consents, recipient, channel, purpose)
    hidden = PLAN.leaves.keys() - one.leaves.keys()
    leaves = rewritten(PLAN.leaves, hidden, seed)
    other_plan = Revision(
        plan=plan_from_leaves(leaves),
        version=PLAN.version,
        origins={path: PLAN.origins[path] for path in leaves},
        recorded_at=PLAN.recorded_at,
        recorded_by=PLAN.recorded_by,
    )
    other = view(other_plan, consents, recipient, channel, purpose)
    assert one == other
    assert list(leaves_to_json(one.leaves).items()) == list(leaves_to_json(other.leaves).items())


def test_the_law_above_really_changes_hidden_items():
    hidden = PLAN.leaves.keys() - view(PLAN, (), NGO, "hub", Purpose.WORK_ABILITY_SUPPORT).leaves.keys()
    assert hidden == PLAN.leaves.keys()
    changed = rewritten(PLAN.leaves, set(hidden), "toinen")
    assert sum(changed[path] != value for path, value in PLAN.leaves.items()) >= 10
    assert len(rewritten(PLAN.leaves, set(hidden), "dropped")) < len(PLAN.leaves)


@settings(max_examples=60, deadline=None)
@given(several_forms, recipients, channels, purposes)
def test_no_item_of_a_withheld_category_is_ever_in_the_view_of_another_register(
    consents, recipient, channel, purpose
):
    disclosure = disclose(
        PLAN, recipient=recipient, purpose=purpose, channel=channel, facts=facts(*consents), at=NOW
    )
    for path in disclosure.view.leaves:
        decision = disclosure.decisions[path]
        assert decision.row == 2 or not decision.labels & disclosure.view.withheld

"""Items: a plan and its leaves say the same thing."""

import json
import random
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.items import (
    FIELDS,
    leaves_from_json,
    leaves_of,
    leaves_to_json,
    pattern_of,
    plan_from_leaves,
)
from tyokyky_bridge.domain.plan import SupportPlan, parse_plan
from worlds.plans import TUULIKKI, a_plan, plans, rich_plan


@given(st.one_of(plans(), plans(rich=True), plans(wild=True)))
@settings(max_examples=80, deadline=None)
def test_a_plan_is_exactly_its_leaves(plan):
    leaves = leaves_of(plan)

    assert plan_from_leaves(leaves) == plan
    assert leaves_of(plan_from_leaves(leaves)) == leaves


@given(plans(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_in_which_leaves_come_says_nothing(plan, rng):
    shuffled = list(leaves_of(plan).items())
    rng.shuffle(shuffled)

    rebuilt = plan_from_leaves(dict(shuffled))

    assert rebuilt == plan
    assert list(leaves_of(rebuilt)) == list(leaves_of(plan))


@given(plans(wild=True))
@settings(max_examples=60, deadline=None)
def test_leaves_survive_json(plan):
    leaves = leaves_of(plan)

    back = leaves_from_json(json.loads(json.dumps(leaves_to_json(leaves))))

    assert back == leaves
    assert {p: type(v) for p, v in back.items()} == {p: type(v) for p, v in leaves.items()}


@given(plans())
@settings(max_examples=40, deadline=None)
def test_a_plan_survives_its_own_json(plan):
    assert parse_plan(json.loads(plan.model_dump_json())) == plan
    assert SupportPlan.model_validate_json(plan.model_dump_json()) == plan


def test_the_rich_plan_fills_every_pattern():
    assert {pattern_of(path) for path in leaves_of(rich_plan())} == set(FIELDS)


def test_paths_name_elements_by_id_and_members_of_sets_by_themselves():
    leaves = leaves_of(
        a_plan(
            {
                "goals[g-7].text_client": "Töihin",
                "referrals[r-1].referring_party_type": "kela",
                "referrals[r-1].need_cues[low_b4]": "low_b4",
                "meetings[m-1].participants[p-2].attended": True,
                "handovers[h-1].from.party": "lrha-health",
            }
        )
    )

    assert leaves["goals[g-7].text_client"] == "Töihin"
    assert leaves["meetings[m-1].participants[p-2].attended"] is True
    assert leaves["handovers[h-1].from.party"] == "lrha-health"
    assert pattern_of("meetings[m-1].participants[p-2].attended") == "meetings[].participants[].attended"
    assert pattern_of("header.status") == "header.status"


def test_elements_are_told_apart_by_id_not_by_place():
    one = a_plan({"goals[a].text_client": "yksi", "goals[b].text_client": "kaksi"})
    other = parse_plan(
        {
            **one.model_dump(mode="json"),
            "goals": [{"id": "b", "text_client": "kaksi"}, {"id": "a", "text_client": "yksi"}],
        }
    )

    assert one == other


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "goals[0]",
        "goals.text_client",
        "goals[g 1].text_client",
        "goals[g-1].id",
        "goals[].text_client",
        "header",
        "header.status.",
        "services[s-1].decision.kind",
        "client.hetu[120385-921T].value.more",
        "",
    ],
)
def test_a_path_that_the_schema_does_not_know_is_refused_without_being_repeated(path):
    with pytest.raises(InvalidPlan) as refusal:
        a_plan({path: "x"})

    assert str(refusal.value) == "?: there is no such item"


def test_a_member_of_a_set_must_stand_under_its_own_value():
    with pytest.raises(InvalidPlan, match=r"competence\.driving_licence\[\]: must stand under its own value"):
        a_plan({"competence.driving_licence[B]": "C"})


def test_moments_are_kept_in_utc_and_dates_stay_dates():
    helsinki = timezone(timedelta(hours=2))
    leaves = leaves_of(a_plan({"header.created_at": datetime(2026, 2, 2, 10, 0, tzinfo=helsinki)}))

    assert leaves["header.created_at"] == datetime(2026, 2, 2, 8, 0, tzinfo=UTC)
    assert leaves["header.created_at"].tzinfo is UTC
    assert type(leaves["client.birth_date"]) is date


def test_equal_numbers_have_one_form():
    one = a_plan({"scores[s].instrument": "work_ability_line", "scores[s].value": Decimal("4.50")})
    other = a_plan({"scores[s].instrument": "work_ability_line", "scores[s].value": Decimal("4.5")})

    assert leaves_to_json(leaves_of(one)) == leaves_to_json(leaves_of(other))
    assert leaves_to_json(leaves_of(one))["scores[s].value"] == "4.5"


@pytest.mark.parametrize("written", ["10", "10.0", "1E+1", "1e1", 10, 10.0])
def test_a_whole_number_is_written_whole(written):
    plan = a_plan({"scores[s].instrument": "kykyviisari_b4", "scores[s].value": written})

    assert leaves_to_json(leaves_of(plan))["scores[s].value"] == "10"


def test_a_missing_mandatory_item_is_named():
    without = {p: v for p, v in TUULIKKI.items() if p != "client.birth_date"}

    with pytest.raises(InvalidPlan) as refusal:
        plan_from_leaves({**without, "header.status": "draft"})

    assert [(p.field, p.rule) for p in refusal.value.problems] == [("client.birth_date", "Field required")]


def test_building_is_fast_enough_for_thousands_of_plans():
    plan = rich_plan()
    leaves = leaves_of(plan)
    assert len(leaves) > 700

    moments = []
    for _ in range(5):
        started = datetime.now(UTC)
        plan_from_leaves(leaves)
        leaves_of(plan)
        moments.append((datetime.now(UTC) - started).total_seconds())

    assert min(moments) < 0.1


def test_generated_plans_are_reproducible():
    from worlds.plans import random_leaves

    assert random_leaves(random.Random(7)) == random_leaves(random.Random(7))

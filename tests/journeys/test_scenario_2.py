"""B4 at every encounter, three organisations in one week (domain report 9, scenario 2)."""

from collections import Counter
from dataclasses import dataclass

import pytest

from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.people import EMPLOYMENT, HEALTH, HELMI, SOCIAL, day, finnish, plan, y100
from tyokyky_bridge.demo.stage import Stage
from worlds.strangers import stranger
from worlds.two_way import Seen, Watch, held, notices, quiet, user_edits

CLIENT = stranger(2)
BOXES = ("identity.core", "admin.*", "plan.*", "self.b4")
MONDAY, TUESDAY, THURSDAY, FRIDAY = day(-7), day(-6), day(-4), day(-3)
SYSTEMS = {"lifecare", "effica", "ura"}


@dataclass(frozen=True)
class Week:
    """The week once it has passed: *accepted* is of the three encounters, *damaged* of the two slips of the pen."""

    case: Opened
    accepted: Seen
    before: set[tuple[str, int]]
    damaged: Seen
    lines: list[str]


def helmi_measures(stage: Stage, value: str, on: str) -> None:
    stage.simulators["lifecare"].act(
        "add_measurement", hetu=CLIENT.hetu, koodi="KV-B4", arvo=value, pvm=on, lahde="haastattelu"
    )


def kaisa_measures(stage: Stage, points: int, on: str) -> None:
    row = {"Pisteet": str(points), "Pvm": finnish(on)}

    def measure(document: Native) -> None:
        document.setdefault("Tyokykyarvio", []).append(row)

    user_edits(stage, "effica", CLIENT, measure, user="KSALMI")


def olli_types(stage: Stage, *lines: str) -> None:
    number = held(stage, "ura", CLIENT)["suunnitelma"]["suunnitelmanro"]
    stage.simulators["ura"].act("edit_lines", suunnitelmanro=number, field="tavoite", lines=list(lines))


def lines_in_ura(stage: Stage) -> list[str]:
    return held(stage, "ura", CLIENT)["suunnitelma"].get("tavoite", [])


def points(desk: Desk, case: Opened) -> set[tuple[str, int]]:
    """The observations in the plan as Helmi sees it: day and points."""
    scores = desk.read(HEALTH, case.plan_id)["plan"].get("scores", [])
    assert {score["instrument"] for score in scores} <= {"kykyviisari_b4"}
    return {(score["effective_on"], int(score["value"])) for score in scores}


@pytest.fixture(scope="module")
def week(stage: Stage, desk: Desk) -> Week:
    enter_everywhere(stage, CLIENT)
    case = desk.open_plan(HELMI, CLIENT, plan(CLIENT, HEALTH, SOCIAL, EMPLOYMENT, coordinator=HELMI))
    desk.record_form(HELMI, case.client_id, y100(HEALTH, SOCIAL, EMPLOYMENT, categories=BOXES))
    quiet(stage, desk, case)
    watch = Watch.from_now(stage, case)
    helmi_measures(stage, "4", MONDAY)
    quiet(stage, desk, case)
    kaisa_measures(stage, 3, TUESDAY)
    quiet(stage, desk, case)
    olli_types(stage, f"#KV-B4=5 {finnish(THURSDAY)}", *lines_in_ura(stage))
    quiet(stage, desk, case)
    accepted, before = watch.seen(), points(desk, case)
    watch = Watch.from_now(stage, case)
    helmi_measures(stage, "4-5", FRIDAY)
    typed = [line.replace("#KV-B4=5", "#KV-B4=12") for line in lines_in_ura(stage)]
    olli_types(stage, *typed)
    quiet(stage, desk, case)
    return Week(case, accepted, before, watch.seen(), typed)


def test_three_observations_are_accepted_and_none_is_overwritten(week: Week, desk: Desk) -> None:
    assert week.before == {(MONDAY, 4), (TUESDAY, 3), (THURSDAY, 5)}
    assert points(desk, week.case) == week.before
    by_day = sorted(week.before)
    assert (by_day[0][1], by_day[-1][1]) == (4, 5), "baseline and latest; there is no average"


def test_each_stands_in_the_two_other_systems_in_their_own_form(week: Week, stage: Stage) -> None:
    measured = held(stage, "lifecare", CLIENT)["mittaukset"]
    assert {(m["koodi"], m["arvo"], m["pvm"]) for m in measured} == {
        ("KV-B4", "4", MONDAY),
        ("KV-B4", "3", TUESDAY),
        ("KV-B4", "5", THURSDAY),
        ("KV-B4", "4-5", FRIDAY),
    }
    assessed = held(stage, "effica", CLIENT)["Tyokykyarvio"]
    assert {(a["Pisteet"], a["Pvm"]) for a in assessed} == {
        ("4", finnish(MONDAY)),
        ("3", finnish(TUESDAY)),
        ("5", finnish(THURSDAY)),
    }
    tags = [line.split()[:2] for line in lines_in_ura(stage)]
    assert ["#KV-B4=3", finnish(TUESDAY)] in tags
    assert ["#KV-B4=4", finnish(MONDAY)] in tags


def test_that_takes_exactly_six_writes_and_every_one_is_known_when_it_comes_back(week: Week) -> None:
    assert week.accepted.writes == Counter(dict.fromkeys(SYSTEMS, 2))
    assert week.accepted.echoes == Counter(dict.fromkeys(SYSTEMS, 2))
    assert week.accepted.outcomes == Counter(echo=6, merged=3)


def test_two_values_that_are_no_scores_are_rejected_with_a_notice_to_their_source(
    week: Week, stage: Stage
) -> None:
    assert Counter(notices(stage, week.case)) == {
        (HEALTH, "data_quality"): 1,
        (EMPLOYMENT, "data_quality"): 1,
    }
    assert week.damaged.outcomes == Counter(merged=2)


def test_nobody_is_sent_anything_for_them_and_what_users_typed_stands(week: Week, stage: Stage) -> None:
    assert week.damaged.writes == Counter()
    assert lines_in_ura(stage) == week.lines


def test_the_systems_stay_in_step_beside_what_is_damaged(week: Week, stage: Stage, desk: Desk) -> None:
    desk.revise(HELMI, week.case.plan_id, {"plan.client_vocational_plans": "Takaisin rattiin."})
    links = stage.settle(week.case.plan_id)
    assert {system: links[system]["state"] for system in SYSTEMS} == dict.fromkeys(SYSTEMS, "in_sync")
    assert lines_in_ura(stage) == week.lines, "no second tag for the observation behind the damaged one"
    assert points(desk, week.case) == week.before

"""A partner dies, the others go on, it comes back and gets the change once (invariant I3)."""

import pytest

from tyokyky_bridge.demo.cases.aino import helmi_opens_a_plan_for_all_four
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import AINO, HELMI
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from worlds.strangers import stranger

SYSTEMS = ("lifecare", "effica", "ura", "typpi")
KIND_OF_RECORD = {
    "lifecare": "asiakirja",
    "effica": "asiakirja",
    "ura": "suunnitelma",
    "typpi": "suunnitelma",
}


@pytest.fixture(scope="module")
def case(stage: Stage, desk: Desk) -> Opened:
    enter_everywhere(stage, AINO)
    opened = helmi_opens_a_plan_for_all_four(desk)
    links = stage.settle(opened.plan_id)
    assert {system: link["state"] for system, link in links.items()} == dict.fromkeys(SYSTEMS, "in_sync")
    return opened


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_change_made_while_one_is_down_reaches_the_others_and_later_that_one_once(
    stage: Stage, desk: Desk, case: Opened, system: str
) -> None:
    words = f"Kesätyö, kun {system} on poissa."
    wires = {name: Wire.from_now(simulator) for name, simulator in stage.simulators.items()}
    stage.simulators[system].kill()
    try:
        desk.revise(HELMI, case.plan_id, {"goals[g-1].text_client": words})
        others = [name for name in SYSTEMS if name != system]
        assert wait_until(lambda: all(wires[name].holds(words) for name in others))
        assert wait_until(lambda: desk.links(case.plan_id)[system]["last_error"] is not None)
        assert desk.links(case.plan_id)[system]["state"] in {"due", "leased"}
    finally:
        stage.simulators[system].restart()
    stage.settle(case.plan_id, wait_s=60)
    assert wires[system].holds(words)
    for name in SYSTEMS:
        effective = [e for e in wires[name].effects if e.startswith(KIND_OF_RECORD[name])]
        assert len(effective) == 1, f"{name}: {effective}"


def test_a_partner_that_dies_after_it_has_stored_and_before_it_answers_stores_nothing_twice(
    stage: Stage, desk: Desk
) -> None:
    client, lifecare = stranger(3), stage.simulators["lifecare"]
    enter_everywhere(stage, client)
    case = helmi_opens_a_plan_for_all_four(desk, client)
    stage.settle(case.plan_id)
    wire = Wire.from_now(lifecare)
    lifecare.chaos(next_lost_answers=1, on="^PUT ")
    desk.revise(HELMI, case.plan_id, {"goals[g-1].text_client": "Kesätyö puutarhalla."})
    assert wait_until(lambda: any(e.outcome == "lost" for e in lifecare.journal(since=wire.since)))
    lifecare.kill()
    lifecare.restart()
    lifecare.chaos(calm=True)
    stage.settle(case.plan_id, wait_s=60)
    assert len([e for e in wire.effects if e.startswith("asiakirja")]) == 1
    assert wire.holds("Kesätyö puutarhalla.")

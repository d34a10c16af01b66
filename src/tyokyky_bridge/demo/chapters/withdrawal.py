"""Scenario 5: a consent is narrowed while items wait for Ura's nightly window."""

from tyokyky_bridge.demo.cases.pekka import (
    PEKKAS_WORDS,
    helmi_opens_pekkas_plan,
    helmi_queues_three_items,
    teemu_records_the_narrower_form,
)
from tyokyky_bridge.demo.desk import enter_everywhere
from tyokyky_bridge.demo.people import EMPLOYMENT, HELMI, KELA, PEKKA, moment, on_the_clock
from tyokyky_bridge.demo.scene import Scene, wait_until

CONTROL = "Ei nostoja yli 8 kg."
MINUTES_UNTIL_RECORDED = 30


def withdrawal(scene: Scene) -> None:
    """Pekka narrows his Y100 at night; what waited for Ura is cancelled and never leaves."""
    tell, desk, ura = scene.narrator, scene.desk, scene.stage.simulators["ura"]
    tell.chapter(
        "4  Pekka changes his mind while Ura is closed",
        "Ura takes no writes from 22.00 to 05.00. In the night a service starts, a goal changes and a feedback is"
        " given: three items wait. Tuulikki's plan changes in the same night.",
    )
    enter_everywhere(scene.stage, PEKKA)
    case, old_form = helmi_opens_pekkas_plan(desk)
    scene.cases["Pekka"] = case
    scene.settle(case)
    ura.chaos(night_window=True)
    ura.clock(set=on_the_clock(4, 59, 45, offset=1))
    night = scene.wires()["ura"]
    helmi_queues_three_items(desk, case)
    waiting = wait_until(lambda: "try_later" in desk.outcomes(case, "ura"))
    tell.check("Ura answered 503: closed until 05.00", waiting and night.answered(503))
    ura.clock(set=on_the_clock(4, 59, 30, offset=1))  # shut until we say so, however slow this machine is
    since = scene.wires()["ura"]
    desk.revise(HELMI, scene.cases["Tuulikki"].plan_id, {"health.work_limitation_text": CONTROL})
    said_at = moment(minutes_ago=MINUTES_UNTIL_RECORDED)
    answer = teemu_records_the_narrower_form(desk, case, old_form, said_at=said_at)
    tell.say(
        "Pekka tells Kela's adviser Teemu that employment services may no longer know. Teemu records the new form"
        f" {MINUTES_UNTIL_RECORDED} minutes later; it replaces the old one and leaves employment out."
    )
    cancelled = answer["cancelled_elements"].get("ura", [])
    tell.check("three waiting items for Ura were cancelled at once", cancelled == sorted(PEKKAS_WORDS))
    told = answer["notified"]
    tell.check(
        "each party of the old form gets a notice", told == ["kela", "lrha-health", "meriniemi-employment"]
    )
    tell.facts("Recorded by Kela", [("cancelled", ", ".join(cancelled)), ("notices to", ", ".join(told))])
    ura.clock(set=on_the_clock(5, offset=1))
    tell.say("05.00: Ura opens.")
    scene.settle(scene.cases["Tuulikki"])
    scene.settle(case)
    tell.check("Tuulikki's change of that night arrived: the window is open", since.holds(CONTROL))
    leaked = [element for element, words in PEKKAS_WORDS.items() if since.holds(words)]
    tell.check("nothing of Pekka's three items has left since", not leaked)
    trace = desk.disclosures(case.plan_id, "ura")
    goal = trace["goals[g-1].text_client"]
    tell.check("/disclosures/ura: his goal is DENY now", goal["outcome"] == "DENY")
    kept = scene.record("ura", lambda r: r["asiakas"]["loppuosa"] == PEKKA.hetu[-4:])
    text = str(kept["suunnitelma"])
    tell.check("what Ura lawfully held before stays there", "Takaisin kuljettajaksi." in text)
    health = "health" in desk.read(EMPLOYMENT, case.plan_id)["plan"]
    tell.check("Olli no longer sees Pekka's health section on the hub", not health)
    still = desk.read(KELA, case.plan_id)["plan"]["goals"][0]["text_client"]
    tell.check("Kela still sees the new goal", still == PEKKAS_WORDS["goals[g-1]"])
    ura.clock(set=on_the_clock(10))

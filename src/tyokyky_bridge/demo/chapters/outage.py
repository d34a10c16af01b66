"""A partner that dies in the middle of the day, and comes back."""

from tyokyky_bridge.demo.people import HELMI
from tyokyky_bridge.demo.scene import Scene, wait_until

WORDS = "Ei nostoja yli 10 kg eikä yötyötä."


def outage(scene: Scene) -> None:
    """Lifecare is killed, Helmi goes on working, Lifecare comes back and gets the change once."""
    tell, desk = scene.narrator, scene.desk
    case, lifecare = scene.cases["Tuulikki"], scene.stage.simulators["lifecare"]
    tell.chapter(
        "3  Lifecare goes down and comes back",
        "Lifecare's process is killed (kill -9). Helmi revises Tuulikki's plan all the same.",
    )
    wires = scene.wires()
    lifecare.kill()
    try:
        desk.revise(HELMI, case.plan_id, {"health.work_limitation_text": WORDS})
        tell.check(
            "Ura got the change while Lifecare was down", wait_until(lambda: wires["ura"].holds(WORDS))
        )
        waiting = wait_until(lambda: desk.links(case.plan_id)["lifecare"]["last_error"] is not None)
        link = desk.links(case.plan_id)["lifecare"]
        tell.check("/links says that Lifecare is due and why", waiting and link["state"] != "in_sync")
        rows = [(name, str(link[name])) for name in ("state", "attempts", "last_error", "next_try_at")]
        tell.facts("Lifecare's link meanwhile", rows)
    finally:
        lifecare.restart()
    tell.say("Lifecare is started again on its own data.")
    scene.settle(case)
    tell.check("Lifecare got the change", wires["lifecare"].holds(WORDS))
    written = [effect for effect in wires["lifecare"].effects if effect.startswith("asiakirja")]
    tell.check("Lifecare's journal shows one effective write", len(written) == 1)
    tell.facts("Lifecare's journal since", [("effective", effect) for effect in written])

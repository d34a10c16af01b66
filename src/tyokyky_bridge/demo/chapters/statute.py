"""Scenario 8: a TYP customer without any form: the law covers the joint register, and nothing else."""

from tyokyky_bridge.demo.cases.sanna import (
    SANNAS_CONCLUSION,
    SANNAS_EXPERIENCE,
    SANNAS_FUNCTIONING,
    helmi_assesses_sanna,
    olli_opens_sannas_plan,
)
from tyokyky_bridge.demo.desk import enter_everywhere
from tyokyky_bridge.demo.people import SANNA
from tyokyky_bridge.demo.scene import Scene


def statute(scene: Scene) -> None:
    """Sanna's marked conclusion goes to TYPPI by statute; what is not marked, and Ura, get nothing."""
    tell, desk = scene.narrator, scene.desk
    tell.chapter(
        "5  Sanna: the joint register by law, without a form",
        "Sanna is a TYP customer and has signed nothing. Helmi marks the conclusion as necessary for employment;"
        " the functioning text stays unmarked; BDI-II is never on the list.",
    )
    enter_everywhere(scene.stage, SANNA)
    wires = scene.wires()
    case = scene.cases["Sanna"] = olli_opens_sannas_plan(desk)
    helmi_assesses_sanna(desk, case)
    scene.settle(case)
    typpi, ura = wires["typpi"], wires["ura"]
    record = scene.record("typpi", lambda r: r["hetu"] == SANNA.hetu)
    section = next(s for s in record["osiot"] if s["osio"] == "terveys")
    tell.native("TYPPI: the section terveys", section["tiedot"])
    held = section["tiedot"].get("tyokykyJohtopaatos")
    tell.check(
        "TYPPI holds the marked conclusion", held == SANNAS_CONCLUSION and typpi.holds(SANNAS_CONCLUSION)
    )
    tell.check("TYPPI got her work history", typpi.holds(SANNAS_EXPERIENCE))
    tell.check("TYPPI was not sent the unmarked functioning text", not typpi.holds(SANNAS_FUNCTIONING))
    tell.check("TYPPI was not sent BDI-II", not typpi.mentions(["bdi"]) and "22" not in typpi.values())
    tell.check(
        "Ura was not sent the conclusion: the law names the joint register", not ura.holds(SANNAS_CONCLUSION)
    )
    tell.check("Ura got what Olli himself wrote", ura.holds(SANNAS_EXPERIENCE))
    trace = desk.disclosures(case.plan_id, "typpi")
    basis = str(trace["health.work_ability_conclusion"]["basis"])
    tell.check("/disclosures/typpi: the conclusion on STATUTORY_TYP", basis.startswith("STATUTORY_TYP"))
    unmarked = trace["health.work_limitation_text"]
    tell.check("/disclosures/typpi: the functioning text lacks a mark", "TYP_MARK" in unmarked["reasons"])
    to_ura = desk.disclosures(case.plan_id, "ura")["health.work_ability_conclusion"]
    tell.check("/disclosures/ura: the conclusion is DENY NO_BASIS", to_ura["reason"] == "NO_BASIS")
    tell.withheld("TYPPI", trace)

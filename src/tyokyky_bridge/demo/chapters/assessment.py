"""Scenario 1: the personal coach refers, the team assesses, the answer returns to Ura."""

from typing import Any

from tyokyky_bridge.demo.cases.tuulikki import (
    ANSWER,
    CONCLUSION,
    LIMITATION,
    OWN_LINE,
    helmi_assesses_tuulikki,
    olli_refers_tuulikki,
    tuulikki_in_ura,
)
from tyokyky_bridge.demo.desk import enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import EMPLOYMENT, HEALTH, TUULIKKI, day, finnish
from tyokyky_bridge.demo.scene import Scene

SENT_TO_URA = {
    "the conclusion": "health.work_ability_conclusion",
    "the functioning text": "health.work_limitation_text",
    "B4 = 4": "scores[b4-2].value",
    "the feedback form": "feedback[f-1].text",
}
SECRET = {"BDI-II = 18": "scores[bdi-1].value", "AUDIT = 6": "scores[audit-1].value"}
SECRET_WORDS = ("bdi", "audit")


def assessment(scene: Scene) -> None:
    """Tuulikki's referral, her Y100, the assessment, and what each system then holds."""
    tell, desk = scene.narrator, scene.desk
    tell.chapter(
        "1  Tuulikki: referred, assessed, answered",
        "Olli, an omavalmentaja, refers Tuulikki to the työkykytiimi and records the Y100 that she signed: health care"
        " and employment services may share the plan, B4, functioning and the conclusion. Social welfare is in her"
        " network, but not on the form.",
    )
    enter_everywhere(scene.stage, TUULIKKI)
    tuulikki_in_ura(scene.stage)
    wires = scene.wires()
    case = scene.cases["Tuulikki"] = olli_refers_tuulikki(desk)
    scene.settle(case)
    seen = desk.read(HEALTH, case.plan_id)["plan"]
    tell.check("Helmi sees Olli's referral over her own token", seen["referrals"][0]["id"] == "r-1")
    tell.say(
        "Helmi (terveydenhoitaja) does the health check: B4 = 4, BDI-II = 18, AUDIT = 6. Lea gives her opinion."
    )
    helmi_assesses_tuulikki(desk, case)
    scene.settle(case)
    _show(scene)
    _hold_ura(scene, wires["ura"])
    tell.check("Effica's journal is empty: not even a question about her", not wires["effica"].requests)
    tell.check("TYPPI's journal is empty: she is no TYP customer", not wires["typpi"].requests)
    _hold_disclosures(scene)
    back = desk.read(EMPLOYMENT, case.plan_id)
    tell.check("Olli reads the conclusion", back["plan"]["health"]["work_ability_conclusion"] == CONCLUSION)
    scores = {score["id"] for score in back["plan"]["scores"]}
    tell.check("Olli's own view of the plan has no BDI-II and no AUDIT", not scores & {"bdi-1", "audit-1"})


def _show(scene: Scene) -> None:
    lifecare = scene.record("lifecare", lambda r: r["potilas"]["sukunimi"] == TUULIKKI.family_name)
    shown = {name: lifecare[name] for name in ("asiakirjaId", "tila", "mittaukset", "terveys")}
    scene.narrator.native("Lifecare: her document, still to be signed by Helmi (part)", shown)
    ura = ura_record(scene, TUULIKKI.hetu)
    plan = {name: ura["suunnitelma"][name] for name in ("suunnitelmanro", "rajoitteen_kuvaus", "tavoite")}
    scene.narrator.native(
        "Ura: her plan and the feedback form (part)", plan | {"palautteet": ura["palautteet"]}
    )
    measured = {m["koodi"]: m["arvo"] for m in lifecare["mittaukset"]}
    scene.narrator.check(
        "Lifecare holds all three scores as numbers of its own",
        measured == {"KV-B4": "4", "BDI-II": "18", "AUDIT": "6"},
    )


def ura_record(scene: Scene, hetu: str) -> dict[str, Any]:
    """One person of Ura, whose identity number is split there."""
    return scene.record("ura", lambda r: r["asiakas"]["loppuosa"] == hetu[-4:])


def _hold_ura(scene: Scene, wire: Wire) -> None:
    tell = scene.narrator
    plan = wire.writes("/suunnitelma/tallenna")[-1]["suunnitelma"]
    text = plan["rajoitteen_kuvaus"]
    tell.check(
        "Ura got conclusion and functioning, in 200 characters", CONCLUSION in text and LIMITATION in text
    )
    tell.check("Ura got B4 as a tag", plan["tavoite"][0] == f"#KV-B4=4 {finnish(day())} b4-2")
    kept = {f"#KV-B4=3 {finnish(day(-8))}", OWN_LINE} <= set(plan["tavoite"]) and plan[
        "vastuuhlo"
    ] == "OLINDQ"
    tell.check("Olli's own tag, line and name in Ura are as he left them", kept)
    forms = [form["palaute"]["teksti"] for form in wire.writes("/palaute/tallenna")]
    tell.check("Ura got the answer through palaute/tallenna, once", forms == [ANSWER])
    tell.check("no byte of any request to Ura mentions BDI or AUDIT", not wire.mentions(SECRET_WORDS))
    tell.check("no value in any request to Ura is 18 or 6", not wire.values() & {"18", "6"})
    own = Wire(scene.stage.simulators["lifecare"])
    tell.check(
        "the same search finds both in Lifecare's journal", own.mentions(SECRET_WORDS) == set(SECRET_WORDS)
    )


def _hold_disclosures(scene: Scene) -> None:
    tell, case = scene.narrator, scene.cases["Tuulikki"]
    ura = scene.desk.disclosures(case.plan_id, "ura")
    for name, path in SENT_TO_URA.items():
        item = ura[path]
        permitted = item["outcome"] == "PERMIT" and item["basis"].startswith("CONSENT_Y100")
        tell.check(f"/disclosures/ura: {name} sent on CONSENT_Y100", permitted and item["state"] == "sent")
    for name, path in SECRET.items():
        denied = ura[path]["outcome"], ura[path]["reason"]
        tell.check(f"/disclosures/ura: {name} is DENY NO_BASIS", denied == ("DENY", "NO_BASIS"))
    effica = scene.desk.disclosures(case.plan_id, "effica")
    answers = {(item["outcome"], item["reason"]) for item in effica.values()}
    tell.check("/disclosures/effica: every item is DENY NO_BASIS", answers == {("DENY", "NO_BASIS")})
    tell.withheld("Ura", ura)
    tell.withheld("Effica", effica)

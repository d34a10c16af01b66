"""Scenario 3: a name that two of the partners cannot write, and an interpreter."""

from tyokyky_bridge.demo.cases.lucja import (
    TRANSLITERATED,
    kaisa_opens_lucjas_plan,
    lucja_in_registers,
)
from tyokyky_bridge.demo.chapters.assessment import ura_record
from tyokyky_bridge.demo.people import HEALTH, LUCJA
from tyokyky_bridge.demo.scene import Scene

EFFICA_CHARSET = "iso-8859-15"


def names(scene: Scene) -> None:
    """Łucja's name: whole where it can be, transliterated where it cannot, replaced by ``?`` nowhere."""
    tell = scene.narrator
    tell.chapter(
        f"2  {LUCJA.given_names}: one name, four character sets",
        f"Kaisa (sosiaaliohjaaja) opens a plan for {LUCJA.given_names} {LUCJA.family_name}, who needs an"
        " interpreter into Polish. Effica would store ? for four of her letters without a word; Ura would refuse them.",
    )
    lucja_in_registers(scene.stage)
    wires = scene.wires()
    case = scene.cases["Łucja"] = kaisa_opens_lucjas_plan(scene.desk)
    scene.settle(case)
    family, given = TRANSLITERATED
    documents = [r for r in wires["effica"].requests if family.encode(EFFICA_CHARSET) in r]
    tell.check("Effica was sent the transliteration, in its own character set", bool(documents))
    if documents:
        xml = documents[-1].split(b"\n\n")[-1].decode(EFFICA_CHARSET)
        tell.native("Effica: what went over the wire, ISO-8859-15 (part)", _around(xml, "Asiakas"))
    damaged = [text for text in ("?ucja", "Przyk?adowa", "D?ng") if wires["effica"].holds(text)]
    tell.check("no letter of hers was replaced by ? on the way to Effica", not damaged)
    standing = str(scene.stage.simulators["effica"].records())
    tell.check(
        "Effica stands with the transliteration, read back", family in standing and "?" not in standing
    )
    person = ura_record(scene, LUCJA.hetu)["asiakas"]
    tell.native(
        "Ura: her person row (part)", {n: person[n] for n in ("sukunimi", "etunimet", "kieli", "tulkki")}
    )
    in_capitals = (person["sukunimi"], person["etunimet"]) == (family.upper(), given.upper())
    tell.check("Ura stands with the transliteration in capitals", in_capitals)
    tell.check("Ura knows only yes or no of the interpreter", person["tulkki"] == "K")
    patient = scene.record("lifecare", lambda r: r["potilas"]["sukunimi"] == LUCJA.family_name)["potilas"]
    whole = wires["lifecare"].holds(LUCJA.family_name) and patient["etunimet"] == LUCJA.given_names
    tell.check("Lifecare was sent the whole name and stands with it", whole)
    tell.check("Lifecare got the language to interpret", patient["tulkki"] == {"tarve": True, "kieli": "pl"})
    tell.check("TYPPI was sent the whole name", wires["typpi"].holds(LUCJA.family_name))
    known = scene.desk.read(HEALTH, case.plan_id)["plan"]["client"]
    tell.check("the hub keeps the whole name", known["family_name"] == LUCJA.family_name)


def _around(xml: str, element: str) -> str:
    """One element of a message with its children, a line each."""
    start, end = xml.find(f"<eff:{element}>"), xml.find(f"</eff:{element}>")
    found = xml[start:end] + f"</eff:{element}>" if 0 <= start < end else xml[:800]
    return found.replace("><eff:", ">\n  <eff:").replace("></eff:", ">\n</eff:")

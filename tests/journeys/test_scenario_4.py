"""Double recording ends: Kaisa writes once, in Lifecare or in Effica (domain report 9, scenario 4)."""

from dataclasses import dataclass
from typing import Any

import pytest

from tyokyky_adapter_lifecare.records import EMPTY
from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import HEALTH, HELMI, SOCIAL, Person, moment, plan, y100
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from worlds.partner_records import is_write
from worlds.strangers import stranger
from worlds.two_way import Seen, Watch, held, intakes, quiet, try_until_parked, user_edits

CLIENT, DEBTOR, SILENT, LOCKED = stranger(4), stranger(60), stranger(61), stranger(62)
BOXES = ("identity.core", "admin.*", "plan.*", "social.situation", "social.services")
VISIT = "Kotikäynti yhdessä asiakkaan kanssa."
SOS = (VISIT, "Asuminen: vuokra", "Asumisen kuvaus: Yksin vuokralla.", "Päivärytmi: Valvoo öisin.")
GOAL, NEW_GOAL = "Päivärytmi kuntoon.", "Päivärytmi kuntoon ja osa-aikatyö syksyllä."
SUU = (
    f"Tavoite [t-1]: {GOAL}",
    "Tavoite [t-1] tila: käynnissä",
    "Palvelu [p-1]: kuntouttava työtoiminta",
)
DEBTS = "Ulosotossa 12 000 euroa."


def kaisa_writes_in_lifecare(stage: Stage, client: Person) -> None:
    """A social assessment under SOS with a goal and a means, signed, in the health register."""
    texts = {"SOS": SOS, "SUU": SUU}
    headings = [{**h, "teksti": "\r\n".join(texts.get(h["otsikko"], ()))} for h in EMPTY["otsikot"]]
    content = {name: value for name, value in EMPTY.items() if name != "potilas"} | {"otsikot": headings}
    stage.simulators["lifecare"].act("edit", hetu=client.hetu, content=content, by="KSALMI")


def opened(desk: Desk, client: Person, *, boxes: tuple[str, ...] = BOXES, **sections: Any) -> Opened:
    """Helmi opens a plan; the client's form names both registers of the county."""
    case = desk.open_plan(HELMI, client, plan(client, HEALTH, SOCIAL, coordinator=HELMI) | sections)
    if boxes:
        desk.record_form(HELMI, case.client_id, y100(HEALTH, SOCIAL, categories=boxes, taken_by=HELMI))
    return case


@dataclass(frozen=True)
class Told:
    """The two days once they have passed. *effica*, *lifecare*: what stood there after the first."""

    case: Opened
    wires: dict[str, Wire]
    effica: Native
    next_day: Seen
    signed: Seen


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    enter_everywhere(stage, CLIENT)
    kaisa_writes_in_lifecare(stage, CLIENT)
    wires = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
    case = opened(desk, CLIENT)
    quiet(stage, desk, case)
    first = held(stage, "effica", CLIENT)
    watch = Watch.from_now(stage, case)

    def revise(document: Native) -> None:
        document["Tavoitteet"]["Tavoite"][0]["Kuvaus"] = NEW_GOAL
        document["Sosiaalinentilanne"]["Velkatilanne"] = DEBTS

    user_edits(stage, "effica", CLIENT, revise, user="KSALMI")
    quiet(stage, desk, case)
    next_day = watch.seen()
    watch = Watch.from_now(stage, case)
    stage.simulators["lifecare"].act("sign", hetu=CLIENT.hetu, by="KSALMI")
    quiet(stage, desk, case)
    return Told(case, wires, first, next_day, watch.seen())


def heading(stage: Stage, client: Person, name: str) -> list[str]:
    """The lines under one heading of the newest version in Lifecare."""
    headings = held(stage, "lifecare", client)["otsikot"]
    return next(h["teksti"] for h in headings if h["otsikko"] == name).split("\r\n")


def test_one_signed_document_makes_one_social_section_of_the_plan(told: Told, desk: Desk) -> None:
    seen = desk.read(SOCIAL, told.case.plan_id)["plan"]
    assert seen["social"] == {
        "housing": {"code": "rental", "text": "Yksin vuokralla."},
        "daily_rhythm": "Valvoo öisin.",
    }


def test_effica_gets_one_document_with_situation_goal_and_means(told: Told) -> None:
    documents = {effect.split()[1] for effect in told.wires["effica"].effects}
    assert len(documents) == 1
    assert told.effica["Sosiaalinentilanne"] == {
        "Asuminen": "2",
        "AsuminenKuvaus": "Yksin vuokralla.",
        "Paivarytmi": "Valvoo öisin.",
    }
    assert told.effica["Tavoitteet"]["Tavoite"] == [{"Tunniste": "t-1", "Kuvaus": GOAL, "TilaKoodi": "1"}]
    assert [row["Tunniste"] for row in told.effica["Palvelut"]["Palvelu"]] == ["p-1"]
    sent = b"".join(e.body for e in told.wires["effica"].entries if is_write("effica", e))
    assert sent.count(b"Asiakirjatyyppi>17<") == 1, "it is made once, and written to later"


def test_her_edit_in_effica_comes_to_lifecare_as_a_draft_to_sign(told: Told, stage: Stage) -> None:
    assert heading(stage, CLIENT, "SUU")[0] == f"Tavoite [t-1]: {NEW_GOAL}"
    assert heading(stage, CLIENT, "SOS") == list(SOS), "her own line and the rest stand as she left them"
    documents = [e for e in told.wires["lifecare"].effects if e.startswith("asiakirja")]
    assert [effect.split()[-1] for effect in documents] == ["LUONNOS", "LUONNOS"]


def test_nothing_goes_round_in_circles(told: Told) -> None:
    assert told.next_day.writes == {"lifecare": 1}
    assert told.next_day.echoes == {"lifecare": 1}
    assert told.signed.writes == {}


def test_debts_written_in_effica_never_reach_lifecare(told: Told, stage: Stage) -> None:
    assert held(stage, "effica", CLIENT)["Sosiaalinentilanne"]["Velkatilanne"] == DEBTS
    assert not told.wires["lifecare"].holds(DEBTS)
    entries = {
        item["path"]: item["state"] for row in intakes(stage, told.case, "effica") for item in row.items
    }
    assert entries["social.debts"] == "not_stored"


def test_not_even_where_the_client_lets_health_care_know_of_them(stage: Stage, desk: Desk) -> None:
    enter_everywhere(stage, DEBTOR)
    wire = Wire.from_now(stage.simulators["lifecare"])
    case = opened(desk, DEBTOR, boxes=(*BOXES, "social.finance"))
    quiet(stage, desk, case)

    def owe(document: Native) -> None:
        document["Sosiaalinentilanne"] = {"Velkatilanne": DEBTS, "Paivarytmi": "Valvoo."}

    user_edits(stage, "effica", DEBTOR, owe, user="KSALMI")
    quiet(stage, desk, case)
    assert desk.read(HEALTH, case.plan_id)["plan"]["social"]["debts"] == DEBTS
    assert "Päivärytmi: Valvoo." in heading(stage, DEBTOR, "SOS")
    assert not wire.holds(DEBTS)
    assert desk.disclosures(case.plan_id, "lifecare")["social.debts"]["state"] == "not_carried"


def test_without_a_consent_the_second_system_is_silent_and_the_trace_says_why(
    stage: Stage, desk: Desk
) -> None:
    enter_everywhere(stage, SILENT)
    kaisa_writes_in_lifecare(stage, SILENT)
    effica = Wire.from_now(stage.simulators["effica"])
    case = opened(desk, SILENT, boxes=(), social={"daily_rhythm": "Nukkuu päivät."})
    quiet(stage, desk, case)
    assert effica.entries == ()
    rhythm = desk.disclosures(case.plan_id, "effica")["social.daily_rhythm"]
    assert (rhythm["outcome"], rhythm["reason"], rhythm["state"]) == ("DENY", "NO_BASIS", "withheld")
    screen = desk.read(SOCIAL, case.plan_id)
    assert "social" not in screen["plan"]
    assert "social.situation" in screen["withheld"]


def test_once_she_consents_both_sides_are_joined(stage: Stage, desk: Desk) -> None:
    client = stranger(63)
    enter_everywhere(stage, client)
    kaisa_writes_in_lifecare(stage, client)
    case = opened(desk, client, boxes=())
    quiet(stage, desk, case)
    desk.record_form(HELMI, case.client_id, y100(HEALTH, SOCIAL, categories=BOXES, taken_by=HELMI))
    quiet(stage, desk, case)
    assert held(stage, "effica", client)["Sosiaalinentilanne"]["Paivarytmi"] == "Valvoo öisin."


def test_a_document_locked_by_another_user_is_left_to_a_person_and_never_overwritten(
    stage: Stage, desk: Desk
) -> None:
    effica = stage.simulators["effica"]
    enter_everywhere(stage, LOCKED)
    case = opened(desk, LOCKED, goals=[{"id": "g-1", "text_client": GOAL, "status": "active"}])
    quiet(stage, desk, case)
    effica.act("lock", hetu=LOCKED.hetu, user="MKIVI")
    wire, standing = Wire.from_now(effica), held(stage, "effica", LOCKED)
    desk.revise(HELMI, case.plan_id, {"goals[g-1].text_client": NEW_GOAL})
    assert wait_until(lambda: desk.outcomes(case, "effica")[0] == "try_later")
    waiting = desk.links(case.plan_id)["effica"]
    assert (waiting["state"], waiting["last_error"]) == ("due", "EFF-202")
    assert waiting["next_try_at"] > moment()

    errors = try_until_parked(stage, desk, case, "effica")

    assert set(errors) == {"EFF-202"}
    parked = desk.links(case.plan_id)["effica"]
    assert (parked["parked_reason"], parked["parked_detail"]["code"]) == ("held_open", "EFF-202")
    assert (wire.effects, held(stage, "effica", LOCKED)) == ([], standing)

    def save(document: Native) -> None:
        document["Sosiaalinentilanne"] = {"Paivarytmi": "Valvoo."}

    user_edits(stage, "effica", LOCKED, save, user="MKIVI")
    effica.act("unlock", hetu=LOCKED.hetu)
    assert wait_until(lambda: desk.links(case.plan_id)["effica"]["state"] == "in_sync", wait_s=30)
    after = held(stage, "effica", LOCKED)
    assert after["Sosiaalinentilanne"]["Paivarytmi"] == "Valvoo."
    assert after["Tavoitteet"]["Tavoite"][0]["Kuvaus"] == NEW_GOAL

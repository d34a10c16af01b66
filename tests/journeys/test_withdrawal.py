"""The client takes a consent back: nothing more starts, what was written is taken back as far as each partner can."""

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tyokyky_bridge.adapterkit.testing import SimulatorProcess
from tyokyky_bridge.adapterkit.testing_process import Entry
from tyokyky_bridge.demo.stage import Stage
from worlds.casework import (
    ALL_CATEGORIES,
    TODAY,
    Casework,
    Person,
    member_of,
    person,
    plan_of,
)
from worlds.native import records_of
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL, TYP
from worlds.partner_records import is_write, lenses, read_items, standing
from worlds.warm import wait_until

NUMBERS = itertools.count(9_000)
CLIENTS_WORDS = "Osa-aikatyö keväällä."
OTHER_WORDS = "Selkä kuntoon ennen kesää."
DOCTORS_WORDS = "Nostorajoite viisi kiloa."
THEIR_OWN = {
    "client.family_name",
    "client.given_names",
    "client.birth_date",
    "header.typ_customership.status",
    "header.typ_customership.start",
}
BY_CONSENT = ("effica", "lifecare", "typpi")


@pytest.fixture
def who() -> Person:
    """A person whom nobody has met."""
    return person(next(NUMBERS))


@pytest.fixture
def work(calm_stage: Stage) -> Iterator[Casework]:
    """Olli's work at the employment services; the partners are quick again when it is done."""
    yield Casework(calm_stage, party=EMPLOYMENT)
    for simulator in calm_stage.simulators.values():
        simulator.chaos(latency_ms=[0, 0], on="")


@pytest.fixture(scope="module")
def mappings() -> dict[str, Any]:
    """The lens of each system."""
    return lenses()


def open_case(work: Casework, who: Person) -> tuple[str, str, str]:
    """Olli's plan, which others have on a form alone; returns client, consent and plan."""
    client = work.register(who)
    consent = give_consent(work, client)
    network = {"members": [member_of(party) for party in (HEALTH, SOCIAL, EMPLOYMENT, TYP)]}
    goals = [
        {"id": "g-1", "text_client": CLIENTS_WORDS, "status": "active"},
        {"id": "g-2", "text_client": OTHER_WORDS, "status": "active"},
    ]
    return client, consent, work.plan(client, plan_of(who, network=network, goals=goals))


def give_consent(work: Casework, client: str) -> str:
    """The client lets the employment services tell everybody everything."""
    return work.consent(
        client,
        (EMPLOYMENT, HEALTH, ALL_CATEGORIES),
        (EMPLOYMENT, SOCIAL, ALL_CATEGORIES),
        (EMPLOYMENT, TYP, ALL_CATEGORIES, "typ"),
    )


def held(work: Casework, system: str, who: Person, mappings: dict[str, Any]) -> dict[str, Any]:
    """What of the plan stands in a partner's record of a person, beside what it knows by itself."""
    record = standing(system, work.stage.simulators[system]).get(who.hetu, {})
    items = read_items(mappings[system], record)
    return {path: value for path, value in items.items() if path not in THEIR_OWN}


def test_each_partner_loses_what_it_had_on_the_form_as_it_can(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    work.known_to([who], typ=True)
    _, consent, plan_id = open_case(work, who)
    assert {link["state"] for link in work.settle(plan_id).values()} == {"in_sync"}
    for system in (*BY_CONSENT, "ura"):
        assert held(work, system, who, mappings)["goals[g-1].text_client"] == CLIENTS_WORDS
    own = standing("ura", work.stage.simulators["ura"])[who.hetu]

    answer = work.withdraw(consent)
    links = work.settle(plan_id)

    assert set(answer["notified"]) == {EMPLOYMENT, HEALTH, SOCIAL, TYP}
    for system in BY_CONSENT:
        assert (links[system]["state"], links[system]["desired"]) == ("in_sync", "absent"), system
        assert not links[system]["retained"]
        assert held(work, system, who, mappings) == {}, system
    for system in ("effica", "lifecare"):
        assert who.hetu not in standing(system, work.stage.simulators[system]), "the document is voided"
    assert who.hetu in standing("typpi", work.stage.simulators["typpi"]), "the plan itself is the register's"
    assert standing("ura", work.stage.simulators["ura"])[who.hetu] == own, "it rested on no form there"
    assert work.read(plan_id)["goals"][0]["text_client"] == CLIENTS_WORDS
    for system in BY_CONSENT:
        states = {item["state"] for item in work.trace(plan_id, system).values()}
        assert states == {"withheld"}, (system, states)


def reached(work: Casework, consent: str) -> dict[str, dict[str, Any]]:
    """How far a withdrawal has reached, by system."""
    proof = work.call("GET", f"/v1/consents/{consent}/propagation", role="oversight")
    return {each["system"]: each for each in proof["systems"]}


def test_that_nothing_is_left_is_proved_by_another_look(work: Casework, who: Person) -> None:
    work.known_to([who], typ=True)
    _, consent, plan_id = open_case(work, who)
    work.settle(plan_id)
    seen = {s: len(work.stage.simulators[s].journal()) for s in BY_CONSENT}

    work.withdraw(consent)
    work.settle(plan_id)
    wait_until(lambda: all(each["state"] == "verified_absent" for each in reached(work, consent).values()))

    assert reached(work, consent).keys() == set(BY_CONSENT), "Ura is the employment services' own"
    for system in BY_CONSENT:
        entries = work.stage.simulators[system].journal(since=seen[system])
        last = max(n for n, entry in enumerate(entries) if is_write(system, entry))
        assert entries[last + 1 :], f"nobody looked at {system} after the write"


def test_what_a_partner_does_not_let_us_take_back_is_left_to_a_person(work: Casework, who: Person) -> None:
    typpi = work.stage.simulators["typpi"]
    work.known_to([who], typ=True)
    _, consent, plan_id = open_case(work, who)
    work.settle(plan_id)
    typpi.act("end_customership", hetu=who.hetu, paattyen=str(TODAY - timedelta(days=1)))

    work.withdraw(consent)
    assert work.settle(plan_id)["typpi"]["state"] == "parked"

    left = reached(work, consent)["typpi"]
    assert (left["state"], left["owner"]) == ("manual", TYP)
    assert datetime.fromisoformat(left["due_at"]) > datetime.now(UTC) + timedelta(days=7)
    assert "goals[g-1].text_client" in left["paths"]


def test_a_partner_that_must_keep_it_keeps_it_and_is_told(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    helmi = Casework(work.stage, party=HEALTH)
    helmi.known_to([who], "lifecare", "ura")
    client = helmi.register(who)
    consent = helmi.consent(client, (HEALTH, EMPLOYMENT, ["health.conclusion", "plan.goals", "admin.case"]))
    plan_id = helmi.plan(client, plan_of(who, health={"work_ability_conclusion": DOCTORS_WORDS}))
    helmi.settle(plan_id)
    ura = work.stage.simulators["ura"]
    before, seen = ura.records(), len(ura.journal())
    assert held(work, "ura", who, mappings)["health.work_ability_conclusion"] == DOCTORS_WORDS

    answer = helmi.withdraw(consent)
    link = helmi.settle(plan_id)["ura"]

    assert set(answer["notified"]) == {HEALTH, EMPLOYMENT}
    assert (link["state"], link["desired"], link["retained"]) == ("in_sync", "absent", True)
    assert ura.records() == before
    assert not [entry for entry in ura.journal(since=seen) if is_write("ura", entry)]
    kept = reached(helmi, consent)["ura"]
    assert (kept["state"], kept["ground"]) == ("retained", "recipient_register")
    item = helmi.trace(plan_id, "ura")["health.work_ability_conclusion"]
    assert (item["state"], item["outcome"]) == ("retained", "DENY")

    helmi.change(plan_id, {"health.work_ability_conclusion": "Nostorajoite kaksi kiloa."})
    helmi.settle(plan_id)
    assert ura.records() == before, "what is kept is not kept up to date"


def test_what_a_partner_s_own_people_wrote_survives(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    lifecare, effica, typpi = (work.stage.simulators[s] for s in ("lifecare", "effica", "typpi"))
    work.known_to([who], typ=True)
    lifecare.seed(
        records=[{"hetu": who.hetu, "otsikot": [{"otsikko": "SUU", "teksti": "Sovittu vastaanotolla."}]}]
    )
    effica.seed(records=[{"Hetu": who.hetu, "OmaMuistio": "Kotikäynti tehty."}])
    own_goal = {"tunniste": "t-1", "teksti": "Oma tavoitteeni."}
    typpi.seed(records=[{"hetu": who.hetu, "osiot": {"suunnitelma": {"tavoitteet": [own_goal]}}}])
    _, consent, plan_id = open_case(work, who)
    assert {link["state"] for link in work.settle(plan_id).values()} == {"in_sync"}

    changed = "Kokoaikatyö syksyllä."
    document = next(r for r in lifecare.records() if r["potilas"]["henkilotunnukset"][0]["hetu"] == who.hetu)
    text = next(h["teksti"] for h in document["otsikot"] if h["otsikko"] == "SUU")
    lifecare.act(
        "edit_heading",
        asiakirjaId=document["asiakirjaId"],
        otsikko="SUU",
        teksti=text.replace(CLIENTS_WORDS, changed) + "\r\nSoitettu asiakkaalle.",
    )
    effica.act("edit", hetu=who.hetu, set={"Tavoitteet.Tavoite.0.Kuvaus": changed})
    goals = standing("typpi", typpi)[who.hetu]["osiot"][6]["tiedot"]["tavoitteet"]
    edited = [{**g, "teksti": changed} if g["teksti"] == CLIENTS_WORDS else g for g in goals]
    typpi.act("edit", hetu=who.hetu, osio="suunnitelma", tiedot={"tavoitteet": edited})

    work.withdraw(consent)
    links = work.settle(plan_id)

    assert {s: link["state"] for s, link in links.items()} == dict.fromkeys((*BY_CONSENT, "ura"), "in_sync")
    for system in BY_CONSENT:
        record = str(standing(system, work.stage.simulators[system])[who.hetu])
        assert OTHER_WORDS not in record, system
        assert CLIENTS_WORDS not in record, system
        assert changed in record, f"{system}: an edit of theirs is theirs"
    assert "Sovittu vastaanotolla." in str(lifecare.records())
    assert "Soitettu asiakkaalle." in str(lifecare.records())
    assert "Kotikäynti tehty." in str(standing("effica", effica)[who.hetu])
    assert held(work, "typpi", who, mappings)["goals[t-1].text_client"] == own_goal["teksti"]


def test_it_survives_also_when_we_wrote_there_again_since(work: Casework, who: Person) -> None:
    effica = work.stage.simulators["effica"]
    work.known_to([who], typ=True)
    _, consent, plan_id = open_case(work, who)
    work.settle(plan_id)
    words = "Kokoaikatyö syksyllä."
    effica.act("edit", hetu=who.hetu, set={"Tavoitteet.Tavoite.0.Kuvaus": words})
    work.change(plan_id, {"goals[g-2].text_client": "Selkä kuntoon kesän aikana."})
    work.settle(plan_id)
    document = standing("effica", effica)[who.hetu]
    assert {goal["Kuvaus"] for goal in document["Tavoitteet"]["Tavoite"]} == {
        words,
        "Selkä kuntoon kesän aikana.",
    }

    work.withdraw(consent)
    work.settle(plan_id)

    left = str(standing("effica", effica).get(who.hetu))
    assert words in left
    assert "Selkä kuntoon" not in left


def test_a_new_form_sends_it_again(work: Casework, who: Person, mappings: dict[str, Any]) -> None:
    work.known_to([who], typ=True)
    client, consent, plan_id = open_case(work, who)
    work.settle(plan_id)
    work.withdraw(consent)
    work.settle(plan_id)
    work.change(plan_id, {"goals[g-1].text_client": "Osa-aikatyö kesällä."})
    assert all(not held(work, system, who, mappings) for system in BY_CONSENT)

    give_consent(work, client)
    links = work.settle(plan_id)

    for system in BY_CONSENT:
        assert (links[system]["state"], links[system]["desired"]) == ("in_sync", "present")
        items = held(work, system, who, mappings)
        assert items["goals[g-1].text_client"] == "Osa-aikatyö kesällä."
        assert items["goals[g-2].text_client"] == OTHER_WORDS


def test_what_waits_for_a_partner_that_is_away_is_cancelled_at_once(work: Casework, who: Person) -> None:
    lifecare = work.stage.simulators["lifecare"]
    work.known_to([who], typ=True)
    lifecare.kill()
    try:
        _, consent, plan_id = open_case(work, who)
        answer = work.withdraw(consent)
    finally:
        lifecare.restart()
    seen = len(lifecare.journal())
    links = work.settle(plan_id, wait_s=60)

    assert "goals[g-1].text_client" in answer["cancelled"]["lifecare"]
    assert {c["path"] for c in links["lifecare"]["cancelled"]} == set(answer["cancelled"]["lifecare"])
    assert (links["lifecare"]["state"], links["lifecare"]["desired"]) == ("in_sync", "absent")
    entries = lifecare.journal(since=seen)
    assert not [entry for entry in entries if is_write("lifecare", entry)]
    assert all(CLIENTS_WORDS.encode() not in entry.body for entry in entries)


def test_the_answer_waits_for_a_send_that_has_been_decided_already(work: Casework, who: Person) -> None:
    """Ura is asked for change numbers between decision and write; the withdrawal comes in between."""
    helmi, ura = Casework(work.stage, party=HEALTH), work.stage.simulators["ura"]
    helmi.known_to([who], "lifecare", "ura")
    ura.chaos(latency_ms=[700, 700], on="suunnitelma/hae")
    seen = len(ura.journal())
    number = records_of(work.stage, "ura", who)[-1]["asiakas"]["asiakasnro"]
    client = helmi.register(who)
    consent = helmi.consent(client, (HEALTH, EMPLOYMENT, ["health.conclusion"]))
    plan_id = helmi.plan(client, plan_of(who, health={"work_ability_conclusion": DOCTORS_WORDS}))
    wait_until(lambda: len(_reads(ura, seen, number)) == 2, every_s=0.02)

    helmi.withdraw(consent)
    answered = time.time()
    helmi.settle(plan_id)

    started = [e for e in ura.journal(since=seen) if is_write("ura", e)]
    assert started, "the send was decided before the withdrawal, and its licence was good"
    assert all(_at(entry.at) <= answered for entry in started)


def _reads(ura: SimulatorProcess, since: int, number: str) -> list[Entry]:
    entries = (e for e in ura.journal(since=since) if e.path.endswith("/suunnitelma/hae"))
    return [e for e in entries if json.loads(e.body)["asiakasnro"] == number]


def _at(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()

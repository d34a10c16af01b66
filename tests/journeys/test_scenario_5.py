"""A consent is narrowed while three items wait for Ura's nightly window (domain report 9, scenario 5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tyokyky_bridge.demo.cases.aino import helmi_opens_a_plan_for_all_four
from tyokyky_bridge.demo.cases.pekka import (
    PEKKAS_WORDS,
    helmi_opens_pekkas_plan,
    helmi_queues_three_items,
    teemu_records_the_narrower_form,
)
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import EMPLOYMENT, HELMI, KELA, PEKKA, moment, on_the_clock
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import NoticeRow
from tyokyky_bridge.storage import open_store
from worlds.partner_records import is_write
from worlds.postgres import in_own_loop
from worlds.strangers import stranger

OTHERS_WORDS = "Kesätyö vasta syksyllä."
PARTIES = ["kela", "lrha-health", "meriniemi-employment"]


@dataclass(frozen=True)
class Told:
    """The night once it has been lived."""

    case: Opened
    old_form: str
    said_at: str
    answer: dict[str, Any]
    closed: Wire
    since: Wire


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Iterator[Told]:
    ura, other = stage.simulators["ura"], stranger(5)
    enter_everywhere(stage, PEKKA)
    enter_everywhere(stage, other)
    case, old_form = helmi_opens_pekkas_plan(desk)
    others = helmi_opens_a_plan_for_all_four(desk, other)
    for opened in (case, others):
        stage.settle(opened.plan_id)
    ura.chaos(night_window=True)
    ura.clock(set=on_the_clock(4, 59, 50, offset=1))
    closed = Wire.from_now(ura)
    helmi_queues_three_items(desk, case)
    assert wait_until(lambda: "try_later" in desk.outcomes(case, "ura"))
    ura.clock(set=on_the_clock(4, 59, 50, offset=1))
    since = Wire.from_now(ura)
    desk.revise(HELMI, others.plan_id, {"goals[g-1].text_client": OTHERS_WORDS})
    said_at = moment(minutes_ago=30)
    answer = teemu_records_the_narrower_form(desk, case, old_form, said_at=said_at)
    ura.clock(set=on_the_clock(5, offset=1))
    for opened in (others, case):
        stage.settle(opened.plan_id, wait_s=60)
    yield Told(case, old_form, said_at, answer, closed, since)
    ura.chaos(night_window=False)
    ura.clock(set=on_the_clock(10))


def test_ura_was_shut_when_the_three_items_were_to_go(told: Told) -> None:
    assert told.closed.answered(503)


def test_exactly_the_three_waiting_elements_are_cancelled(told: Told, desk: Desk) -> None:
    assert told.answer["cancelled_elements"] == {"ura": sorted(PEKKAS_WORDS)}
    cancelled = desk.links(told.case.plan_id)["ura"]["cancelled"]
    assert {c["element"] for c in cancelled} == set(PEKKAS_WORDS)
    assert {c["state"] for c in cancelled} == {"cancelled_by_withdrawal"}


def test_after_the_window_opens_nothing_of_them_is_sent_while_another_client_s_change_is(told: Told) -> None:
    assert told.since.holds(OTHERS_WORDS)
    assert [element for element, words in PEKKAS_WORDS.items() if told.since.holds(words)] == []
    theirs = [w for w in told.since.writes("tallenna") if "Takaisin kuljettajaksi" in str(w)]
    assert theirs == [], "not even a write of what Ura already holds"


def test_what_ura_lawfully_held_before_stays_there(told: Told, stage: Stage) -> None:
    hers = next(r for r in stage.simulators["ura"].records() if r["asiakas"]["loppuosa"] == PEKKA.hetu[-4:])
    assert "Takaisin kuljettajaksi." in str(hers["suunnitelma"]["tavoite"])
    assert hers["palautteet"] == []


def test_both_moments_and_the_receiving_party_are_kept(told: Told, stage: Stage) -> None:
    old = stage.call("GET", f"/v1/consents/{told.old_form}", party=KELA).json()
    withdrawn = old["withdrawn"]
    said, recorded = (datetime.fromisoformat(withdrawn[name]) for name in ("at", "recorded_at"))
    assert old["status"] == "superseded"
    assert said == datetime.fromisoformat(told.said_at)
    assert timedelta(minutes=30) <= recorded - said < timedelta(minutes=40)
    assert withdrawn["received_by_party"] == KELA
    assert sorted(withdrawn["notified_parties"]) == PARTIES


def test_each_party_of_the_old_form_gets_one_notice(told: Told, stage: Stage) -> None:
    assert told.answer["notified"] == PARTIES
    notices: list[NoticeRow] = []

    def of_client(tx: Tx) -> tuple[NoticeRow, ...]:
        return tx.notices.of_client(UUID(told.case.client_id))

    async def look() -> None:
        store = open_store(stage.database_url, index_key=b"another key: nobody is looked up....")
        notices.extend(await store.read(of_client))
        await store.aclose()

    in_own_loop(look())
    assert sorted(notice.party for notice in notices) == PARTIES


def test_employment_no_longer_sees_pekkas_health_while_kela_does(told: Told, desk: Desk) -> None:
    assert "health" not in desk.read(EMPLOYMENT, told.case.plan_id)["plan"]
    for_kela = desk.read(KELA, told.case.plan_id)["plan"]
    assert for_kela["health"]["work_ability_conclusion"]
    assert for_kela["goals"][0]["text_client"] == PEKKAS_WORDS["goals[g-1]"]
    assert for_kela["header"]["status"] == "active"


def test_the_disclosures_say_that_the_items_have_no_basis(told: Told, desk: Desk) -> None:
    items = desk.disclosures(told.case.plan_id, "ura")
    for path in ("goals[g-1].text_client", "services[s-1].organizer.name", "feedback[f-1].text"):
        assert (items[path]["outcome"], items[path]["reason"]) == ("DENY", "NO_BASIS")


def test_an_administrator_cannot_send_again_what_was_cancelled(told: Told, stage: Stage) -> None:
    before = Wire.from_now(stage.simulators["ura"])
    path = f"/v1/plans/{told.case.plan_id}/links/ura/redrive"
    assert stage.call("POST", path, party="lrha-health", role="operations").status_code == 409
    stage.settle(told.case.plan_id)
    assert [entry for entry in before.entries if is_write("ura", entry)] == []


def reached(stage: Stage, consent_id: str, **who: str) -> dict[str, Any]:
    """How far a withdrawal has reached, as somebody is told."""
    answer = stage.call("GET", f"/v1/consents/{consent_id}/propagation", **{"party": HELMI.party, **who})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_proof_says_what_ura_keeps_and_on_what_ground(told: Told, stage: Stage) -> None:
    proof = reached(stage, told.old_form, role="oversight")
    assert [(s["system"], s["state"], s["ground"]) for s in proof["systems"]] == [
        ("ura", "retained", "recipient_register")
    ]
    paths = proof["systems"][0]["paths"]
    assert "health.work_ability_conclusion" in paths
    assert all(any(path.startswith(element) for path in paths) for element in PEKKAS_WORDS)


def test_what_was_sent_between_his_word_and_its_recording_is_listed(told: Told, stage: Stage) -> None:
    proof = reached(stage, told.old_form, role="oversight")
    said, recorded = (datetime.fromisoformat(proof[name]) for name in ("withdrawn_at", "recorded_at"))
    assert said == datetime.fromisoformat(told.said_at)
    sent = proof["sent_before_recorded"]
    assert {each["system"] for each in sent} == {"ura"}, (
        "nobody else had anything on the grants that are gone"
    )
    assert all(said <= datetime.fromisoformat(each["at"]) <= recorded for each in sent)
    assert [each["outcome"] for each in sent] == ["ok", "try_later"], (
        "what arrived, and what Ura did not take"
    )
    later = reached(stage, told.answer["consent"]["consent_id"], role="oversight")
    assert later["sent_before_recorded"] == [], "the new form stands"


def test_pekka_himself_can_see_how_far_his_withdrawal_has_come(told: Told, stage: Stage) -> None:
    proof = reached(stage, told.old_form, party=KELA, role="client", client=told.case.client_id)
    (ura,) = proof["systems"]
    assert (ura["state"], ura["paths"], ura["generation"]) == ("retained", [], None)
    assert ura["items"] > len(PEKKAS_WORDS)
    path = f"/v1/consents/{told.old_form}/propagation"
    stranger_s = {"role": "client", "client": "00000000-0000-4000-8000-000000000000"}
    assert stage.call("GET", path, party=KELA, **stranger_s).status_code == 404
    assert stage.call("GET", path, party="lrha-social").status_code == 404, "it is not on the form"

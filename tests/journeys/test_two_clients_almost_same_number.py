"""Two people whose identity numbers differ in the century sign only (domain report 5.2, scenario 12)."""

from dataclasses import dataclass

import pytest

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import EMPLOYMENT, OLLI, Person, plan
from tyokyky_bridge.demo.stage import Stage
from worlds.strangers import stranger

OLDER, NEWER = stranger(77), stranger(77, sign="Y")
WORDS = {OLDER.hetu: "Leipurin työhön.", NEWER.hetu: "Puusepän työhön."}


@dataclass(frozen=True)
class Told:
    """Both plans, what Ura was sent from then on, and the customer number there that may be either person's."""

    cases: dict[str, Opened]
    wire: Wire
    number: str


def open_plan(desk: Desk, client: Person) -> Opened:
    content = plan(client, EMPLOYMENT, coordinator=OLLI)
    return desk.open_plan(OLLI, client, content | {"plan": {"client_vocational_plans": WORDS[client.hetu]}})


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    ura = stage.simulators["ura"]
    # A row from before the third field: it may be either.
    (number,) = ura.seed(persons=[OLDER.seed | {"legacy": True}])["asiakasnrot"]
    wire = Wire.from_now(ura)
    cases = {client.hetu: open_plan(desk, client) for client in (OLDER, NEWER)}
    for case in cases.values():
        stage.settle(case.plan_id)
    return Told(cases, wire, number)


def test_the_hub_takes_them_for_two_people(told: Told) -> None:
    assert len({case.client_id for case in told.cases.values()}) == 2


@pytest.mark.parametrize("hetu", [OLDER.hetu, NEWER.hetu], ids=["older", "newer"])
def test_the_link_is_held_with_the_reason_identity(told: Told, stage: Stage, desk: Desk, hetu: str) -> None:
    link = desk.links(told.cases[hetu].plan_id)["ura"]
    assert (link["state"], link["parked_reason"]) == ("parked", "identity")
    items = desk.disclosures(told.cases[hetu].plan_id, "ura")
    assert {(i["outcome"], i["row"], i["reason"]) for i in items.values()} == {("DENY", 1, "IDENTITY")}


def test_nothing_but_the_question_was_sent(told: Told) -> None:
    ending = OLDER.hetu[-4:].encode()  # the same for both
    assert {e.path for e in told.wire.entries if ending in e.body} == {"/ura/v2/asiakas/hae"}
    assert not told.wire.holds(f'"{told.number}"')
    assert not any(told.wire.holds(words) for words in WORDS.values())


def test_a_person_clears_it_up_and_each_plan_goes_to_its_own_client(
    told: Told, stage: Stage, desk: Desk
) -> None:
    ura = stage.simulators["ura"]
    ura.act("edit", asiakasnro=told.number, fields={"vuosisata": "-"})
    ura.seed(persons=[NEWER.seed])
    for case in told.cases.values():
        path = f"/v1/plans/{case.plan_id}/links/ura/redrive"
        assert stage.call("POST", path, party=EMPLOYMENT, role="operations").status_code == 200
        assert stage.settle(case.plan_id)["ura"]["state"] == "in_sync"
    held = {
        r["asiakas"]["vuosisata"]: str(r["suunnitelma"]["ammatilliset_suunnitelmat"])
        for r in ura.records()
        if r["asiakas"]["loppuosa"] == OLDER.hetu[-4:]
    }
    assert held == {"-": str([WORDS[OLDER.hetu]]), "Y": str([WORDS[NEWER.hetu]])}

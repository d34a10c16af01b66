"""Ura's change feed at the simulator, over real HTTP: gaps, tombstones, late commits, and what users do to records."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tyokyky_bridge.adapterkit.testing import SimulatorProcess

HETU, OTHER = "120385-921T", "030278-958K"
NUMBER = "00481213"
FORM = {"viite": "f-1", "laji": "01", "teksti": "Osa-aikatyö mahdollinen."}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder: Path = tmp_path_factory.mktemp("ura")
    with SimulatorProcess("tyokyky_adapter_ura.simulator", state=folder / "ura.db") as simulator:
        yield simulator


@pytest.fixture
def ura(process: SimulatorProcess) -> SimulatorProcess:
    process.reset()
    process.clock(set="2026-02-03T10:15:00+02:00")
    process.chaos(random_seed=11)
    process.seed(persons=[{"hetu": HETU, "family_name": "Esimerkki", "asiakasnro": NUMBER}])
    return process


def post(ura: SimulatorProcess, call: str, **body: Any) -> dict[str, Any]:
    headers = {"KIPA-Subscription-Key": "sim-kipa-key", "KIPA-MessageId": str(uuid.uuid4())}
    us = {"ytunnus": "9000001-1", "kayttotarkoitus": "01"}
    with httpx.Client(trust_env=False) as client:
        return client.post(f"{ura.base_url}/ura/v2/{call}", json=us | body, headers=headers).json()


def feed(ura: SimulatorProcess, after: int = 0, most: int = 200) -> dict[str, Any]:
    answer = post(ura, "muutokset/hae", edellinen=after, max=most)
    assert answer["paluukoodi"] == "0", answer["virheet"]
    return answer["data"]


def rows(ura: SimulatorProcess, after: int = 0) -> list[dict[str, Any]]:
    return feed(ura, after)["muutokset"]


def newest(ura: SimulatorProcess) -> int:
    return feed(ura)["viimeisin"]


def save(ura: SimulatorProcess, **receipt: Any) -> dict[str, Any]:
    plan = {"asiakasnro": NUMBER, "laji": "TT", "muutosnumero": 0, **receipt}
    return post(ura, "suunnitelma/tallenna", suunnitelma=plan)["data"]


def edit(ura: SimulatorProcess, *, hetu: str = HETU, goal: str = "rivi", **content: Any) -> int:
    whole = {"suunnitelma": {"laji": "TT", "tavoite": [goal]}, **content}
    return ura.act("edit", hetu=hetu, content=whole)["muutosnumero"]


def test_every_saved_version_is_a_row_and_numbers_grow_strictly_with_gaps(ura: SimulatorProcess) -> None:
    receipt = save(ura)
    for _ in range(4):
        receipt = save(ura, **receipt)
    edit(ura)
    ura.act("delete", suunnitelmanro=receipt["suunnitelmanro"])
    told = rows(ura)
    assert [(row["laji"], row.get("poistettu", False)) for row in told] == [
        ("asiakas", False),
        *[("suunnitelma", False)] * 6,
        ("suunnitelma", True),
    ]
    numbers = [row["muutosnumero"] for row in told]
    assert numbers == sorted(set(numbers))
    assert max(numbers) - min(numbers) > len(numbers)
    assert {row["tunnus"] for row in told[1:]} == {receipt["suunnitelmanro"]}
    assert {row["asiakasnro"] for row in told} == {NUMBER}
    assert newest(ura) == numbers[-1]


def test_a_page_holds_no_more_than_asked_for_and_says_whether_there_are_more(ura: SimulatorProcess) -> None:
    for goal in ("yksi", "kaksi", "kolme"):
        edit(ura, goal=goal)
    first = feed(ura, 0, 3)
    rest = feed(ura, first["muutokset"][-1]["muutosnumero"], 3)
    assert (len(first["muutokset"]), first["lisaa"]) == (3, True)
    assert (len(rest["muutokset"]), rest["lisaa"]) == (1, False)
    assert first["muutokset"] + rest["muutokset"] == rows(ura)
    assert rows(ura, newest(ura)) == []


@pytest.mark.parametrize("asked", [{"edellinen": "x", "max": 1}, {"edellinen": 0, "max": 0}, {"max": 1}])
def test_a_question_that_makes_no_sense_is_refused(ura: SimulatorProcess, asked: dict[str, Any]) -> None:
    assert [error["nro"] for error in post(ura, "muutokset/hae", **asked)["virheet"]] == [10]


def test_the_feed_tells_where_to_look_and_nothing_of_what_was_written(ura: SimulatorProcess) -> None:
    edit(ura, goal="Salainen tavoite")
    ura.act("send_form", hetu=HETU, form=FORM)
    told = rows(ura)
    assert {row["laji"] for row in told} == {"asiakas", "suunnitelma", "palaute"}
    assert {name for row in told for name in row} == {"laji", "tunnus", "asiakasnro", "muutosnumero"}
    assert "Salainen" not in str(told)
    assert "921T" not in str(told)


def test_a_late_commit_shows_in_its_place_after_later_numbers_did(ura: SimulatorProcess) -> None:
    ura.chaos(late_commit=1.0, late_commit_s=30)
    late = edit(ura, goal="myöhässä")
    ura.chaos(late_commit=0.0)
    prompt = edit(ura, goal="ajoissa")
    assert [row["muutosnumero"] for row in rows(ura)][-1] == prompt > late
    assert late not in {row["muutosnumero"] for row in rows(ura)}
    ura.clock(advance_s=31)
    assert [row["muutosnumero"] for row in rows(ura)][-2:] == [late, prompt]


def test_a_late_commit_waits_for_no_more_numbers_than_its_knob_says(ura: SimulatorProcess) -> None:
    ura.chaos(late_commit=1.0, late_commit_s=3600, late_commit_numbers=10)
    late = edit(ura)
    while newest(ura) < late + 10:
        assert late not in {row["muutosnumero"] for row in rows(ura)}
        edit(ura)
    assert late in {row["muutosnumero"] for row in rows(ura)}


def test_feed_and_numbers_survive_kill(ura: SimulatorProcess) -> None:
    edit(ura)
    ura.act("delete", hetu=HETU)
    before = feed(ura)
    ura.kill()
    ura.start()
    assert feed(ura) == before
    assert edit(ura) > before["viimeisin"]


def test_a_user_saves_a_whole_content_for_a_person_without_a_plan(ura: SimulatorProcess) -> None:
    made = ura.act("edit", hetu=HETU, content={"suunnitelma": {"laji": "TT", "tavoite": ["uusi"]}})
    record = ura.records()[0]
    assert record["suunnitelma"]["suunnitelmanro"] == made["suunnitelmanro"]
    assert record["suunnitelma"]["tavoite"] == ["uusi"]
    assert record["asiakas"]["sukunimi"] == "ESIMERKKI"


def test_a_user_saves_person_plan_and_forms_in_one_go(ura: SimulatorProcess) -> None:
    first = edit(ura, palautteet=[FORM, {**FORM, "viite": "f-2"}])
    person = {name: value for name, value in ura.records()[0]["asiakas"].items() if name != "muutosnumero"}
    moved = {**person, "etunimet": "TUULI", "henkilotunnus": OTHER}
    edit(ura, goal="toinen", asiakas=moved, palautteet=[{**FORM, "teksti": "Muu"}])
    record = ura.records()[0]
    assert record["asiakas"]["etunimet"] == "TUULI"
    assert [record["asiakas"][name] for name in ("syntaika", "vuosisata", "loppuosa")] == [
        19780203,
        "-",
        "958K",
    ]
    assert "henkilotunnus" not in record["asiakas"]
    assert [(form["viite"], form["teksti"]) for form in record["palautteet"]] == [("f-1", "Muu")]
    told = [(row["laji"], row["tunnus"], row.get("poistettu", False)) for row in rows(ura, first)]
    assert told == [
        ("asiakas", NUMBER, False),
        ("palaute", "f-1", False),
        ("palaute", "f-2", True),
        ("suunnitelma", record["suunnitelma"]["suunnitelmanro"], False),
    ]


def test_what_a_user_saved_without_a_change_is_a_new_version_of_the_plan_alone(ura: SimulatorProcess) -> None:
    first = edit(ura, palautteet=[FORM])
    assert edit(ura, palautteet=[FORM]) > first
    assert [row["laji"] for row in rows(ura, first)] == ["suunnitelma"]


def test_a_deleted_plan_can_be_followed_by_a_new_one_but_not_edited(ura: SimulatorProcess) -> None:
    edit(ura)
    gone = ura.records()[0]["suunnitelma"]["suunnitelmanro"]
    ura.act("delete", hetu=HETU)
    assert ura.records()[0]["suunnitelma"] is None
    with pytest.raises(RuntimeError, match="name a row that exists"):
        ura.act("edit", suunnitelmanro=gone, fields={"vastuuhlo": "OLINDQ"})
    edit(ura)
    assert ura.records()[0]["suunnitelma"]["suunnitelmanro"] != gone


def test_a_user_cannot_save_for_a_person_who_is_not_there(ura: SimulatorProcess) -> None:
    with pytest.raises(RuntimeError, match="400"):
        edit(ura, hetu=OTHER)
    with pytest.raises(RuntimeError, match="400"):
        ura.act("edit", asiakasnro="00000000", content={"suunnitelma": {}})

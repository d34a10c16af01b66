"""What is odd about Ura, over real HTTP: message ids, window, change numbers, repertoire, legacy rows."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tyokyky_bridge.adapterkit.testing import SimulatorProcess

HETU, TWIN = "120385-921T", "120385Y921T"
KEY = {"KIPA-Subscription-Key": "sim-kipa-key"}
US = {"ytunnus": "9000001-1", "kayttotarkoitus": "01"}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder: Path = tmp_path_factory.mktemp("ura")
    with SimulatorProcess("tyokyky_adapter_ura.simulator", state=folder / "ura.db") as simulator:
        yield simulator


@pytest.fixture
def ura(process: SimulatorProcess) -> SimulatorProcess:
    process.reset()
    process.clock(set="2026-02-03T10:15:00+02:00")
    process.seed(
        persons=[
            {
                "hetu": HETU,
                "family_name": "Esimerkki",
                "given_names": "Tuulikki Anna",
                "asiakasnro": "00481213",
            }
        ]
    )
    return process


def post(
    ura: SimulatorProcess, call: str, body: dict[str, Any], *, message: str | None = None, **headers: str
) -> httpx.Response:
    sent = {**KEY, "KIPA-MessageId": message or str(uuid.uuid4()), **headers}
    with httpx.Client(trust_env=False) as client:
        return client.post(f"{ura.base_url}/ura/v2/{call}", json=US | body, headers=sent)


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200
    assert answer.json()["paluukoodi"] == "0", answer.json()["virheet"]
    return answer.json()["data"]


def errors(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    assert answer.json()["paluukoodi"] == "E"
    return answer.json()["virheet"]


def plan(**fields: Any) -> dict[str, Any]:
    return {"suunnitelma": {"asiakasnro": "00481213", "laji": "TT", "muutosnumero": 0, **fields}}


def save(ura: SimulatorProcess, **fields: Any) -> httpx.Response:
    return post(ura, "suunnitelma/tallenna", plan(**fields))


def stored(ura: SimulatorProcess) -> dict[str, Any]:
    return ura.records()[0]["suunnitelma"]


def test_without_the_subscription_key_the_gateway_lets_nobody_in(ura: SimulatorProcess) -> None:
    assert post(ura, "asiakas/hae", {}, **{"KIPA-Subscription-Key": ""}).status_code == 401


def test_a_request_without_a_message_id_is_a_gateway_error(ura: SimulatorProcess) -> None:
    assert post(ura, "asiakas/hae", {}, **{"KIPA-MessageId": "one"}).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "number"),
    [({"ytunnus": "9000005-4"}, 17), ({"kayttotarkoitus": "77"}, 18), ({"kayttotarkoitus": None}, 18)],
)
def test_another_organisation_or_purpose_is_refused_inside_the_envelope(
    ura: SimulatorProcess, wrong: dict[str, Any], number: int
) -> None:
    answer = post(ura, "suunnitelma/hae", {"asiakasnro": "00481213", **wrong})
    assert [error["nro"] for error in errors(answer)] == [number]
    assert answer.json()["data"] is None


def test_the_same_message_id_gives_the_first_answer_byte_for_byte_and_has_one_effect(
    ura: SimulatorProcess,
) -> None:
    message = str(uuid.uuid4())
    first = post(ura, "suunnitelma/tallenna", plan(tavoite=["yksi"]), message=message)
    second = post(ura, "suunnitelma/tallenna", plan(tavoite=["kaksi"]), message=message)
    assert second.content == first.content
    assert stored(ura)["tavoite"] == ["yksi"]
    assert len(ura.effects()) == 1


def test_after_a_day_a_message_id_is_forgotten(ura: SimulatorProcess) -> None:
    message = str(uuid.uuid4())
    post(ura, "suunnitelma/tallenna", plan(), message=message)
    ura.clock(advance_s=25 * 3600)
    assert errors(post(ura, "suunnitelma/tallenna", plan(), message=message))[0]["nro"] == 42


def test_a_plan_is_saved_only_against_the_change_number_that_was_read(ura: SimulatorProcess) -> None:
    receipt = data(save(ura, tavoite=["yksi"]))
    ura.act(
        "edit_lines", suunnitelmanro=receipt["suunnitelmanro"], field="tavoite", lines=["käyttäjä kirjoitti"]
    )
    stale = save(ura, **receipt, tavoite=["kaksi"])
    assert errors(stale) == [{"nro": 42, "selite": "MUUTOSNUMERO EI TÄSMÄÄ", "kentta": None}]
    assert stored(ura)["tavoite"] == ["käyttäjä kirjoitti"]


def test_a_deleted_plan_is_a_tombstone_that_no_search_gives(ura: SimulatorProcess) -> None:
    receipt = data(save(ura, tavoite=["yksi"]))
    ura.act("delete", suunnitelmanro=receipt["suunnitelmanro"])
    assert data(post(ura, "suunnitelma/hae", {"asiakasnro": "00481213"}))["suunnitelma"] is None
    assert (
        "suunnitelmanro"
        not in data(post(ura, "asiakas/hae", {"syntaika": 19850312, "loppuosa": "921T", "vuosisata": "-"}))[
            "asiakkaat"
        ][0]
    )


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("2026-02-03T22:00:00+02:00", 7 * 3600),
        ("2026-02-04T04:59:00+02:00", 60),
        ("2026-07-01T23:30:00+03:00", int(5.5 * 3600)),
    ],
)
def test_at_night_writes_are_told_when_the_window_opens(ura: SimulatorProcess, at: str, seconds: int) -> None:
    ura.clock(set=at)
    closed = save(ura)
    assert closed.status_code == 503
    assert seconds - 5 <= int(closed.headers["retry-after"]) <= seconds
    assert ura.effects() == []
    data(post(ura, "suunnitelma/hae", {"asiakasnro": "00481213"}))


@pytest.mark.parametrize("at", ["2026-02-03T21:59:00+02:00", "2026-02-04T05:00:00+02:00"])
def test_outside_the_night_writes_are_taken(ura: SimulatorProcess, at: str) -> None:
    ura.clock(set=at)
    data(save(ura))


def test_the_window_can_be_held_open(ura: SimulatorProcess) -> None:
    ura.clock(set="2026-02-03T23:00:00+02:00")
    ura.chaos(night_window=False)
    data(save(ura))


def test_a_write_refused_at_night_is_not_remembered_under_its_message_id(ura: SimulatorProcess) -> None:
    message = str(uuid.uuid4())
    ura.clock(set="2026-02-03T23:00:00+02:00")
    assert post(ura, "suunnitelma/tallenna", plan(), message=message).status_code == 503
    ura.clock(set="2026-02-04T06:00:00+02:00")
    data(post(ura, "suunnitelma/tallenna", plan(), message=message))


def test_a_character_outside_the_repertoire_is_named_by_its_code_point(ura: SimulatorProcess) -> None:
    assert errors(save(ura, tavoite=["Łucja"])) == [
        {
            "nro": 63,
            "selite": "MERKKI EI KUULU MERKISTÖÖN ISO-8859-1",
            "kentta": "suunnitelma.tavoite",
            "merkki": "U+0141",
        }
    ]
    data(save(ura, tavoite=["äö ÅÄÖ ½ ¬"]))


@pytest.mark.parametrize(
    ("fields", "number", "field"),
    [
        ({"tavoite": ["x"] * 21}, 61, "suunnitelma.tavoite"),
        ({"tavoite": ["x" * 71]}, 61, "suunnitelma.tavoite"),
        ({"tavoite": ["a\tb"]}, 62, "suunnitelma.tavoite"),
        ({"tavoite": "yksi"}, 60, "suunnitelma.tavoite"),
        ({"rajoitteen_kuvaus": "x" * 201}, 61, "suunnitelma.rajoitteen_kuvaus"),
        ({"tarkistettava": 20260231}, 51, "suunnitelma.tarkistettava"),
        ({"tarkistettava": "3.2.2026"}, 51, "suunnitelma.tarkistettava"),
        ({"terveysrajoite": "X"}, 71, "suunnitelma.terveysrajoite"),
        ({"palvelut": [{"palvelu": "31"}, {"palvelu": "42"}]}, 71, "suunnitelma.palvelut[1].palvelu"),
    ],
)
def test_what_ura_cannot_store_it_refuses_by_number_and_field(
    ura: SimulatorProcess, fields: dict[str, Any], number: int, field: str
) -> None:
    assert [(error["nro"], error["kentta"]) for error in errors(save(ura, **fields))] == [(number, field)]
    assert ura.effects() == []


def test_a_code_that_a_newer_release_put_there_may_stay(ura: SimulatorProcess) -> None:
    ura.seed(records=[{"hetu": HETU, "suunnitelma": {"palvelut": [{"palvelu": "88", "tunniste": "u-1"}]}}])
    standing = stored(ura)
    data(save(ura, **{**standing, "tavoite": ["uusi rivi"]}))
    assert stored(ura)["palvelut"] == [{"palvelu": "88", "tunniste": "u-1"}]


def test_elements_that_come_without_a_key_are_given_one(ura: SimulatorProcess) -> None:
    data(save(ura, palvelut=[{"palvelu": "21"}, {"palvelu": "22", "tunniste": "s-1"}]))
    first, second = stored(ura)["palvelut"]
    assert first["tunniste"].startswith("ura-")
    assert second["tunniste"] == "s-1"


def test_a_legacy_row_without_century_sign_is_found_by_both_twins(ura: SimulatorProcess) -> None:
    ura.seed(persons=[{"hetu": TWIN, "family_name": "Toinen", "given_names": "Tuuli", "legacy": True}])
    for sign, hits in (("-", 2), ("Y", 1)):
        rows = data(post(ura, "asiakas/hae", {"syntaika": 19850312, "loppuosa": "921T", "vuosisata": sign}))[
            "asiakkaat"
        ]
        assert len(rows) == hits
        assert any("vuosisata" not in row for row in rows)


def test_an_identity_number_cannot_be_changed_by_the_interface(ura: SimulatorProcess) -> None:
    person = data(post(ura, "suunnitelma/hae", {"asiakasnro": "00481213"}))["asiakas"]
    moved = post(ura, "asiakas/tallenna", {"asiakas": {**person, "vuosisata": "Y"}})
    assert [error["nro"] for error in errors(moved)] == [52]


def test_a_feedback_form_is_not_overwritten_by_one_who_has_not_read_it(ura: SimulatorProcess) -> None:
    form = {"asiakasnro": "00481213", "viite": "f-1", "laji": "01", "teksti": "Osa-aikatyö mahdollinen."}
    receipt = data(post(ura, "palaute/tallenna", {"palaute": {**form, "muutosnumero": 0}}))
    again = post(ura, "palaute/tallenna", {"palaute": {**form, "teksti": "Muu", "muutosnumero": 0}})
    assert [error["nro"] for error in errors(again)] == [42]
    data(
        post(
            ura,
            "palaute/tallenna",
            {"palaute": {**form, "teksti": "Muu", "muutosnumero": receipt["muutosnumero"]}},
        )
    )
    assert [shown["teksti"] for shown in ura.records()[0]["palautteet"]] == ["Muu"]


def test_two_persons_may_have_forms_under_the_same_reference(ura: SimulatorProcess) -> None:
    ura.seed(persons=[{"hetu": "030278-958K", "family_name": "Malliviite", "asiakasnro": "00481214"}])
    for number in ("00481213", "00481214"):
        form = {"asiakasnro": number, "viite": "f-1", "laji": "01", "teksti": f"Asiakas {number}."}
        data(post(ura, "palaute/tallenna", {"palaute": {**form, "muutosnumero": 0}}))
    texts = {r["asiakas"]["asiakasnro"]: [f["teksti"] for f in r["palautteet"]] for r in ura.records()}
    assert texts == {"00481213": ["Asiakas 00481213."], "00481214": ["Asiakas 00481214."]}


def test_everything_survives_kill(ura: SimulatorProcess) -> None:
    message = str(uuid.uuid4())
    first = post(ura, "suunnitelma/tallenna", plan(tavoite=["yksi"]), message=message)
    ura.kill()
    ura.start()
    assert post(ura, "suunnitelma/tallenna", plan(tavoite=["yksi"]), message=message).content == first.content
    assert stored(ura)["tavoite"] == ["yksi"]

"""The change log of the simulated Effica over the wire, what its users do, and what the adapter asks besides."""

from datetime import UTC, datetime

import httpx
import pytest

from tyokyky_adapter_sosiaali_effica.answers import page_of
from tyokyky_adapter_sosiaali_effica.simulator import certificates
from tyokyky_adapter_sosiaali_effica.soap import (
    EFF,
    PATH,
    body_of,
    eff,
    envelope,
    fault_of,
    local_name,
    message,
    parse,
    security,
    text_of,
)
from tyokyky_bridge.adapterkit.errors import NotAuthentic, TryLater

TUULIKKI, MAIJA = "120385-921T", "030278-958K"
ACCOUNT = {"user": "TKYSILTA", "password": "vain-simulaattoriin"}


@pytest.fixture
def log(effica, tls_dir):
    """The bare operation: (rows, whether there are more), or the code of a Fault."""

    def ask(start):
        header = security(*ACCOUNT.values(), datetime.now(UTC))
        answer = httpx.post(
            f"{effica.base_url}{PATH}",
            content=envelope(message("HaeMuutosloki", {"Alku": start}), header=header),
            headers={"content-type": "text/xml", "soapaction": f'"{EFF}:HaeMuutosloki"'},
            verify=certificates.client_context(tls_dir),
            trust_env=False,
        )
        inside = body_of(parse(answer.content))
        wrong = fault_of(inside)
        if wrong is not None:
            return wrong.code
        rows = [{local_name(m): m.text for m in row} for row in inside.findall(eff("MuutosRivi"))]
        return rows, text_of(inside, "Lisaa")

    return ask


def edit(effica, words="sanoja", **whose):
    return effica.act("edit", content={"Voimavarat": words}, **(whose or {"hetu": TUULIKKI}))


def test_it_lists_each_version_by_local_minute_from_a_minute_on_inclusive(effica, log, save):
    effica.clock(set="2026-02-03T10:15:00+02:00")
    oid = edit(effica)["AsiakirjaOid"]
    effica.clock(set="2026-02-03T10:16:00+02:00")
    save(lambda content: {**content, "Voimavarat": "sisu"})
    effica.clock(set="2026-02-03T10:17:00+02:00")
    effica.act("void", document=oid)

    rows, more = log("03.02.2026 10.15")
    assert more == "false"
    assert [(row["Versionumero"], row["Aika"], row["Tila"]) for row in rows] == [
        ("1", "03.02.2026 10.15", "2"),
        ("2", "03.02.2026 10.16", "2"),
        ("3", "03.02.2026 10.17", "3"),
    ]
    (person,) = {(row["AsiakirjaOid"], row["AsiakasTunnus"]) for row in rows}
    assert person[0] == oid
    assert TUULIKKI not in repr(rows)
    assert log("03.02.2026 10.16")[0] == rows[1:]
    assert log("03.02.2026 10.18")[0] == []


@pytest.mark.parametrize("start", ["", "2026-02-03T10:15", "31.02.2026 10.15"])
def test_a_start_that_is_no_local_minute_is_a_fault(log, start):
    assert log(start) == "EFF-002"


def test_in_the_hour_that_comes_twice_its_order_mixes_both_times(effica, log):
    for moment in ("2026-10-25T00:30:00+00:00", "2026-10-25T01:10:00+00:00"):
        effica.clock(set=moment)
        edit(effica)
    rows, _ = log("25.10.2026 03.00")
    assert [(row["Versionumero"], row["Aika"][-5:]) for row in rows] == [("2", "03.10"), ("1", "03.30")]
    assert [row["Versionumero"] for row in log("25.10.2026 03.30")[0]] == ["1"]


def test_it_holds_five_hundred_rows_in_an_answer_and_says_that_there_are_more(effica, log):
    effica.seed(records=[{"Hetu": TUULIKKI}] * 501)
    rows, more = log("01.01.2020 00.00")
    assert (len(rows), more) == (500, "true")


def test_it_survives_a_kill(effica, log):
    edit(effica)
    before = log("01.01.2020 00.00")
    effica.kill()
    effica.start()
    assert log("01.01.2020 00.00") == before
    assert before[0]


@pytest.mark.parametrize("row", [None, {"Aika": "eilen"}, {}], ids=["no row", "no minute", "no time"])
def test_an_answer_that_cannot_be_read_loses_nothing_and_is_asked_for_again(row):
    reply = message("HaeMuutoslokiVastaus", {"Paluukoodi": "0", "Lisaa": "true"})
    if row is not None:
        reply.append(message("MuutosRivi", row))
    with pytest.raises(TryLater):
        page_of(reply)


def test_it_pushes_nothing(tell):
    async def story(adapter):
        adapter.read_notice({}, b"{}", now=datetime.now(UTC))

    with pytest.raises(NotAuthentic):
        tell(story)


def test_a_clients_number_is_told_unless_its_century_is_missing(effica, tell):
    (other,) = effica.seed(persons=[{"hetu": MAIJA, "sign_missing": True}])["AsiakasTunnus"]
    person = tell(lambda adapter: adapter.find(TUULIKKI)).person_id
    assert tell(lambda adapter: adapter.number_of(person)) == TUULIKKI
    assert tell(lambda adapter: adapter.number_of(other)) is None
    assert tell(lambda adapter: adapter.number_of("999")) is None


def test_a_user_may_save_a_whole_document_and_make_the_first_one(effica, tell):
    goals = {"Tavoitteet": {"Tavoite": [{"Kuvaus": "työhön"}]}, "Palautteet": {}}
    oid = effica.act("edit", hetu=TUULIKKI, content=goals, user="KSALMI")["AsiakirjaOid"]
    (first,) = effica.records()
    assert first["Muokkaaja"] == "KSALMI"
    (goal,) = first["Tavoitteet"]["Tavoite"]
    assert goal["Tunniste"]

    async def fetched(adapter):
        return (await adapter.fetch(await adapter.find(TUULIKKI))).content

    content = tell(fetched)
    content["Tavoitteet"]["Tavoite"].append({"Kuvaus": "kouluun"})
    del content["Palautteet"]
    assert effica.act("edit", document=oid, content=content)["Versionumero"] == "2"
    (second,) = effica.records()
    assert second["Tavoitteet"]["Tavoite"][0] == goal
    assert second["Tavoitteet"]["Tavoite"][1]["Tunniste"]
    assert "Palautteet" not in second


def test_a_user_cannot_save_for_somebody_unknown(effica):
    with pytest.raises(RuntimeError, match="no such client"):
        edit(effica, hetu=MAIJA)

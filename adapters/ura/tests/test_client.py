"""The adapter: what it makes of Ura's odd answers, and how it writes one record in several requests."""

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from mapping.sampler import put_what_fits
from tyokyky_adapter_ura import CODECS, connect
from tyokyky_adapter_ura.client import Ura
from tyokyky_bridge.adapterkit.contract import Found, Licence, Native, Standing, SystemConfig
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    LicenceExpired,
    NotThere,
    OutcomeUnknown,
    PartnerError,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.testing import SimulatorProcess
from tyokyky_bridge.domain.items import FIELDS, leaves_of, pattern_of
from tyokyky_bridge.mapping.catalogue import load
from worlds.plans import TUULIKKI, rich_plan

LENS = load("tyokyky_mappings:ura", CODECS)
HETU, TWIN = "120385-921T", "120385Y921T"
RIGHT = {"subscription_key": "sim-kipa-key", "ytunnus": "9000001-1"}
BASE = "http://ura.test"


def licence(seconds: float = 10) -> Licence:
    return Licence("test", time.monotonic() + seconds)


def told(story: Callable[[Ura], Awaitable[Any]], base_url: str = BASE, **options: str) -> Any:
    async def run() -> Any:
        adapter = connect(SystemConfig("ura", base_url, RIGHT | options))
        try:
            return await story(adapter)
        finally:
            await adapter.aclose()

    return asyncio.run(run())


def envelope(code: str = "0", data: Any = None, *errors: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"paluukoodi": code, "virheet": list(errors), "data": data})


PERSON = {"asiakasnro": "1", "syntaika": 19850312, "loppuosa": "921T", "vuosisata": "-", "muutosnumero": 3}
FOUND = Found("1", "5")
CONTENT: Native = {
    "asiakas": {"asiakasnro": "1", "syntaika": 19850312, "henkilotunnus": HETU},
    "suunnitelma": {"suunnitelmanro": "5", "tavoite": ["vanha"]},
    "palautteet": [],
}
STANDING = Standing(CONTENT, "5", "3.7.0")


def changed() -> Native:
    content = copy.deepcopy(CONTENT)
    content["suunnitelma"]["tavoite"] = ["uusi"]
    return content


def save(adapter: Ura) -> Awaitable[Any]:
    return adapter.write(FOUND, changed(), standing=STANDING, key="k", licence=licence())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (envelope("E", None, {"nro": 42, "selite": "MUUTOSNUMERO EI TÄSMÄÄ"}), ChangedUnderneath),
        (envelope("E", None, {"nro": 17, "selite": "Y-TUNNUS"}), Blocked),
        (envelope("E", None, {"nro": 18, "selite": "TARKOITUS"}), Blocked),
        (envelope("E", None, {"nro": 11, "selite": "EI LÖYDY"}), NotThere),
        (envelope("E", None, {"nro": 61, "selite": "LIIAN PITKÄ", "kentta": "suunnitelma.tavoite"}), Refused),
        (envelope("E", None), Refused),
        (envelope("X", {}), OutcomeUnknown),
        (envelope("0", None), OutcomeUnknown),
        (httpx.Response(200, text="<html>"), OutcomeUnknown),
        (httpx.Response(200, json={"virheet": 7}), OutcomeUnknown),
        (envelope("0", {"muutosnumero": 9}), OutcomeUnknown),
        (envelope("0", {"suunnitelmanro": "", "muutosnumero": 9}), OutcomeUnknown),
        (envelope("0", {"suunnitelmanro": "5", "muutosnumero": None}), OutcomeUnknown),
        (httpx.Response(401), Blocked),
        (httpx.Response(403), Blocked),
        (httpx.Response(400), Refused),
        (httpx.Response(500), OutcomeUnknown),
        (httpx.Response(302, headers={"location": "http://elsewhere"}), Blocked),
    ],
)
def test_each_answer_to_a_write_says_what_to_do_next(
    answer: httpx.Response, error: type[PartnerError]
) -> None:
    with respx.mock(base_url=BASE) as mocked:
        mocked.post("/ura/v2/suunnitelma/tallenna").mock(return_value=answer)
        with pytest.raises(error):
            told(save)


WHOLE = {"asiakas": PERSON, "suunnitelma": None, "palautteet": []}


@pytest.mark.parametrize(
    ("call", "data"),
    [
        ("asiakas/hae", {}),
        ("asiakas/hae", {"asiakkaat": [None]}),
        ("asiakas/hae", {"asiakkaat": [{k: v for k, v in PERSON.items() if k != "asiakasnro"}]}),
        ("asiakas/hae", {"asiakkaat": [PERSON | {"suunnitelmanro": {"nro": "5"}}]}),
        ("suunnitelma/hae", {k: v for k, v in WHOLE.items() if k != "palautteet"}),
        ("suunnitelma/hae", WHOLE | {"asiakas": "1"}),
        ("suunnitelma/hae", WHOLE | {"suunnitelma": []}),
        ("suunnitelma/hae", WHOLE | {"suunnitelma": {"tavoite": []}}),
        ("suunnitelma/hae", WHOLE | {"palautteet": 7}),
        ("suunnitelma/hae", WHOLE | {"palautteet_muutosnumero": "7"}),
    ],
)
def test_data_of_another_shape_is_a_broken_answer_and_no_broken_record(call: str, data: Any) -> None:
    def ask(adapter: Ura) -> Awaitable[Any]:
        return adapter.find(HETU) if call == "asiakas/hae" else adapter.fetch(FOUND)

    with respx.mock(base_url=BASE) as mocked:
        mocked.post(f"/ura/v2/{call}").mock(return_value=envelope("0", data))
        with pytest.raises(TryLater):
            told(ask)


def test_a_refusal_names_the_native_field_and_the_code_point_and_no_text() -> None:
    error = {"nro": 63, "selite": "MERKKI Łucja", "kentta": "suunnitelma.tavoite", "merkki": "U+0141"}
    with respx.mock(base_url=BASE) as mocked:
        mocked.post("/ura/v2/suunnitelma/tallenna").mock(return_value=envelope("E", None, error))
        with pytest.raises(Refused) as refused:
            told(save)
    reason = refused.value.reasons[0]
    assert (reason.native_code, reason.field, reason.rule) == ("ura-63", "suunnitelma.tavoite", "U+0141")
    assert "ucja" not in str(refused.value)


def test_the_closed_window_means_try_later_and_says_when() -> None:
    with respx.mock(base_url=BASE) as mocked:
        mocked.post("/ura/v2/suunnitelma/tallenna").mock(
            return_value=httpx.Response(503, headers={"retry-after": "1200"})
        )
        with pytest.raises(TryLater) as later:
            told(save)
    assert later.value.after == timedelta(minutes=20)


def test_remarks_are_not_a_refusal() -> None:
    receipt = {"suunnitelmanro": "5", "muutosnumero": 9}
    with respx.mock(base_url=BASE) as mocked:
        mocked.post("/ura/v2/suunnitelma/tallenna").mock(
            return_value=envelope("H", receipt, {"nro": 91, "selite": "HUOMAUTUS"})
        )
        assert told(save).version == "3.9.0"


@pytest.mark.parametrize(
    "rows",
    [
        [{k: v for k, v in PERSON.items() if k != "vuosisata"}],
        [PERSON, PERSON | {"asiakasnro": "2"}],
        [PERSON | {"vuosisata": "Y"}],
    ],
)
def test_a_row_that_may_be_somebody_else_is_never_taken(rows: list[Native]) -> None:
    with respx.mock(base_url=BASE) as mocked:
        mocked.post("/ura/v2/asiakas/hae").mock(return_value=envelope("0", {"asiakkaat": rows}))
        with pytest.raises(AmbiguousIdentity):
            told(lambda adapter: adapter.find(HETU))


def test_a_row_that_lost_its_century_sign_after_it_was_found_is_not_read_either() -> None:
    data = {"asiakas": PERSON | {"vuosisata": None}, "suunnitelma": None, "palautteet": []}
    with respx.mock(base_url=BASE) as mocked:
        mocked.post("/ura/v2/suunnitelma/hae").mock(return_value=envelope("0", data))
        with pytest.raises(AmbiguousIdentity):
            told(lambda adapter: adapter.fetch(FOUND))


@pytest.mark.parametrize("purpose", ["benefit", "statement", "", "marketing"])
def test_nothing_is_asked_for_another_than_the_statutory_purposes(purpose: str) -> None:
    with respx.mock(base_url=BASE) as mocked:
        with pytest.raises(Blocked, match="purpose"):
            told(lambda adapter: adapter.find(HETU), purpose=purpose)
        assert not told(lambda adapter: adapter.health(), purpose=purpose).ok
        assert mocked.calls.call_count == 0


def test_what_is_no_identity_number_is_not_asked_about() -> None:
    with respx.mock(base_url=BASE) as mocked:
        with pytest.raises(NotThere):
            told(lambda adapter: adapter.find("1203851921T"))
        assert mocked.calls.call_count == 0


def test_the_same_intent_has_the_same_message_id_and_another_version_another_one() -> None:
    def ids(version: str, key: str) -> list[str]:
        with respx.mock(base_url=BASE) as mocked:
            route = mocked.post("/ura/v2/suunnitelma/tallenna").mock(
                return_value=envelope("E", None, {"nro": 42})
            )
            with pytest.raises(ChangedUnderneath):
                told(
                    lambda a: a.write(
                        FOUND, changed(), standing=Standing(CONTENT, "5", version), key=key, licence=licence()
                    )
                )
            return [call.request.headers["KIPA-MessageId"] for call in route.calls]

    assert ids("3.7.0", "k") == ids("3.7.0", "k")
    assert len({*ids("3.7.0", "k"), *ids("3.8.0", "k"), *ids("3.7.0", "k2")}) == 3


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder: Path = tmp_path_factory.mktemp("ura")
    with SimulatorProcess("tyokyky_adapter_ura.simulator", state=folder / "ura.db") as simulator:
        yield simulator


@pytest.fixture
def ura(process: SimulatorProcess) -> SimulatorProcess:
    process.reset()
    process.clock(set="2026-02-03T10:15:00+02:00")
    process.seed(persons=[{"hetu": HETU, "family_name": "Esimerkki", "given_names": "Tuulikki"}])
    return process


FORM = {"viite": "f-1", "laji": "01", "teksti": "Osa-aikatyö mahdollinen."}


def filled(content: Native) -> Native:
    """Person, plan and two forms all differ."""
    new = copy.deepcopy(content)
    new["asiakas"]["kutsumanimi"] = "TUULIKKI"
    new["suunnitelma"]["tavoite"] = ["#KV-B4=4 10.02.2026 s-1"]
    new["palautteet"] = [*new["palautteet"], FORM, FORM | {"viite": "f-2"}]
    return new


async def write_all(adapter: Ura, key: str = "k", lease: Licence | None = None) -> tuple[Standing, Any]:
    found = await adapter.find(HETU)
    standing = await adapter.fetch(found)
    written = await adapter.write(
        found, filled(standing.content), standing=standing, key=key, licence=lease or licence()
    )
    return standing, written


def test_person_plan_and_forms_are_saved_in_that_order_each_once(ura: SimulatorProcess) -> None:
    async def story(adapter: Ura) -> None:
        _, written = await write_all(adapter)
        after = await adapter.fetch(await adapter.find(HETU))
        assert after.version == written.version
        assert after.record_id == written.record_id
        assert after.content["palautteet"] == [FORM, FORM | {"viite": "f-2"}]

    told(story, ura.base_url)
    assert [effect.split()[0] for effect in ura.effects()] == ["asiakas", "suunnitelma", "palaute", "palaute"]


def test_the_fullest_plan_travels_whole_over_the_gateway_and_is_not_written_twice(
    ura: SimulatorProcess,
) -> None:
    """What Ura has no room or code for is left out first; everything else comes back as promised."""
    identity = {path: value for path, value in TUULIKKI.items() if not path.startswith("client.hetu")}
    leaves = dict(leaves_of(rich_plan())) | identity | {
        "services[e-1].type": "work_trial",
        "benefits[e-1].type": "labour_market_subsidy",
        "referrals[e-1].referring_party_type": "employment_trial",
        "referrals[e-2].referring_party_type": "adult_social_work",
        "employment.labour_market_status": "unemployed_jobseeker",
        "closing.labour_market_status": "employed_open",
        "plan.worker_recommendations[e-1].service_type": "rehabilitative_work",
        "network.services_in_use[career_coaching]": "career_coaching",
    }  # fmt: skip

    async def story(adapter: Ura) -> tuple[Any, Any, Standing]:
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        put, fits = put_what_fits(LENS, standing.content, leaves)
        await adapter.write(found, put.native, standing=standing, key="k", licence=licence())
        return put, fits, await adapter.fetch(found)

    put, fits, standing = told(story, ura.base_url)
    read = LENS.get(standing.content)
    assert read.notes == ()
    assert read.leaves == put.expected
    assert LENS.put_leaves(standing.content, fits).native == standing.content
    missing = {p for p in FIELDS if LENS.names(p)} - {pattern_of(path) for path in put.carried}
    assert {p for p in missing if not p.startswith("client.non_disclosure.")} == set()


@pytest.mark.parametrize("lost", ["asiakas", "suunnitelma", "palaute"])
@pytest.mark.parametrize("fault", ["next_lost_answers", "next_drops"])
def test_after_a_cut_a_fresh_read_and_the_same_intent_complete_the_rest(
    ura: SimulatorProcess, lost: str, fault: str
) -> None:
    async def story(adapter: Ura) -> None:
        ura.chaos(**{fault: 1, "on": f"{lost}/tallenna"})
        with pytest.raises(OutcomeUnknown):
            await write_all(adapter)
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        wanted = filled(standing.content | {"palautteet": []})
        standing_forms = {form["viite"]: form for form in standing.content["palautteet"]}
        wanted["palautteet"] = [standing_forms.get(form["viite"], form) for form in wanted["palautteet"]]
        await adapter.write(found, wanted, standing=standing, key="k", licence=licence())

    told(story, ura.base_url)
    ura.wait_idle()
    assert sorted(effect.split()[0] for effect in ura.effects()) == [
        "asiakas",
        "palaute",
        "palaute",
        "suunnitelma",
    ]


def test_sending_the_very_same_again_without_reading_has_no_second_effect(ura: SimulatorProcess) -> None:
    async def story(adapter: Ura) -> None:
        standing, first = await write_all(adapter)
        found = Found(standing.content["asiakas"]["asiakasnro"], first.record_id)
        record = standing.content["suunnitelma"] | {"suunnitelmanro": first.record_id}
        seen = Standing(standing.content | {"suunnitelma": record}, first.record_id, first.version)
        content = copy.deepcopy(seen.content)
        content["suunnitelma"]["tavoite"] = ["uusi"]
        one = await adapter.write(found, content, standing=seen, key="k2", licence=licence())
        two = await adapter.write(found, content, standing=seen, key="k2", licence=licence())
        assert one == two

    told(story, ura.base_url)
    assert [effect.split()[0] for effect in ura.effects()].count("suunnitelma") == 2


def test_a_licence_that_runs_out_between_two_requests_stops_the_rest(ura: SimulatorProcess) -> None:
    ura.chaos(latency_ms=[300, 300], on="tallenna")
    with pytest.raises(LicenceExpired):
        told(lambda adapter: write_all(adapter, lease=licence(0.45)), ura.base_url)
    assert [effect.split()[0] for effect in ura.effects()] in (["asiakas"], ["asiakas", "suunnitelma"])


def test_a_person_row_that_changed_before_the_plan_existed_stops_the_write(ura: SimulatorProcess) -> None:
    async def story(adapter: Ura) -> None:
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        ura.act("edit", asiakasnro=found.person_id, fields={"kieli": "sv"})
        with pytest.raises(ChangedUnderneath):
            await adapter.write(
                found, filled(standing.content), standing=standing, key="k", licence=licence()
            )

    told(story, ura.base_url)
    assert ura.effects() == []


def test_an_acknowledged_form_is_a_new_version_and_a_corrected_form_is_saved(ura: SimulatorProcess) -> None:
    async def story(adapter: Ura) -> None:
        _, written = await write_all(adapter)
        ura.act("edit", viite="f-1", fields={"kuitattu": 202602111200})
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        assert standing.version != written.version
        content = copy.deepcopy(standing.content)
        form = next(one for one in content["palautteet"] if one["viite"] == "f-1")
        assert form["kuitattu"] == 202602111200
        form["teksti"] = "Korjattu."
        await adapter.write(found, content, standing=standing, key="k2", licence=licence())
        after = (await adapter.fetch(found)).content["palautteet"]
        assert {one["viite"]: one["teksti"] for one in after} == {"f-1": "Korjattu.", "f-2": FORM["teksti"]}
        content["palautteet"] = []
        again = await adapter.fetch(found)
        await adapter.write(found, content, standing=again, key="k3", licence=licence())
        assert (await adapter.fetch(found)).content["palautteet"] == []

    told(story, ura.base_url)


def test_a_form_that_ura_s_users_deleted_can_be_sent_again_and_its_deletion_is_a_new_version(
    ura: SimulatorProcess,
) -> None:
    async def story(adapter: Ura) -> None:
        _, written = await write_all(adapter)
        ura.act("delete", viite="f-1")
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        assert standing.version != written.version
        assert [one["viite"] for one in standing.content["palautteet"]] == ["f-2"]
        content = copy.deepcopy(standing.content)
        content["palautteet"].append(FORM)
        await adapter.write(found, content, standing=standing, key="k2", licence=licence())
        after = (await adapter.fetch(found)).content["palautteet"]
        assert {one["viite"] for one in after} == {"f-1", "f-2"}

    told(story, ura.base_url)


def test_at_night_nothing_is_written_and_the_hour_of_opening_is_known(ura: SimulatorProcess) -> None:
    ura.clock(set="2026-02-03T04:30:00+02:00")
    with pytest.raises(TryLater) as later:
        told(write_all, ura.base_url)
    assert later.value.after is not None
    assert timedelta(minutes=29) < later.value.after <= timedelta(minutes=30)
    assert ura.effects() == []


def test_another_organisation_is_blocked(ura: SimulatorProcess) -> None:
    with pytest.raises(Blocked, match="ura-17"):
        told(lambda adapter: adapter.find(HETU), ura.base_url, ytunnus="9000005-4")


def test_two_people_who_differ_only_in_the_century_sign_are_told_apart(ura: SimulatorProcess) -> None:
    ura.seed(persons=[{"hetu": TWIN, "family_name": "Toinen", "given_names": "Tuuli"}])

    async def story(adapter: Ura) -> list[tuple[str, str]]:
        out = []
        for hetu in (HETU, TWIN):
            content = (await adapter.fetch(await adapter.find(hetu))).content
            out.append((content["asiakas"]["henkilotunnus"], content["asiakas"]["sukunimi"]))
        return out

    assert told(story, ura.base_url) == [(HETU, "ESIMERKKI"), (TWIN, "TOINEN")]


def test_retracting_leaves_everything_where_it_is(ura: SimulatorProcess) -> None:
    async def story(adapter: Ura) -> str:
        await write_all(adapter)
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        return await adapter.retract(found, standing=standing, key="k9", licence=licence())

    assert told(story, ura.base_url) == "retained"
    assert len(ura.effects()) == 4

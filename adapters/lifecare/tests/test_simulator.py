"""What is odd about Lifecare: tokens, signatures, drafts, versions, and how the adapter lives with them."""

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from tyokyky_adapter_lifecare import CODECS, connect
from tyokyky_bridge.adapterkit.contract import Adapter, Licence, Native, Standing, SystemConfig
from tyokyky_bridge.adapterkit.errors import ChangedUnderneath, OutcomeUnknown, TryLater
from tyokyky_bridge.adapterkit.testing import SimulatorProcess
from tyokyky_bridge.domain.items import FIELDS, leaves_of, pattern_of
from tyokyky_bridge.mapping.catalogue import load
from worlds.plans import LUCJA as LUCJA_IN_THE_PLAN
from worlds.plans import rich_plan

LENS = load("tyokyky_mappings:lifecare", CODECS)
HETU = "250791Y946S"
API = "/lifecare/api/v2"
OPTIONS = {"client_id": "tyokyky-bridge", "client_secret": "lifecare-sim-secret", "customer_id": "LRHA"}
LUCJA = {
    "hetu": HETU,
    "family_name": "Przykładowa-Đặng",
    "given_names": "Łucja",
    "native_language": "pl",
    "contact_language": "en",
    "interpreter": "pl",
}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    state = tmp_path_factory.mktemp("lifecare") / "state.sqlite"
    with SimulatorProcess("tyokyky_adapter_lifecare.simulator", state=state) as simulator:
        yield simulator


@pytest.fixture
def lifecare(process: SimulatorProcess) -> SimulatorProcess:
    process.reset()
    process.seed(persons=[LUCJA])
    return process


def told(simulator: SimulatorProcess, story: Callable[[Adapter], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        adapter = connect(SystemConfig("lifecare", simulator.base_url, OPTIONS))
        try:
            return await story(adapter)
        finally:
            await adapter.aclose()

    return asyncio.run(run())


async def fetch(adapter: Adapter) -> Standing:
    return await adapter.fetch(await adapter.find(HETU))


def with_text(content: Native, text: str, heading: int = 7) -> Native:
    changed = copy.deepcopy(content)
    changed["otsikot"][heading]["teksti"] = text
    return changed


def text(standing: Standing, heading: int = 7) -> str:
    return standing.content["otsikot"][heading]["teksti"]


async def write(adapter: Adapter, content: Native, standing: Standing, key: str) -> Any:
    limit = Licence("d", time.monotonic() + 10)
    found = await adapter.find(HETU)
    return await adapter.write(found, content, standing=standing, key=key, licence=limit)


async def written(adapter: Adapter, words: str, key: str = "k-1") -> str:
    standing = await fetch(adapter)
    return (await write(adapter, with_text(standing.content, words), standing, key)).record_id


class Raw:
    """Plain requests, for what no well-behaved client does."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self._client = httpx.Client(base_url=simulator.base_url, trust_env=False)
        form = {
            "grant_type": "client_credentials",
            "client_id": OPTIONS["client_id"],
            "client_secret": OPTIONS["client_secret"],
            "scope": "tyokyky.luku tyokyky.kirjoitus",
        }
        answer = self._client.post("/lifecare/oauth2/token", data=form)
        self.headers = {
            "authorization": f"Bearer {answer.json()['access_token']}",
            "x-customer-id": "LRHA",
            "x-viite": "raw",
        }
        self.form = form

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self._client.request(
            method,
            path if path.startswith("/lifecare") else API + path,
            json=body,
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )

    def token(self, **changed: str) -> httpx.Response:
        return self._client.post("/lifecare/oauth2/token", data={**self.form, **changed})

    def error(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        answer = self(method, path, body, **headers)
        return answer.status_code, answer.json()["virhe"]


@pytest.fixture
def raw(lifecare: SimulatorProcess) -> Raw:
    return Raw(lifecare)


def test_a_token_lives_ten_minutes(lifecare: SimulatorProcess, raw: Raw) -> None:
    assert raw("GET", "/tila").status_code == 200
    lifecare.clock(advance_s=601)
    status, fault = raw.error("GET", "/tila")
    assert (status, fault["koodi"]) == (401, "LC-1001")


def test_the_adapter_logs_in_again_when_its_token_has_run_out(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        await adapter.find(HETU)
        lifecare.clock(advance_s=601)
        await written(adapter, "uudella tunnisteella")

    told(lifecare, story)
    assert len(lifecare.effects()) == 1


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"client_secret": "x"}, 401), ({"scope": "kaikki"}, 400), ({"grant_type": "password"}, 400)],
)
def test_the_token_endpoint_takes_one_client_and_two_scopes(
    raw: Raw, changed: dict[str, str], status: int
) -> None:
    assert raw.token(**changed).status_code == status


def test_a_reading_token_cannot_write(raw: Raw) -> None:
    raw.headers["authorization"] = f"Bearer {raw.token(scope='tyokyky.luku').json()['access_token']}"
    assert raw("GET", "/tila").status_code == 200
    assert raw.error("POST", "/asiakirjat", {})[1]["koodi"] == "LC-1002"


def test_every_call_names_the_customer(raw: Raw) -> None:
    status, fault = raw.error("GET", "/tila", x_customer_id="JARVIALUE")
    assert (status, fault["koodi"]) == (403, "LC-1003")
    assert fault["pyyntoId"]


def test_an_update_needs_the_version_it_read(lifecare: SimulatorProcess, raw: Raw) -> None:
    record = told(lifecare, lambda adapter: written(adapter, "alku"))
    body = {"laji": "TYOKYKYSUUN"}
    assert raw.error("PUT", f"/asiakirjat/{record}", body)[1]["koodi"] == "LC-4280"
    status, fault = raw.error("PUT", f"/asiakirjat/{record}", body, if_match='W/"9"')
    assert (status, fault["koodi"], fault["nykyinenVersio"]) == (412, "LC-4120", 1)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\nb", "a\r\nb"),
        ("a\tb", "a    b"),
        ("a   \r\nb  ", "a\r\nb"),
        ("a\u0308", "ä"),
        ("x" * 8000, "x" * 8000),
    ],
)
def test_text_is_kept_in_lifecares_own_manner(raw: Raw, sent: str, kept: str) -> None:
    patient = raw("POST", "/potilaat/haku", {"hetu": HETU}).json()["potilasId"]
    content = {"laji": "TYOKYKYSUUN", "otsikot": [{"otsikko": "SUU", "teksti": sent}]}
    made = raw("POST", "/asiakirjat", {"potilasId": patient, **content})
    assert (made.status_code, made.headers["etag"]) == (201, 'W/"1"')
    document = raw("GET", f"/asiakirjat/{made.json()['asiakirjaId']}").json()
    assert [h["otsikko"] for h in document["otsikot"]] == [
        "OHJ",
        "AMM",
        "AIK",
        "TER",
        "SOS",
        "KEL",
        "VER",
        "SUU",
    ]
    assert document["otsikot"][7]["teksti"] == kept


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"otsikot": [{"otsikko": "SUU", "teksti": "x" * 8001}]}, "LC-4221"),
        ({"otsikot": [{"otsikko": "SUU", "teksti": "a\u0007"}]}, "LC-4222"),
        ({"otsikot": [{"otsikko": "XXX", "teksti": ""}]}, "LC-4223"),
        ({"mittaukset": [{"koodi": "KV-B4", "arvo": 4}]}, "LC-4223"),
    ],
)
def test_what_lifecare_does_not_take_it_refuses_whole(
    lifecare: SimulatorProcess, raw: Raw, content: dict[str, Any], code: str
) -> None:
    patient = raw("POST", "/potilaat/haku", {"hetu": HETU}).json()["potilasId"]
    body = {"potilasId": patient, "laji": "TYOKYKYSUUN", **content}
    status, fault = raw.error("POST", "/asiakirjat", body)
    assert (status, fault["koodi"]) == (422, code)
    assert lifecare.effects() == []


def test_what_was_signed_stays_signed_until_a_new_version_is(lifecare: SimulatorProcess, raw: Raw) -> None:
    record = told(lifecare, lambda adapter: written(adapter, "ensin"))
    lifecare.act("sign", asiakirjaId=record, by="HVIRTA")
    told(lifecare, lambda adapter: written(adapter, "sitten", "k-2"))

    def states() -> list[str]:
        return [v["tila"] for v in raw("GET", f"/asiakirjat/{record}/versiot").json()["versiot"]]

    assert states() == ["ALLEKIRJOITETTU", "LUONNOS"]
    lifecare.act("sign", asiakirjaId=record, by="HVIRTA")
    assert states() == ["KORVATTU", "ALLEKIRJOITETTU"]
    assert raw("GET", f"/asiakirjat/{record}/versiot/1").json()["otsikot"][7]["teksti"] == "ensin"


def test_a_users_open_draft_is_neither_read_nor_overwritten(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        record = await written(adapter, "sillan teksti")
        lifecare.act("sign", asiakirjaId=record)
        lifecare.act("edit_heading", asiakirjaId=record, otsikko="SUU", teksti="kesken", sign=False)
        standing = await fetch(adapter)
        assert text(standing) == "sillan teksti"
        with pytest.raises(TryLater) as later:
            await write(adapter, with_text(standing.content, "silta uudestaan"), standing, "k-2")
        assert later.value.reason == "open-draft"
        found, limit = await adapter.find(HETU), Licence("d", time.monotonic() + 10)
        with pytest.raises(TryLater):
            await adapter.retract(found, standing=standing, key="k-3", licence=limit)
        lifecare.act("sign", asiakirjaId=record)
        assert text(await fetch(adapter)) == "kesken"

    told(lifecare, story)


def test_our_unsigned_draft_still_counts_after_a_user_has_opened_it(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        record = await written(adapter, "sillan luonnos")
        lifecare.act("edit_heading", asiakirjaId=record, otsikko="SUU", teksti="kesken", sign=False)
        lifecare.act("edit_heading", asiakirjaId=record, otsikko="SUU", teksti="yhä kesken", sign=False)
        assert text(await fetch(adapter)) == "sillan luonnos"

    told(lifecare, story)


def test_a_document_that_nobody_has_signed_yet_reads_as_the_empty_form(lifecare: SimulatorProcess) -> None:
    patient = lifecare.seed(persons=[])["potilaat"]
    assert patient == []

    async def story(adapter: Adapter) -> None:
        person = (await adapter.find(HETU)).person_id
        lifecare.act("create", potilasId=person, sign=False, fields={"suunnitelma": {"tila": "VOIMASSA"}})
        standing = await fetch(adapter)
        assert standing.record_id is not None
        assert standing.content["suunnitelma"] == {}
        with pytest.raises(TryLater):
            await write(adapter, with_text(standing.content, "silta"), standing, "k-1")

    told(lifecare, story)


def test_two_writers_with_one_reference_make_one_document(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        standing = await fetch(adapter)
        content = with_text(standing.content, "kerran")
        both = await asyncio.gather(*(write(adapter, content, standing, "k-1") for _ in range(2)))
        assert both[0].record_id == both[1].record_id

    told(lifecare, story)
    assert len(lifecare.effects()) == 1


@pytest.mark.parametrize("part", ["asiakirjat", "potilaat"])
def test_an_update_whose_answer_was_lost_is_known_by_its_reference(
    lifecare: SimulatorProcess, part: str
) -> None:
    async def story(adapter: Adapter) -> None:
        await written(adapter, "alku")
        standing = await fetch(adapter)
        content = with_text(standing.content, "jatko")
        content["potilas"]["asiointikieli"] = "fi"
        lifecare.chaos(next_lost_answers=1, on=f"^PUT {API}/{part}/")
        with pytest.raises(OutcomeUnknown):
            await write(adapter, content, standing, "k-2")
        done = await write(adapter, content, standing, "k-2")
        after = await fetch(adapter)
        assert (after.content, after.version) == (content, done.version)

    told(lifecare, story)
    assert len(lifecare.effects()) == 3


def test_a_document_that_somebody_made_meanwhile_is_not_doubled(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        standing = await fetch(adapter)
        lifecare.act("create", potilasId=(await adapter.find(HETU)).person_id)
        with pytest.raises(ChangedUnderneath):
            await write(adapter, with_text(standing.content, "silta"), standing, "k-1")

    told(lifecare, story)
    assert lifecare.effects() == []


def test_a_document_that_a_user_made_is_theirs_to_void(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> str:
        found = await adapter.find(HETU)
        lifecare.act("create", potilasId=found.person_id)
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        limit = Licence("d", time.monotonic() + 10)
        return await adapter.retract(found, standing=standing, key="k", licence=limit)

    assert told(lifecare, story) == "retained"
    assert [record["tila"] for record in lifecare.records()] == ["ALLEKIRJOITETTU"]


def test_a_voided_document_makes_room_for_a_new_one(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        first = await written(adapter, "ensimmäinen")
        found = await adapter.find(HETU)
        limit = Licence("d", time.monotonic() + 10)
        standing = await adapter.fetch(found)
        assert await adapter.retract(found, standing=standing, key="k-2", licence=limit) == "voided"
        assert await adapter.retract(found, standing=standing, key="k-2", licence=limit) == "voided"
        assert (await adapter.fetch(found)).record_id is None
        assert await written(adapter, "toinen", "k-3") != first

    told(lifecare, story)


def test_names_languages_and_interpreter_come_with_the_document(lifecare: SimulatorProcess) -> None:
    person = told(lifecare, fetch).content["potilas"]
    assert (person["sukunimi"], person["etunimet"]) == ("Przykładowa-Đặng", "Łucja")
    assert (person["aidinkieli"], person["asiointikieli"]) == ("pl", "en")
    assert person["tulkki"] == {"tarve": True, "kieli": "pl"}


def through_the_lens(lifecare: SimulatorProcess, leaves: Any) -> tuple[Any, Standing]:
    """Lens, adapter, simulator and back to a standing record."""

    async def story(adapter: Adapter) -> tuple[Any, Standing]:
        standing = await fetch(adapter)
        put = LENS.put_leaves(standing.content, leaves)
        await write(adapter, put.native, standing, "k-1")
        return put, await fetch(adapter)

    return told(lifecare, story)


def test_the_fullest_plan_travels_whole_into_document_and_person(lifecare: SimulatorProcess) -> None:
    put, standing = through_the_lens(lifecare, leaves_of(rich_plan()))
    read = LENS.get(standing.content)
    assert read.notes == ()
    assert read.leaves == put.expected
    assert put.losses == {}
    written = {p for p in FIELDS if LENS.names(p) and not p.startswith("client.non_disclosure.")}
    assert {pattern_of(path) for path in put.carried} == written
    assert LENS.put_leaves(standing.content, leaves_of(rich_plan())).native == standing.content


def test_the_document_of_the_domain_report_is_read_and_its_prose_stays(lifecare: SimulatorProcess) -> None:
    prose = {
        "OHJ": "Ohjaava taho: Meriniemen työllisyyspalvelut, omavalmentaja.",
        "TER": "Terveystarkastus 3.2.2026. Työkykyyn vaikuttava selkävaiva.\r\nJatko: fysioterapia.",
        "SUU": "Tavoite asiakkaan sanoin: osa-aikatyö varastossa syksyllä.",
    }
    points = {"yksikko": "p", "pvm": "2026-02-03"}
    oid = "1.2.246.10.90000011.11.2026.55"
    lifecare.seed(
        records=[
            {
                "hetu": HETU,
                "otsikot": [{"otsikko": name, "teksti": words} for name, words in prose.items()],
                "mittaukset": [
                    {"tunniste": "m-1", "koodi": "KV-B4", "arvo": "4", "lahde": "haastattelu", **points},
                    {"tunniste": "m-2", "koodi": "BDI-II", "arvo": "18", "lahde": "itse", **points},
                ],
                "viitteet": [{"tunniste": "v-1", "tyyppi": "B-LAUSUNTO", "oid": oid, "pvm": "2026-01-20"}],
            }
        ]
    )
    standing = told(lifecare, fetch)
    read = LENS.get(standing.content)
    assert read.notes == ()
    assert {p: v for p, v in read.leaves.items() if not p.startswith("client.")} == {
        "scores[m-1].instrument": "kykyviisari_b4",
        "scores[m-1].value": 4,
        "scores[m-1].effective_on": date(2026, 2, 3),
        "scores[m-1].mode": "interview",
        "scores[m-2].instrument": "bdi_ii",
        "scores[m-2].value": 18,
        "scores[m-2].effective_on": date(2026, 2, 3),
        "scores[m-2].mode": "self_paper",
        "statements[v-1].kind": "b_statement",
        "statements[v-1].issued_on": date(2026, 1, 20),
        "statements[v-1].document_ref.oid": oid,
    }
    put = LENS.put_leaves(standing.content, {"goals[g-1].text_client": "Osa-aikatyö"})
    texts = {heading["otsikko"]: heading["teksti"] for heading in put.native["otsikot"] if heading["teksti"]}
    assert texts == prose | {"SUU": f"{prose['SUU']}\r\nTavoite [g-1]: Osa-aikatyö"}


def test_lucja_arrives_whole_where_somebody_had_typed_half_of_her_name(lifecare: SimulatorProcess) -> None:
    """Scenario 3: the name goes out in UTF-8 with every letter, and so do languages and interpreter."""
    lifecare.reset()
    lifecare.seed(persons=[{"hetu": HETU, "family_name": "Przykladowa", "given_names": "Lucja"}])
    put, standing = through_the_lens(lifecare, LUCJA_IN_THE_PLAN)
    person = standing.content["potilas"]
    assert (person["sukunimi"], person["etunimet"]) == ("Przykładowa-Đặng", "Łucja")
    assert (person["syntymaaika"], person["aidinkieli"], person["asiointikieli"]) == (
        "1991-07-25",
        "pl",
        "en",
    )
    assert person["tulkki"] == {"tarve": True, "kieli": "pl"}
    assert person["henkilotunnukset"][0]["hetu"] == HETU
    assert LENS.get(standing.content).leaves == put.expected
    (sent,) = [entry.body for entry in lifecare.journal() if "Łucja".encode() in entry.body]
    assert "Przykładowa-Đặng".encode() in sent


def test_contact_language_goes_to_the_patient_and_not_to_the_document(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        await written(adapter, "alku")
        before = await fetch(adapter)
        content = copy.deepcopy(before.content)
        content["potilas"]["asiointikieli"] = "fi"
        done = await write(adapter, content, before, "k-2")
        after = await fetch(adapter)
        assert after.content == content
        assert after.version == done.version != before.version

    told(lifecare, story)
    assert [effect.split()[0] for effect in lifecare.effects()] == ["asiakirja", "potilas"]


def test_a_patient_changed_behind_our_back_stops_the_write(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        await written(adapter, "alku")
        before = await fetch(adapter)
        person = (await adapter.find(HETU)).person_id
        lifecare.act("edit_patient", potilasId=person, fields={"kutsumanimi": "Łucja"})
        content = copy.deepcopy(before.content)
        content["potilas"]["asiointikieli"] = "fi"
        with pytest.raises(ChangedUnderneath):
            await write(adapter, content, before, "k-2")

    told(lifecare, story)


def test_an_identity_number_is_never_changed_over_the_interface(lifecare: SimulatorProcess, raw: Raw) -> None:
    patient = raw("POST", "/potilaat/haku", {"hetu": HETU}).json()["potilasId"]
    body = raw("GET", f"/potilaat/{patient}").json() | {"henkilotunnukset": [{"hetu": "120385-921T"}]}
    assert raw("PUT", f"/potilaat/{patient}", body, if_match='W/"1"').status_code == 200
    assert raw("POST", "/potilaat/haku", {"hetu": HETU}).json()["potilasId"] == patient


def test_the_century_sign_tells_people_apart(lifecare: SimulatorProcess, raw: Raw) -> None:
    lifecare.seed(persons=[{"hetu": "120385-921T"}, {"hetu": "120385Y921T"}])
    one, other = (
        raw("POST", "/potilaat/haku", {"hetu": hetu}).json()["potilasId"]
        for hetu in ("120385-921T", "120385Y921T")
    )
    assert one != other


def test_a_measurement_typed_by_a_user_gets_a_key_of_its_own(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        record = await written(adapter, "alku")
        lifecare.act("add_measurement", asiakirjaId=record, koodi="KV-B4", arvo="4-5", pvm="2026-03-06")
        (measure,) = (await fetch(adapter)).content["mittaukset"]
        assert measure["arvo"] == "4-5"
        assert measure["tunniste"].startswith("lc-")

    told(lifecare, story)


def test_everything_survives_kill_9(lifecare: SimulatorProcess, tmp_path: Path) -> None:
    record = told(lifecare, lambda adapter: written(adapter, "säilyy"))
    before = lifecare.journal()
    lifecare.kill()
    lifecare.start()
    assert lifecare.journal() == before
    assert [r["asiakirjaId"] for r in lifecare.records()] == [record]
    assert text(told(lifecare, fetch)) == "säilyy"

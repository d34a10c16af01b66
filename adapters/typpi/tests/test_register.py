"""The simulated register at its edges: the statute, the customership, the tombstone, the rate."""

import copy
import time
from typing import Any

import pytest

from tyokyky_bridge.adapterkit.contract import Adapter, Licence
from tyokyky_bridge.adapterkit.errors import AmbiguousIdentity, NotThere, Refused, TryLater

SANNA = "030278-958K"


def licence() -> Licence:
    return Licence("decision", time.monotonic() + 10)


async def save(adapter: Adapter, section: str, fields: dict[str, Any]) -> None:
    found = await adapter.find(SANNA)
    standing = await adapter.fetch(found)
    content = copy.deepcopy(standing.content)
    next(s for s in content["osiot"] if s["osio"] == section)["tiedot"].update(fields)
    key = f"k{time.time_ns()}"
    await adapter.write(found, content, standing=standing, key=key, licence=licence())


@pytest.mark.parametrize(
    ("section", "fields", "field", "rule"),
    [
        ("terveys", {"bdi": 22}, "bdi", "ei-sallittujen-tietojen-luettelossa"),
        ("terveys", {"mittarit": {"audit": 6}}, "mittarit.audit", "ei-sallittujen-tietojen-luettelossa"),
        ("suunnitelma", {"lisatiedot": "BDI-II 22"}, "lisatiedot", "ei-sallittujen-tietojen-luettelossa"),
        ("seuranta", {"a": [{"teksti": "AUDIT: 6 p"}]}, "a[0].teksti", "ei-sallittujen-tietojen-luettelossa"),
        ("terveys", {"lisatiedot": "Selkä M54.5"}, "lisatiedot", "valttamattomyysmerkinta-puuttuu"),
        ("terveys", {"pisteet": [{"arvo": 12}]}, "pisteet[0].arvo", "asteikko-0-10"),
        ("terveys", {"tyokykypisteet": 11}, "tyokykypisteet", "asteikko-0-10"),
    ],
)
def test_what_the_statute_does_not_list_is_rejected_by_the_target_too(
    office: Any, section: str, fields: dict[str, Any], field: str, rule: str
) -> None:
    """Scenario 8: somebody forces it past the hub."""
    office.plan_id(osaaminen={"tyokokemus": "x"})
    with pytest.raises(Refused) as refused:
        office.tell(lambda a: save(a, section, fields))
    reason = refused.value.reasons[0]
    assert reason.native_code == "tietosisalto-ei-sallittu"
    assert (reason.field, reason.rule) == (f"osiot[osio={section}].tiedot.{field}", rule)
    assert office.simulator.effects() == []
    assert office.stored(section)["tiedot"] in ({}, {"tyokokemus": "x"})


def test_a_diagnosis_with_a_necessity_mark_is_taken(office: Any) -> None:
    office.plan_id(osaaminen={"tyokokemus": "x"})
    marked = {"lisatiedot": "Selkä M54.5", "valttamattomat": [{"tunniste": "n-1", "kohta": "terveysrajoite"}]}
    office.tell(lambda a: save(a, "terveys", marked))
    assert office.stored("terveys")["versio"] == 1


def test_an_audit_without_a_number_is_only_a_word(office: Any) -> None:
    office.plan_id(osaaminen={"tyokokemus": "x"})
    office.tell(lambda a: save(a, "osaaminen", {"tyokokemus": "Audit-assistentti tilitoimistossa"}))
    assert office.stored("osaaminen")["versio"] == 2


def test_a_person_without_the_joint_service_is_not_there(office: Any) -> None:
    office.simulator.seed(persons=[{"hetu": "171268X9339", "typ": None}])
    with pytest.raises(NotThere, match="ei-typ-asiakkuutta"):
        office.tell(lambda a: a.find("171268X9339"))
    assert office.simulator.journal()[-1].status == 409


def test_a_customership_that_begins_tomorrow_is_none_today(office: Any) -> None:
    office.simulator.clock(set="2026-01-14T12:00:00+02:00")
    office.simulator.seed(persons=[{"hetu": "171268X9339", "typ": {"alkaen": "2026-01-15"}}])
    with pytest.raises(NotThere):
        office.tell(lambda a: a.find("171268X9339"))
    office.simulator.clock(set="2026-01-15T00:30:00+02:00")
    assert office.tell(lambda a: a.find("171268X9339")).record_id is None


def test_a_party_that_does_not_serve_the_client_does_not_find_them(office: Any) -> None:
    office.simulator.seed(persons=[{"hetu": "171268X9339", "palvelevat": ["kela"]}])
    with pytest.raises(NotThere):
        office.tell(lambda a: a.find("171268X9339"))


def test_two_numbers_that_differ_in_the_century_sign_are_two_people(office: Any) -> None:
    twins = ["120385-921T", "120385Y921T"]
    ids = office.simulator.seed(persons=[{"hetu": hetu} for hetu in twins])["asiakkaat"]
    assert [office.tell(lambda a, h=h: a.find(h)).person_id for h in twins] == ids
    office.simulator.seed(persons=[{"hetu": twins[0]}])
    with pytest.raises(AmbiguousIdentity) as twice:
        office.tell(lambda a: a.find(twins[0]))
    assert twice.value.hits == 2


def test_an_ended_customership_is_read_only_at_once_and_gone_after_thirty_days(office: Any) -> None:
    office.simulator.clock(set="2026-06-29T12:00:00+03:00")
    office.simulator.seed(persons=[{"hetu": SANNA, "asiakasId": "3301", "typ": {"alkaen": "2026-01-15"}}])
    office.plan_id(osaaminen={"tyokokemus": "x"})
    office.simulator.act("end_customership", hetu=SANNA, paattyen="2026-06-30")
    office.tell(lambda a: save(a, "kela", {"kelanArvio": "vielä"}))

    office.simulator.clock(set="2026-06-30T00:10:00+03:00")
    with pytest.raises(Refused) as refused:
        office.tell(lambda a: save(a, "kela", {"kelanArvio": "myöhässä"}))
    assert refused.value.reasons[0].native_code == "vain-luku"
    assert office.stored("kela")["tiedot"] == {"kelanArvio": "vielä"}

    async def read(adapter: Adapter) -> Any:
        return (await adapter.fetch(await adapter.find(SANNA))).content["typAsiakkuus"]

    assert office.tell(read) == {"tila": "paattynyt", "alkaen": "2026-01-15", "paattyen": "2026-06-30"}
    found = office.tell(lambda a: a.find(SANNA))
    office.simulator.clock(set="2026-07-29T23:50:00+03:00")
    assert office.tell(read)["tila"] == "paattynyt"
    office.simulator.clock(set="2026-07-30T00:10:00+03:00")
    for gone in (lambda a: a.find(SANNA), lambda a: a.fetch(found)):
        with pytest.raises(NotThere):
            office.tell(gone)


def test_sixty_requests_a_minute_and_then_a_wait(office: Any) -> None:
    office.simulator.chaos(rate_per_min=3)

    async def story(adapter: Adapter) -> None:
        for _ in range(3):
            await adapter.find(SANNA)
        with pytest.raises(TryLater) as later:
            await adapter.find(SANNA)
        assert later.value.after is not None
        assert 1 <= later.value.after.total_seconds() <= 60

    office.tell(story)
    assert office.simulator.journal()[-1].status == 429


def test_the_rate_is_sixty_unless_turned(office: Any) -> None:
    office.simulator.chaos(calm=True)
    with office.browser("te") as browser:
        answers = [browser.get("/typpi").status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]


def test_a_section_is_only_written_on_a_condition(office: Any) -> None:
    place = f"/typpi/suunnitelmat/{office.plan_id(kela={'kelanArvio': 'x'})}/osiot"
    with office.browser() as browser:
        missing = browser.put(f"{place}/kela", json={"tiedot": {}})
        stale = browser.put(f"{place}/kela", json={"tiedot": {}}, headers={"if-match": '"kela-0"'})
        strange = browser.put(f"{place}/muu", json={"tiedot": {}}, headers={"if-match": '"muu-0"'})
    assert [a.status_code for a in (missing, stale, strange)] == [428, 412, 404]
    for answer in (missing, stale, strange):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].startswith("https://typpi.invalid/ongelmat/")
        assert "Osio" in answer.json()["title"] or "If-Match" in answer.json()["title"]


def test_a_section_leaves_a_tombstone_when_only_its_writer_wrote_it(office: Any) -> None:
    plan_id = office.plan_id(osaaminen={"tyokokemus": "x"})
    office.tell(lambda a: save(a, "kela", {"kelanArvio": "meidän"}))
    place = f"/typpi/suunnitelmat/{plan_id}/osiot"
    with office.browser() as browser:
        theirs = browser.delete(f"{place}/osaaminen", headers={"if-match": '"osaaminen-1"'})
        ours = browser.delete(f"{place}/kela", headers={"if-match": '"kela-1"'})
    assert (theirs.status_code, ours.status_code) == (403, 200)
    tomb = office.stored("kela")
    assert (tomb["versio"], tomb["poistettu"], tomb["tiedot"]) == (2, True, {})

    office.tell(lambda a: save(a, "kela", {"kelanArvio": "uusi"}))
    assert "poistettu" not in office.stored("kela")
    assert office.stored("kela")["tiedot"] == {"kelanArvio": "uusi"}


def test_a_key_used_again_answers_as_before_and_for_another_request_not_at_all(office: Any) -> None:
    place = f"/typpi/suunnitelmat/{office.plan_id(kela={'kelanArvio': 'x'})}/osiot/kela"
    headers = {"if-match": '"kela-1"', "idempotency-key": "k"}
    with office.browser() as browser:
        first = browser.put(place, json={"tiedot": {"kelanArvio": "y"}}, headers=headers)
        again = browser.put(place, json={"tiedot": {"kelanArvio": "y"}}, headers=headers)
        other = browser.put(place, json={"tiedot": {"kelanArvio": "z"}}, headers=headers)
    assert first.headers["etag"] == again.headers["etag"] == '"kela-2"'
    assert (first.content, other.status_code) == (again.content, 422)
    assert office.stored("kela")["versio"] == 2


def test_a_client_has_one_plan(office: Any) -> None:
    office.plan_id(kela={"kelanArvio": "x"})
    with office.browser() as browser:
        answer = browser.post("/typpi/suunnitelmat", json={"asiakasId": "3301"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "suunnitelma-on-jo")

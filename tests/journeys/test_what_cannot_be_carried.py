"""What a system cannot take is parked or refused with its reason: nothing of it is sent, nothing is lost."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tyokyky_bridge.demo.stage import Stage
from worlds.casework import ACTIVE_TYP, ALL_CATEGORIES, Casework, Person, person, plan_of
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL
from worlds.partner_records import is_write, lenses, read_items, standing

EVERYBODY = {"effica", "lifecare", "typpi", "ura"}
GOAL = "goals[g-1].text_client"
EMPLOYER = "competence.work_history[j-1].employer"
NUMBERS = itertools.count(5_000)


@pytest.fixture
def who() -> Person:
    """A person whom nobody has met."""
    return person(next(NUMBERS))


@pytest.fixture
def work(calm_stage: Stage) -> Casework:
    """Olli's work at the employment services."""
    return Casework(calm_stage, party=EMPLOYMENT)


@pytest.fixture(scope="module")
def mappings() -> dict[str, Any]:
    """The lens of each system."""
    return lenses()


class Watch:
    """What each partner was asked to write since the watch began."""

    def __init__(self, stage: Stage) -> None:
        self._simulators = stage.simulators
        self._since = {name: len(sim.journal()) for name, sim in stage.simulators.items()}

    def wrote_to(self, system: str) -> bool:
        """Whether any changing request came in."""
        entries = self._simulators[system].journal(since=self._since[system])
        return any(is_write(system, entry) for entry in entries)


def open_case(work: Casework, who: Person, **sections: Any) -> str:
    """A client on a form that lets everybody have everything, and their plan; returns the plan's id."""
    client = work.register(who)
    work.consent(client, (EMPLOYMENT, HEALTH, ALL_CATEGORIES), (EMPLOYMENT, SOCIAL, ALL_CATEGORIES))
    content = plan_of(who, header={"typ_customership": ACTIVE_TYP}, **sections)
    return work.plan(client, content)


def goal(text: str) -> list[dict[str, Any]]:
    """One goal in the client's words."""
    return [{"id": "g-1", "text_client": text, "status": "active"}]


def held(work: Casework, system: str, who: Person, mappings: dict[str, Any]) -> dict[str, Any]:
    """What stands in a partner's record of a person."""
    return read_items(mappings[system], standing(system, work.stage.simulators[system])[who.hetu])


def sized(length: int) -> str:
    """A text of that many characters in lines of ten words, with a word of its own in it."""
    words = itertools.chain(["Sanansa"], itertools.cycle(["selkä", "kestää", "istumista", "huonosti"]))
    text, on_line = "", itertools.cycle([" "] * 9 + ["\n"])
    while len(text) < length:
        text += next(words) + next(on_line)
    return text[: length - 1].strip() + "." * (length - len(text[: length - 1].strip()))


UNCARRIED = [
    pytest.param(GOAL, sized(1_500), {"ura"}, id="over-20-lines"),
    pytest.param(GOAL, sized(3_200), {"ura", "typpi"}, id="over-3000-characters"),
    pytest.param(GOAL, sized(4_300), {"ura", "typpi", "effica"}, id="over-4000-bytes"),
    pytest.param(GOAL, sized(8_300), EVERYBODY, id="over-8000-characters"),
    pytest.param(EMPLOYER, "Varasto " * 30, {"ura"}, id="over-200-characters"),
    pytest.param(GOAL, "Töitä Škodan tehtaalla.", {"ura"}, id="outside-ISO-8859-1"),
    pytest.param(GOAL, "Työtä Ω-tehtaalla.", {"ura", "effica"}, id="outside-ISO-8859-15"),
]


@pytest.mark.parametrize(("path", "value", "cannot"), UNCARRIED)
def test_a_text_that_a_system_cannot_hold_is_parked_there_and_arrives_elsewhere(
    work: Casework,
    who: Person,
    mappings: dict[str, Any],
    path: str,
    value: str,
    cannot: set[str],
) -> None:
    work.known_to([who], typ=True)
    watch = Watch(work.stage)
    texts = {GOAL: "Osa-aikatyö keväällä.", EMPLOYER: "Varasto Oy"} | {path: value}
    history = [{"id": "j-1", "title": "varastotyöntekijä", "employer": texts[EMPLOYER].strip()}]

    plan_id = open_case(work, who, goals=goal(texts[GOAL]), competence={"work_history": history})
    links = work.settle(plan_id)

    assert {s for s, link in links.items() if link["state"] == "parked"} == cannot
    for system in cannot:
        assert links[system]["parked_reason"] == "lens"
        detail = links[system]["parked_detail"]
        assert (detail["path"], bool(detail["row"]), bool(detail["rule"])) == (path, True, True)
        assert value[:12] not in str(links[system])
        assert not watch.wrote_to(system), system
        states = {
            item["state"] for item in work.trace(plan_id, system).values() if item["outcome"] == "PERMIT"
        }
        assert states <= {"parked", "not_carried"}
    for system in EVERYBODY - cannot:
        assert links[system]["state"] == "in_sync"
        if mappings[system].names(path):
            assert held(work, system, who, mappings)[path] == value.strip()
    seen = work.read(plan_id)
    assert value.strip() in {
        seen["goals"][0]["text_client"],
        seen["competence"]["work_history"][0]["employer"],
    }

    work.change(plan_id, {path: "Lyhyesti sanottu."})
    assert {link["state"] for link in work.settle(plan_id).values()} == {"in_sync"}
    for system in EVERYBODY:
        if mappings[system].names(path):
            assert held(work, system, who, mappings)[path] == "Lyhyesti sanottu."


def test_a_code_that_no_list_has_is_refused_by_field_and_rule(work: Casework, who: Person) -> None:
    work.known_to([who], typ=True)
    plan_id = open_case(work, who, goals=goal("Työ."))
    before = work.settle(plan_id)

    answer = work.try_to_change(
        plan_id, {"changes": [{"path": "goals[g-1].status", "value": "melkein_valmis"}]}
    )

    assert answer.status_code == 422
    (wrong,) = answer.json()["errors"]
    assert wrong["field"] == "goals[].status"
    assert wrong["rule"]
    assert "melkein_valmis" not in answer.text
    assert work.read(plan_id)["goals"][0]["status"] == "active"
    after = work.links(plan_id)
    assert {s: link["desired_generation"] for s, link in after.items()} == {
        s: link["desired_generation"] for s, link in before.items()
    }


def test_a_code_of_the_partner_s_that_nobody_knows_parks_the_write_until_it_is_put_right(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    simulators = work.stage.simulators
    work.known_to([who], typ=True)
    simulators["ura"].seed(records=[{"hetu": who.hetu, "suunnitelma": {"tila": "77"}}])
    simulators["lifecare"].seed(records=[{"hetu": who.hetu, "suunnitelma": {"tila": "OUTO"}}])
    simulators["typpi"].seed(records=[{"hetu": who.hetu, "osiot": {"perustiedot": {"tila": "outo"}}}])
    simulators["effica"].seed(records=[{"Hetu": who.hetu, "SuunnitelmaTilaKoodi": "77"}])
    before = {system: standing(system, simulators[system])[who.hetu] for system in EVERYBODY}
    watch = Watch(work.stage)

    plan_id = open_case(work, who, goals=goal("Osa-aikatyö keväällä."))
    links = work.settle(plan_id)

    for system in EVERYBODY:
        assert links[system]["parked_reason"] == "unknown_code", system
        assert links[system]["parked_detail"]["paths"] == ["header.status"]
        assert any("unknown code" in rule for rule in links[system]["parked_detail"]["rules"])
        assert not watch.wrote_to(system)
        assert standing(system, simulators[system])[who.hetu] == before[system]
    assert work.read(plan_id)["header"]["status"] == "active"

    document = next(r for r in simulators["lifecare"].records() if _is_of(r, who))
    simulators["lifecare"].act("edit_fields", asiakirjaId=document["asiakirjaId"], fields={"suunnitelma": {}})
    simulators["ura"].act("edit", hetu=who.hetu, fields={"tila": ""})
    simulators["typpi"].act("edit", hetu=who.hetu, osio="perustiedot", tiedot={"tila": None})
    simulators["effica"].act("edit", hetu=who.hetu, set={"SuunnitelmaTilaKoodi": ""})
    for system in EVERYBODY:
        work.redrive(plan_id, system)
    assert {link["state"] for link in work.settle(plan_id).values()} == {"in_sync"}
    for system in EVERYBODY:
        assert held(work, system, who, mappings)["header.status"] == "active", system


def _is_of(record: dict[str, Any], who: Person) -> bool:
    return record["potilas"]["henkilotunnukset"][0]["hetu"] == who.hetu


TWINS = [
    pytest.param("lifecare", [{}, {}], id="two-in-Lifecare"),
    pytest.param("typpi", [{}, {}], id="two-in-TYPPI"),
    pytest.param("effica", [{"sign_missing": True}], id="no-century-sign-in-Effica"),
    pytest.param("ura", [{"legacy": True}], id="no-century-sign-in-Ura"),
]


@pytest.mark.parametrize(("system", "twins"), TWINS)
def test_where_a_number_may_be_two_people_s_nothing_is_sent(
    work: Casework, who: Person, mappings: dict[str, Any], system: str, twins: list[dict[str, Any]]
) -> None:
    simulator = work.stage.simulators[system]
    work.known_to([who], *(EVERYBODY - {system}), typ=True)
    simulator.seed(persons=[{**who.seed, **twin} for twin in twins])
    watch = Watch(work.stage)

    plan_id = open_case(work, who, goals=goal("Osa-aikatyö keväällä."))
    links = work.settle(plan_id)

    assert (links[system]["state"], links[system]["parked_reason"]) == ("parked", "identity")
    assert links[system]["parked_detail"] == {"hits": len(twins)}
    trace = work.trace(plan_id, system)
    assert {(item["outcome"], item["row"]) for item in trace.values()} == {("DENY", 1)}
    assert {item["state"] for item in trace.values()} == {"withheld"}
    assert not watch.wrote_to(system)
    for other in EVERYBODY - {system}:
        assert links[other]["state"] == "in_sync"
        assert held(work, other, who, mappings)[GOAL] == "Osa-aikatyö keväällä."

    work.change(plan_id, {GOAL: "Osa-aikatyö kesällä."})
    links = work.settle(plan_id)
    assert links[system]["state"] == "parked", "new content does not tell who is meant"
    assert not watch.wrote_to(system)


def test_once_a_person_has_seen_to_it_who_is_meant_the_plan_goes_out(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    work.known_to([who], *(EVERYBODY - {"ura"}), typ=True)
    ura = work.stage.simulators["ura"]
    (number,) = ura.seed(persons=[{**who.seed, "legacy": True}])["asiakasnrot"]
    plan_id = open_case(work, who, goals=goal("Osa-aikatyö keväällä."))
    assert work.settle(plan_id)["ura"]["parked_reason"] == "identity"

    ura.act("edit", asiakasnro=number, fields={"vuosisata": "-"})
    work.redrive(plan_id, "ura")

    assert work.settle(plan_id)["ura"]["state"] == "in_sync"
    assert held(work, "ura", who, mappings)[GOAL] == "Osa-aikatyö keväällä."
    rows = {item["row"] for item in work.trace(plan_id, "ura").values()}
    assert 1 not in rows


def test_a_person_whom_a_partner_does_not_know_is_parked_and_not_made_up(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    work.known_to([who], *(EVERYBODY - {"effica"}), typ=True)
    watch = Watch(work.stage)

    plan_id = open_case(work, who, goals=goal("Osa-aikatyö keväällä."))
    links = work.settle(plan_id)

    assert (links["effica"]["state"], links["effica"]["parked_reason"]) == ("parked", "not_there")
    assert not watch.wrote_to("effica")
    work.known_to([who], "effica")
    work.redrive(plan_id, "effica")
    assert work.settle(plan_id)["effica"]["state"] == "in_sync"
    assert held(work, "effica", who, mappings)[GOAL] == "Osa-aikatyö keväällä."


def test_what_effica_stored_otherwise_than_it_said_is_noticed_and_can_be_put_right(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    effica = work.stage.simulators["effica"]
    work.known_to([who], typ=True)
    effica.chaos(charset_surprise=1.0)
    try:
        plan_id = open_case(work, who, goals=goal("Osa-aikatyö keväällä."))
        link = work.settle(plan_id)["effica"]
    finally:
        effica.chaos(charset_surprise=0.0)

    assert (link["state"], link["parked_reason"]) == ("parked", "read_back")
    assert GOAL in link["parked_detail"]["paths"]
    assert held(work, "effica", who, mappings)[GOAL] == "Osa-aikaty? keväällä."
    assert work.trace(plan_id, "effica")[GOAL]["state"] == "parked"

    work.redrive(plan_id, "effica")
    assert work.settle(plan_id)["effica"]["state"] == "in_sync"
    assert held(work, "effica", who, mappings)[GOAL] == "Osa-aikatyö keväällä."


def test_the_reason_names_no_one_and_repeats_nothing(work: Casework, who: Person) -> None:
    work.known_to([who], typ=True)
    plan_id = open_case(work, who, goals=goal("Salaisuus Ω tehtaalla."))
    work.settle(plan_id)
    told = str(work.links(plan_id))
    for secret in ("Salaisuus", who.hetu, who.family_name, "Ω"):
        assert secret not in told
    for log in _logs(work.stage):
        assert all(secret not in log for secret in ("Salaisuus", who.hetu, who.family_name))


def _logs(stage: Stage) -> Iterator[str]:
    for child in (stage.hub, stage.worker):
        yield child.log.read_text(errors="replace")

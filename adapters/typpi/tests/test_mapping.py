"""What TYPPI gets of a plan even when everything is permitted: the mapping's own line of defence, and its laws."""

import asyncio
import copy
import json
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tyokyky_adapter_typpi import CODECS, connect
from tyokyky_adapter_typpi.records import EMPTY
from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.adapterkit.errors import Refused
from tyokyky_bridge.domain.items import FIELDS, leaves_of, pattern_of
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.mapping.catalogue import load
from tyokyky_bridge.mapping.lens import LensRefusal
from worlds.plans import plans, rich_plan, scenario_1_plan

SANNA = "030278-958K"
LENS = load("tyokyky_mappings:typpi", CODECS)
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NEVER = (
    "health.substance_use",
    "health.limiting_illnesses[].icd10",
    "health.care_plan_ref",
    "social.debts",
    "social.debt_enforcement",
    "social.support_network[].description",
    "competence.study_support",
    "previous_services[].guidance_notes",
    "consultations[].question",
    "client_feedback[].text",
    "statements[].document_ref.sha256",
    "client.hetu[].value",
)


def put(leaves: Mapping[str, Any], native: Any = EMPTY) -> Any:
    return LENS.put_leaves(native, leaves)


def held(native: Any, section: str) -> Any:
    return next(s["tiedot"] for s in native["osiot"] if s["osio"] == section)


def test_scenario_1_brings_the_two_work_ability_scores_and_no_other() -> None:
    native = put(leaves_of(scenario_1_plan())).native
    scores = held(native, "terveys")["pisteet"]
    assert {s["tunniste"]: (s["kysymys"], s["arvo"], s["pvm"]) for s in scores} == {
        "b4-lifecare": ("kykyviisari-b4", 4, "2026-02-10"),
        "b4-ura": ("kykyviisari-b4", 3, "2026-02-02"),
    }
    text = json.dumps(native).lower()
    assert "bdi" not in text
    assert "audit" not in text
    assert "18" not in text.replace("2018", "")


@pytest.mark.parametrize("pattern", NEVER)
def test_what_the_register_may_not_hold_has_no_way_in(pattern: str) -> None:
    secret = "ZZZ-sentinel-ZZZ"
    path = pattern.replace("[]", "[e-1]")
    done = put({path: secret, "header.status": "active"})
    assert secret not in json.dumps(done.native)
    assert done.not_carried[path].startswith("never: ")


def test_a_substance_service_a_justice_member_and_an_imprisonment_stay_away() -> None:
    done = put(
        {
            "services[s-1].type": "mental_substance_services",
            "services[s-1].responsible_worker.name": "Sana Salainen",
            "services[s-2].type": "job_coaching",
            "services[s-2].interruption_reason.code": "imprisonment",
            "network.members[m-1].sector": "justice",
            "network.members[m-1].organization.name": "Salainen laitos",
            "network.services_in_use[mental_substance_services]": "mental_substance_services",
        }
    )
    assert done.carried == {"services[s-2].type"}
    assert "alai" not in json.dumps(done.native)


def test_a_necessity_mark_is_written_for_what_stands_here_and_for_nothing_else() -> None:
    done = put(
        {
            "necessity_marks[n-1].item": "health.work_ability_conclusion",
            "necessity_marks[n-1].by.user": "HVIRTA",
            "necessity_marks[n-2].item": "health.substance_use",
            "necessity_marks[n-2].by.user": "HVIRTA",
            "necessity_marks[n-3].item": "social.housing.text",
        }
    )
    assert held(done.native, "terveys")["valttamattomat"] == [
        {"tunniste": "n-1", "kohta": "tyokyky-johtopaatos", "merkitsija": {"kayttaja": "HVIRTA"}}
    ]
    assert held(done.native, "sosiaalinen")["valttamattomat"] == [{"tunniste": "n-3", "kohta": "asuminen"}]


def test_a_customership_is_read_and_never_written() -> None:
    native = {**EMPTY, "typAsiakkuus": {"tila": "voimassa", "alkaen": "2026-01-15"}}
    assert LENS.get(native).leaves["header.typ_customership.status"] == "active"
    done = put({"header.typ_customership.status": "ended"}, native)
    assert done.native == native
    assert done.not_carried == {"header.typ_customership.status": "this field is only read there"}


def test_labelled_lines_stand_beside_what_a_worker_wrote() -> None:
    native = copy.deepcopy(EMPTY)
    held(native, "sosiaalinen")["lisatiedot"] = "Soitettu 3.2.\nAsuminen: vanha\nHuom: R&D"
    done = put({"social.housing.text": "Vuokralla,\nmuutto keväällä", "social.interests": "kalastus"}, native)
    assert held(done.native, "sosiaalinen")["lisatiedot"] == (
        "Soitettu 3.2.\nAsuminen: Vuokralla,\n| muutto keväällä\nHarrastukset: kalastus\nHuom: R&D"
    )


@pytest.mark.parametrize("path", ["health.work_ability_conclusion", "social.family_situation"])
def test_a_text_of_more_than_three_thousand_characters_is_refused_here_already(path: str) -> None:
    with pytest.raises(LensRefusal) as refused:
        put({path: "x" * 3001})
    assert refused.value.rule == "longer than 3000 characters"


@LAWS
@given(plan=plans(wild=True))
def test_what_is_written_reads_back_and_writing_it_again_changes_nothing(plan: SupportPlan) -> None:
    leaves = leaves_of(plan)
    done = put(leaves)
    reading = LENS.get(done.native)
    assert reading.notes == ()
    assert reading.leaves == {path: leaves[path] for path in done.carried}
    assert done.losses == {}
    assert put(leaves, done.native).native == done.native
    assert put(reading.leaves, done.native).native == done.native


@LAWS
@given(plan=plans(wild=True))
def test_what_the_hub_wrote_it_can_take_out_again(plan: SupportPlan) -> None:
    done = put(leaves_of(plan))
    emptied = LENS.put_leaves(done.native, {}, clear=done.carried)
    assert LENS.get(emptied.native).leaves == {}
    assert emptied.cleared == done.carried


def test_the_fullest_plan_travels_whole_through_the_register(office: Any) -> None:
    """Every carried pattern at once, over the wire with its escaping, and back through the lens."""
    leaves = leaves_of(rich_plan())

    async def story(adapter: Any) -> Any:
        found = await adapter.find(SANNA)
        standing = await adapter.fetch(found)
        done = put(leaves, standing.content)
        licence = Licence("d", time.monotonic() + 10)
        await adapter.write(found, done.native, standing=standing, key="k", licence=licence)
        return done, await adapter.fetch(await adapter.find(SANNA))

    done, standing = office.tell(story)
    read = LENS.get(standing.content)
    assert read.notes == ()
    only_read = ("header.typ_customership.", "client.non_disclosure.")
    back = {p: v for p, v in read.leaves.items() if not p.startswith(only_read)}
    assert back == done.expected
    names = {p for p in FIELDS if LENS.names(p) and not p.startswith(only_read)}
    assert {pattern_of(path) for path in done.carried} == names


def test_the_plan_of_the_domain_report_is_read_and_written_beside_what_stands_there(office: Any) -> None:
    own = {"tyokykypisteet": 4, "valttamaton": True}
    office.plan_id(
        terveys={"tyokykyJohtopaatos": "Työkyky alentunut, osa-aikatyö mahdollinen", **own},
        suunnitelma={
            "tavoitteet": [
                {"tunniste": "t-1", "teksti": "Osa-aikatyö varastossa syksyllä", "tila": "kesken"}
            ],
            "palvelut": [{"tunniste": "t-2", "laji": "kuntouttava-tyotoiminta", "alkaa": "2026-03-01"}],
        },
    )

    async def story(adapter: Any) -> Any:
        found = await adapter.find(SANNA)
        standing = await adapter.fetch(found)
        score = {"scores[b4].instrument": "kykyviisari_b4", "scores[b4].value": 5}
        done = put(score, standing.content)
        licence = Licence("d", time.monotonic() + 10)
        await adapter.write(found, done.native, standing=standing, key="k", licence=licence)
        return LENS.get(standing.content), done

    read, done = office.tell(story)
    assert read.notes == ()
    assert {p: v for p, v in read.leaves.items() if not p.startswith("header.typ_customership")} == {
        "health.work_ability_conclusion": "Työkyky alentunut, osa-aikatyö mahdollinen",
        "goals[t-1].text_client": "Osa-aikatyö varastossa syksyllä",
        "goals[t-1].status": "active",
        "services[t-2].type": "rehabilitative_work",
        "services[t-2].planned_period.start": date(2026, 3, 1),
    }
    assert done.not_carried == {}
    stored = office.stored("terveys")["tiedot"]
    assert stored["pisteet"] == [{"tunniste": "b4", "kysymys": "kykyviisari-b4", "arvo": 5}]
    assert {name: stored[name] for name in own} == own


def test_a_diagnosis_code_in_free_text_is_refused_by_the_target_and_nothing_is_left_behind(
    office: Any,
) -> None:
    async def told() -> None:
        adapter = connect(office.config())
        try:
            found = await adapter.find(SANNA)
            standing = await adapter.fetch(found)
            done = put({"health.limiting_illnesses[i-1].text": "M54.5 selkäkipu"}, standing.content)
            licence = Licence("d", time.monotonic() + 10)
            await adapter.write(found, done.native, standing=standing, key="k", licence=licence)
        finally:
            await adapter.aclose()

    with pytest.raises(Refused, match="valttamattomyysmerkinta-puuttuu"):
        asyncio.run(told())
    assert office.simulator.records() == []

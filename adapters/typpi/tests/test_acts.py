"""What TYPPI's own users do: saving whole plans, removing sections, and being refused like anybody else."""

from typing import Any

import pytest

from tyokyky_bridge.adapterkit.contract import Adapter, Native, Standing

SANNA = "030278-958K"


async def look(adapter: Adapter) -> Standing:
    return await adapter.fetch(await adapter.find(SANNA))


def put(content: Native, **sections: dict[str, Any]) -> Native:
    osiot = [{**s, "tiedot": sections.get(s["osio"], s["tiedot"])} for s in content["osiot"]]
    return {**content, "osiot": osiot}


def versions(office: Any) -> dict[str, str]:
    return {s["osio"]: s["etag"] for s in office.simulator.records()[0]["osiot"]}


@pytest.mark.parametrize("by_id", [True, False])
def test_a_whole_plan_is_saved_section_by_section(office: Any, *, by_id: bool) -> None:
    plan_id = office.plan_id(
        kela={"kelanArvio": "Työ & 'ö'"},
        osaaminen={"tyokokemus": "y"},
        seuranta={"seuraavaPvm": "2026-05-04"},
    )
    content, before = office.tell(look).content, versions(office)
    saved = put(content, kela={"kelanArvio": "z"}, osaaminen={})
    who = {"id": plan_id} if by_id else {"hetu": SANNA}
    office.simulator.act("edit", **who, content=saved, osapuoli="kela")
    changed = {name for name, tag in versions(office).items() if tag != before[name]}
    assert changed == {"kela", "osaaminen"}
    read = {s["osio"]: s["tiedot"] for s in office.tell(look).content["osiot"] if s["tiedot"]}
    assert read == {"kela": {"kelanArvio": "z"}, "seuranta": {"seuraavaPvm": "2026-05-04"}}
    assert office.stored("kela")["muokannut"] == "kela"
    assert office.stored("kela")["lahde"] != "hub"


def test_saving_what_stands_there_saves_nothing(office: Any) -> None:
    office.plan_id(suunnitelma={"tavoitteet": [{"teksti": "Töihin <syksyllä>"}]})
    before = versions(office)
    office.simulator.act("edit", hetu=SANNA, content=office.tell(look).content)
    assert versions(office) == before


def test_a_user_may_open_the_plan(office: Any) -> None:
    content = put(office.tell(look).content, kela={"kelanArvio": "ensin"})
    office.simulator.act("edit", hetu=SANNA, content=content)
    assert office.stored("kela")["tiedot"] == {"kelanArvio": "ensin"}
    assert office.stored("osaaminen")["versio"] == 0
    assert office.simulator.records()[0]["avannut"] == "typpi-kayttoliittyma"


def test_a_save_that_is_refused_in_one_section_saves_none(office: Any) -> None:
    office.plan_id(kela={"kelanArvio": "x"})
    before = office.simulator.records()
    content = put(office.tell(look).content, osaaminen={"tyokokemus": "y"}, terveys={"bdi": 22})
    with pytest.raises(RuntimeError, match="tietosisalto-ei-sallittu"):
        office.simulator.act("edit", hetu=SANNA, content=content)
    assert office.simulator.records() == before


def test_a_user_removes_a_section_that_another_wrote(office: Any) -> None:
    office.plan_id(kela={"kelanArvio": "x"})
    office.simulator.act("remove_section", hetu=SANNA, osio="kela", osapuoli="kela")
    tomb = office.stored("kela")
    assert (tomb["versio"], tomb["poistettu"], tomb["tiedot"]) == (2, True, {})


def test_after_the_end_users_may_write_no_more_than_systems(office: Any) -> None:
    office.plan_id(kela={"kelanArvio": "x"})
    office.simulator.act("end_customership", hetu=SANNA)
    for act in (
        {"osio": "kela", "tiedot": {"a": 1}},
        {"content": {"osiot": [{"osio": "kela", "tiedot": {}}]}},
    ):
        with pytest.raises(RuntimeError, match="vain-luku"):
            office.simulator.act("edit", hetu=SANNA, **act)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hetu": "171268X9339", "osio": "kela", "tiedot": {}}, "no such client"),
        ({"hetu": SANNA, "osio": "kela", "tiedot": {}}, "no plan yet"),
        ({"id": "1", "content": {"osiot": []}}, "no such client"),
    ],
)
def test_an_act_on_nothing_says_so(office: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        office.simulator.act("edit", **given)

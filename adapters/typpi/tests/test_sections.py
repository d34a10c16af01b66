"""A plan in eight sections: what is written, on which condition, and how its text travels."""

import copy
import time
from typing import Any

import pytest

from tyokyky_bridge.adapterkit.contract import Adapter, Found, Licence, Standing, Written
from tyokyky_bridge.adapterkit.errors import ChangedUnderneath, LicenceExpired, Refused
from tyokyky_bridge.mapping.catalogue import load

SANNA = "030278-958K"


def licence(seconds: float = 10) -> Licence:
    return Licence("decision", time.monotonic() + seconds)


def changed(standing: Standing, **sections: dict[str, Any]) -> dict[str, Any]:
    """The standing content with these fields put into these sections."""
    content = copy.deepcopy(standing.content)
    for section in content["osiot"]:
        section["tiedot"].update(sections.get(section["osio"], {}))
    return content


async def look(adapter: Adapter) -> tuple[Found, Standing]:
    found = await adapter.find(SANNA)
    return found, await adapter.fetch(found)


async def save(adapter: Adapter, key: str = "k", **sections: dict[str, Any]) -> Written:
    found, standing = await look(adapter)
    return await adapter.write(
        found, changed(standing, **sections), standing=standing, key=key, licence=licence()
    )


def test_text_comes_back_escaped_on_the_wire_and_plain_to_the_lens(office: Any) -> None:
    office.plan_id(terveys={"tyokykyJohtopaatos": "Työkyky <alentunut>, 'osa-aika' & Łucja"})
    _, standing = office.tell(look)
    assert (
        b"Ty&ouml;kyky &lt;alentunut&gt;, &#x27;osa-aika&#x27; &amp;"
        in office.simulator.journal()[-1].response
    )
    health = next(s for s in standing.content["osiot"] if s["osio"] == "terveys")
    assert health["tiedot"]["tyokykyJohtopaatos"] == "Työkyky <alentunut>, 'osa-aika' & Łucja"


def test_what_others_wrote_is_never_escaped_twice(office: Any) -> None:
    """Our write of one field carries the whole section, and so other people's text, back."""
    theirs = "R&D: kirjoita &auml;, &amp;ouml; tai &#x27; – <b>näin</b>"
    office.plan_id(osaaminen={"tyokokemus": theirs, "tuleva": {"rivit": [theirs]}})
    for turn in ("yksi", "kaksi"):
        office.tell(lambda a, turn=turn: save(a, turn, osaaminen={"lisatiedot": f"Työ & {turn} 'ö'"}))
    content = office.stored("osaaminen")["tiedot"]
    assert content == {
        "tyokokemus": theirs,
        "tuleva": {"rivit": [theirs]},
        "lisatiedot": "Työ & kaksi 'ö'",
    }


def test_only_sections_that_changed_are_written(office: Any) -> None:
    office.plan_id(osaaminen={"tyokokemus": "varasto"}, terveys={"voimavarat": "into"})
    office.tell(lambda a: save(a, seuranta={"seuraavaPvm": "2026-05-04"}))
    assert [e.split()[-2:] for e in office.simulator.effects()] == [["seuranta", "v1"]]


def test_a_plan_is_opened_with_all_its_sections_at_once(office: Any) -> None:
    written = office.tell(lambda a: save(a, osaaminen={"tyokokemus": "x"}, kela={"kelanArvio": "y"}))
    writes = [e for e in office.simulator.journal() if e.effects]
    assert len(writes) == 1
    assert writes[0].effects == (
        f"suunnitelma {written.record_id} avattu",
        f"suunnitelma {written.record_id} osaaminen v1",
        f"suunnitelma {written.record_id} kela v1",
    )


def test_a_refused_first_content_opens_no_plan(office: Any) -> None:
    with pytest.raises(Refused):
        office.tell(lambda a: save(a, osaaminen={"tyokokemus": "x"}, terveys={"bdi": 22}))
    assert office.simulator.records() == []


def test_a_stale_third_section_stops_the_write_and_a_second_try_does_only_the_rest(office: Any) -> None:
    plan_id = office.plan_id(
        osaaminen={"tyokokemus": "a"}, terveys={"voimavarat": "b"}, kela={"kelanArvio": "c"}
    )
    ours = {"osaaminen": {"tyokokemus": "A"}, "terveys": {"voimavarat": "B"}, "kela": {"kelanArvio": "C"}}

    async def story(adapter: Adapter) -> None:
        found, standing = await look(adapter)
        office.simulator.act("edit", suunnitelmaId=plan_id, osio="kela", tiedot={"muu": "Kelan oma"})
        with pytest.raises(ChangedUnderneath):
            await adapter.write(
                found, changed(standing, **ours), standing=standing, key="k1", licence=licence()
            )
        await save(adapter, "k2", **ours)

    office.tell(story)
    sections = [e.split()[-2:] for e in office.simulator.effects()]
    assert sections == [["osaaminen", "v2"], ["terveys", "v2"], ["kela", "v3"]]
    assert office.stored("kela")["tiedot"] == {"kelanArvio": "C", "muu": "Kelan oma"}


def test_a_licence_that_ends_between_two_sections_stops_the_second(office: Any) -> None:
    office.plan_id(osaaminen={"tyokokemus": "a"})
    office.simulator.chaos(latency_ms=[400, 400], on="^PUT")

    async def story(adapter: Adapter) -> None:
        found, standing = await look(adapter)
        content = changed(standing, osaaminen={"tyokokemus": "A"}, terveys={"voimavarat": "B"})
        with pytest.raises(LicenceExpired):
            await adapter.write(found, content, standing=standing, key="k1", licence=licence(0.3))

    office.tell(story)
    assert [e.split()[-2] for e in office.simulator.effects()] == ["osaaminen"]


def test_what_stands_outside_the_sections_cannot_be_written(office: Any) -> None:
    office.plan_id(osaaminen={"tyokokemus": "a"})

    async def story(adapter: Adapter) -> None:
        found, standing = await look(adapter)
        content = {**standing.content, "koordinoija": "kela"}
        with pytest.raises(Refused) as refused:
            await adapter.write(found, content, standing=standing, key="k1", licence=licence())
        assert refused.value.reasons[0].field == "koordinoija"

    office.tell(story)
    assert office.simulator.effects() == []


def test_our_own_writes_are_marked_as_ours(office: Any) -> None:
    office.plan_id(osaaminen={"tyokokemus": "a"})
    office.tell(lambda a: save(a, osaaminen={"tyokokemus": "b"}))
    section = office.stored("osaaminen")
    assert (section["muokannut"], section["lahde"]) == ("hyvinvointialue", "hub")


def test_rows_that_a_worker_typed_in_get_a_key_of_their_own(office: Any) -> None:
    office.plan_id(suunnitelma={"tavoitteet": [{"teksti": "Osa-aikatyö varastossa syksyllä"}]})
    lens = load("tyokyky_mappings:typpi", _codecs())
    _, standing = office.tell(look)
    goals = {p: v for p, v in lens.get(standing.content).leaves.items() if p.startswith("goals")}
    assert list(goals.values()) == ["Osa-aikatyö varastossa syksyllä"]
    assert office.tell(look)[1].content == standing.content


def test_a_view_travels_through_lens_and_wire_and_reads_back(office: Any) -> None:
    lens = load("tyokyky_mappings:typpi", _codecs())
    leaves = {
        "client.family_name": "Przykładowa-Đặng",
        "client.given_names": "Łucja",
        "client.interpreter.language": "pl",
        "health.work_ability_conclusion": "Osa-aikatyö mahdollinen,\nnostorajoite < 10 kg & 'tauot'",
        "social.housing.code": "rental",
        "goals[g-7].text_client": "Töihin – &auml; lapsille",
        "goals[g-7].measure": "soitto",
        "scores[s-1].instrument": "kykyviisari_b4",
        "scores[s-1].value": 0,
        "competence.driving_licence[B]": "B",
        "meetings[m-1].participants[p-2].attended": True,
    }

    async def story(adapter: Adapter) -> None:
        found, standing = await look(adapter)
        put = lens.put_leaves(standing.content, leaves)
        await adapter.write(found, put.native, standing=standing, key="k1", licence=licence())

    office.tell(story)
    _, standing = office.tell(look)
    reading = lens.get(standing.content)
    status = {p: v for p, v in reading.leaves.items() if p.startswith("header.typ_customership")}
    assert status["header.typ_customership.status"] == "active"
    assert {p: v for p, v in reading.leaves.items() if p not in status} == leaves
    assert reading.notes == ()
    assert office.stored("perustiedot")["tiedot"]["henkilo"]["sukunimi"] == "Przykładowa-Đặng"


def test_a_score_off_the_scale_is_noted_and_never_taken(office: Any) -> None:
    office.plan_id(terveys={"pisteet": [{"tunniste": "p1", "kysymys": "kykyviisari-b4", "arvo": 12}]})
    reading = load("tyokyky_mappings:typpi", _codecs()).get(office.tell(look)[1].content)
    assert "scores[p1].value" not in reading.leaves
    assert [(n.row, n.rule, n.raw) for n in reading.notes] == [("b4-value", "outside 0-10", 12)]


def _codecs() -> Any:
    from tyokyky_adapter_typpi import CODECS

    return CODECS

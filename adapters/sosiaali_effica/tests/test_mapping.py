"""The mapping's laws, all the way through the bytes that travel; and what the domain report says of Effica."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from tyokyky_adapter_sosiaali_effica import CODECS
from tyokyky_adapter_sosiaali_effica.outgoing import sendable
from tyokyky_adapter_sosiaali_effica.records import EMPTY, document_of
from tyokyky_adapter_sosiaali_effica.shape import CONTAINERS, OBJECTS, PLAIN, REPEATED
from tyokyky_adapter_sosiaali_effica.simulator.archive import maltreat
from tyokyky_adapter_sosiaali_effica.simulator.checks import objections
from tyokyky_adapter_sosiaali_effica.soap import parse, write
from tyokyky_bridge.domain.items import FIELDS, leaves_of, pattern_of
from tyokyky_bridge.mapping.catalogue import load
from tyokyky_bridge.mapping.lens import LensRefusal
from worlds.plans import LUCJA, a_plan, plans, rich_plan

LENS = load("tyokyky_mappings:sosiaali_effica", CODECS)
plan_leaves = plans().map(leaves_of)
wild_leaves = plans(wild=True).map(leaves_of)
often = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def put(native, leaves, clear=()):
    return LENS.put_leaves(native, leaves, clear)


def refusals(leaves):
    """Which leaves the lens will not write, and why."""
    try:
        put(EMPTY, leaves)
    except LensRefusal as refusal:
        return {fault.path: fault.rule for fault in refusal.faults}
    return {}


def travelled(content):
    """What the partner holds after a save and gives back: through the wire's bytes and the simulated storage."""
    stored = parse(write(sendable({"AsiakirjaOid": "1"}, content)))
    assert not maltreat(stored)
    assert objections(stored) == []
    return document_of(parse(etree.tostring(stored, encoding="ISO-8859-15")))[1]


@often
@given(plan_leaves)
def test_what_the_hub_writes_effica_takes_keeps_and_gives_back(leaves):
    written = put(EMPTY, leaves)
    assert LENS.get(travelled(written.native)).leaves == written.expected
    assert LENS.get(written.native).notes == ()


@often
@given(wild_leaves)
def test_letters_from_all_over_the_world_are_refused_or_written_with_a_declared_loss(leaves):
    refused = refusals(leaves)
    assert all("outside iso-8859-15" in rule for rule in refused.values())
    written = put(EMPTY, {path: value for path, value in leaves.items() if path not in refused})
    assert LENS.get(travelled(written.native)).leaves == written.expected
    for path in written.carried:
        assert written.expected.get(path) == leaves[path] or written.losses[path]


@often
@given(plan_leaves, plan_leaves)
def test_writing_back_what_was_read_changes_nothing(leaves, others):
    native = travelled(put(travelled(put(EMPTY, leaves).native), others).native)
    assert put(native, LENS.get(native).leaves).native == native


@often
@given(plan_leaves)
def test_writing_twice_is_writing_once(leaves):
    once = travelled(put(EMPTY, leaves).native)
    assert put(once, leaves).native == once


@often
@given(plan_leaves)
def test_nothing_is_touched_without_leaves(leaves):
    native = travelled(put(EMPTY, leaves).native)
    assert put(native, {}).native == native


@often
@given(plan_leaves)
def test_what_the_hub_wrote_can_be_taken_out_again(leaves):
    written = put(EMPTY, leaves)
    native = travelled(written.native)
    emptied = put(native, {}, clear=written.expected.keys())
    assert LENS.get(travelled(emptied.native)).leaves == {}
    again = put(travelled(emptied.native), leaves)
    assert LENS.get(travelled(again.native)).leaves == written.expected


def test_every_pattern_of_the_plan_that_effica_holds_fits_into_one_rich_document():
    written = put(EMPTY, leaves_of(rich_plan()))
    assert LENS.get(travelled(written.native)).leaves == written.expected


def test_the_fullest_plan_travels_whole_over_soap_and_is_not_written_twice(effica, tell, save):
    leaves = leaves_of(rich_plan())
    assert save(lambda content: put(content, leaves).native).notes == ()

    async def read_back(adapter):
        return (await adapter.fetch(await adapter.find("120385-921T"))).content

    held = tell(read_back)
    written = put(held, leaves)
    assert LENS.get(held).notes == ()
    assert LENS.get(held).leaves == written.expected
    assert written.native == held
    only_read = "client.non_disclosure."
    assert {pattern_of(path) for path in written.carried} == {
        pattern for pattern in FIELDS if LENS.names(pattern) and not pattern.startswith(only_read)
    }


def test_effica_keeps_its_own_means_and_follow_up_of_a_goal():
    own = {"@jarjestys": "1", "Keino": "3 pv/vko", "Vastuuhenkilo": "KSALMI", "Seuranta": "04.05.2026"}
    native = {"Asiakas": {}, "Tavoitteet": {"Tavoite": [{"Tunniste": "eff-1", "Kuvaus": "vanha", **own}]}}
    written = put(native, {"goals[eff-1].text_client": "uusi", "goals[g-2].text_client": "toinen"}).native
    assert travelled(written)["Tavoitteet"]["Tavoite"] == [
        {"@jarjestys": "1", "Tunniste": "eff-1", "Kuvaus": "uusi"} | own,
        {"Tunniste": "g-2", "Kuvaus": "toinen"},
    ]


def test_the_document_of_the_domain_report_is_read():
    native = {
        "Asiakas": {},
        "Laatimispaiva": "03.02.2026",
        "Tavoitteet": {"Tavoite": [{"Tunniste": "eff-1", "Kuvaus": "Päivärytmi kuntoon", "TilaKoodi": "1"}]},
        "Tyokykyarvio": [{"Tunniste": "eff-2", "Pisteet": "4", "Pvm": "03.02.2026"}],
        "Sosiaalinentilanne": {"Asuminen": "2", "Velkatilanne": "ulosotto"},
    }
    assert LENS.get(native).leaves == {
        "goals[eff-1].text_client": "Päivärytmi kuntoon",
        "goals[eff-1].status": "active",
        "scores[eff-2].instrument": "kykyviisari_b4",
        "scores[eff-2].value": 4,
        "scores[eff-2].effective_on": date(2026, 2, 3),
        "social.housing.code": "rental",
        "social.debts": "ulosotto",
    }


def test_an_unknown_code_is_shown_and_never_guessed_nor_overwritten():
    native = {"Asiakas": {}, "Sosiaalinentilanne": {"Asuminen": "77"}}
    reading = LENS.get(native)
    assert reading.leaves == {}
    assert [(note.row, note.raw) for note in reading.notes] == [("housing", "77")]
    assert put(native, {"social.housing.code": "own"}).native == native


@pytest.mark.parametrize(
    "leaf",
    [
        {"health.limiting_illnesses[i-1].icd10": "M54.5"},
        {"health.substance_use": "ei"},
        {"statements[s-1].conclusion": "osa-aikatyö"},
        {"measures.pension_applications[p-1].insurer": "x"},
        {"client.interpreter.language": "pl"},
        {"client.hetu[h-1].value": "120385-921T"},
    ],
)
def test_what_effica_cannot_hold_is_never_written_and_the_reason_is_told(leaf):
    written = put(EMPTY, leaf)
    assert written.native == EMPTY
    assert [reason.startswith("never: ") for reason in written.not_carried.values()] == [True]


def test_only_the_work_ability_question_is_written_of_all_scores():
    bdi = {
        "scores[b].instrument": "bdi_ii",
        "scores[b].value": Decimal(18),
        "scores[b].effective_on": date(2026, 2, 10),
    }
    written = put(EMPTY, bdi | {"scores[a].instrument": "kykyviisari_b4", "scores[a].value": Decimal(0),
                                "scores[a].effective_on": date(2026, 2, 10)})  # fmt: skip
    assert written.native["Tyokykyarvio"] == [{"Tunniste": "a", "Pisteet": "0", "Pvm": "10.02.2026"}]


def test_an_employment_service_stays_outside_because_effica_has_no_code_for_it():
    written = put(EMPTY, {"services[s-1].type": "work_trial", "services[s-1].status": "ongoing"})
    assert written.native == EMPTY
    assert set(written.not_carried) == {"services[s-1].type", "services[s-1].status"}


def test_text_of_4001_letters_is_refused_and_4000_is_not():
    put(EMPTY, {"social.daily_rhythm": "ä" * 4000})
    with pytest.raises(LensRefusal, match="longer than 4000 bytes"):
        put(EMPTY, {"social.daily_rhythm": "ä" * 4001})
    with pytest.raises(LensRefusal):
        put(EMPTY, {"health.work_ability_conclusion": "ä" * 4000})


def test_a_dash_in_a_text_is_written_plain_and_a_foreign_letter_in_a_text_is_refused():
    written = put(EMPTY, {"social.daily_rhythm": "aamu – ilta"})
    assert written.native["Sosiaalinentilanne"]["Paivarytmi"] == "aamu - ilta"
    assert set(written.losses) == {"social.daily_rhythm"}
    with pytest.raises(LensRefusal, match="outside iso-8859-15") as refusal:
        put(EMPTY, {"social.daily_rhythm": "Łucja herää"})
    assert "ucja" not in str(refusal.value)


def test_the_adapter_knows_every_list_and_object_that_the_mapping_names():
    def paths(rows, kinds):
        yield from (row.native.split(".") for kind in kinds for row in getattr(rows, kind))
        for section in rows.lists:
            yield from paths(section, kinds)

    everything = list(paths(LENS.spec, ("fields", "sets", "lists", "blocks")))
    repeating = list(paths(LENS.spec, ("sets", "lists")))
    texts = {way[-1] for way in paths(LENS.spec, ("fields", "blocks"))}
    assert {step for way in everything for step in way[:-1]} == OBJECTS
    assert {way[-1] for way in repeating} == REPEATED
    assert {way[-2]: way[-1] for way in repeating if len(way) > 1} == dict(CONTAINERS)
    assert {way[-1] for way in paths(LENS.spec, ("sets",))} == PLAIN
    assert texts & (REPEATED | OBJECTS) == set()


def test_lucja_arrives_with_a_name_that_effica_can_spell_and_nothing_becomes_a_question_mark(
    effica, tell, save
):
    effica.seed(persons=[{"hetu": "250791Y946S"}])
    leaves = leaves_of(a_plan(client=LUCJA))
    written = put(EMPTY, leaves)
    assert set(written.losses) == {"client.family_name", "client.given_names"}

    saved = save(lambda content: put(content, leaves).native, hetu="250791Y946S")
    assert saved.notes == ()
    (record,) = effica.records()
    assert record["Asiakas"]["Sukunimi"] == "Przykladowa-Dang"
    assert record["Asiakas"]["Etunimet"] == "Lucja"
    assert record["Asiakas"]["Tulkki"] == "K"
    assert "?" not in str(record)

    async def read_back(adapter):
        return (await adapter.fetch(await adapter.find("250791Y946S"))).content

    held = tell(read_back)
    assert LENS.get(held).leaves == written.expected
    assert put(held, leaves).native == held


def test_a_new_first_name_in_effica_leaves_the_family_names_diacritics_to_the_hub(effica, tell, save):
    effica.seed(persons=[{"hetu": "250791Y946S"}])
    leaves = leaves_of(a_plan(client=LUCJA))
    sent = put(EMPTY, leaves).expected
    save(lambda content: put(content, leaves).native, hetu="250791Y946S")
    effica.act("edit", hetu="250791Y946S", set={"Asiakas.Etunimet": "Lucja Maria"})

    async def read(adapter):
        return LENS.get((await adapter.fetch(await adapter.find("250791Y946S"))).content).leaves

    theirs = tell(read)
    assert {path for path in sent if theirs[path] != sent[path]} == {"client.given_names"}


def test_without_the_adapter_her_name_would_lose_four_letters(effica):
    effica.seed(
        persons=[{"hetu": "250791Y946S"}],
        records=[{"Hetu": "250791Y946S", "Asiakas": {"Sukunimi": "Przykładowa-Đặng", "Etunimet": "Łucja"}}],
    )
    (record,) = effica.records()
    assert record["Asiakas"] == {"Sukunimi": "Przyk?adowa-??ng", "Etunimet": "?ucja"}

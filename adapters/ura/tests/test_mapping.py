"""The rows of ``mappings/ura``: the lens laws, that Ura takes what they write, and what must come out exactly."""

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tyokyky_adapter_ura import CODECS
from tyokyky_adapter_ura.records import EMPTY
from tyokyky_adapter_ura.simulator.rules import check
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.plan.text import normalise_text
from tyokyky_bridge.mapping.catalogue import load
from tyokyky_bridge.mapping.lens import LensRefusal
from tyokyky_bridge.mapping.patterns import carriers

LENS = load("tyokyky_mappings:ura", CODECS)
CARRIED = [pattern for pattern in FIELDS if LENS.names(pattern) and ".non_disclosure." not in pattern]
"""What goes both ways; a non-disclosure order is only read."""
IDS = ("a-1", "b-2")

words = st.text(st.sampled_from("abcåäöÅÄÖé 0129 ,.:>+|#-()¬½–”…€\n"), min_size=1, max_size=90)


def _normal(text: str) -> str | None:
    try:
        return normalise_text(text)
    except ValueError:
        return None


texts = words.map(_normal).filter(bool)
lines = texts.map(lambda text: str(text).replace("\n", " ").strip()).filter(bool)
BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "str": lines,
    "date": st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    "datetime": st.integers(946684800, 2524608000).map(lambda at: datetime.fromtimestamp(at, UTC)),
    "partial_date": st.sampled_from(["2019", "2019-04", "2019-04-07"]),
    "bool": st.booleans(),
    "int": st.integers(0, 10),
    "decimal": st.integers(0, 10).map(Decimal),
    "party": st.sampled_from(["lrha-health", "meriniemi-employment"]),
    "ref": st.sampled_from(["x-1", "y-2"]),
    "language": st.sampled_from(["fi", "pl"]),
    "uuid": st.just("0b7c2a9e-3f43-4c8e-9d55-5b1f6c7d8e9f"),
    "municipality": st.just("091"),
    "occupation": st.just("5223"),
}


NEEDED: dict[str, Any] = {
    "services[].type": "work_trial",
    "benefits[].type": "labour_market_subsidy",
    "previous_services[].type": "career_coaching",
    "referrals[].referring_party_type": "employment_authority",
    "scores[].instrument": "kykyviisari_b4",
    "scores[].value": Decimal(4),
    "scores[].effective_on": date(2026, 2, 10),
}
"""Leaves without which an element does not go to Ura."""


@st.composite
def views(draw: st.DrawFn) -> dict[str, Any]:
    """Some leaves of some plan, every pattern that Ura carries in reach."""
    leaves: dict[str, Any] = {}
    for pattern in draw(st.lists(st.sampled_from(CARRIED), max_size=40, unique=True)):
        meaning = FIELDS[pattern]
        codes = sorted(code_list(meaning.codes).codes) if meaning.codes else []
        value = draw(st.sampled_from(codes) if codes else BY_KIND[meaning.kind])
        brackets = pattern.count("[]") - pattern.endswith("[]")
        path = pattern
        for _ in range(brackets):
            path = path.replace("[]", f"[{draw(st.sampled_from(IDS))}]", 1)
        leaves[path.replace("[]", f"[{value}]") if pattern.endswith("[]") else path] = value
    for known in IDS:
        for pattern, value in NEEDED.items():
            if draw(st.integers(0, 3)):
                leaves[pattern.replace("[]", f"[{known}]")] = value
    return leaves


EXAMPLES: dict[str, Any] = {
    "text": "Ensimmäinen rivi – niin pitkä, että se katkeaa jostakin.\nToinen.",
    "str": "Mäki O’Neil",
    "date": date(2026, 3, 1),
    "datetime": datetime(2026, 2, 10, 8, 15, 30, tzinfo=UTC),
    "partial_date": "2019-04",
    "bool": True,
    "int": 7,
    "decimal": Decimal(4),
    "party": "lrha-health",
    "ref": "x-1",
    "language": "fi",
    "uuid": "0b7c2a9e-3f43-4c8e-9d55-5b1f6c7d8e9f",
    "municipality": "091",
    "occupation": "5223",
}


def whole_plan(pick: int) -> dict[str, Any]:
    """Every pattern that Ura carries, once; *pick* chooses among the codes that Ura has."""
    leaves: dict[str, Any] = {}
    for pattern in CARRIED:
        meaning = FIELDS[pattern]
        value = NEEDED.get(pattern, EXAMPLES.get(meaning.kind))
        if meaning.codes and pattern not in NEEDED:
            tables = [
                one.rule.codes for one in carriers(LENS.spec) if one.pattern == pattern and one.rule.codes
            ]
            known = sorted(LENS.maps[tables[0]].forward if tables else code_list(meaning.codes).codes)
            value = known[pick % len(known)]
        path = pattern.removesuffix("[]").replace("[]", "[a-1]")
        leaves[f"{path}[{value}]" if pattern.endswith("[]") else path] = value
    return leaves


def native() -> dict[str, Any]:
    """A record with the partner's own words and with fields that no row names."""
    record = copy.deepcopy(EMPTY)
    record["asiakas"] |= {"henkilotunnus": "120385-921T", "outo": 1, "sukunimi": "ESIMERKKI"}
    record["suunnitelma"] |= {
        "vastuuhlo": "OLINDQ",
        "tavoite": ["#KV-B4=3 02.02.2026", "Osa-aikatyö varastossa syksyllä.", "> ensin kurssi"],
        "rajoitteen_kuvaus": "EI NOSTOJA YLI 10 KG",
        "palvelut": [
            {"tunniste": "a-1", "palvelu": "31", "tila": "1", "oma": "x"},
            {"tunniste": "z", "palvelu": "88"},
        ],
    }
    record["palautteet"] = [{"viite": "a-1", "kasittelija": "OLINDQ"}]
    return record


def put(record: dict[str, Any], leaves: dict[str, Any], clear: tuple[str, ...] = ()) -> Any:
    try:
        return LENS.put_leaves(record, leaves, clear)
    except LensRefusal:
        assume(False)


laws = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)


@laws
@given(views())
def test_writing_back_what_was_read_changes_nothing(leaves: dict[str, Any]) -> None:
    written = put(native(), leaves).native
    assert put(written, LENS.get(written).leaves).native == written


@laws
@given(views())
def test_what_is_written_reads_back_but_for_declared_losses(leaves: dict[str, Any]) -> None:
    done = put(native(), leaves)
    read = LENS.get(done.native).leaves
    assert {path: read.get(path) for path in done.expected} == done.expected
    for path in done.carried & leaves.keys():
        assert path in done.losses or read[path] == leaves[path]
    assert set(leaves) == set(done.not_carried) | (done.carried & set(leaves))


@laws
@given(views(), views())
def test_a_second_put_wins_over_the_first(first: dict[str, Any], second: dict[str, Any]) -> None:
    both = {**first, **second}
    assert put(put(native(), first).native, both).native.keys() == put(native(), both).native.keys()
    again = put(native(), both).native
    assert put(again, both).native == again


@laws
@given(views())
def test_fields_and_lines_of_ura_itself_survive(leaves: dict[str, Any]) -> None:
    record = native()
    done = put(record, leaves).native
    assert record == native()
    assert done["asiakas"]["outo"] == 1
    assert done["asiakas"]["henkilotunnus"] == "120385-921T"
    assert done["suunnitelma"]["vastuuhlo"] == "OLINDQ"
    assert done["suunnitelma"]["laji"] == "TT"
    assert {"tunniste": "z", "palvelu": "88"} in done["suunnitelma"]["palvelut"]
    assert [row["oma"] for row in done["suunnitelma"]["palvelut"] if row["tunniste"] == "a-1"] == ["x"]
    assert "EI NOSTOJA YLI 10 KG" in done["suunnitelma"]["rajoitteen_kuvaus"].split("\n")
    kept = [line for line in done["suunnitelma"]["tavoite"] if line in native()["suunnitelma"]["tavoite"]]
    assert kept == native()["suunnitelma"]["tavoite"]
    assert next(form for form in done["palautteet"] if form["viite"] == "a-1")["kasittelija"] == "OLINDQ"


@laws
@given(views())
def test_ura_takes_everything_that_the_rows_write(leaves: dict[str, Any]) -> None:
    done = put(copy.deepcopy(EMPTY), leaves).native
    assert check(done["asiakas"], standing=None, at="asiakas") == []
    assert check(done["suunnitelma"], standing=None, at="suunnitelma") == []
    for form in done["palautteet"]:
        assert check(form, standing=None, at="palaute") == []


@pytest.mark.parametrize("pick", range(0, 24, 3))
def test_every_row_carries_its_field_there_and_back(pick: int) -> None:
    leaves = whole_plan(pick)
    record = copy.deepcopy(EMPTY)
    done = LENS.put_leaves(record, leaves)
    assert done.not_carried == {}
    assert done.carried == leaves.keys()
    reading = LENS.get(done.native)
    assert reading.notes == ()
    assert {path for path, value in leaves.items() if reading.leaves.get(path) != value} == done.losses.keys()
    assert check(done.native["asiakas"], standing=None, at="asiakas") == []
    assert check(done.native["suunnitelma"], standing=None, at="suunnitelma") == []


@laws
@given(views())
def test_clearing_takes_away_what_the_hub_wrote_and_nothing_else(leaves: dict[str, Any]) -> None:
    done = put(native(), leaves)
    mine = tuple(path for path in done.expected if path not in LENS.get(native()).leaves)
    left = put(done.native, {}, mine)
    assert not set(LENS.get(left.native).leaves) & left.cleared
    assert set(mine) <= left.cleared | set(left.not_carried)


def tag(lines: list[str]) -> Any:
    record = copy.deepcopy(EMPTY)
    record["suunnitelma"]["tavoite"] = lines
    return LENS.get(record)


def test_a_tag_that_a_user_wrote_gets_an_id_from_its_day() -> None:
    leaves = tag(["#KV-B4=3 02.02.2026", "Oma rivi"]).leaves
    assert leaves == {
        "scores[ura-b4-2026-02-02].instrument": "kykyviisari_b4",
        "scores[ura-b4-2026-02-02].value": Decimal(3),
        "scores[ura-b4-2026-02-02].effective_on": date(2026, 2, 2),
    }


def test_zero_is_a_score_like_any_other() -> None:
    assert tag(["#KV-B4=0 02.02.2026 s-1"]).leaves["scores[s-1].value"] == 0


@pytest.mark.parametrize(
    "damaged",
    [
        "#KV-B4=12 09.03.2026",
        "#KV-B4=4-5 06.03.2026 s-1",
        "#KV-B4=4,5 06.03.2026",
        "#KV-B4= 06.03.2026",
        "#KV-B4=4 31.02.2026",
        "#KV-B4=4",
        "#KV-B4=viisi 06.03.2026",
    ],
)
def test_a_damaged_tag_is_a_note_and_never_a_score(damaged: str) -> None:
    reading = tag([damaged])
    assert reading.leaves == {}
    assert [(note.row, note.raw) for note in reading.notes] == [("b4-tag", damaged)]


def test_an_own_tag_that_a_user_damaged_is_left_for_a_person_to_look_at() -> None:
    record = copy.deepcopy(EMPTY)
    record["suunnitelma"]["tavoite"] = ["#KV-B4=44 10.02.2026 s-1"]
    view = {
        "scores[s-1].instrument": "kykyviisari_b4",
        "scores[s-1].value": Decimal(4),
        "scores[s-1].effective_on": date(2026, 2, 10),
    }
    done = LENS.put_leaves(record, view)
    assert done.native == record
    assert "scores[s-1].value" in done.not_carried


SCENARIO_1 = {
    "health.work_ability_conclusion": "Osa-aikatyö mahdollinen, nostorajoite.",
    "health.work_limitation_flag": True,
    "health.work_limitation_text": "Ei nostoja yli 10 kg.",
    "scores[s-1].instrument": "kykyviisari_b4",
    "scores[s-1].value": Decimal(4),
    "scores[s-1].effective_on": date(2026, 2, 10),
    "scores[s-2].instrument": "bdi_ii",
    "scores[s-2].value": Decimal(18),
    "scores[s-2].effective_on": date(2026, 2, 10),
    "scores[s-3].instrument": "audit",
    "scores[s-3].value": Decimal(6),
    "scores[s-3].effective_on": date(2026, 2, 10),
    "feedback[f-1].kind": "assessment_feedback",
    "feedback[f-1].text": "Osa-aikatyö on mahdollinen.\nNostorajoite.",
    "health.substance_use": "niukkaa",
    "health.limiting_illnesses[i-1].icd10": "M54.5",
    "social.debts": "ulosotto",
}


def test_conclusion_functioning_b4_and_feedback_arrive_and_other_scores_have_no_way_in() -> None:
    """Scenario 1 of domain report 9: even if a view permitted BDI and AUDIT, no row carries them."""
    record = copy.deepcopy(EMPTY)
    record["suunnitelma"]["tavoite"] = ["#KV-B4=3 02.02.2026"]
    done = LENS.put_leaves(record, SCENARIO_1)
    plan = done.native["suunnitelma"]
    assert plan["tavoite"] == ["#KV-B4=4 10.02.2026 s-1", "#KV-B4=3 02.02.2026"]
    assert plan["terveysrajoite"] == "K"
    assert (
        plan["rajoitteen_kuvaus"]
        == "Johtopäätös: Osa-aikatyö mahdollinen, nostorajoite.\nRajoite: Ei nostoja yli 10 kg."
    )
    assert done.native["palautteet"] == [
        {"viite": "f-1", "laji": "01", "teksti": "Osa-aikatyö on mahdollinen.\nNostorajoite."}
    ]
    assert {path for path in SCENARIO_1 if path not in done.carried} == {
        path for path in SCENARIO_1 if path.startswith(("scores[s-2]", "scores[s-3]"))
    } | {"health.substance_use", "health.limiting_illnesses[i-1].icd10", "social.debts"}
    assert "18" not in repr(done.native).replace("2018", "")


def test_a_conclusion_that_does_not_fit_is_refused_not_cut() -> None:
    """A person shortens it: 250 characters do not fit into the 200 of ``rajoitteen_kuvaus``."""
    with pytest.raises(LensRefusal) as refused:
        LENS.put_leaves(copy.deepcopy(EMPTY), {"health.work_ability_conclusion": "x" * 250})
    assert refused.value.path == "health.work_ability_conclusion"
    assert "200" in refused.value.rule


def test_a_name_with_foreign_letters_is_sent_plain_and_its_loss_declared() -> None:
    """Scenario 3: Ura would answer error 63; the hub keeps the name as it is."""
    view = {
        "client.family_name": "Przykładowa-Đặng",
        "client.given_names": "Łucja",
        "client.interpreter.required": True,
    }
    done = LENS.put_leaves(copy.deepcopy(EMPTY), view)
    assert done.native["asiakas"]["sukunimi"] == "PRZYKLADOWA-DANG"
    assert done.native["asiakas"]["etunimet"] == "LUCJA"
    assert done.native["asiakas"]["tulkki"] == "K"
    assert set(done.losses) == {"client.family_name", "client.given_names"}
    assert LENS.put_leaves(done.native, view).native == done.native


def test_a_worker_or_street_with_foreign_letters_does_not_stop_a_plan() -> None:
    view = {
        "care_team.coordinator.worker.name": "Łukasz Đặng",
        "client.address.street": "Přístavní 4",
        "network.members[n-1].contact.name": "Şenay Öztürk",
    }
    done = LENS.put_leaves(copy.deepcopy(EMPTY), view)
    assert done.native["suunnitelma"]["koordinoija"]["henkilo_nimi"] == "Lukasz Dang"
    assert done.native["asiakas"]["lahiosoite"] == "Prístavní 4"
    assert done.native["suunnitelma"]["verkostomerkinnat"][0]["merkinta"] == [
        "Yhteyshenkilön nimi: Senay Öztürk"
    ]
    assert set(done.losses) == set(view)


def test_referrals_that_ura_did_not_send_stand_in_texts_and_move_when_it_did() -> None:
    """Domain report 8.6: S1 is native for Ura's own outgoing referrals, else text."""
    view = {
        "referrals[r-1].referring_party_type": "adult_social_work",
        "referrals[r-1].received_on": date(2026, 2, 2),
        "referrals[r-1].reason": "Työkokeilut ovat keskeytyneet.",
        "referrals[r-1].status": "received",
        "referrals[r-1].need_cues[low_b4]": "low_b4",
        "referrals[r-2].referring_party_type": "employment_trial",
        "referrals[r-2].received_on": date(2026, 2, 3),
    }
    done = LENS.put_leaves(copy.deepcopy(EMPTY), view)
    assert done.native["suunnitelma"]["lahetteet"] == [
        {"tunniste": "r-2", "taho": "01", "saapunut": 20260203}
    ]
    assert done.native["suunnitelma"]["lahetemerkinnat"] == [
        {
            "tunniste": "r-1",
            "taho": "05",
            "merkinta": ["Saapunut: 02.02.2026", "Tila: vastaanotettu"],
            "syyteksti": ["Syy: Työkokeilut ovat keskeytyneet."],
            "heratteet": ["Heräte: matala työkykypistemäärä"],
        }
    ]
    assert LENS.get(done.native).leaves == view
    moved = LENS.put_leaves(done.native, view | {"referrals[r-1].referring_party_type": "te_office"})
    assert [one["tunniste"] for one in moved.native["suunnitelma"]["lahetteet"]] == ["r-2", "r-1"]
    assert moved.native["suunnitelma"]["lahetemerkinnat"] == []


def test_what_the_dictionary_gives_ura_no_place_for_has_no_way_in() -> None:
    """Column U: an own worker would tell of a social welfare customership, an update of a withheld item."""
    view = {
        "care_team.own_worker.name": "Kaisa Salmi",
        "header.updated_at": datetime(2026, 2, 10, 8, 15, tzinfo=UTC),
        "network.members[n-1].approved_by_client_on": date(2026, 2, 2),
    }
    done = LENS.put_leaves(copy.deepcopy(EMPTY), view)
    assert done.native == EMPTY
    assert all(reason.startswith("never: ") for reason in done.not_carried.values())


def test_no_plan_lifts_a_non_disclosure_order() -> None:
    record = copy.deepcopy(EMPTY)
    record["asiakas"]["turvakielto"] = "K"
    assert LENS.put_leaves(record, {"client.non_disclosure.active": False}).native == record
    assert LENS.get(record).leaves == {"client.non_disclosure.active": True}


def test_a_service_without_a_code_in_ura_does_not_go_there_at_all() -> None:
    view = {
        "services[s-1].type": "mental_substance_services",
        "services[s-1].status": "ongoing",
        "services[s-2].type": "rehabilitative_work",
        "services[s-2].planned_period.start": date(2026, 3, 1),
    }
    done = LENS.put_leaves(copy.deepcopy(EMPTY), view)
    assert done.native["suunnitelma"]["palvelut"] == [{"tunniste": "s-2", "palvelu": "31", "alku": 20260301}]
    assert set(done.not_carried) == {"services[s-1].type", "services[s-1].status"}


def test_a_code_from_a_newer_release_is_a_note_with_its_raw_value() -> None:
    record = copy.deepcopy(EMPTY)
    record["suunnitelma"] |= {"tilanne": "77", "palvelut": [{"tunniste": "u-1", "palvelu": "88"}]}
    reading = LENS.get(record)
    assert reading.leaves == {}
    assert {(note.row, note.raw) for note in reading.notes} == {
        ("labour-status", "77"),
        ("service-type", "88"),
    }


def test_laid_off_is_known_to_ura_and_means_nothing_in_the_plan() -> None:
    record = copy.deepcopy(EMPTY)
    record["suunnitelma"]["tilanne"] = "03"
    assert [note.rule for note in LENS.get(record).notes] == ["no canonical code in table labour-status"]


def test_the_example_record_of_the_domain_report_is_read_whole() -> None:
    record = copy.deepcopy(EMPTY)
    record["asiakas"] |= {"sukunimi": "ESIMERKKI", "etunimet": "TUULIKKI ANNA", "kieli": "fi", "tulkki": "E"}
    record["suunnitelma"] |= {
        "suunnitelmanro": "77120",
        "laadittu": 20260203,
        "tarkistettava": 20260503,
        "tilanne": "01",
        "terveysrajoite": "K",
        "rajoitteen_kuvaus": "EI NOSTOJA YLI 10 KG",
        "tavoite": [
            "#KV-B4=4 03.02.2026",
            "Osa-aikatyö varastossa syksyllä.",
            "Ensin kuntouttava työtoiminta.",
        ],
        "palvelut": [
            {
                "tunniste": "ura-1",
                "palvelu": "31",
                "alku": 20260301,
                "loppu": 99991231,
                "tuottaja": "SATAMAPAJA",
                "tila": "1",
            }
        ],
        "vastuuhlo": "OLINDQ",
    }
    reading = LENS.get(record)
    assert reading.notes == ()
    assert reading.leaves == {
        "client.family_name": "ESIMERKKI",
        "client.given_names": "TUULIKKI ANNA",
        "client.contact_language": "fi",
        "client.interpreter.required": False,
        "header.created_at": datetime(2026, 2, 2, 22, 0, tzinfo=UTC),
        "follow_up.next_on": date(2026, 5, 3),
        "employment.labour_market_status": "unemployed_jobseeker",
        "health.work_limitation_flag": True,
        "scores[ura-b4-2026-02-03].instrument": "kykyviisari_b4",
        "scores[ura-b4-2026-02-03].value": Decimal(4),
        "scores[ura-b4-2026-02-03].effective_on": date(2026, 2, 3),
        "services[ura-1].type": "rehabilitative_work",
        "services[ura-1].planned_period.start": date(2026, 3, 1),
        "services[ura-1].producer.name": "SATAMAPAJA",
        "services[ura-1].status": "agreed",
    }

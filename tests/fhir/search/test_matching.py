"""Tokens, texts, references, URIs, chains and composites: what finds what."""

from typing import Any

import pytest

from tyokyky_bridge.fhir.search.matching import matches
from worlds.searches import BASE, HETU, asked, concept, observation, patient, plan, query, to

CODES = "https://codes.example"


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("b4", True),
        (f"{CODES}|b4", True),
        (f"{CODES}|", True),
        ("|loose", True),
        ("|b4", False),
        ("B4", False),
        ("https://other.example|b4", False),
        ("https://other.example|", False),
        ("x,b4", True),
        ("x,y", False),
    ],
)
def test_a_concept_is_found_by_any_of_its_codings(value: str, holds: bool):
    category = [{"coding": [{"system": CODES, "code": "b4"}, {"code": "loose"}]}, {"text": "said"}]
    assert asked(plan(category=category), ("category", value)) is holds
    assert asked(plan(category=category), ("category:not", value)) is not holds


def test_a_code_is_of_the_system_that_its_element_is_bound_to():
    for value in ("active", "http://hl7.org/fhir/request-status|active", "|active"):
        assert asked(plan(), ("status", value))
    assert asked(plan(), ("status", "http://hl7.org/fhir/request-status|"))
    assert not asked(plan(), ("status", "http://hl7.org/fhir/task-status|active"))


def test_an_identifier_is_found_by_value_and_system_and_a_hetu_however_it_is_typed():
    aino = patient(identifier=[{"system": HETU, "value": "120385-921T"}, {"system": CODES, "value": "aB"}])
    for value in ("120385-921T", f"{HETU}|120385-921t", f"{HETU}|120385–921T", f"{HETU}|", f"{CODES}|aB"):
        assert asked(aino, ("identifier", value))
    assert not asked(aino, ("identifier", f"{HETU}|120385Y921T"))
    assert not asked(aino, ("identifier", f"{CODES}|ab"))


def test_a_boolean_and_a_contact_point():
    aino = patient(active=True, telecom=[{"system": "email", "value": "a@example.fi", "use": "work"}])
    assert asked(aino, ("active", "true"))
    assert not asked(aino, ("active", "false"))
    assert asked(aino, ("email", "a@example.fi"))
    assert asked(aino, ("telecom", "work|a@example.fi"))
    assert not asked(aino, ("telecom", "home|a@example.fi"))
    assert not asked(aino, ("phone", "a@example.fi"))
    assert not asked(patient(active=False), ("active", "true"))


def test_the_wording_of_a_code_is_searched_by_how_it_begins():
    said = plan(category=[{"coding": [{"code": "1", "display": "Työkyvyn tuki"}], "text": "Suunnitelma"}])
    for value in ("työkyvyn", "TYOKYVYN TUKI", "suunn"):
        assert asked(said, ("category:text", value))
    assert not asked(said, ("category:text", "tuki"))
    named = patient(identifier=[{"value": "1", "type": {"text": "Asiakasnumero"}}])
    assert asked(named, ("identifier:text", "asiakas"))


@pytest.mark.parametrize(
    ("modifier", "value", "holds"),
    [
        ("", "hämäläinen", True),
        ("", "Hamalainen", True),
        ("", "HÄMÄ", True),
        ("", "lainen", False),
        ("", "Hämälainen", True),
        ("", "Hämäläinen-Åström", False),
        (":contains", "LAINEN", True),
        (":contains", "xyz", False),
        (":exact", "Hämäläinen", True),
        (":exact", "Ha\u0308ma\u0308la\u0308inen", True),
        (":exact", "hämäläinen", False),
        (":exact", "Hamalainen", False),
        (":exact", "Hämä", False),
    ],
)
def test_a_name_is_found_by_how_it_begins_without_case_and_accents(modifier: str, value: str, holds: bool):
    assert asked(patient(name=[{"family": "Hämäläinen"}]), (f"family{modifier}", value)) is holds


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ("Åström", "astrom"),
        ("Ostrom", "Öström"),
        ("Strauß", "strauss"),
        ("Łucja", "lucja"),
        ("Sørensen", "sorensen"),
        ("Ægir", "aegir"),
        ("Čapek", "capek"),
        ("İnan", "inan"),
        ("Virtanen  Järvi", "virtanen järvi"),
    ],
)
def test_letters_of_the_neighbours_fold_too(stored: str, value: str):
    assert asked(patient(name=[{"family": stored}]), ("family", value))


def test_a_name_and_an_address_are_searched_in_all_their_parts():
    aino = patient(
        name=[{"family": "Korhonen", "given": ["Aino", "Maria"], "text": "Ainokainen"}],
        address=[{"line": ["Testikatu 1"], "city": "Espoo", "postalCode": "02100"}],
    )
    for value in ("korho", "maria", "ainokai"):
        assert asked(aino, ("name", value))
    for value in ("testikatu", "espoo", "021"):
        assert asked(aino, ("address", value))
    assert not asked(aino, ("given", "korhonen"))


@pytest.mark.parametrize("stored", ["Patient/aino", f"{BASE}/Patient/aino", "Patient/aino/_history/2"])
@pytest.mark.parametrize("value", ["aino", "Patient/aino", f"{BASE}/Patient/aino"])
def test_a_reference_of_this_server_is_the_same_however_it_is_written(stored: str, value: str):
    assert asked(plan(subject=to(stored)), ("patient", value))
    assert asked(plan(subject=to(stored)), ("subject", value))
    assert asked(plan(subject=to(stored)), ("subject:Patient", value))


def test_a_reference_is_not_mistaken_for_another():
    for stored in (
        "Patient/aina",
        "https://other.example/fhir/Patient/aino",
        "Group/aino",
        "#aino",
        "aino",
        "",
    ):
        assert not asked(plan(subject=to(stored)), ("patient", "Patient/aino"))
    assert asked(plan(subject=to("Group/aino")), ("subject", "aino"))
    assert not asked(plan(subject=to("Group/aino")), ("subject:Patient", "aino"))
    assert not asked(plan(subject=to("Group/aino")), ("patient", "aino"))


def test_a_reference_to_elsewhere_is_found_by_its_whole_url():
    there = "https://other.example/fhir/Patient/aino"
    assert asked(plan(subject=to(there)), ("patient", there))
    assert asked(plan(subject=to("urn:uuid:5c1d")), ("subject", "urn:uuid:5c1d"))
    assert not asked(plan(subject=to("urn:uuid:5c1d")), ("patient", "urn:uuid:5c1d"))


def test_one_version_is_asked_for_by_naming_it():
    target = {"resourceType": "Provenance", "id": "p", "target": [to("CarePlan/a/_history/3")]}
    assert asked(target, ("target", "CarePlan/a"))
    assert asked(target, ("target", "CarePlan/a/_history/3"))
    assert not asked(target, ("target", "CarePlan/a/_history/2"))


def test_who_is_known_by_an_identifier_only_is_found_by_it():
    said = plan(subject={"type": "Patient", "identifier": {"system": CODES, "value": "7"}})
    assert asked(said, ("patient:identifier", f"{CODES}|7"))
    assert not asked(said, ("patient:identifier", f"{CODES}|8"))
    assert not asked(said, ("patient", "7"))
    assert not asked(plan(subject={"identifier": {"value": "7"}}), ("patient:identifier", "7"))


def test_a_chain_leads_to_what_the_caller_may_see_and_nowhere_else():
    aino = patient(name=[{"family": "Korhonen"}], birthDate="1985-03-12")
    held = plan(subject=to("Patient/aino"))
    assert asked(held, ("patient.family", "korhonen"), beside=[aino])
    assert asked(held, ("subject:Patient.birthdate", "lt1990"), beside=[aino])
    assert not asked(held, ("patient.family", "virtanen"), beside=[aino])
    assert not asked(held, ("patient.family", "korhonen"))
    assert asked(held, ("patient.family:missing", "true"), beside=[patient()])
    assert not asked(held, ("patient.family:missing", "true"))
    done = plan(activity=[{"detail": {"performer": [to("Patient/aino")]}}])
    assert asked(done, ("performer:Patient.family", "korhonen"), beside=[aino])
    assert not asked(done, ("performer:Practitioner.family", "korhonen"), beside=[aino])


def test_the_parts_of_a_composite_match_inside_one_element():
    parts = [
        {"code": concept("a"), "valueQuantity": {"value": 1}},
        {"code": concept("b"), "valueQuantity": {"value": 9}},
    ]
    held = observation(component=parts)
    assert asked(held, ("component-code-value-quantity", "a$lt5"))
    assert not asked(held, ("component-code-value-quantity", "a$gt5"))
    assert asked(held, ("component-code-value-quantity", "a$gt5,b$gt5"))
    assert asked(held, ("combo-code-value-quantity", "b$9"))
    score = observation(valueInteger=4)
    assert asked(score, ("code-value-integer", "kykyviisari_b4$lt5"))
    assert not asked(score, ("code-value-integer", "kykyviisari_b4$ge5"))


def test_an_escaped_sign_is_the_sign_itself():
    held = patient(name=[{"text": "a,b|c$d\\e"}])
    assert asked(held, ("name", "a\\,b\\|c\\$d\\\\e"))
    assert asked(plan(category=[concept("a|b")]), ("category", "a\\|b"))
    assert not asked(plan(category=[concept("a", system="b")]), ("category", "b\\|a"))


def test_a_uri_is_equal_or_not():
    held = plan(meta={"profile": ["https://p.example/a", "https://p.example/b"]})
    assert asked(held, ("_profile", "https://p.example/b"))
    assert not asked(held, ("_profile", "https://p.example/"))


def test_what_is_common_to_every_type():
    meta = {
        "lastUpdated": "2026-02-03T10:00:00.123Z",
        "tag": [{"system": CODES, "code": "health"}],
        "security": [{"system": CODES, "code": "plan.goals"}],
    }
    held = plan(meta=meta)
    for pair in (
        ("_id", "plan"),
        ("_lastUpdated", "2026-02-03"),
        ("_tag", f"{CODES}|health"),
        ("_security", "plan.goals"),
        ("_tag:not", "social"),
    ):
        assert asked(held, pair)
    assert not asked(held, ("_lastUpdated", "gt2026-02-03T10:00:00.123Z"))
    assert not asked(held, ("_security", "health.scores"))


@pytest.mark.parametrize("value", [None, [], {}, {"extension": [{"url": "x"}]}, [None]])
def test_an_element_without_a_value_is_missing(value: Any):
    assert asked(plan(category=value), ("category:missing", "true"))
    assert not asked(plan(category=value), ("category:missing", "false"))
    assert asked(plan(subject=value), ("patient:missing", "true"))


def test_a_resource_of_another_type_never_matches():
    assert matches(query("CarePlan"), plan())
    assert not matches(query("CarePlan"), patient())
    assert not matches(query("CarePlan"), {})

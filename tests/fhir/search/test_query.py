"""Searches that are understood, and searches that are refused and why."""

import pytest

from tyokyky_bridge.fhir.search.parameters import PARAMETERS
from tyokyky_bridge.fhir.search.query import MAX_PAIRS, MAX_VALUES, parse_query
from tyokyky_bridge.fhir.search.refusals import BadQuery
from tyokyky_bridge.fhir.search.shaping import MAX_SORT
from worlds.searches import BASE, query

SYNTHETIC = "120385-921T"

GOOD = [
    ("CarePlan", "status", "active,on-hold"),
    ("CarePlan", "status:not", "revoked"),
    ("CarePlan", "status", "http://hl7.org/fhir/request-status|active"),
    ("CarePlan", "category", "|support"),
    ("CarePlan", "category", "https://codes.example|"),
    ("CarePlan", "category:text", "työkyvyn tuki"),
    ("CarePlan", "date", "ge2026-01-01"),
    ("CarePlan", "date", "2026"),
    ("CarePlan", "date", "sa2026-01-01T10:00:00.5+02:00"),
    ("CarePlan", "date", "eb2026-01-01T10:00"),
    ("CarePlan", "date:missing", "true"),
    ("CarePlan", "patient", "aino"),
    ("CarePlan", "patient", "Patient/aino"),
    ("CarePlan", "patient", f"{BASE}/Patient/aino"),
    ("CarePlan", "patient:identifier", "urn:oid:1.2.246.21|1"),
    ("CarePlan", "patient.identifier", "https://ids.example|1"),
    ("CarePlan", "patient.birthdate", "lt1990"),
    ("CarePlan", "patient.name:contains", "aino"),
    ("CarePlan", "subject:Patient", "aino"),
    ("CarePlan", "subject:Patient.family", "Korhonen"),
    ("CarePlan", "subject:Group", "1"),
    ("CarePlan", "care-team:missing", "false"),
    ("CarePlan", "_id", "a,b"),
    ("CarePlan", "_lastUpdated", "gt2026-01-01"),
    ("CarePlan", "_profile", "https://tyokyky-bridge.example/fhir/StructureDefinition/bridge-careplan"),
    ("CarePlan", "_security", "https://tyokyky-bridge.example/fhir/CodeSystem/info-category|plan.goals"),
    ("CarePlan", "_tag:not", "health"),
    ("CarePlan", "_sort", "-date,_id"),
    ("CarePlan", "_count", "0"),
    ("CarePlan", "_include", "CarePlan:care-team"),
    ("CarePlan", "_include", "CarePlan:subject:Patient"),
    ("CarePlan", "_include:iterate", "CareTeam:participant:PractitionerRole"),
    ("CarePlan", "_revinclude", "Provenance:target"),
    ("CarePlan", "_revinclude", "Task:focus:CarePlan"),
    ("CarePlan", "_revinclude:iterate", "Provenance:target:Goal"),
    ("CarePlan", "_summary", "data"),
    ("CarePlan", "_elements", "status,period"),
    ("CarePlan", "_total", "accurate"),
    ("CarePlan", "_format", "json"),
    ("CarePlan", "_pretty", "true"),
    ("Patient", "active", "true"),
    ("Patient", "family:exact", "Hämäläinen"),
    ("Patient", "name", "a\\,b\\|c\\$d\\\\e"),
    ("Patient", "identifier", SYNTHETIC),
    ("Observation", "value-quantity", "le5.40e-3|http://unitsofmeasure.org|mg"),
    ("Observation", "value-quantity", "5||kg"),
    ("Observation", "value-integer", "lt5"),
    ("Observation", "code-value-quantity", "https://codes.example|bmi$gt20"),
    ("Observation", "code-value-quantity", "bmi$gt20|http://unitsofmeasure.org|kg,bmi$lt10"),
    ("Observation", "_elements", "value,effectiveDateTime"),
    ("StructureDefinition", "url", "https://tyokyky-bridge.example/fhir/StructureDefinition/x"),
    ("Task", "focus", "CodeSystem/goal-status"),
]

BAD = [
    ("CarePlan", "statsu", "active", "not-supported"),
    ("CarePlan", "", "active", "not-supported"),
    ("CarePlan", "Status", "active", "not-supported"),
    ("CarePlan", "status", "", "value"),
    ("CarePlan", "status", "active,", "value"),
    ("CarePlan", "status", "|", "value"),
    ("CarePlan", "status", "a|b|c", "value"),
    ("CarePlan", "status", "a\\b", "value"),
    ("CarePlan", "status", "a\\", "value"),
    ("CarePlan", "status", "\ud800", "value"),
    ("CarePlan", "status:", "active", "not-supported"),
    ("CarePlan", "status:contains", "act", "not-supported"),
    ("CarePlan", "status:in", "https://vs.example", "not-supported"),
    ("CarePlan", "status:Patient", "active", "not-supported"),
    ("CarePlan", "status:not:not", "active", "not-supported"),
    ("CarePlan", "status:missing", "yes", "value"),
    ("CarePlan", "status:missing", "", "value"),
    ("CarePlan", "status.name", "active", "not-supported"),
    ("CarePlan", "date", "ap2026", "value"),
    ("CarePlan", "date", "xx2026", "value"),
    ("CarePlan", "date", "2026-13", "value"),
    ("CarePlan", "date", "2026-02-30", "value"),
    ("CarePlan", "date", "0000", "value"),
    ("CarePlan", "date", "2026-01-01T10", "value"),
    ("CarePlan", "date", "2026-01-01T10:00:00 02:00", "value"),
    ("CarePlan", "date", "2026-01-01T25:00", "value"),
    ("CarePlan", "date", "2026-01-01T10:00+19:00", "value"),
    ("CarePlan", "date", "1.1.2026", "value"),
    ("CarePlan", "date", "٢٠٢٦", "value"),
    ("CarePlan", "date:exact", "2026", "not-supported"),
    ("CarePlan", "patient", "Practitioner/1", "value"),
    ("CarePlan", "patient", "Patient/a/b", "value"),
    ("CarePlan", "patient", "a b", "value"),
    ("CarePlan", "patient:Patient", "x y", "value"),
    ("CarePlan", "patient:Practitioner", "1", "not-supported"),
    ("CarePlan", "patient:type", "1", "not-supported"),
    ("CarePlan", "subject:Patient", "Group/1", "value"),
    ("CarePlan", "patient.nam", "a", "not-supported"),
    ("CarePlan", "patient.general-practitioner.name", "a", "not-supported"),
    ("CarePlan", "patient.general-practitioner:Practitioner.name", "a", "not-supported"),
    ("CarePlan", "patient:Group.name", "a", "not-supported"),
    ("CarePlan", "performer.name", "a", "not-supported"),
    ("CarePlan", "subject:Group.name", "a", "not-supported"),
    ("CarePlan", "patient.birthdate", "yesterday", "value"),
    ("CarePlan", "_has:Task:focus:status", "ready", "not-supported"),
    ("CarePlan", "_text", "x", "not-supported"),
    ("CarePlan", "_filter", "status eq active", "not-supported"),
    ("CarePlan", "_id:exact", "a", "not-supported"),
    ("CarePlan", "_cursor", "x", "not-supported"),
    ("CarePlan", "_sort", "nothing", "not-supported"),
    ("CarePlan", "_sort", "", "not-supported"),
    ("CarePlan", "_sort", "status,", "not-supported"),
    ("CarePlan", "_sort:asc", "status", "not-supported"),
    ("CarePlan", "_count", "-1", "value"),
    ("CarePlan", "_count", "ten", "value"),
    ("CarePlan", "_count", "", "value"),
    ("CarePlan", "_count", "²", "value"),
    ("CarePlan", "_total", "some", "value"),
    ("CarePlan", "_summary", "yes", "value"),
    ("CarePlan", "_elements", "stat", "value"),
    ("CarePlan", "_elements", "", "value"),
    ("CarePlan", "_elements", "activity.detail", "value"),
    ("CarePlan", "_include", "*", "not-supported"),
    ("CarePlan", "_include", "CarePlan:*", "not-supported"),
    ("CarePlan", "_include", "CarePlan:status", "not-supported"),
    ("CarePlan", "_include", "Nothing:patient", "not-supported"),
    ("CarePlan", "_include", "Task:focus", "not-supported"),
    ("CarePlan", "_include", "CarePlan:care-team:Goal", "not-supported"),
    ("CarePlan", "_include", "CarePlan:subject:Group", "not-supported"),
    ("CarePlan", "_include:recurse", "CarePlan:part-of", "not-supported"),
    ("CarePlan", "_revinclude", "Provenance:agent", "not-supported"),
    ("CarePlan", "_revinclude", "Provenance:target:Goal", "not-supported"),
    ("CarePlan", "_format", "", "value"),
    ("Patient", "active", "yes", "value"),
    ("Patient", "identifier:of-type", "a|b|c", "not-supported"),
    ("Observation", "value-quantity", "five", "value"),
    ("Observation", "value-quantity", "5|kg", "value"),
    ("Observation", "value-quantity", "5|http://unitsofmeasure.org|", "value"),
    ("Observation", "value-quantity", "1e999", "value"),
    ("Observation", "value-quantity", "9" * 60, "value"),
    ("Observation", "value-quantity", "NaN", "value"),
    ("Observation", "value-integer", "+5", "value"),
    ("Observation", "code-value-quantity", "bmi", "value"),
    ("Observation", "code-value-quantity", "bmi$5$6", "value"),
    ("Observation", "code-value-quantity", "bmi$five", "value"),
    ("Observation", "code-value-quantity:missing", "true", "not-supported"),
    ("Observation", "_sort", "code-value-quantity", "not-supported"),
    ("CodeSystem", "_revinclude", "Task:focus", "not-supported"),
]


@pytest.mark.parametrize(("type_", "name", "value"), GOOD, ids=lambda each: each)
def test_a_good_search_is_read_the_same_strictly_and_leniently(type_: str, name: str, value: str):
    strict = query(type_, (name, value))
    lenient = query(type_, (name, value), strict=False)
    assert strict == lenient
    assert strict.ignored == ()
    assert [each for each, _ in strict.pairs] == [name]


@pytest.mark.parametrize(("type_", "name", "value", "code"), BAD, ids=ascii)
def test_a_bad_search_is_refused_and_leniently_put_aside(type_: str, name: str, value: str, code: str):
    with pytest.raises(BadQuery) as refused:
        query(type_, (name, value))
    (issue,) = refused.value.issues
    assert (issue.severity, issue.code) == ("error", code)
    assert issue.text.startswith(f"{name or 'a parameter'}: ")
    assert len(value) < 5 or value not in issue.text
    lenient = query(type_, (name, value), ("_id", "x"), strict=False)
    assert lenient.pairs == (("_id", "x"),)
    (warning,) = lenient.ignored
    assert (warning.severity, warning.code) == ("warning", "not-supported")
    assert warning.text == f"{issue.text}; it was ignored"


def test_each_refused_parameter_gets_an_issue_of_its_own():
    with pytest.raises(BadQuery) as refused:
        query("CarePlan", ("status", "active"), ("statsu", "a"), ("date", "soon"), ("_count", "many"))
    assert [each.text.partition(":")[0] for each in refused.value.issues] == ["statsu", "date", "_count"]


def test_a_name_that_is_none_is_not_repeated():
    for name in (SYNTHETIC, f"x.{SYNTHETIC}", "<script>", "a b", "x" * 80):
        with pytest.raises(BadQuery) as refused:
            query("CarePlan", (name, "1"))
        assert name not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("identifier", f"urn:oid:1.2.246.21|{SYNTHETIC}"),
        ("identifier", "urn:oid:1.2.246.21|abc"),
        ("identifier", SYNTHETIC.lower()),
        ("identifier", SYNTHETIC.replace("-", "–")),
        ("name", f"x {SYNTHETIC}"),
        ("identifier", "120385-921U"),
        (SYNTHETIC, "x"),
        ("general-practitioner:identifier", SYNTHETIC),
        ("_format", SYNTHETIC),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_an_identity_number_stands_in_no_url(name: str, value: str, strict: bool):
    with pytest.raises(BadQuery) as refused:
        query("Patient", (name, value), in_url=True, strict=strict)
    assert refused.value.issues[0].code == "security"
    assert "92" not in str(refused.value)


def test_by_post_an_identity_number_is_searched_and_kept_out_of_links():
    assert query("Patient", ("identifier", SYNTHETIC)).guarded
    assert query("CarePlan", ("patient.identifier", SYNTHETIC)).guarded
    assert not query("Patient", ("identifier", "https://ids.example|1"), in_url=True).guarded
    ours = "0b7c1202-8512-4123-a1b2-120385921000"
    assert not query("Patient", ("_id", ours), ("birthdate", "1985-03-12"), in_url=True).guarded


def test_equal_searches_have_equal_pairs():
    one = query("CarePlan", ("_count", "5"), ("status", "active"), ("date", "2026"), ("status", "active"))
    other = query("CarePlan", ("date", "2026"), ("status", "active"), ("_count", "5"))
    assert one.pairs == other.pairs == (("date", "2026"), ("status", "active"), ("_count", "5"))


def test_a_count_is_lowered_to_what_is_allowed_and_says_so():
    assert query("CarePlan", ("_count", "100000")).pairs == (("_count", "200"),)
    assert query("CarePlan", ("_count", "100000")).count == 200
    assert query("CarePlan").count == 50


def test_what_shapes_the_answer_is_said_once():
    for pairs in ([("_count", "1")] * 2, [("_sort", "date")] * 2, [("_summary", "true")] * 2):
        with pytest.raises(BadQuery) as refused:
            query("CarePlan", *pairs)
        assert refused.value.issues[0].code == "invalid"


@pytest.mark.parametrize(
    "pairs",
    [
        (("_summary", "true"), ("_elements", "status")),
        (("_elements", "status"), ("_summary", "true")),
        (("_summary", "text"), ("_include", "CarePlan:goal")),
        (("_include", "CarePlan:goal"), ("_summary", "text")),
    ],
)
def test_what_does_not_go_together_is_refused(pairs: tuple[tuple[str, str], ...]):
    with pytest.raises(BadQuery) as refused:
        query("CarePlan", *pairs)
    assert refused.value.issues[0].code == "invalid"


@pytest.mark.parametrize("strict", [True, False])
def test_a_search_that_costs_too_much_is_refused_even_leniently(strict: bool):
    many = [("status", "active")] * (MAX_PAIRS + 1)
    long = [("status", ",".join(["active"] * (MAX_VALUES + 1)))]
    for pairs in (many, long):
        with pytest.raises(BadQuery) as refused:
            query("CarePlan", *pairs, strict=strict)
        assert refused.value.issues[0].code == "too-costly"


def test_an_order_has_few_keys():
    assert len(query("CarePlan", ("_sort", ",".join(["date"] * MAX_SORT))).sort) == MAX_SORT
    with pytest.raises(BadQuery) as refused:
        query("CarePlan", ("_sort", ",".join(["date"] * (MAX_SORT + 1))))
    assert refused.value.issues[0].code == "too-costly"


def test_a_type_that_is_not_served_cannot_be_searched():
    with pytest.raises(BadQuery):
        parse_query("Medication", [])


def test_the_only_ids_that_can_match_are_known_beforehand():
    assert query("Patient").ids is None
    assert query("Patient", ("_id:not", "a")).ids is None
    assert query("Patient", ("_id", "a,b"), ("_id", "b,c")).ids == {"b"}


def test_every_modifier_that_is_claimed_is_understood_and_no_other():
    named = {"missing": "true", "not": "a", "text": "a", "exact": "a", "contains": "a", "identifier": "a"}
    for type_, table in PARAMETERS.items():
        for name, parameter in table.items():
            for modifier, value in named.items():
                if modifier in parameter.modifiers:
                    good = "true" if parameter.boolean and modifier == "not" else value
                    assert query(type_, (f"{name}:{modifier}", good))
                else:
                    with pytest.raises(BadQuery):
                        query(type_, (f"{name}:{modifier}", value))

"""The terminology operations: what a code means, whether it is one, which there are, and what it is elsewhere."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.parameters import Parameters
from fhir.resources.R4B.valueset import ValueSet

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.fhir.conformance import listed, translation
from tyokyky_bridge.fhir.conformance.asking import (
    Asked,
    NoSuchDefinition,
    Unusable,
    asked_in_body,
    asked_in_query,
)
from tyokyky_bridge.fhir.conformance.expansion import expand
from tyokyky_bridge.fhir.conformance.lookup import code_is_in_system, code_is_in_value_set, lookup
from tyokyky_bridge.fhir.conformance.operation import Operation
from tyokyky_bridge.fhir.conformance.operations import operations_of
from tyokyky_bridge.fhir.conformance.translation import translate

AT = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
BASE = "https://tyokyky-bridge.example/fhir"
SERVICES = f"{BASE}/CodeSystem/service-type"
ALL_SERVICES = f"{BASE}/ValueSet/service-type"


def defined(type_: str, code: str) -> Operation:
    """The definition of an operation."""
    (found,) = (each for each in operations_of(type_) if each.code == code)
    return found


def run(operation: Operation, asked: Asked, id_: str | None) -> dict[str, Any]:
    """Call the operation."""
    match operation.id:
        case "CodeSystem-lookup":
            return lookup(asked)
        case "CodeSystem-validate-code":
            return code_is_in_system(asked, slug=id_)
        case "ValueSet-validate-code":
            return code_is_in_value_set(asked, slug=id_)
        case "ValueSet-expand":
            return expand(asked, slug=id_, at=AT)
        case _:
            return translate(asked, map_id=id_)


def ask(type_: str, operation: str, *, id_: str | None = None, **given: Any) -> dict[str, Any]:
    """Ask by GET, and hold what comes to the FHIR classes."""
    pairs = [
        (name, each)
        for name, value in given.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
    definition = defined(type_, operation)
    found = run(definition, asked_in_query(definition, pairs), id_)
    (Parameters if found["resourceType"] == "Parameters" else ValueSet).model_validate(found)
    return found


def post(type_: str, operation: str, *entries: dict[str, Any], id_: str | None = None) -> dict[str, Any]:
    """Ask by POST."""
    definition = defined(type_, operation)
    body = {"resourceType": "Parameters", "parameter": list(entries)}
    return run(definition, asked_in_body(definition, body), id_)


def said(parameters: dict[str, Any], name: str) -> list[Any]:
    """Every value, or the parts, of a parameter."""
    return [
        {part["name"]: next(v for k, v in part.items() if k.startswith("value")) for part in each["part"]}
        if "part" in each
        else next(v for k, v in each.items() if k.startswith("value"))
        for each in parameters["parameter"]
        if each["name"] == name
    ]


class TestLookup:
    def test_a_code_is_said_in_the_language_that_is_asked_for(self):
        displays = [
            said(
                ask(
                    "CodeSystem",
                    "lookup",
                    system=SERVICES,
                    code="social_rehabilitation",
                    displayLanguage=language,
                ),
                "display",
            )
            for language in ("fi", "sv-FI", "en", "so")
        ]

        assert displays[:3] == [
            ["sosiaalinen kuntoutus"],
            ["social rehabilitering"],
            ["social rehabilitation"],
        ]
        assert displays[3] == displays[2], "a language that we do not speak gets the English display"

    def test_the_answer_holds_designations_and_properties_in_their_types(self):
        found = ask("CodeSystem", "lookup", system=f"{BASE}/CodeSystem/instrument", code="audit")

        assert {each["language"] for each in said(found, "designation")} == {"fi", "sv"}
        assert {"code": "maximum", "value": 40, "description": "Greatest value"} in said(found, "property")
        assert said(found, "version") == ["1.0.0"]

    def test_only_the_properties_that_are_asked_for_come(self):
        found = ask(
            "CodeSystem",
            "lookup",
            system=SERVICES,
            code="rehabilitative_work",
            property=["sector", "lang.sv"],
        )

        assert [each["value"] for each in said(found, "property")] == ["social", "employment"]
        assert [each["language"] for each in said(found, "designation")] == ["sv"]

    def test_a_coding_can_be_asked_about(self):
        coding = {"system": SERVICES, "code": "social_rehabilitation"}
        by_code = ask("CodeSystem", "lookup", system=SERVICES, code="social_rehabilitation")

        assert post("CodeSystem", "lookup", {"name": "coding", "valueCoding": coding}) == by_code

    @pytest.mark.parametrize(
        "asked",
        [
            {"system": f"{BASE}/CodeSystem/nothing", "code": "a"},
            {"system": "http://loinc.org", "code": "a"},
            {"system": SERVICES, "code": "no-such-service"},
            {"system": SERVICES, "version": "0.9", "code": "social_rehabilitation"},
        ],
    )
    def test_what_we_do_not_know_is_not_found(self, asked):
        with pytest.raises(NoSuchDefinition) as refusal:
            ask("CodeSystem", "lookup", **asked)

        assert refusal.value.code == "fhir/not-found"
        assert [each.code for each in refusal.value.issues] == ["not-found"]


class TestParameters:
    @pytest.mark.parametrize(
        ("asked", "kind", "name"),
        [
            ({"system": SERVICES}, "required", "code"),
            ({"code": "social_rehabilitation"}, "required", "system"),
            ({"system": SERVICES, "code": ["a", "b"]}, "structure", "code"),
            ({"system": SERVICES, "code": " "}, "value", "code"),
            (
                {"system": SERVICES, "code": "social_rehabilitation", "colour": "red"},
                "not-supported",
                "colour",
            ),
            ({"system": SERVICES, "coding": "social_rehabilitation"}, "not-supported", "coding"),
        ],
    )
    def test_a_call_that_cannot_be_run_is_refused_by_the_name_of_its_parameter(self, asked, kind, name):
        with pytest.raises(Unusable) as refusal:
            ask("CodeSystem", "lookup", **asked)

        (issue,) = refusal.value.issues
        assert refusal.value.code == "fhir/query"
        assert issue.code == kind
        assert issue.expression == f"Parameters.parameter.where(name = '{name}')"

    @pytest.mark.parametrize(
        "body",
        [
            None,
            [],
            {"resourceType": "Patient"},
            {"resourceType": "Parameters", "parameter": {}},
            {"resourceType": "Parameters", "parameter": [7]},
            {"resourceType": "Parameters", "parameter": [{"name": "code"}]},
            {"resourceType": "Parameters", "parameter": [{"name": "code", "valueCode": 7}]},
            {"resourceType": "Parameters", "parameter": [{"name": "coding", "valueCoding": {"code": 7}}]},
            {"resourceType": "Parameters", "parameter": [{"name": "coding", "valueCoding": "x"}]},
            {"resourceType": "Parameters", "parameter": [{"name": "120385-921T", "valueCode": "x"}]},
        ],
    )
    def test_a_body_that_is_no_question_is_refused_and_not_repeated(self, body):
        with pytest.raises(Unusable) as refusal:
            asked_in_body(defined("CodeSystem", "lookup"), body).codings(system=None)

        assert "120385" not in str(refusal.value)

    @pytest.mark.parametrize("value", ["-1", "1.5", "many", "9" * 40, "٣"])
    def test_a_count_is_a_whole_number(self, value):
        with pytest.raises(Unusable):
            ask("ValueSet", "expand", url=ALL_SERVICES, count=value)

    @pytest.mark.parametrize(
        ("type_", "operation"),
        [
            ("ValueSet", "expand"),
            ("ValueSet", "validate-code"),
            ("CodeSystem", "validate-code"),
            ("ConceptMap", "translate"),
        ],
    )
    def test_an_instance_that_is_not_there_is_not_found(self, type_, operation):
        code = {} if operation == "expand" else {"code": "x"}
        system = {"system": SERVICES} if type_ != "CodeSystem" and code else {}
        with pytest.raises(NoSuchDefinition):
            ask(type_, operation, id_="nothing", **code, **system)


class TestMembership:
    def test_a_code_of_the_list_is_one(self):
        for type_, url in (("CodeSystem", SERVICES), ("ValueSet", ALL_SERVICES)):
            system = {"system": SERVICES} if type_ == "ValueSet" else {}
            found = ask(
                type_, "validate-code", url=url, code="social_rehabilitation", displayLanguage="fi", **system
            )

            assert said(found, "result") == [True]
            assert said(found, "display") == ["sosiaalinen kuntoutus"]
            assert said(found, "message") == []

    def test_an_unknown_code_is_a_no_with_a_reason(self):
        found = ask("CodeSystem", "validate-code", url=SERVICES, code="no-such-service")

        assert said(found, "result") == [False]
        assert said(found, "message") == ["the code system has no such code"]

    @pytest.mark.parametrize(("display", "right"), [("social rehabilitering", True), ("gymnastics", False)])
    def test_a_display_has_to_be_one_of_the_code(self, display, right):
        found = ask(
            "CodeSystem", "validate-code", url=SERVICES, code="social_rehabilitation", display=display
        )

        assert said(found, "result") == [right]
        assert said(found, "display") == ["social rehabilitation"]

    def test_one_right_coding_is_enough(self):
        concept = {
            "coding": [
                {"system": "urn:x", "code": "y"},
                {"system": SERVICES, "code": "social_rehabilitation"},
            ]
        }
        entry = {"name": "codeableConcept", "valueCodeableConcept": concept}

        assert said(post("ValueSet", "validate-code", entry, id_="service-type"), "result") == [True]
        assert said(post("ValueSet", "validate-code", entry, id_="goal-area"), "result") == [False]

    def test_a_coding_names_its_own_code_system(self):
        coding = {"system": SERVICES, "code": "social_rehabilitation"}

        assert said(
            post("CodeSystem", "validate-code", {"name": "coding", "valueCoding": coding}), "result"
        ) == [True]

    def test_another_version_is_a_no(self):
        found = ask(
            "ValueSet",
            "validate-code",
            url=ALL_SERVICES,
            system=SERVICES,
            systemVersion="9",
            code="social_rehabilitation",
        )

        assert said(found, "result") == [False]

    def test_an_unknown_value_set_is_not_found(self):
        with pytest.raises(NoSuchDefinition):
            ask("ValueSet", "validate-code", url=f"{BASE}/ValueSet/nothing", system=SERVICES, code="x")


class TestExpansion:
    def test_all_codes_of_a_list_are_given_once(self):
        found = ask("ValueSet", "expand", url=f"{BASE}/ValueSet/info-category")["expansion"]

        assert [each["code"] for each in found["contains"]] == [each.value for each in Category]
        assert found["total"] == len(Category)
        assert found["timestamp"] == "2026-02-03T08:15:00Z"

    def test_pages_hold_every_code_once(self):
        whole = ask("ValueSet", "expand", id_="service-type")["expansion"]
        pages = [
            ask("ValueSet", "expand", id_="service-type", offset=str(at), count="10")["expansion"]
            for at in range(0, 50, 10)
        ]

        assert [each for page in pages for each in page.get("contains", [])] == whole["contains"]
        assert {page["total"] for page in pages} == {whole["total"]}
        assert {page["identifier"] for page in pages} == {whole["identifier"]}

    def test_a_count_of_none_gives_the_total_alone(self):
        found = ask("ValueSet", "expand", url=ALL_SERVICES, count="0")["expansion"]

        assert found["total"] == 35
        assert "contains" not in found

    def test_a_filter_finds_a_word_of_any_language(self):
        found = [
            ask("ValueSet", "expand", url=ALL_SERVICES, filter=text, displayLanguage="sv")["expansion"]
            for text in ("SOSIAALINEN kuntoutus", "social rehabilitering", "social_rehabilitation")
        ]

        assert [[each["display"] for each in page["contains"]] for page in found] == [
            ["social rehabilitering"]
        ] * 3

    def test_designations_and_the_definition_come_when_asked_for(self):
        plain = ask("ValueSet", "expand", url=ALL_SERVICES)
        full = ask(
            "ValueSet", "expand", url=ALL_SERVICES, includeDesignations="true", includeDefinition="true"
        )

        assert "compose" not in plain
        assert "designation" not in plain["expansion"]["contains"][0]
        assert full["compose"]["include"] == [{"system": SERVICES}]
        assert all(len(each["designation"]) == 2 for each in full["expansion"]["contains"])


class TestTranslation:
    def test_every_row_of_every_table_is_translated_as_it_stands_there(self):
        rows = 0
        for table in listed("ConceptMap"):
            for group in table["group"]:
                for element in group["element"]:
                    found = ask(
                        "ConceptMap",
                        "translate",
                        id_=table["id"],
                        system=group["source"],
                        code=element["code"],
                    )
                    targets = [each["code"] for each in element["target"] if "code" in each]
                    rows += len(targets)
                    got = [each["concept"]["code"] for each in said(found, "match") if "concept" in each]
                    assert got == targets, (table["id"], element["code"])
                    assert said(found, "result") == [bool(targets)]
        assert rows > 1500

    def test_backwards_the_native_code_becomes_ours(self):
        there = ask("ConceptMap", "translate", id_="sosiaali-effica-impact", system=f"{BASE}/CodeSystem/impact",
                    code="led_to_work")  # fmt: skip
        native = said(there, "match")[0]["concept"]
        back = ask("ConceptMap", "translate", id_="sosiaali-effica-impact", system=native["system"],
                   code=native["code"], reverse="true")  # fmt: skip

        assert [each["concept"]["code"] for each in said(back, "match")] == ["led_to_work"]

    def test_without_a_map_every_map_answers_and_a_target_system_chooses(self):
        asked = {"system": f"{BASE}/CodeSystem/impact", "code": "led_to_work"}
        everywhere = said(ask("ConceptMap", "translate", **asked), "match")
        effica = said(
            ask("ConceptMap", "translate", targetsystem="urn:effica:koodisto:impact", **asked), "match"
        )

        assert {"ura", "typpi", "sosiaali", "lifecare"} == {
            each["source"].rpartition("/")[2].partition("-")[0] for each in everywhere
        }
        assert [each["source"] for each in effica] == [f"{BASE}/ConceptMap/sosiaali-effica-impact"]

    def test_a_code_without_a_word_there_is_a_no_with_the_equivalence(self):
        table, group, element = next(
            (table, group, element)
            for table in listed("ConceptMap")
            for group in table["group"]
            for element in group["element"]
            if [each["equivalence"] for each in element["target"]] == ["unmatched"]
        )
        found = ask("ConceptMap", "translate", url=table["url"], system=group["source"], code=element["code"])

        assert said(found, "result") == [False]
        assert [each["equivalence"] for each in said(found, "match")] == ["unmatched"]

    def test_an_unknown_code_is_a_no_and_an_unknown_map_is_not_found(self):
        found = ask("ConceptMap", "translate", system=f"{BASE}/CodeSystem/impact", code="nothing")

        assert said(found, "result") == [False]
        assert said(found, "match") == []
        with pytest.raises(NoSuchDefinition):
            ask("ConceptMap", "translate", url=f"{BASE}/ConceptMap/nothing", system="urn:x", code="y")

    def test_a_map_is_also_found_by_the_name_it_has_in_the_mappings(self):
        found = ask(
            "ConceptMap", "translate", url="urn:tyokyky:ura:military-text",
            system=f"{BASE}/CodeSystem/military-service", code="exempted",
        )  # fmt: skip

        assert said(found, "match")[0]["concept"]["code"] == "vapautettu"

    def test_backwards_a_wider_meaning_is_a_narrower_one(self, monkeypatch):
        target = [{"code": "b", "equivalence": "wider"}, {"code": "c", "equivalence": "disjoint"}]
        group = {"source": "urn:here", "target": "urn:there", "element": [{"code": "a", "target": target}]}
        table = {"url": "urn:map", "version": "1", "group": [group]}
        monkeypatch.setattr(translation, "_tables", lambda: (table,))

        there = ask("ConceptMap", "translate", system="urn:here", code="a")
        back = ask("ConceptMap", "translate", system="urn:there", code="b", reverse="true")
        never = ask("ConceptMap", "translate", system="urn:there", code="c", reverse="true")

        assert [each["equivalence"] for each in said(there, "match")] == ["wider", "disjoint"]
        assert [each["equivalence"] for each in said(back, "match")] == ["narrower"]
        assert [said(each, "result") for each in (there, back, never)] == [[True], [True], [False]]

"""The promised interface is the committed document: current, complete, with examples that are true."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from fastapi.routing import APIRoute
from fhir.resources.R4B.operationoutcome import OperationOutcome
from pydantic import BaseModel, TypeAdapter

import tyokyky_bridge
from tyokyky_bridge.api import examples
from tyokyky_bridge.api.app import create_app
from tyokyky_bridge.api.catalogue import STATUS, TITLES
from tyokyky_bridge.api.fhir.doors import DOORS
from tyokyky_bridge.api.problems import problem_body
from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.plan.support_plan import parse_plan
from tyokyky_bridge.fhir.wire.validate import validate
from tyokyky_bridge.reference import OPENAPI, openapi_text
from tyokyky_bridge.services.ports import StoreError
from worlds.web import DOCUMENT, a_web

ROOT = Path(__file__).parents[2]
OPERATIONS = {o["operationId"]: (m, p, o) for p, ops in DOCUMENT["paths"].items() for m, o in ops.items()}


def routes(app: Any) -> dict[str, APIRoute]:
    found: dict[str, APIRoute] = {}

    def walk(router: Any) -> None:
        for route in router.routes:
            if isinstance(route, APIRoute):
                found[route.name] = route
            elif hasattr(route, "routes") or hasattr(route, "original_router"):
                walk(getattr(route, "original_router", route))

    walk(app.router)
    return found


ROUTES = routes(create_app(None, None))


def every_error() -> dict[str, list[type]]:
    for module in pkgutil.walk_packages(tyokyky_bridge.__path__, "tyokyky_bridge."):
        importlib.import_module(module.name)
    codes: dict[str, list[type]] = {}
    todo = [BridgeError]
    while todo:
        each = todo.pop()
        codes.setdefault(each.code, []).append(each)
        todo += each.__subclasses__()
    return codes


def test_the_committed_document_is_the_one_that_would_be_generated_now():
    assert (ROOT / OPENAPI).read_text("utf-8") == openapi_text(), "run `make openapi`"


def test_the_document_is_openapi_3_1_and_shares_nothing_by_yaml_anchor():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert "&id0" not in openapi_text()


def test_every_route_is_in_it_and_nothing_else():
    assert ROUTES.keys() == OPERATIONS.keys()
    assert len(OPERATIONS) == 33 + len(DOORS)


def test_every_reference_leads_somewhere():
    def references(node: Any) -> Any:
        if isinstance(node, dict):
            yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
            for inner in node.values():
                yield from references(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from references(inner)

    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"], reference


@pytest.mark.parametrize("name", [name for name in OPERATIONS if not name.startswith("fhir_")])
def test_every_body_is_described_by_the_schema_of_its_own_model(name):
    """Models of the plan are named schemas too: of two of one name, one would be described as the other."""
    _, _, operation = OPERATIONS[name]
    answers = [answer for status, answer in operation["responses"].items() if status < "300"]
    body = ROUTES[name].body_field
    asked = None if body is None else body.field_info.annotation
    for model, bodies in ((ROUTES[name].response_model, answers), (asked, [operation.get("requestBody")])):
        one = get_args(model)[0] if get_origin(model) is list else model
        if isinstance(one, type) and issubclass(one, BaseModel):
            (described,) = (each["content"]["application/json"]["schema"] for each in bodies)
            ref = described.get("items", described)["$ref"].rpartition("/")[2]
            schema = DOCUMENT["components"]["schemas"][ref]
            mode = "serialization" if bodies is answers else "validation"
            assert schema["properties"].keys() == one.model_json_schema(mode=mode)["properties"].keys(), ref


def test_every_error_class_has_a_status_and_a_title():
    codes = every_error()
    missing = {code: [c.__name__ for c in classes] for code, classes in codes.items() if code not in STATUS}
    assert not missing
    assert STATUS.keys() == TITLES.keys()
    assert all(400 <= status <= 503 for status in STATUS.values())


def test_every_status_belongs_to_an_error_class_or_to_the_face_itself():
    own = {code for code in STATUS if code.startswith(("request/", "server/"))}
    assert STATUS.keys() - own <= every_error().keys()


def test_every_error_that_a_caller_can_meet_is_documented_with_an_example():
    """Codes of faults (500) are answered as server/error; what only other doors raise is named here."""
    elsewhere = {
        "consent/cannot-confirm",
        "consent/category-must-be-named",
        "consent/unknown-category",
        "directory/unknown-party",
        "directory/not-in-force",
        "y-tunnus/invalid",
        "request/not-found",
        "request/method-not-allowed",
    }
    shown: dict[str, dict[str, Any]] = {"application/problem+json": {}, "application/fhir+json": {}}
    for _, _, operation in OPERATIONS.values():
        for status, answer in operation["responses"].items():
            for kind, content in answer.get("content", {}).items():
                if status >= "400" and kind in shown:
                    shown[kind] |= content["examples"]
    met = {code for code, status in STATUS.items() if status < 500} | {"server/error", "server/unavailable"}
    problems, outcomes = shown.values()
    assert problems.keys() | outcomes.keys() == met - elsewhere
    assert {code for code in problems if code.startswith("fhir/")} == set()
    for code, example in problems.items():
        assert example["value"] == problem_body(code)
    for example in outcomes.values():
        OperationOutcome.model_validate(example["value"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_who_may_what_it_answers_and_how_it_fails(name):
    _, path, operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    fhir = path.startswith("/fhir")
    public = {"receive_notice", "fhir_metadata", "fhir_smart_configuration"}  # a message proves itself
    guarded = path.startswith(("/v1/", "/fhir")) and name not in public
    assert bool(operation.get("security")) == guarded
    if guarded:
        assert {"401", "403", "500", "503"} <= operation["responses"].keys()
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert answer["content"].keys() == {f"application/{'fhir' if fhir else 'problem'}+json"}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if not name.startswith("fhir_")])
def test_the_example_of_an_answer_is_one(name):
    _, _, operation = OPERATIONS[name]
    (answer,) = [a for s, a in operation["responses"].items() if s < "300"]
    value = answer["content"]["application/json"]["examples"]["example"]["value"]
    route = ROUTES[name]
    model = route.response_model
    read = TypeAdapter(model).dump_python(TypeAdapter(model).validate_python(value), mode="json")

    def within(small: Any, large: Any) -> bool:
        if isinstance(small, dict):
            return all(k in large and within(v, large[k]) for k, v in small.items())
        if isinstance(small, list):
            return len(small) == len(large) and all(map(within, small, large))
        return small == large or (small, large) == ("2026-02-02T10:00:00+02:00", "2026-02-02T08:00:00Z")

    assert within(value, read), "the example has members that the model does not know"


@pytest.mark.parametrize("name", [name for name in DOORS if name != "fhir_smart_configuration"])
def test_the_examples_of_the_fhir_face_are_resources(name):
    _, _, operation = OPERATIONS[name]
    said = [
        a["content"]["application/fhir+json"]["example"]
        for s, a in operation["responses"].items()
        if s in {"200", "201"}
    ]
    assert said
    for example in said:
        if example["resourceType"] != "CapabilityStatement":  # shown in part; the whole has tests of its own
            assert [i for i in validate(example) if i.refuses] == []


def test_the_plans_of_the_examples_are_plans():
    for name in ("create_plan", "revise_plan", "replace_section", "close_plan", "read_plan", "read_revision"):
        parse_plan(examples.ANSWERS[name]["plan"])
    for name in ("read_consent",):
        Consent.model_validate(examples.ANSWERS[name])


@pytest.mark.anyio
async def test_the_requests_of_the_examples_work_in_the_order_of_a_story(store):
    web = a_web(store)
    given = examples.REQUESTS
    client_id = (await web.call("POST", "/v1/clients", given["register_client"])).json()["client_id"]
    made = await web.call("POST", "/v1/plans", {**given["create_plan"], "client_id": client_id}, key="a-1")
    assert made.status_code == 201, made.text
    url = made.headers["Location"]
    form = await web.call("POST", f"/v1/clients/{client_id}/consents", given["record_consent"])
    assert form.status_code == 201, form.text
    found = await web.call("POST", "/v1/clients/search", given["find_client"])
    assert found.json()["client_id"] == client_id
    steps = [
        ("PATCH", url, "revise_plan"),
        ("PUT", f"{url}/sections/goals", "replace_section"),
        ("POST", f"/v1/consents/{form.json()['consent']['consent_id']}/withdrawal", "withdraw_consent"),
        ("POST", f"{url}/close", "close_plan"),
    ]
    for method, path, name in steps:
        answer = await web.call(method, path, given[name], etag="*")
        assert answer.status_code == 200, (name, answer.text)
        assert answer.json().keys() == examples.ANSWERS[name].keys()
    driven = await web.call("POST", "/v1/sync/parked/redrive", given["redrive_parked"], role="operations")
    assert driven.json() == {"redriven": 0, "links": []}
    assert set(given) == {
        "register_client",
        "create_plan",
        "record_consent",
        "find_client",
        *(s[2] for s in steps),
        "redrive_parked",
        "receive_notice",
        "resolve_conflict",
    }


def test_store_faults_are_never_told_apart_from_other_faults():
    assert STATUS[StoreError.code] == 500

"""The judges are judged: what each catches is known, together they miss nothing, and no appeal is idle."""

import json

import pytest

from fhir_face.corpus import judge
from fhir_face.exchanges import RULES, Exchange, broken_rules
from fhir_face.judges import JUDGES, appeals, standing, verdict
from fhir_face.scoreboard import LAST_RUN, PAGE, catches, fixed
from tyokyky_bridge.fhir.conformance import read
from tyokyky_bridge.fhir.conformance.capability import statement
from worlds import fhir_bodies

BASE = "https://tyokyky-bridge.example/fhir"
ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"
TAG = {"content-type": "application/fhir+json; charset=utf-8"}
GOOD = {
    name: make()
    for name, make in vars(fhir_bodies).items()
    if name in {"appointment", "condition", "consent", "goal", "observation", "patient", "task"}
}


def answer(
    status: int = 200, body: object = None, method: str = "GET", url: str = "/fhir/Patient/1", **headers: str
):
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(method, url, status, ({**TAG, **named} if text else named), text)


PATIENT = {"resourceType": "Patient", "id": "1", "meta": {"versionId": "2"}}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}
SEARCHSET = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 1,
    "link": [{"relation": "self", "url": "http://hub.test/fhir/Patient"}],
    "entry": [
        {"fullUrl": "http://hub.test/fhir/Patient/1", "resource": PATIENT, "search": {"mode": "match"}}
    ],
}
DELETED = {
    "request": {"method": "DELETE", "url": "Patient/1"},
    "response": {"status": "204", "etag": 'W/"2"'},
}
HISTORY = {
    "resourceType": "Bundle",
    "type": "history",
    "link": [{"relation": "self", "url": "http://hub.test/fhir/Patient/1/_history"}],
    "entry": [DELETED],
}
RIGHT = [
    answer(200, PATIENT, etag='W/"2"', last_modified="Sun, 22 Nov 2026 10:45:59 GMT"),
    answer(304),
    answer(204, method="DELETE"),
    answer(404, OUTCOME),
    answer(405, OUTCOME, allow="GET, HEAD"),
    answer(401, OUTCOME, www_authenticate="Bearer"),
    answer(200, SEARCHSET),
    answer(200, HISTORY),
]
WRONG = {
    "no_fault_of_ours": answer(500, OUTCOME),
    "media_type": Exchange("GET", "/fhir/Patient", 200, {"content-type": "application/json"}, json.dumps(SEARCHSET)),
    "readable_json": answer(404, '{"resourceType":"OperationOutcome","resourceType":"OperationOutcome","issue":'
                                 '[{"severity":"error","code":"invalid"}]}'),
    "errors_are_outcomes": answer(404, {"resourceType": "Patient"}),
    "failures_say_how_to_go_on": answer(405, OUTCOME),
    "validators_fit_the_body": answer(200, PATIENT, etag='W/"1"', last_modified="x"),
    "created_things_have_a_place": answer(201, location="http://hub.test/fhir/Patient/1", etag='W/"1"'),
    "bundles_are_whole": answer(200, {**SEARCHSET, "entry": SEARCHSET["entry"] * 2}),
    "nothing_of_ours_is_missing": answer(
        200, {**SEARCHSET, "meta": {"profile": ["https://tyokyky-bridge.example/fhir/StructureDefinition/nothing"]}}
    ),
}  # fmt: skip


def test_together_they_miss_no_broken_body_and_we_ourselves_miss_none():
    missed = [name for name, by in catches().items() if not by["tyokyky-bridge"]]

    assert len(catches()) >= 40
    assert missed == []


def test_each_judge_catches_something_that_another_one_lets_pass():
    strangers = [name for name in JUDGES if name != "tyokyky-bridge"]
    for one in strangers:
        for other in strangers:
            if one != other:
                assert any(by[one] and not by[other] for by in catches().values()), (one, other)


@pytest.mark.parametrize("name", GOOD)
def test_none_of_them_refuses_a_good_body(name):
    assert standing(verdict(GOOD[name])) == ()


def masked(body, name, *, profile):
    """The body as a caller sees it who may not have that element."""
    absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    url = f"{BASE}/StructureDefinition/{profile}"
    told = {k: v for k, v in body.items() if k != name}
    return {
        **told,
        "meta": {"profile": [url], "tag": [{"system": f"{BASE}/CodeSystem/register", "code": "health"}]},
        f"_{name}": {"extension": [{"url": absent, "valueCode": "masked"}]},
    }


def test_every_appeal_is_about_something_that_a_judge_really_says():
    bodies = [
        read("CodeSystem", "register"),
        statement("http://hub.test/fhir", issuer={"token": "https://issuer.example/token"}),
        fhir_bodies.patient(),
        {**fhir_bodies.observation(), "status": "cancelled"},
        {
            **fhir_bodies.goal(),
            "achievementStatus": {"coding": [{"system": ACHIEVEMENT, "code": "improving"}]},
        },
        {**HISTORY, "entry": [{**DELETED, "fullUrl": "http://hub.test/fhir/Patient/1"}] * 2},
        masked(fhir_bodies.goal(), "lifecycleStatus", profile="goal"),
    ]
    said = [finding for body in bodies for finding in verdict(body)]

    idle = [appeal for appeal in appeals() if not any(appeal.covers(finding) for finding in said)]

    assert idle == []
    assert standing(tuple(said)) == ()


@pytest.mark.parametrize("right", RIGHT, ids=lambda each: f"{each.status}")
def test_a_right_answer_breaks_no_rule(right):
    assert list(broken_rules(right)) == []


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
def test_each_rule_for_answers_is_broken_by_an_answer(rule):
    assert rule in {name for name, _ in broken_rules(WRONG[rule])}


def test_an_invariant_is_asked_of_the_whole_and_not_of_a_part():
    whole = read("StructureDefinition", "goal")
    cut = {name: member for name, member in whole.items() if name != "differential"}
    part = {**cut, "meta": {"tag": [{"code": "SUBSETTED"}]}}

    assert {finding.rule for finding in standing(verdict(cut))} == {"invariant"}
    assert standing(verdict(part)) == ()


def test_a_corpus_with_a_bad_body_is_not_accepted(tmp_path):
    good, bad = GOOD["goal"], {**GOOD["goal"], "lifecycleStatus": "aktiivinen"}
    for name, body in (("good", good), ("bad", bad)):
        said = {"method": "GET", "url": "/fhir/Goal", "status": 200, "headers": TAG, "body": json.dumps(body)}
        (tmp_path / f"{name}.json").write_text(json.dumps({**said, "test": name}), "utf-8")

    found = judge(tmp_path)

    assert found.bodies == {"Goal": 2}
    assert {
        judge for finding, tests in found.findings.items() for judge in [finding.judge] if tests == ["bad"]
    } == {
        "pyfhircheck",
        "tyokyky-bridge",
    }


def test_the_scoreboard_page_is_what_would_be_written_now():
    assert PAGE.read_text("utf-8").partition(LAST_RUN)[0] == fixed() + "\n", (
        "write it with make test ARGS=--write-fhir-scoreboard"
    )

"""Generated requests made interesting: real ids, real people, bodies that nearly fit, and a caller, by a seed."""

import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from schemathesis import Case

from tyokyky_bridge.api.fhir.negotiation import FHIR_JSON
from tyokyky_bridge.fhir.conformance.registry import RECORDED, REGISTRY
from tyokyky_bridge.fhir.search.parameters import PARAMETERS
from worlds.fhir_web import RICH, small
from worlds.hub import HETU, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH, KELA, SOCIAL
from worlds.web import token

Doc = dict[str, Any]
WRITTEN = sorted(name for name, served in REGISTRY.items() if served.kind is RECORDED)
ODD_VALUES = (
    "",
    "a",
    "2026",
    "ge2026-03-02",
    "1e400",
    "|",
    "a|b,c",
    "Patient/x",
    "\\",
    "\x00",
    "å" * 300,
    "-1",
)
FORM = "application/x-www-form-urlencoded"


def callers() -> tuple[str, ...]:
    """Tokens of several parties and roles; the empty one stands for none."""
    said: tuple[dict[str, Any], ...] = (
        {},
        {},
        {"fhir_versioning": "versioned"},
        {"fhir_versioning": "versioned"},
        {"party": EMPLOYMENT, "sub": "olli"},
        {"party": SOCIAL, "sub": "kaisa"},
        {"party": KELA, "sub": "teemu"},
        {"role": "system", "sub": "lifecare"},
        {"role": "operations"},
        {"role": "oversight"},
    )
    return (*(token(**each) for each in said), "")


@dataclass(frozen=True)
class Stage:
    """A served hub with something in it: where it is, who calls, and what its paths lead to."""

    url: str
    tokens: tuple[str, ...]
    named: Mapping[str, tuple[str, ...]]
    """Values of the path parameters of ``/v1``."""
    ids: Mapping[str, tuple[str, ...]]
    """Ids by resource type."""
    bodies: Mapping[str, tuple[Doc, ...]]
    """Resources by type, as they were read."""


def a_stage(url: str) -> Stage:
    """Fill a served hub: a client with a plan and a consent, and a few resources of strangers."""
    tokens = callers()
    good, other = tokens[0], tokens[4]
    with httpx.Client(base_url=url, timeout=30) as http:

        def ask(method: str, path: str, body: Any = None, bearer: str = good) -> Any:
            kind = FHIR_JSON if path.startswith("/fhir") else "application/json"
            headers = {"Authorization": f"Bearer {bearer}", "Content-Type": kind}
            answer = http.request(method, path, json=body, headers=headers)
            assert answer.status_code < 300, answer.text
            return answer.json()

        client = ask("POST", "/v1/clients", {"hetu": HETU})["client_id"]
        plan = ask("POST", "/v1/plans", {"client_id": client, "plan": _plain(plan_content(**RICH))})[
            "plan_id"
        ]
        form = ask("POST", f"/v1/clients/{client}/consents", _plain(y100((HEALTH, EMPLOYMENT))))
        for bearer in (good, other):
            somebody = ask("POST", "/fhir/Patient", small("Patient"), bearer)["id"]
            for type_ in WRITTEN:
                if type_ not in {"Patient", "CarePlan"}:
                    ask("POST", f"/fhir/{type_}", small(type_, f"Patient/{somebody}"), bearer)
        found: dict[str, list[Doc]] = {}
        for type_ in REGISTRY:
            for bearer in (good, other):
                entries = ask("GET", f"/fhir/{type_}?_count=10", bearer=bearer).get("entry", [])
                found.setdefault(type_, []).extend(each["resource"] for each in entries)
    named = {
        "client_id": (client,),
        "plan_id": (plan,),
        "consent_id": (form["consent"]["consent_id"],),
        "number": ("1", "2"),
        "system": ("lifecare", "ura", "typpi"),
        "section": tuple(RICH),
    }
    ids = {type_: tuple(each["id"] for each in each_type) for type_, each_type in found.items()}
    return Stage(url, tokens, named, ids, {type_: tuple(each) for type_, each in found.items()})


def dress(stage: Stage, case: Case[Any]) -> None:
    """Replace parts of a generated case by real ones. What is drawn depends on the case alone, so it is repeatable."""
    said = repr((case.method, case.path, case.path_parameters, case.query, case.headers, case.body))
    dice = random.Random(zlib.crc32(said.encode("utf-8", "surrogatepass")))
    bearer = dice.choice(stage.tokens) if dice.random() < 0.4 else stage.tokens[2]
    if bearer:
        case.headers["Authorization"] = f"Bearer {bearer}"
    else:
        case.headers.pop("Authorization", None)
    if "{resource_type}" in case.path:
        _dress_fhir(stage, case, dice)
    if case.path == "/v1/plans" and isinstance(case.body, dict) and dice.random() < 0.8:
        case.body["client_id"] = dice.choice(stage.named["client_id"])
    for name, values in stage.named.items():
        if f"{{{name}}}" in case.path and dice.random() < 0.8:
            case.path_parameters[name] = dice.choice(values)
    if case.method in {"PUT", "PATCH", "POST", "DELETE"} and dice.random() < 0.6:
        case.headers["If-Match"] = "*"


def _dress_fhir(stage: Stage, case: Case[Any], dice: random.Random) -> None:
    wanted = dice.choice(WRITTEN if dice.random() < 0.7 else sorted(REGISTRY))
    if dice.random() < 0.8:
        case.path_parameters["resource_type"] = wanted
    type_ = str(case.path_parameters.get("resource_type"))
    ids = stage.ids.get(type_, ())
    if "{resource_id}" in case.path and ids and dice.random() < 0.85:
        case.path_parameters["resource_id"] = dice.choice(ids)
    if case.method in {"POST", "PUT"} and isinstance(case.body, dict) and dice.random() < 0.7:
        case.body = _body(stage, type_, case, dice)
    elif case.method == "PATCH" and dice.random() < 0.7:
        case.body = [_operation(stage, type_, dice) for _ in range(dice.randint(1, 4))]
    if dice.random() < 0.8:
        case.query = {name: value for name, value in _plain_query(case.query).items() if name != "_format"}
    searches = case.path.endswith(("{resource_type}", "_search"))
    if searches and type_ in PARAMETERS and dice.random() < 0.7:
        case.query = {**_plain_query(case.query), **_criteria(stage, type_, dice)}


def _body(stage: Stage, type_: str, case: Case[Any], dice: random.Random) -> Doc:
    """A resource as it stands, or the least one, now and then with something of the generated body in it."""
    known = stage.bodies.get(type_, ())
    least = small(type_, f"Patient/{dice.choice(stage.ids['Patient'])}") if type_ in WRITTEN else {}
    made: Doc = dict(dice.choice(known)) if known and dice.random() < 0.6 else least
    if "resource_id" in case.path_parameters:
        made["id"] = case.path_parameters["resource_id"]
    generated = case.body if isinstance(case.body, dict) else {}
    if dice.random() < 0.5 and made:
        odd = [*generated.values(), None, [], {}, "", 1, "x", [{}], [None], {"a": 1}]
        made[dice.choice(sorted(made))] = dice.choice(odd)
    if dice.random() < 0.2:
        made |= generated
    return made


def _operation(stage: Stage, type_: str, dice: random.Random) -> Doc:
    known = dice.choice(stage.bodies.get(type_) or ({"a": 1},))
    paths = ["", "/", "/-", *(f"/{name}" for name in known), *(f"/{name}/0" for name in known), "/meta/tag/-"]
    values = [None, [], {}, "x", 1, dice.choice([*known.values()])]
    op = dice.choice(["add", "remove", "replace", "move", "copy", "test"])
    return {"op": op, "path": dice.choice(paths), "from": dice.choice(paths), "value": dice.choice(values)}


def _criteria(stage: Stage, type_: str, dice: random.Random) -> dict[str, str]:
    names = dice.sample(sorted(PARAMETERS[type_]), k=min(2, len(PARAMETERS[type_])))
    modifier = dice.choice(
        ["", "", "", ":missing", ":not", ":exact", ":contains", ":identifier", ":Patient", ":x"]
    )
    values = [*ODD_VALUES, *stage.ids.get(type_, ())[:3], *stage.ids["Patient"][:3], "active", "true"]
    return {name + modifier: dice.choice(values) for name in names}


def _plain_query(query: Any) -> dict[str, Any]:
    return dict(query) if isinstance(query, dict) else {}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)

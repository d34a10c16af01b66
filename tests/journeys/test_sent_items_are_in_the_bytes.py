"""What the hub says it sent is what was in the bytes, for any plan and any forms; and what it withheld was in none.

Plans come from the compiled schema and forms from a seed; ``TYOKYKY_DRILL_SEED`` repeats a run. The bytes are those of
the partners' own journals, read by the adapters' record readers and the lens.
"""

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tyokyky_bridge.adapterkit.testing_process import Entry
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.domain.items import FIELDS, Leaves, leaves_to_json, pattern_of
from worlds.casework import (
    ALL_CATEGORIES,
    TODAY,
    Casework,
    Person,
    at_once,
    member_of,
    person,
    plan_of,
)
from worlds.parties import EMPLOYMENT, HEALTH, KELA, SOCIAL, TYP
from worlds.partner_records import lenses, merged, read_items, written
from worlds.plans import SECTIONS, random_leaves
from worlds.warm import wait_until

FIXED_SEED = 20260202
PLANS = 24
SYSTEMS = ("effica", "lifecare", "typpi", "ura")
REGISTERS = frozenset("HSEKP")
OWNERS = {"H": HEALTH, "S": SOCIAL, "E": EMPLOYMENT, "K": KELA}
SEEDED_IDS = {"lifecare": "potilaat", "effica": "AsiakasTunnus", "ura": "asiakasnrot", "typpi": "asiakkaat"}
NOT_DRAWN = (
    "header.status",
    "header.plan_id",
    "header.case_id",
    "header.plan_version",
    "header.created_at",
    "header.updated_at",
    "client.client_id",
    "client.hetu",
    "client.family_name",
    "client.given_names",
    "client.birth_date",
)


@dataclass
class Drawn:
    """One client, their plan, and where they live in each partner system."""

    who: Person
    rng: random.Random
    plan_id: str
    tokens: Mapping[str, str]
    """A word that stands nowhere else, by the path of the text it stands in."""
    persons: Mapping[str, str]


@pytest.fixture(scope="module")
def drawn(calm_stage: Stage, engine_url: str | None) -> list[Drawn]:
    """Many plans, each written by several parties before anything is sent, and then sent."""
    given = os.environ.get("TYOKYKY_DRILL_SEED")
    seed = (
        int(given) if given else FIXED_SEED if engine_url is None else random.SystemRandom().randrange(10**9)
    )
    print(f"generated plans: TYOKYKY_DRILL_SEED={seed}")  # shown with a failure
    calm_stage.worker.end()
    found = at_once(
        [lambda n=n: _draw(calm_stage, random.Random(seed + n), n) for n in range(PLANS)], hands=3
    )
    calm_stage.worker.start()
    wait_until(Casework(calm_stage).all_settled, wait_s=180, every_s=0.2)
    return found


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_items_that_are_told_as_sent_are_those_in_the_bytes(
    calm_stage: Stage, drawn: list[Drawn], system: str
) -> None:
    work, lens = Casework(calm_stage), lenses()[system]
    accepted = [w for w in written(system, calm_stage.simulators[system].journal()) if w.entry.effects]
    compared = 0
    for case in drawn:
        trace = work.trace(case.plan_id, system)
        sent = {path for path, item in trace.items() if item["state"] == "sent"}
        held = {path for path, item in trace.items() if item["state"] == "held"}
        record = merged([w for w in accepted if w.person == case.persons[system]])
        found = {
            path
            for path, value in read_items(lens, record).items()
            if path in sent or not _is_their_own(case, path, value)
        }
        assert sent == found - held, (case.plan_id, sorted(sent ^ (found - held)))
        compared += len(sent)
    assert compared > PLANS, "hardly anything was sent: nothing was compared"


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_word_of_a_withheld_item_is_in_any_byte(
    calm_stage: Stage, drawn: list[Drawn], system: str
) -> None:
    work = Casework(calm_stage)
    everything = b"".join(_bytes(entry) for entry in calm_stage.simulators[system].journal()).lower()
    withheld = carried = 0
    for case in drawn:
        for path, item in work.trace(case.plan_id, system).items():
            token = case.tokens.get(path)
            if token is None:
                continue
            there = token.encode() in everything
            if item["outcome"] == "PERMIT":
                carried += there
            else:
                assert not there, (case.plan_id, path)
                withheld += 1
    assert carried, "no text was sent at all"
    assert withheld > PLANS, "hardly anything was withheld: nothing was proved"


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_trace_has_every_item_of_the_plan_once(
    calm_stage: Stage, drawn: list[Drawn], system: str
) -> None:
    work = Casework(calm_stage)
    paths = [set(work.trace(case.plan_id, other)) for case in drawn[:6] for other in (system, "lifecare")]
    assert all(one == other for one, other in zip(paths[::2], paths[1::2], strict=True))
    for case in drawn[:6]:
        items = work.trace(case.plan_id, system)
        assert set(case.tokens) <= set(items)
        assert all(item["basis"] is not None for item in items.values() if item["outcome"] == "PERMIT")
        assert all(item["reason"] for item in items.values() if item["outcome"] != "PERMIT")


def _draw(stage: Stage, rng: random.Random, number: int) -> Drawn:
    who = person(21_000 + number)
    persons = {
        system: str(simulator.seed(persons=[who.seed])[SEEDED_IDS[system]][0])
        for system, simulator in stage.simulators.items()
    }
    work = Casework(stage, party=HEALTH)
    client = work.register(who)
    for _ in range(rng.randint(0, 2)):
        _consent(work, client, rng)
    network = {"members": [member_of(party) for party in (HEALTH, SOCIAL, EMPLOYMENT, TYP)]}
    plan_id = work.plan(client, plan_of(who, network=network))
    leaves, tokens = _with_tokens(_leaves(rng), rng, number)
    if rng.random() < 0.6:
        leaves |= {
            "header.typ_customership.status": "active",
            "header.typ_customership.start": TODAY,
            "necessity_marks[m-1].item": rng.choice(sorted(leaves)),
            "necessity_marks[m-1].by.party": HEALTH,
            "necessity_marks[m-1].at": datetime.now(UTC),
        }
        leaves.pop("header.typ_customership.end", None)
    for party in (HEALTH, SOCIAL, EMPLOYMENT, KELA):
        theirs = {path: value for path, value in leaves.items() if _writer(path) == party}
        if not _write_what_may_be(work, plan_id, party, theirs):
            tokens = {path: token for path, token in tokens.items() if path not in theirs}
        tokens = {path: token for path, token in tokens.items() if path in theirs or _writer(path) != party}
    return Drawn(who, rng, plan_id, tokens, persons)


def _write_what_may_be(work: Casework, plan_id: str, party: str, theirs: dict[str, Any]) -> bool:
    """Write a party's fields but for those that the client's forms keep from it, which leave *theirs*."""
    while theirs:
        body = {"changes": [{"path": p, "value": v} for p, v in leaves_to_json(theirs).items()]}
        answer = work.try_to_change(plan_id, body, party=party)
        if answer.status_code == 200:
            return True
        if answer.status_code == 404:  # a form may keep from it that there is a plan
            return False
        assert answer.status_code == 403, answer.text
        withheld = {error["field"] for error in answer.json()["errors"]}
        for path in [p for p in theirs if pattern_of(p) in withheld]:
            del theirs[path]
    return False


def _leaves(rng: random.Random) -> Leaves:
    sections = frozenset(rng.sample(SECTIONS, rng.randint(4, len(SECTIONS))))
    leaves = random_leaves(
        rng, sections=sections, density=rng.choice((0.15, 0.3, 0.6)), elements=rng.randint(1, 2)
    )
    return {path: value for path, value in leaves.items() if not path.startswith(NOT_DRAWN) and _writer(path)}


def _writer(path: str) -> str | None:
    """Who writes a field here: the first of the registers it belongs to, or health care where anybody may."""
    letters = FIELDS[pattern_of(path)].authority
    if not set(letters) <= REGISTERS or "H" in letters:
        return HEALTH
    return next((OWNERS[letter] for letter in letters if letter in OWNERS), None)


def _with_tokens(leaves: Leaves, rng: random.Random, number: int) -> tuple[dict[str, Any], dict[str, str]]:
    """A word of its own at the beginning of every text."""
    marked, tokens = dict(leaves), {}
    for path, value in leaves.items():
        if FIELDS[pattern_of(path)].kind in {"text", "str"} and isinstance(value, str):
            tokens[path] = f"q{number:02}z{rng.getrandbits(40):010x}w"
            marked[path] = f"{tokens[path]} {value}"[:480].strip()
    return marked, tokens


def _consent(work: Casework, client: str, rng: random.Random) -> None:
    """A form with a few boxes ticked."""
    grants = []
    for _ in range(rng.randint(1, 4)):
        giver, taker = rng.sample((HEALTH, SOCIAL, EMPLOYMENT, KELA, TYP), 2)
        named = rng.sample(ALL_CATEGORIES, rng.randint(1, len(ALL_CATEGORIES)))
        grants.append((giver, taker, named, "typ" if taker == TYP else "work_ability_support"))
    denied = rng.sample(ALL_CATEGORIES, rng.randint(0, 3))
    restrictions = [{"category": category, "recipient": rng.choice((None, SOCIAL))} for category in denied]
    work.consent(client, *grants, restrictions=restrictions, valid_from=str(TODAY))


def _is_their_own(case: Drawn, path: str, value: Any) -> bool:
    """Whether a partner knew this of the person before the hub came: it stands in what it sends back to itself."""
    known = {
        "client.family_name": case.who.family_name,
        "client.given_names": case.who.given_names,
        "client.birth_date": str(case.who.birth_date),
        "client.contact_language": "fi",
        "client.interpreter.required": "False",
    }
    return path in known and str(value).casefold() == known[path].casefold()


def _bytes(entry: Entry) -> bytes:
    """All that came in with a request: its line, its headers and its body."""
    headers = "\n".join(f"{name}: {value}" for name, value in entry.headers)
    return f"{entry.method} {entry.path}\n{headers}\n".encode() + entry.body + b"\n"

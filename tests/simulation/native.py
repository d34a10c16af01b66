"""What the simulated partners keep: one small mapping with every kind of row, and values that can be traced by sight.

Every text is a mark such as ``rajoite~17``, written once and never again, so that a value found anywhere tells who
wrote it, where and when.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mapping.toy import table
from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.mapping.catalogue import read_spec
from tyokyky_bridge.mapping.lens import Lens

CONCLUSION = "health.work_ability_conclusion"
LIMITATION = "health.work_limitation_text"
STRENGTHS = "health.strengths"
RHYTHM = "social.daily_rhythm"
HOUSING = "social.housing.code"
HISTORY = "competence.work_experience_summary"
STATUS = "header.status"

NAMES = {
    CONCLUSION: "johtopaatos",
    LIMITATION: "rajoite",
    STRENGTHS: "vahvuus",
    RHYTHM: "rytmi",
    HISTORY: "historia",
}
"""Text items, and what their marks begin with."""
GOAL = "tavoite"
CODES = ("rental", "own", "homeless")
"""Codes of housing that people choose from."""
HOUSE = "muoto-"
"""What a code of housing begins with at the partners."""
CATEGORY = {
    "johtopaatos": "health.conclusion",
    "rajoite": "health.functioning",
    "vahvuus": "health.functioning",
    "rytmi": "social.situation",
    "historia": "employment.history",
    GOAL: "plan.goals",
}
"""The one information category of each mark."""
WHERE = {
    CONCLUSION: ("terveys", "johtopaatos"),
    LIMITATION: ("terveys", "rajoite"),
    STRENGTHS: ("terveys", "vahvuudet"),
    RHYTHM: ("arki", "rytmi"),
    HOUSING: ("arki", "asuminen"),
    HISTORY: ("tyo", "historia"),
}
MAPPING = """
system: {system}
version: 1
record: suunnitelma
fields:
  - {{id: conclusion, plan: health.work_ability_conclusion, native: terveys.johtopaatos, max: 60, over: reject}}
  - {{id: limitation, plan: health.work_limitation_text, native: terveys.rajoite, max: 60, over: reject}}
  - {{id: strengths, plan: health.strengths, native: terveys.vahvuudet, max: 60, over: reject}}
  - {{id: rhythm, plan: social.daily_rhythm, native: arki.rytmi, max: 60, over: reject}}
  - {{id: housing, plan: social.housing.code, native: arki.asuminen, codes: housing}}
  - {{id: history, plan: competence.work_experience_summary, native: tyo.historia, max: 60, over: reject}}
  - {{id: status, plan: header.status, native: tila, codes: status, loss: "under_revision is written as voimassa"}}
lists:
  - id: goals
    plan: goals
    native: tavoitteet
    key: {{native: tunniste}}
    fields:
      - {{id: goal-text, plan: text_client, native: teksti, max: 60, over: reject}}
never: []
"""
_MARK = re.compile(r"[a-z]+~\d+")


@cache
def lens_of(system: str) -> Lens:
    """The mapping of a simulated partner."""
    housing = {code: HOUSE + code for code in sorted(code_list("CL-18").codes)}
    status: dict[str, str | None] = {
        "draft": "luonnos",
        "active": "voimassa",
        "under_revision": "voimassa",
        "closed": "paattynyt",
        "cancelled": None,
        "superseded": None,
    }
    back: dict[str, str | None] = {"luonnos": "draft", "voimassa": "active", "paattynyt": "closed"}
    maps = {"housing": table("housing", dict(housing)), "status": table("status", status, back)}
    return Lens(read_spec(MAPPING.format(system=system)), maps=maps)


@dataclass
class Mark:
    """Where a value was written first. *parties*: who has given it to the hub as its own."""

    name: str
    client: int
    path: str
    system: str | None
    parties: set[str] = field(default_factory=set[str])

    @property
    def category(self) -> str:
        """The information category of the item."""
        return CATEGORY[self.name.partition("~")[0]]


def marks_in(value: Any) -> Iterator[str]:
    """Every mark in a document."""
    if isinstance(value, str):
        yield from _MARK.findall(value)
    elif isinstance(value, dict):
        for member in value.values():
            yield from marks_in(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from marks_in(member)


def leaves_in(native: Native, at: str = "") -> dict[str, Any]:
    """A record's own leaves; list elements by their key."""
    found: dict[str, Any] = {}
    for name, value in native.items():
        here = f"{at}.{name}" if at else name
        if isinstance(value, dict):
            found |= leaves_in(value, here)
        elif isinstance(value, list):
            for element in value:
                found |= leaves_in(element, f"{here}[{element['tunniste']}]")
        else:
            found[here] = value
    return found


def path_at(where: str) -> str | None:
    """The item that a native leaf is; ``None`` for what the mapping does not name."""
    goal = re.fullmatch(r"tavoitteet\[(.+)\]\.teksti", where)
    if goal is not None:
        return f"goals[{goal[1]}].text_client"
    return next((path for path, steps in WHERE.items() if ".".join(steps) == where), None)

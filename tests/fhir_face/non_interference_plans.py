"""Pairs of plan histories that one party cannot tell apart: they differ in nothing but what is withheld from it.

The base is a whole plan drawn by seed, its items from several parties. The other side of the pair has other values in
what is hidden, hidden elements that the base lacks and the other way round, and hidden revisions in between. Whether a
pair really looks the same to the party is asked of `disclose`, revision by revision, never of the FHIR face.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.disclosure import Disclosure, disclose
from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.items import FIELDS, Scalar, leaves_of, pattern_of, plan_from_leaves
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.revision import Origin, Revision
from worlds.parties import EMPLOYMENT, HEALTH, KELA, NGO, NOW, SOCIAL, facts
from worlds.plans import random_leaves, value_for

Leaves = Mapping[str, Scalar]
SOURCES = (HEALTH, SOCIAL, EMPLOYMENT, KELA, NGO)
SECTORS = {HEALTH: "health", SOCIAL: "social", EMPLOYMENT: "employment", KELA: "kela", NGO: "producer"}

CONTROL = (
    "header.plan_id",
    "header.case_id",
    "header.created_at",
    "header.status",
    "header.typ_customership",
    "client.client_id",
    "client.hetu[",
    "client.non_disclosure.active",
    "network.members[caller]",
    "care_team.coordinator.party",
    "necessity_marks[",
    "closing.closed_on",
)
"""What decisions rest on, what every plan must have, and what no edit gets past: facts and not hidden content."""


@dataclass(frozen=True)
class State:
    """One revision: its items, the party that each is from, who recorded it, and when."""

    leaves: Leaves
    parties: Mapping[str, str]
    by: str
    at: datetime

    @cached_property
    def revision(self) -> Revision:
        """The revision as the domain knows it; its number tells nothing here."""
        origins = {path: Origin(party, self.at, "professional") for path, party in self.parties.items()}
        return Revision(plan_from_leaves(self.leaves), 1, origins, self.at, self.by)


def seen(state: State, party: str, consents: Collection[Consent]) -> Any:
    """All that `disclose` tells *party* of a revision, today: items in their order, closed categories, order."""
    view = _disclosed(state, party, "hub", consents).view
    return [*view.leaves.items()], view.withheld, view.non_disclosure


def decisions(state: State, party: str, channel: str, consents: Collection[Consent]) -> Mapping[str, Any]:
    """What is decided about every item towards the system of another party, and why."""
    made = _disclosed(state, party, channel, consents)
    return {
        path: (each.row, each.code, each.reasons, path in made.view.leaves)
        for path, each in made.decisions.items()
    }


def _disclosed(state: State, party: str, channel: str, consents: Collection[Consent]) -> Disclosure:
    return disclose(
        state.revision,
        recipient=party,
        purpose=Purpose.WORK_ABILITY_SUPPORT,
        channel=channel,
        facts=facts(*consents),
        at=NOW,
    )


def history(
    rng: random.Random,
    ids: Mapping[str, Scalar],
    party: str | None,
    *,
    states: int = 3,
    density: float = 0.45,
) -> tuple[State, ...]:
    """A plan's history; *party* is in the network from its beginning, or nobody when ``None``."""
    full: dict[str, Scalar] = {**random_leaves(rng, density=density, elements=2), **ids}
    for path in [p for p in full if p.startswith(("closing.closed_on", "header.typ_customership"))]:
        del full[path]
    if party is not None:
        member = "network.members[caller]"
        full |= {
            f"{member}.organization.party": party,
            f"{member}.sector": SECTORS[party],
            f"{member}.period.start": NOW.date() - timedelta(days=60),
        }
    full = dict(leaves_of(plan_from_leaves(full)))
    groups = sorted({group_of(path) for path in full})
    sources = {group: rng.choice(SOURCES) for group in groups}
    parties = {path: rng.choice(SOURCES) if rng.random() < 0.1 else sources[group_of(path)] for path in full}
    found: list[State] = []
    for n in range(states):
        late = {g for g in groups if may_go(g) and rng.random() < 0.15} if n < states - 1 else set[str]()
        leaves = {p: v for p, v in full.items() if group_of(p) not in late}
        for path in rng.sample(sorted(leaves), len(leaves) // 12) if n < states - 1 else ():
            after = changed(path, leaves, rng)
            leaves = after if _is_plan(after) else leaves
        origins = {path: parties.get(path, sources.get(group_of(path), HEALTH)) for path in leaves}
        at = NOW - timedelta(days=12 * (states - n))
        found.append(State(dict(leaves_of(plan_from_leaves(leaves))), origins, rng.choice(SOURCES), at))
    return tuple(found)


def group_of(path: str) -> str:
    """What stands or falls together: the outermost element that a path is in, else the item itself."""
    end = path.find("]")
    return path if end == -1 or end == len(path) - 1 else path[: end + 1]


def may_go(group: str) -> bool:
    """Whether a plan can do without it."""
    return not group.startswith(CONTROL) and ("]" in group or not FIELDS[group].required)


def _is_plan(leaves: Leaves) -> bool:
    try:
        plan_from_leaves(leaves)
    except InvalidPlan:
        return False
    return True


def changed(path: str, leaves: Leaves, rng: random.Random) -> dict[str, Scalar]:
    """The items with another value at *path*; a member of a set gives way to another."""
    pattern = pattern_of(path)
    found = dict(leaves)
    if path.startswith(CONTROL):
        return found
    value = value_for(pattern, rng)
    if pattern.endswith("[]"):
        del found[path]
        path = f"{path[: path.rindex('[')]}[{value}]"
    found[path] = value
    scored(found, rng)
    return found


def scored(leaves: dict[str, Scalar], rng: random.Random) -> None:
    """A value belongs to instruments that have a scale; see `worlds.plans`."""
    for path in [p for p in leaves if p.startswith("scores[") and p.endswith("].value")]:
        instrument = leaves.get(path.removesuffix("value") + "instrument")
        if instrument is not None and code_list("CL-36").value(str(instrument), "maximum") is None:
            del leaves[path]

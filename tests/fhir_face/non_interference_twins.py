"""The other side of a pair of plan histories: as much as possible of what is withheld from one party is another."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from fhir_face.non_interference_plans import (
    CONTROL,
    SOURCES,
    State,
    changed,
    decisions,
    group_of,
    may_go,
    scored,
    seen,
)
from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.items import Scalar, leaves_of, plan_from_leaves
from tyokyky_bridge.domain.schema import SCHEMA, Field, Shape
from worlds.parties import EMPLOYMENT, HEALTH, KELA
from worlds.plans import _grow

RECIPIENTS = ((HEALTH, "lifecare"), (EMPLOYMENT, "ura"))
"""The parties with a system at the hubs of these tests."""

Edit = Callable[[dict[str, Scalar], dict[str, str]], None]
"""Changes items and their parties in place."""


@dataclass(frozen=True)
class Act:
    """An edit of one group of items."""

    group: str
    on: Edit


@dataclass(frozen=True)
class Twin:
    """The other side of a pair for one *party* and its *consents*; *changed* counts items that differ."""

    party: str
    consents: tuple[Consent, ...]
    seed: str
    explained: bool = False
    much: float = 1.0

    def of(self, states: Sequence[State]) -> tuple[State, ...]:
        """The same history with other hidden content, and hidden revisions after each of its revisions."""
        found: list[State] = []
        for n, state in enumerate(states):
            found.append(self.rewritten(state, "first"))
            for extra in range(1 + (n + 1 == len(states))):
                hidden = self.rewritten(state, f"extra {extra}")
                at = state.at + timedelta(days=2 + 3 * extra)
                found.append(replace(hidden, at=at, by=HEALTH if self.party != HEALTH else KELA))
        return tuple(found)

    def rewritten(self, state: State, turn: str) -> State:
        """One revision with as much of what is hidden changed as leaves the sight of the party as it is."""
        before = self._seen(state)
        acts = list(self._acts(state, {path for path, _ in before[0]}, turn))

        def tried(some: Sequence[Act]) -> State | None:
            leaves, parties = dict(state.leaves), dict(state.parties)
            for act in some:
                act.on(leaves, parties)
            try:
                leaves = leaves_of(plan_from_leaves(leaves))
            except InvalidPlan:
                return None
            return replace(state, leaves=leaves, parties={p: parties[p] for p in leaves})

        def is_alike(made: State | None) -> bool:
            return made is not None and self._seen(made) == before

        def harmless(some: Sequence[Act]) -> list[Act]:
            if not some or is_alike(tried(some)):
                return list(some)
            half = len(some) // 2
            return [] if len(some) == 1 else [*harmless(some[:half]), *harmless(some[half:])]

        for _ in range(3):  # what shows of itself is left out in whole groups; what moves others, one by one
            made = tried(acts)
            if made is None or is_alike(made):
                break
            after = self._seen(made)[0]
            shown = {group_of(path) for path, _ in {*after} ^ {*before[0]}}
            acts = [act for act in acts if act.group not in shown]
        return tried(harmless(acts)) or state

    def _seen(self, state: State) -> Any:
        """What the party sees, and where it may ask why: what is decided about that towards others."""
        mine = seen(state, self.party, self.consents)
        if not self.explained:
            return mine
        others = (decisions(state, party, channel, self.consents) for party, channel in RECIPIENTS)
        return (*mine, [[(path, told[path]) for path, _ in mine[0]] for told in others])

    def _acts(self, state: State, visible: set[str], turn: str) -> Iterator[Act]:
        hidden: dict[str, list[str]] = {}
        for path in state.leaves:
            if path not in visible and not path.startswith(CONTROL):
                hidden.setdefault(group_of(path), []).append(path)
        shown = {group_of(path) for path in visible}
        for group, paths in hidden.items():
            rng = random.Random(f"{self.seed} {turn} {group}")
            if group not in shown and may_go(group) and rng.random() < 0.25 * self.much:
                yield Act(group, _dropping(paths))
                continue
            for path in paths:
                if rng.random() < 0.7 * self.much:
                    yield Act(group, _changing(path, rng))
        rng = random.Random(f"{self.seed} {turn} elements")
        for at, shape in ELEMENT_LISTS:
            if rng.random() < 0.6 * self.much:
                element = f"{at}[x-{rng.randrange(3)}]"
                yield Act(element, _adding(element, shape, rng, rng.choice(SOURCES)))


def _dropping(paths: Sequence[str]) -> Edit:
    def act(leaves: dict[str, Scalar], parties: dict[str, str]) -> None:
        for path in paths:
            leaves.pop(path, None)

    return act


def _changing(path: str, rng: random.Random) -> Edit:
    seed = rng.random()

    def act(leaves: dict[str, Scalar], parties: dict[str, str]) -> None:
        if path not in leaves:
            return
        after = changed(path, leaves, random.Random(seed))
        parties.update(dict.fromkeys(after.keys() - leaves.keys(), parties[path]))
        leaves.clear()
        leaves.update(after)

    return act


def _adding(element: str, shape: Shape, rng: random.Random, party: str) -> Edit:
    made = dict(_grow(shape, f"{element}.", rng, 0.7, 1, wild=False))
    scored(made, rng)

    def act(leaves: dict[str, Scalar], parties: dict[str, str]) -> None:
        leaves.update(made)
        parties.update(dict.fromkeys(made, party))

    return act


def _lists(shape: Shape, prefix: str) -> Iterator[tuple[str, Shape]]:
    for field in shape:
        yield from _lists_of(field, prefix + field.name)


def _lists_of(field: Field, at: str) -> Iterator[tuple[str, Shape]]:
    if field.form == "part":
        yield from _lists(field.shape, f"{at}.")
    elif field.form == "list" and not f"{at}[".startswith(CONTROL):
        yield at, field.shape


ELEMENT_LISTS = tuple(_lists(SCHEMA.shape, ""))
"""Every list of elements that is in no other element, with the shape of its elements."""


def differing(one: Sequence[State], other: Sequence[State]) -> int:
    """How many items of the last revisions are not the same."""
    mine, theirs = one[-1].leaves, other[-1].leaves
    return sum(mine.get(path) != theirs.get(path) for path in mine.keys() | theirs.keys())

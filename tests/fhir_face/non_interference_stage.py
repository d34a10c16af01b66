"""Two hubs that are asked the same: one by the script itself, the other by what the script has sent to the first.

Clock, ids and the key of cursors are fixed, so that nothing but what is hidden can make answers differ. While the
second is asked, hidden things happen in it: revisions, consents of others, other parties' documents.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from fhir_face.non_interference_asked import Answer, Guesses, Request
from fhir_face.non_interference_plans import SOURCES, State
from fhir_face.non_interference_script import Curious
from fhir_face.non_interference_twins import Twin
from fhir_face.non_interference_values import whole
from fhir_face.non_interference_worlds import CLIENTS, EXPLAINED, HETUS, Clock, Pair, World, load
from fhir_face.recorder import not_recorded
from tyokyky_bridge.api.fhir import outcomes
from tyokyky_bridge.domain.items import leaves_to_json
from tyokyky_bridge.fhir.wire.text import render
from tyokyky_bridge.services import shape
from tyokyky_bridge.services.fhir import kept, plan_sight
from tyokyky_bridge.services.loading import revision_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.storage import open_store, session
from worlds.hub import caller
from worlds.parties import HEALTH, KELA, NOW
from worlds.web import Web, a_web, token

INDEX_KEY = b"a key for made-up people only...."
NOT_COMPARED = frozenset({"date", "x-request-id"})


class Chance:
    """Every random number of the hub, the same for the same request of the script."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._drawn = random.Random(0)
        patch.setattr(session, "secrets", SimpleNamespace(randbits=self._bits))
        patch.setattr(shape, "uuid", SimpleNamespace(uuid4=self.uuid))
        patch.setattr(outcomes, "uuid4", self.uuid)

    def _bits(self, count: int) -> int:
        return self._drawn.getrandbits(count)

    def uuid(self) -> UUID:
        """A random UUID."""
        return UUID(int=self._drawn.getrandbits(128), version=4)

    def begin(self, request: int) -> None:
        """Draw for another request."""
        self._drawn = random.Random(request)


@dataclass
class Hub:
    """One hub with one world in it, as one caller asks it."""

    web: Web
    clock: Clock
    chance: Chance
    bearer: str
    sights: Any = field(default_factory=lambda: plan_sight._Sights(plan_sight.KEPT))

    async def ask(self, number: int, request: Request) -> Answer:
        """Send one request of the script: the second after the one before it, and with chances of its own."""
        self.begin(number)
        body = request.body
        content = body if isinstance(body, bytes | None) else render(body)
        kind = "application/json-patch+json" if request.method == "PATCH" else "application/fhir+json"
        headers = {
            "Authorization": f"Bearer {self.bearer}",
            **({} if content is None else {"Content-Type": kind}),
            **request.headers,
        }
        answer = await self.web.http.request(
            str(request.method), request.path, content=content, headers=headers
        )
        told = {name: value for name, value in answer.headers.items() if name not in NOT_COMPARED}
        is_json = "json" in told.get("content-type", "") and answer.content
        return Answer(answer.status_code, told, answer.content, answer.json() if is_json else None)

    def begin(self, number: int) -> None:
        """Make everything that is shared in this process this hub's, as it is at that request."""
        plan_sight._SIGHTS = self.sights
        self.chance.begin(number)
        self.clock.now = NOW + timedelta(seconds=number)


@asynccontextmanager
async def a_hub_with(url: str, party: str, world: World, chance: Chance) -> AsyncIterator[Hub]:
    """A hub over a fresh database with *world* in it."""
    clock = Clock()
    store = open_store(url, index_key=INDEX_KEY, clock=clock)
    await load(store, clock, world)
    web = a_web(store, observe=False)
    web.app.state.cursor_key = b"k" * 32
    try:
        yield Hub(web, clock, chance, token(party=party, sub="curious"))
    finally:
        await web.http.aclose()
        await store.aclose()


@dataclass
class Comparison:
    """The script run against both hubs; *differences* says which requests were answered in another way, and how."""

    pair: Pair
    plain: Hub
    other: Hub
    at_most: int = 20
    asked: int = 0
    differences: list[str] = field(default_factory=list)

    async def run(self, turn: int, first: str | None = None) -> None:
        """
        Ask everything, until there are differences enough.

        Args:
            turn: Says whose turn it is where there are many.
            first: The part of the script that comes early.
        """
        with suppress(_Enough):
            await Curious(self._ask, guesses_for(self.pair), turn).everything(first)

    async def _ask(self, request: Request) -> Answer:
        self.asked += 1
        if request.method is None:
            self.other.begin(-self.asked)
            self.other.clock.now = NOW + timedelta(seconds=self.asked)
            await _happens(self.other, self.pair, self.asked)
            return Answer(0, {}, b"", None)
        with not_recorded():  # a thousand bodies of the same resources; judges get theirs in other tests
            first = await self.plain.ask(self.asked, request)
            second = await self.other.ask(self.asked, request)
        alike = (first.status, first.headers, first.body) == (second.status, second.headers, second.body)
        if not alike or first.status >= 500:
            self.differences.append(f"{request.method} {request.path}: {_parting(first, second)}")
            if len(self.differences) >= self.at_most:
                raise _Enough
        return first


class _Enough(Exception):
    """There are differences enough."""


def _parting(first: Answer, second: Answer) -> str:
    """Where two answers begin to differ, with what is around."""
    if first.status != second.status:
        return f"{first.status} and {second.status}"
    if first.body == second.body:
        return f"{set(first.headers.items()) ^ set(second.headers.items())}"
    mine, theirs = first.body.decode(), second.body.decode()
    at = next((n for n, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), 0)
    around = slice(max(0, at - 120), at + 60)
    return f"…{mine[around]}… and …{theirs[around]}…"


def guesses_for(pair: Pair) -> Guesses:
    """All that could be guessed of the second world."""
    documents = whole(pair.other)
    rng = random.Random(1)
    keys = sorted({(type_, str(d["id"])) for type_, each in documents.items() for d in each})
    others = {(type_, id_) for _, type_, id_, _ in pair.other.own}
    hidden = [form for form in pair.other.forms if pair.party not in form[0].parties]
    forms = {
        ("Consent", f"{UUID(form[0].consent_id).hex}.{g.discloser}-to-{g.recipient}")
        for form in (*hidden, *pair.other.forms)
        for g in form[0].grants
    }
    ids = [*rng.sample(keys, min(16, len(keys))), *sorted(others), *sorted(forms)]
    return Guesses(
        ids=ids,
        documents=documents,
        clients=[str(each) for each in CLIENTS.values()],
        plans=[str(story.plan_id) for story in pair.other.stories],
        explained=[str(story.plan_id) for story in pair.other.stories if story.client in EXPLAINED],
        hetus=[*HETUS.values()],
        parties=SOURCES,
    )


async def _happens(hub: Hub, pair: Pair, turn: int) -> None:
    """Something that the caller may not notice."""
    giver = HEALTH if turn % 2 else KELA
    main = pair.plain.stories[turn % 2]
    form = next(each[0] for each in pair.plain.forms if each[0].client_id == str(CLIENTS[main.client]))
    twin = Twin(pair.party, (form,), f"happens {turn}", explained=main.client in EXPLAINED, much=0.2)

    def revise(tx: Tx) -> None:
        row = tx.plans.latest(main.plan_id)
        assert row is not None
        now = revision_of(row)
        parties = {path: origin.party for path, origin in now.origins.items()}
        after = twin.rewritten(State(now.leaves, parties, giver, tx.now()), str(turn))
        origins = {
            path: row.origins.get(
                path, {"party": after.parties[path], "at": tx.now().isoformat(), "role": "system"}
            )
            for path in after.leaves
        }
        tx.plans.append(
            main.plan_id, expected=row.version, status=str(after.leaves["header.status"]), cause="api",
            actor=giver, leaves=leaves_to_json(after.leaves), origins=origins,
        )  # fmt: skip
        tx.clients.bump_epoch(CLIENTS[main.client])

    def others(tx: Tx) -> None:
        stranger = next(each for each in SOURCES if each != pair.party)
        document = {"resourceType": "Patient", "name": [{"family": f"Vieras {turn}"}]}
        kept.update(tx, caller(stranger), "Patient", "own-1", document)
        kept.create(tx, caller(stranger), "Patient", document)
        hidden = next(each[0] for each in pair.other.forms if pair.party not in each[0].parties)
        doc = hidden.model_copy(update={"purpose_text": f"tarkoitus {turn}"}).model_dump(mode="json")
        tx.consents.change(UUID(hidden.consent_id), status="active", doc=doc, actor=HEALTH)

    await hub.web.bridge.store.write(revise)
    await hub.web.bridge.store.write(others)

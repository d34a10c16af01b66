"""People who call the hub: professionals who edit and decide, clients who give and take back consents."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from simulation.native import (
    CODES,
    CONCLUSION,
    GOAL,
    HISTORY,
    HOUSING,
    LIMITATION,
    NAMES,
    RHYTHM,
    STATUS,
    STRENGTHS,
)
from simulation.process import Process
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.items import leaves_from_json
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.clients import register_client
from tyokyky_bridge.services.conflicts import read_conflict
from tyokyky_bridge.services.consents import record_consent, withdraw_consent
from tyokyky_bridge.services.plans import create_plan, revise_plan
from tyokyky_bridge.services.resolving import Choice, resolve_conflict
from tyokyky_bridge.services.shape import shaped
from worlds.parties import EMPLOYMENT, HEALTH, SCAN, SOCIAL

if TYPE_CHECKING:
    from simulation.world import World

CATEGORIES = (
    "health.conclusion",
    "health.functioning",
    "social.situation",
    "plan.goals",
    "employment.history",
)
WRITES = {
    HEALTH: (CONCLUSION, LIMITATION, STRENGTHS, RHYTHM, HOUSING, STATUS, GOAL),
    EMPLOYMENT: (HISTORY, STRENGTHS, RHYTHM, GOAL),
}
"""What the professionals of each party edit in the hub."""


class Office:
    """The hub's callers. Each call is a process of its own, which can die before it has answered."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.acknowledged: list[str] = []
        self.standing: list[str] = []
        self.once: dict[tuple[int, str], list[Any]] = {}

    async def call(self, what: str, act: Callable[[Bridge], Awaitable[Any]]) -> Any:
        """Call the hub; ``None`` when it refuses, fails or never answers."""
        world = self.world
        process = Process(world, "api")
        task = process.start(self._answer(what, act, process), what)
        ended = asyncio.get_running_loop().create_task(process.died.wait())
        await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        return task.result() if task.done() else None

    async def _answer(self, what: str, act: Callable[[Bridge], Awaitable[Any]], process: Process) -> Any:
        self.world.note(f"api: {what}")
        try:
            answer = await act(self.world.bridge(process))
        except BridgeError as error:
            self.world.note(f"api: {what} -> {error.code} {error} {getattr(error, 'problems', '')}")
            return None
        self.world.note(f"api: {what} answered")
        return answer

    async def open(self, number: int, hetu: str) -> None:
        """Register a client and record the plan."""
        world, helmi = self.world, self._caller(HEALTH)
        client = await self.call("register", lambda bridge: register_client(bridge, helmi, hetu))
        content: dict[str, Any] = {
            "header.status": "active",
            "care_team.coordinator.party": HEALTH,
            "care_team.coordinator.worker.name": "Helmi Virta",
            "client.hetu[h-1].value": hetu,
            "client.hetu[h-1].kind": "official",
            "client.family_name": "Esimerkki",
            "client.given_names": "Tuulikki",
            "client.birth_date": "1985-03-12",
            "network.members[n-1].organization.party": SOCIAL,
            "network.members[n-1].sector": "social",
            "network.members[n-2].organization.party": EMPLOYMENT,
            "network.members[n-2].sector": "employment",
        }
        for path in (CONCLUSION, LIMITATION, STRENGTHS, RHYTHM):
            if world.chance(0.7):
                content[path] = world.new_mark(NAMES[path], number, path, party=HEALTH, system=None)
        path = "goals[g-1].text_client"
        content[path] = world.new_mark(GOAL, number, path, party=HEALTH, system=None)
        world.clients.append(client)
        plan = await self.call(
            "create plan",
            lambda bridge: create_plan(bridge, helmi, client, shaped(leaves_from_json(content))),
        )
        world.plans.append(plan.plan_id)

    async def edit(self, number: int) -> None:
        """A professional changes one or two items, now and then back to what was there before."""
        rng = self.world.rng
        party = HEALTH if rng.random() < 0.8 else EMPLOYMENT
        changes: dict[str, Any] = {}
        for field in rng.sample(WRITES[party], rng.choice((1, 1, 2))):
            path = f"goals[g-{rng.choice((1, 2))}].text_client" if field == GOAL else field
            changes[path] = self._value(number, path, party)
        await self.put(number, party, changes)

    async def put(self, number: int, party: str, changes: dict[str, Any]) -> None:
        """A professional writes these values."""
        world = self.world
        plan = world.plans[number]
        done = await self.call(
            f"{party} edits {changes}",
            lambda bridge: revise_plan(
                bridge, self._caller(party), plan, [Change(p, v) for p, v in changes.items()], if_match="*"
            ),
        )
        if done is not None:
            self.acknowledged += [v for v in changes.values() if v in world.marks]

    async def change_and_undo(self, number: int) -> None:
        """A professional writes something, sees it arrive everywhere, and puts back what stood there before."""
        world, path = self.world, STRENGTHS
        before = world.history.value(world.plans[number], path)
        mark = world.new_mark(NAMES[path], number, path, party=HEALTH, system=None)
        for value in (mark, before):
            await self.put(number, HEALTH, {path: value})
            await asyncio.sleep(12.0)

    def _value(self, number: int, path: str, party: str) -> Any:
        world, rng = self.world, self.world.rng
        if path == STATUS:
            return rng.choice(("active", "under_revision"))
        if path == HOUSING:
            return rng.choice(CODES)
        before = self.once.setdefault((number, path), [])
        if before and rng.random() < 0.25:
            value = rng.choice(before)
            if value in world.marks and party not in world.marks[value].parties:
                return None
            return value
        if rng.random() < 0.15:
            return None
        name = NAMES.get(path, GOAL)
        before.append(world.new_mark(name, number, path, party=party, system=None))
        return before[-1]

    async def consent(self, number: int) -> None:
        """The client signs a form."""
        world, rng = self.world, self.world.rng
        recipients = [p.party for p in world.partners.values()]
        chosen = rng.sample(recipients, rng.choice((1, len(recipients))))
        categories = rng.sample(CATEGORIES, rng.choice((2, 4, 5)))
        parties = (HEALTH, EMPLOYMENT, SOCIAL)
        pairs = [(giver, taker) for taker in chosen for giver in parties if giver != taker]
        form: dict[str, Any] = {
            "form_kind": "Y100_WRITTEN",
            "form_id": "Y100",
            "form_version": "as printed",
            "status": "active",
            "granted_at": world.now - timedelta(minutes=5),
            "taken_by": {"name": "Helmi Virta", "party": HEALTH},
            "valid_from": finnish_day(world.now) - timedelta(days=2),
            "valid_until": finnish_day(world.now) + timedelta(days=60),
            "purpose_text": "yhteistyö",
            "evidence": SCAN,
            "grants": [{"discloser": g, "recipient": t, "categories": list(categories)} for g, t in pairs],
        }
        client = world.clients[number]

        async def act(bridge: Bridge) -> str:
            fenced = await record_consent(bridge, self._caller(HEALTH), client, form)
            return fenced.consent.consent_id

        made = await self.call(f"consent to {chosen} for {categories}", act)
        if made is not None:
            self.standing.append(made)

    async def withdraw(self) -> None:
        """The client takes a form back."""
        world = self.world
        if not self.standing:
            return
        consent = self.standing.pop(world.rng.randrange(len(self.standing)))
        at = world.now - timedelta(seconds=1)
        answered = await self.call(
            f"withdraw {consent[-6:]}",
            lambda bridge: withdraw_consent(bridge, self._caller(HEALTH), UUID(consent), at=at, by={}),
        )
        if answered is not None:
            world.invariants.given[consent].answered_s = world.now_s
        else:
            self.standing.append(consent)

    async def resolve(self) -> None:
        """A professional decides an open conflict: one side's value, or a third."""
        world, rng = self.world, self.world.rng
        waiting = world.database.rows("SELECT id, path, owner FROM conflict WHERE state = 'open' ORDER BY id")
        if not waiting:
            return
        number, path, owner = rng.choice(waiting)
        conflict = UUID(number)
        caller = self._caller(owner)
        resolution = rng.choice(("ours", "theirs", "other"))
        value = None
        if resolution == "other" and "text" in path:
            value = world.new_mark(GOAL, 0, path, party=owner, system=None)

        async def act(bridge: Bridge) -> Any:
            view = await read_conflict(bridge, caller, conflict)
            choice = Choice(resolution, value)
            return await resolve_conflict(bridge, caller, conflict, choice, if_match=view.etag)

        done = await self.call(f"resolve {path}: {resolution} {value or ''}", act)
        if done is not None and value is not None:
            self.acknowledged.append(value)

    def _caller(self, party: str) -> Caller:
        return Caller(party, Role.PROFESSIONAL, "helmi", Purpose.WORK_ABILITY_SUPPORT)

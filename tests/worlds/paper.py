"""A partner system in memory, and a hub wired to it on a real store: for stories about one link.

The partner is invented. It keeps one record for each person, checks versions, and does what a test scripts.
"""

import copy
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from inspect import isawaitable
from typing import Any, Literal
from uuid import UUID

from tyokyky_bridge.adapterkit.contract import (
    Found,
    Licence,
    Native,
    Standing,
    Written,
)
from tyokyky_bridge.adapterkit.errors import ChangedUnderneath, NotThere
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.items import leaves_from_json
from tyokyky_bridge.domain.parties import Directory, Purpose, System
from tyokyky_bridge.mapping.catalogue import read_spec
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.clients import register_client
from tyokyky_bridge.services.consents import Fenced, record_consent, withdraw_consent
from tyokyky_bridge.services.delivery import Engine, deliver
from tyokyky_bridge.services.plans import create_plan, read_plan, revise_plan
from tyokyky_bridge.services.records import LinkRow
from tyokyky_bridge.services.shape import shaped
from tyokyky_bridge.storage import Store
from worlds.parties import DIRECTORY, EMPLOYMENT, HEALTH, LEGAL_BASES, SCAN, SOCIAL
from worlds.silent import Silent

HETU = "120385-921T"
CONCLUSION = "health.work_ability_conclusion"
LIMITATION = "health.work_limitation_text"
CONTENT = {
    "header.status": "active",
    "care_team.coordinator.party": HEALTH,
    "care_team.coordinator.worker.name": "Helmi Virta",
    "client.hetu[h-1].value": HETU,
    "client.hetu[h-1].kind": "official",
    "client.family_name": "Esimerkki",
    "client.given_names": "Tuulikki",
    "client.birth_date": "1985-03-12",
    "network.members[n-1].organization.party": SOCIAL,
    "network.members[n-1].sector": "social",
    CONCLUSION: "Osa-aikatyö mahdollinen.",
}
MAPPING = """
system: paper
version: {version}
record: suunnitelma
fields:
  - {{id: conclusion, plan: health.work_ability_conclusion, native: terveys.johtopaatos, max: 200, over: reject}}
  - {{id: limitation, plan: health.work_limitation_text, native: terveys.rajoite, max: 60, over: reject}}
  - {{id: checkup, plan: health.checkup_date, native: terveys.tarkastus, codec: date-int}}
lists:
  - id: goals
    plan: goals
    native: tavoitteet
    key: {{native: tunniste}}
    fields:
      - {{id: goal-text, plan: text_client, native: teksti, max: 200, over: reject}}
never: []
"""


@cache
def paper_lens(version: int = 1) -> Lens:
    """The mapping of the paper system."""
    return Lens(read_spec(MAPPING.format(version=version)))


@dataclass
class Sheet:
    """One person's record as the partner holds it."""

    id: str
    content: Native
    version: int = 1
    created_by_hub: bool = True


@dataclass
class Paper(Silent):
    """`adapterkit.contract.Adapter` without a wire. *script* holds, for each call, what the next ones do first."""

    retract_as: Literal["void", "blank", "retained"] = "void"
    people: set[str] = field(default_factory=lambda: {HETU})
    aliases: dict[str, str] = field(default_factory=dict[str, str])
    """Numbers under which the partner, who merged two persons, finds another."""
    sheets: dict[str, Sheet] = field(default_factory=dict[str, Sheet])
    journal: list[str] = field(default_factory=list[str])
    answered: dict[str, Written] = field(default_factory=dict[str, Written])
    """By key: who repeats a write is given the first answer, and nothing changes."""
    script: dict[str, deque[Callable[["Paper"], object] | Exception]] = field(
        default_factory=dict[str, deque[Callable[["Paper"], object] | Exception]]
    )
    stores: Callable[[Native], Native] = copy.deepcopy
    offered: Native = field(default_factory=dict[str, Any])
    made: int = 0

    def then(self, call: str, *steps: Callable[["Paper"], object] | Exception) -> None:
        """Let the next calls of that name do these steps, one each, before (or instead of) their work."""
        self.script.setdefault(call, deque()).extend(steps)

    def holds(self, hetu: str = HETU) -> Native:
        """What the partner holds of a person; empty without a record."""
        sheet = self.sheets.get(hetu)
        return {} if sheet is None else sheet.content

    def edit(self, change: Callable[[Native], object], hetu: str = HETU) -> None:
        """A user of the partner changes the record, or makes one."""
        sheet = self.sheets.get(hetu)
        if sheet is None:
            sheet = self._new(hetu, {}, by_hub=False)
        change(sheet.content)
        sheet.version += 1

    @property
    def writes(self) -> list[str]:
        """The calls that changed something."""
        return [line for line in self.journal if line.startswith(("wrote", "voided"))]

    async def find(self, hetu: str) -> Found:
        await self._step("find")
        hetu = self.aliases.get(hetu, hetu)
        if hetu not in self.people:
            raise NotThere
        sheet = self.sheets.get(hetu)
        return Found(hetu, None if sheet is None else sheet.id)

    async def fetch(self, found: Found) -> Standing:
        await self._step("fetch")
        sheet = self._sheet(found)
        if found.record_id is None:
            return Standing({})
        if sheet is None:
            raise NotThere
        return Standing(copy.deepcopy(sheet.content), sheet.id, str(sheet.version))

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        await self._step("about to write")
        licence.check()
        self.offered = content
        await self._step("write")
        if key not in self.answered:
            sheet = self.take(found, content, standing)
            self.answered[key] = Written(sheet.id, str(sheet.version))
        await self._step("answer")
        return self.answered[key]

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        licence.check()
        await self._step("retract")
        self.sheets.pop(found.person_id, None)
        self.journal.append("voided")
        return "voided"

    def take(self, found: Found, content: Native, standing: Standing) -> Sheet:
        """Store a write against its version."""
        sheet = self.sheets.get(found.person_id)
        if (None if sheet is None else (sheet.id, str(sheet.version))) != (
            None if standing.record_id is None else (standing.record_id, standing.version)
        ):
            raise ChangedUnderneath("stale")
        if sheet is None:
            sheet = self._new(found.person_id, self.stores(content), by_hub=True)
        else:
            sheet.content, sheet.version = self.stores(content), sheet.version + 1
        self.journal.append(f"wrote v{sheet.version}")
        return sheet

    def _sheet(self, found: Found) -> Sheet | None:
        return next((s for s in self.sheets.values() if s.id == found.record_id), None)

    def _new(self, hetu: str, content: Native, *, by_hub: bool) -> Sheet:
        self.made += 1
        self.sheets[hetu] = sheet = Sheet(f"r-{self.made}", content, created_by_hub=by_hub)
        return sheet

    async def _step(self, call: str) -> None:
        self.journal.append(call)
        steps = self.script.get(call)
        if not steps:
            return
        step = steps.popleft()
        if isinstance(step, Exception):
            raise step
        done = step(self)
        if isawaitable(done):
            await done


def paper_bridge(
    store: Store, *papers: Paper, version: int = 1, parties: tuple[str, ...] = (SOCIAL, EMPLOYMENT)
) -> Bridge:
    """A hub with one paper system for each partner, named ``paper-1``, ``paper-2``…"""
    systems = [
        System(f"paper-{n}", "paper", party, f"paper-{n}", Purpose.WORK_ABILITY_SUPPORT, "")
        for n, (_, party) in enumerate(zip(papers, parties, strict=False), start=1)
    ]
    rows = [row for group in DIRECTORY.parties.values() for row in group]
    partners = {
        system.id: Partner(
            system,
            Manifest(system="paper", title="Paper", contract=1, mapping="-", retract=paper.retract_as),
            paper_lens(version),
            paper,
        )
        for system, paper in zip(systems, papers, strict=False)
    }
    return Bridge(store, Directory(rows, systems), LEGAL_BASES, partners, synthetic_only=True)


class Office:
    """Helmi at lrha-health, the hub, and its worker: one client, one plan."""

    def __init__(self, store: Store, *papers: Paper, licence_s: float = 2.0, **wired: Any) -> None:
        self.store = store
        self.papers = papers
        self.paper = papers[0]
        self.bridge = paper_bridge(store, *papers, **wired)
        self.engine = Engine(self.bridge, "w-1", licence_s=licence_s)
        self.helmi = Caller(HEALTH, Role.PROFESSIONAL, "helmi", Purpose.WORK_ABILITY_SUPPORT)
        self.client_id = self.plan_id = UUID(int=0)

    async def open(self, **leaves: Any) -> UUID:
        """Register the client and record the plan, with *leaves* (dots as ``__``) on top; returns its id."""
        self.client_id = await register_client(self.bridge, self.helmi, HETU)
        return await self.open_again(**leaves)

    async def open_again(self, **leaves: Any) -> UUID:
        """Record another plan of the same client."""
        content = CONTENT | {name.replace("__", "."): value for name, value in leaves.items()}
        seen = await create_plan(self.bridge, self.helmi, self.client_id, shaped(leaves_from_json(content)))
        self.plan_id = seen.plan_id
        return seen.plan_id

    async def consent(
        self, *categories: str, to: str = SOCIAL, kind: str = "Y100_WRITTEN", **members: Any
    ) -> UUID:
        """Record a form from lrha-health to one party; returns its id."""
        now = await self.store.read(lambda tx: tx.now())
        today = finnish_day(now)
        form: dict[str, Any] = {
            "form_kind": kind,
            "form_id": "Y100",
            "form_version": "as printed",
            "status": "active",
            "granted_at": now - timedelta(minutes=5),
            "taken_by": {"name": "Helmi Virta", "party": HEALTH},
            "valid_from": today - timedelta(days=2),
            "valid_until": today + timedelta(days=60),
            "purpose_text": "yhteistyö",
            "evidence": None if kind == "ORAL_ONCE" else SCAN,
            "grants": [{"discloser": HEALTH, "recipient": to, "categories": list(categories)}]
            if categories
            else [],
        } | members
        fenced = await record_consent(self.bridge, self.helmi, self.client_id, form)
        return UUID(fenced.consent.consent_id)

    async def withdraw(self, consent_id: UUID) -> Fenced:
        """The client takes the form back, now."""
        now = await self.store.read(lambda tx: tx.now())
        return await withdraw_consent(
            self.bridge, self.helmi, consent_id, at=now - timedelta(seconds=1), by={}
        )

    async def change(self, changes: Mapping[str, Any], plan_id: UUID | None = None) -> None:
        """Helmi edits the plan."""
        await revise_plan(
            self.bridge,
            self.helmi,
            plan_id or self.plan_id,
            [Change(path, value) for path, value in changes.items()],
            if_match="*",
        )

    async def link(self, system: str = "paper-1", plan_id: UUID | None = None) -> LinkRow:
        """The plan's link to a system."""
        (link,) = await self.store.read(lambda tx: tx.links.of_plan(plan_id or self.plan_id, system=system))
        return link

    async def claim(self, system: str = "paper-1", limit: int = 1) -> tuple[LinkRow, ...]:
        """Lease what is due, as the worker does."""
        return await self.store.write(
            lambda tx: tx.links.claim(system, limit=limit, worker="w-1", lease=timedelta(seconds=30))
        )

    async def attempt(self, system: str = "paper-1") -> bool:
        """One attempt on one due link; whether there was one."""
        for link in await self.claim(system):
            await deliver(self.engine, self.bridge.partners[system], link)
            return True
        return False

    async def settle(self, *, rounds: int = 40) -> None:
        """Attempt whatever is due, waiting out every backoff, until nothing is."""
        for _ in range(rounds):
            if not any([await self.attempt(system) for system in self.bridge.partners]):
                if not await self.store.read(lambda tx: tx.workers.agenda(tuple(self.bridge.partners))):
                    return
                self.store.clock_offset += timedelta(minutes=6)
        msg = "the links do not settle"
        raise AssertionError(msg)

    async def read(self) -> Any:
        """The plan as Helmi sees it."""
        return await read_plan(self.bridge, self.helmi, self.plan_id)

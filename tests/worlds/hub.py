"""A wired hub without HTTP: real storage, the demo's directory and law, a toy mapping, and partners in memory."""

import copy
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from mapping.toy import toy_lens
from tyokyky_bridge.adapterkit.contract import (
    Found,
    Licence,
    Native,
    Standing,
    Written,
)
from tyokyky_bridge.adapterkit.errors import ChangedUnderneath, NotThere
from tyokyky_bridge.adapterkit.manifest import Limits, Manifest
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services import clients, consents, plans
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.consents import Fenced
from tyokyky_bridge.services.delivery import Engine, deliver
from tyokyky_bridge.services.plans import Seen
from tyokyky_bridge.services.ports import Store
from tyokyky_bridge.services.records import LinkRow
from worlds.parties import DIRECTORY, EMPLOYMENT, HEALTH, KELA, LEGAL_BASES, NGO, SOCIAL
from worlds.silent import Silent

HETU = "120385-921T"
TWIN = "120385Y921T"
LEASE = timedelta(seconds=30)
LENS = toy_lens()


def caller(party: str, role: Role = Role.PROFESSIONAL, **members: Any) -> Caller:
    """Somebody of *party* who calls the hub."""
    named = {"subject": f"{role.value}@{party}", "purpose": Purpose.WORK_ABILITY_SUPPORT}
    return Caller(party=party, role=role, **{**named, **members})


HELMI = caller(HEALTH)
KAISA = caller(SOCIAL)
OLLI = caller(EMPLOYMENT)
TEEMU = caller(KELA)
SATAMA = caller(NGO)
DPO = caller(HEALTH, Role.OVERSIGHT)
OPERATOR = caller(HEALTH, Role.OPERATIONS)


class FakePartner(Silent):
    """A partner system in memory that keeps `adapterkit.contract.Adapter`: versions, keys, and faults on demand.

    *script* holds what the next calls of ``write`` and ``retract`` do: an exception is raised instead of working,
    ``("after", error)`` is raised after the effect, a coroutine function runs first. *effects* counts real changes.
    """

    def __init__(self, *, retract: Literal["voided", "retained"] = "voided") -> None:
        self.persons = {HETU: "p-1"}
        self.records: dict[str, tuple[Native, int]] = {}
        self.keys: dict[str, Written] = {}
        self.script: deque[Any] = deque()
        self.effects: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.on_find: BaseException | None = None
        self.on_fetch: Callable[[], Awaitable[None]] | BaseException | None = None
        self.distort: Callable[[Native], Native] = lambda content: content
        self._retract: Literal["voided", "retained"] = retract

    async def find(self, hetu: str) -> Found:
        self.asked.append("find")
        if self.on_find is not None:
            raise self.on_find
        if hetu not in self.persons:
            raise NotThere
        person = self.persons[hetu]
        return Found(person, f"r-{person}" if f"r-{person}" in self.records else None)

    async def fetch(self, found: Found) -> Standing:
        self.asked.append("fetch")
        if isinstance(self.on_fetch, BaseException):
            raise self.on_fetch
        if self.on_fetch is not None:
            hook, self.on_fetch = self.on_fetch, None
            await hook()
        if found.record_id is None or found.record_id not in self.records:
            return Standing({})
        content, version = self.records[found.record_id]
        return Standing(copy.deepcopy(content), found.record_id, str(version))

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        self.asked.append("write")
        after = await self._step()
        licence.check()
        if key not in self.keys:
            record = standing.record_id or f"r-{found.person_id}"
            version = self.records[record][1] if record in self.records else 0
            if str(version or None) != str(standing.version):
                msg = "409"
                raise ChangedUnderneath(msg)
            self.records[record] = (self.distort(copy.deepcopy(content)), version + 1)
            self.effects.append(("write", key))
            self.keys[key] = Written(record, str(version + 1))
        if after is not None:
            raise after
        return self.keys[key]

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        self.asked.append("retract")
        after = await self._step()
        licence.check()
        if key not in self.keys and self._retract == "voided":
            del self.records[str(standing.record_id)]
            self.effects.append(("void", key))
            self.keys[key] = Written(str(standing.record_id), None)
        if after is not None:
            raise after
        return self._retract

    async def _step(self) -> BaseException | None:
        step = self.script.popleft() if self.script else None
        if isinstance(step, tuple):
            return step[1]
        if isinstance(step, BaseException):
            raise step
        if step is not None:
            await step()
        return None

    def edits(self, change: Callable[[Native], None], *, person: str = "p-1") -> None:
        """A user of the partner changes the record by hand."""
        content, version = self.records.get(f"r-{person}", ({}, 0))
        content = copy.deepcopy(content)
        change(content)
        self.records[f"r-{person}"] = (content, version + 1)

    @property
    def content(self) -> Native | None:
        """The record of the only person, if there is one."""
        return self.records["r-p-1"][0] if "r-p-1" in self.records else None


def manifest(**members: Any) -> Manifest:
    """What a fake partner says of itself."""
    said: dict[str, Any] = {
        "system": "toy",
        "title": "Toy",
        "contract": 1,
        "mapping": "none:toy",
        "retract": "void",
        "limits": Limits(deadline_s=5.0),
    }
    return Manifest(**{**said, **members})


def a_hub(store: Store, partners: Mapping[str, FakePartner] | None = None, **says: Any) -> Bridge:
    """A bridge over *store*; *partners* by system of the demo directory, a fake Lifecare and Ura when not given."""
    day = date(2026, 3, 2)
    given = partners if partners is not None else {"lifecare": FakePartner(), "ura": FakePartner()}
    return Bridge(
        store=store,
        directory=DIRECTORY,
        legal_bases=LEGAL_BASES,
        partners={
            name: Partner(DIRECTORY.system(name, on=day), manifest(**says), LENS, fake)
            for name, fake in given.items()
        },
        synthetic_only=True,
    )


def days(count: int = 0) -> str:
    """Today, or as many days from it, as a form has it."""
    return (datetime.now(UTC).date() + timedelta(days=count)).isoformat()


def member(party: str, sector: str) -> dict[str, Any]:
    """One organisation of the client's network, since last month."""
    return {
        "id": f"n-{party}",
        "organization": {"party": party},
        "sector": sector,
        "period": {"start": days(-30)},
    }


def plan_content(**sections: Any) -> dict[str, Any]:
    """Tuulikki's plan as health care sends it in; *sections* replace or add sections."""
    content: dict[str, Any] = {
        "header": {"status": "active", "form": "full"},
        "client": {
            "hetu": [{"id": "h-1", "value": HETU, "kind": "official"}],
            "family_name": "Esimerkki",
            "given_names": "Tuulikki",
            "birth_date": "1985-03-12",
        },
        "care_team": {"coordinator": {"party": HEALTH, "worker": {"name": "Helmi Virta", "user": "HVIRTA"}}},
        "network": {"members": [member(EMPLOYMENT, "employment"), member(KELA, "kela")]},
        "health": {
            "work_ability_conclusion": "Osa-aikatyö mahdollinen.",
            "work_limitation_text": "Ei nostoja yli 10 kg.",
            "substance_use": "ei huomautettavaa",
        },
        "goals": [{"id": "g-1", "text_client": "Osa-aikatyö varastossa.", "status": "active"}],
        "scores": [
            {"id": "b4", "instrument": "kykyviisari_b4", "value": 4, "effective_on": days(-5)},
            {"id": "bdi", "instrument": "bdi_ii", "value": 18, "effective_on": days(-5)},
        ],
    }
    return {**content, **sections}


Y100 = ("admin.case", "health.conclusion", "plan.goals", "self.b4")


def y100(*pairs: tuple[str, str], categories: Iterable[str] = Y100, **members: Any) -> dict[str, Any]:
    """A signed form, valid from last month for a year: each pair is (discloser, recipient)."""
    form: dict[str, Any] = {
        "form_kind": "Y100_WRITTEN",
        "form_id": "Y100",
        "form_version": "2025-1",
        "status": "active",
        "granted_at": datetime.now(UTC).replace(microsecond=0) - timedelta(days=20),
        "taken_by": {"name": "Olli Lindqvist", "party": EMPLOYMENT, "user": "OLINDQ"},
        "valid_from": days(-30),
        "valid_until": days(335),
        "purpose_text": "työkyvyn tuen yhteistyö",
        "evidence": {
            "kind": "scan",
            "sha256": "0" * 64,
            "mime": "application/pdf",
            "stored_at": HEALTH,
            "signed_on": days(-30),
        },
        "grants": [
            {"discloser": giver, "recipient": taker, "categories": list(categories)} for giver, taker in pairs
        ],
    }
    return {**form, **members}


def spoken(giver: str, taker: str, *categories: str) -> dict[str, Any]:
    """What the client said on the telephone today, for one transaction."""
    return y100(
        (giver, taker),
        categories=categories,
        form_kind="ORAL_ONCE",
        form_id="ORAL",
        evidence=None,
        granted_at=datetime.now(UTC) - timedelta(minutes=1),
        valid_from=days(-1),
        valid_until=days(1),
    )


@dataclass
class Case:
    """One client with a plan, on a hub."""

    bridge: Bridge
    client_id: UUID
    plan_id: UUID
    seen: Seen
    forms: list[UUID] = field(default_factory=list[UUID])

    async def read(self, who: Caller = HELMI) -> Seen:
        """The plan as *who* sees it now."""
        return await plans.read_plan(self.bridge, who, self.plan_id)

    async def change(
        self, changes: Mapping[str, Any], who: Caller = HELMI, *, etag: str | None = None
    ) -> Seen:
        """Revise the plan by paths, on top of what *who* sees now unless an ETag is given."""
        tag = etag if etag is not None else (await self.read(who)).etag
        given = [Change(path, value) for path, value in changes.items()]
        return await plans.revise_plan(self.bridge, who, self.plan_id, given, if_match=tag)

    async def consent(self, form: Mapping[str, Any], who: Caller = HELMI) -> Fenced:
        """Record a form."""
        fenced = await consents.record_consent(self.bridge, who, self.client_id, form)
        self.forms.append(UUID(fenced.consent.consent_id))
        return fenced

    async def withdraw(self, who: Caller = HELMI, *, number: int = -1) -> Fenced:
        """Withdraw the newest form, or another."""
        at = datetime.now(UTC) - timedelta(minutes=1)
        return await consents.withdraw_consent(self.bridge, who, self.forms[number], at=at)

    async def link(self, system: str) -> LinkRow | None:
        """The link to one system, if there is one."""
        found = await self.bridge.store.read(lambda tx: tx.links.of_plan(self.plan_id, system=system))
        return found[0] if found else None

    async def generations(self) -> dict[str, int]:
        """The desired generation of each link."""
        links = await self.bridge.store.read(lambda tx: tx.links.of_plan(self.plan_id))
        return {link.system: link.desired_gen for link in links}

    async def deliver(self, system: str, *, licence_s: float = 5.0) -> LinkRow:
        """Let the back-off pass, claim the link to *system* if it is due, and do one attempt on it."""
        store: Any = self.bridge.store
        store.clock_offset += timedelta(minutes=6)
        claimed = await store.write(lambda tx: tx.links.claim(system, limit=10, worker="w-1", lease=LEASE))
        engine = Engine(self.bridge, "w-1", licence_s=licence_s)
        for link in claimed:
            await deliver(engine, self.bridge.partners[system], link)
        after = await self.link(system)
        assert after is not None
        return after


async def a_case(bridge: Bridge, who: Caller = HELMI, *forms: Mapping[str, Any], **sections: Any) -> Case:
    """Register Tuulikki, record her plan and then her *forms*."""
    client_id = await clients.register_client(bridge, who, HETU)
    seen = await plans.create_plan(bridge, who, client_id, plan_content(**sections))
    case = Case(bridge, client_id, seen.plan_id, seen)
    for form in forms:
        await case.consent(form)
    return case

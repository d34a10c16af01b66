"""What workers do on a stage over ``/v1``: register people, record forms, write plans; and who the people are.

Everybody here is made up. Their numbers lie in 900–999, which the population register never gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.domain.categories import Category
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL

ALL_CATEGORIES = tuple(sorted(category.value for category in Category))
TODAY = datetime.now(UTC).date()
ACTIVE_TYP = {"status": "active", "start": str(TODAY - timedelta(days=30))}
WORKERS = {
    HEALTH: {"name": "Helmi Virta", "role": "work_ability_coordinator", "party": HEALTH, "user": "HVIRTA"},
    SOCIAL: {"name": "Kaisa Salmi", "role": "social_worker", "party": SOCIAL, "user": "KSALMI"},
    EMPLOYMENT: {
        "name": "Olli Lindqvist",
        "role": "personal_coach",
        "party": EMPLOYMENT,
        "user": "OLINDQ",
    },
}
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


@dataclass(frozen=True)
class Person:
    """One made-up person."""

    hetu: str
    family_name: str
    given_names: str
    birth_date: date

    @property
    def seed(self) -> dict[str, Any]:
        """As simulators are seeded: only what identifies them."""
        return {"hetu": self.hetu, "family_name": self.family_name, "given_names": self.given_names}


def person(number: int, *, family_name: str = "Esimerkki", given_names: str = "Tuulikki") -> Person:
    """The person with that *number*; different numbers are different people."""
    born = date(1960, 1, 1) + timedelta(days=number // 100)
    individual = 900 + number % 100
    check = _CHECK[int(f"{born:%d%m%y}{individual}") % 31]
    return Person(f"{born:%d%m%y}-{individual}{check}", family_name, given_names, born)


def people(count: int, *, first: int = 0) -> tuple[Person, ...]:
    """So many different people."""
    return tuple(person(first + n) for n in range(count))


def plan_of(who: Person, **sections: Any) -> dict[str, Any]:
    """An active plan in its own shape, coordinated by Helmi; everybody's employer of a register is in the network.

    *sections* are laid over it member by member.
    """
    plan: dict[str, Any] = {
        "header": {"status": "active"},
        "client": {
            "hetu": [{"id": "h-1", "value": who.hetu, "kind": "official"}],
            "family_name": who.family_name,
            "given_names": who.given_names,
            "birth_date": str(who.birth_date),
            "contact_language": "fi",  # as partners know it: nothing comes in that nobody wrote
        },
        "care_team": {"coordinator": {"party": HEALTH, "worker": {"name": "Helmi Virta", "user": "HVIRTA"}}},
        "network": {"members": [member_of(EMPLOYMENT), member_of(SOCIAL), member_of(HEALTH)]},
    }
    for name, section in sections.items():
        plan[name] = {**plan.get(name, {}), **section} if isinstance(section, dict) else section
    return plan


def member_of(party: str) -> dict[str, Any]:
    """A party in the client's network for the last month."""
    start = str(TODAY - timedelta(days=30))
    return {
        "id": f"n-{party}",
        "organization": {"party": party},
        "approved_by_client_on": start,
        "period": {"start": start},
    }


Grant = tuple[str, str, Sequence[str]] | tuple[str, str, Sequence[str], str]
"""Discloser, recipient, categories; and the purpose where it is another than work-ability support."""


def form(grants: Iterable[Grant], *, taken_by: str = HEALTH, **members: Any) -> dict[str, Any]:
    """A Y100 on paper, signed yesterday."""
    signed = TODAY - timedelta(days=1)
    return {
        "form_kind": "Y100_WRITTEN",
        "form_id": "Y100",
        "form_version": "2025-1",
        "status": "active",
        "granted_at": datetime.combine(signed, datetime.min.time(), UTC).isoformat(),
        "taken_by": WORKERS[taken_by],
        "valid_from": str(signed),
        "valid_until": str(TODAY + timedelta(days=300)),
        "purpose_text": "Työkyvyn tuki",
        "evidence": {
            "kind": "scan",
            "sha256": "a" * 64,
            "mime": "application/pdf",
            "stored_at": taken_by,
            "signed_on": str(signed),
        },
        "grants": [
            {
                "discloser": giver,
                "recipient": taker,
                "categories": list(categories),
                "purpose": purpose[0] if purpose else "work_ability_support",
            }
            for giver, taker, categories, *purpose in grants
        ],
        **members,
    }


class Casework:
    """The work of one party's workers on a stage. Every method fails loudly when the hub does not agree."""

    def __init__(self, stage: Stage, *, party: str = HEALTH) -> None:
        self.stage = stage
        self.party = party

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, **how: Any) -> Any:
        """One request, answered as expected; returns the parsed answer."""
        answer = self.stage.call(method, path, party=how.pop("party", self.party), body=body, **how)
        assert answer.status_code == expect, (method, path, answer.status_code, answer.text)
        return answer.json()

    def known_to(self, whom: Iterable[Person], *systems: str, typ: bool = False) -> None:
        """Let partner systems (all by default) know people; *typ*: with a running TYP customership in TYPPI."""
        seeds = [who.seed for who in whom]
        for system, simulator in self.stage.simulators.items():
            if not systems or system in systems:
                extra: Mapping[str, Any] = {} if typ or system != "typpi" else {"typ": None}
                simulator.seed(persons=[{**seed, **extra} for seed in seeds])

    def register(self, who: Person) -> str:
        """Put a person on the hub's register; returns the client's id."""
        return self.call("POST", "/v1/clients", {"hetu": who.hetu}, expect=201)["client_id"]

    def consent(self, client_id: str, *grants: Grant, **members: Any) -> str:
        """Record a signed form; returns the consent's id."""
        body = form(grants, **{"taken_by": self.party, **members})
        answer = self.call("POST", f"/v1/clients/{client_id}/consents", body, expect=201)
        return answer["consent"]["consent_id"]

    def withdraw(self, consent_id: str) -> dict[str, Any]:
        """The client takes a consent back now; returns what that stopped."""
        return self.call(
            "POST", f"/v1/consents/{consent_id}/withdrawal", {"at": datetime.now(UTC).isoformat()}
        )

    def plan(self, client_id: str, content: Mapping[str, Any]) -> str:
        """Record a plan; returns its id."""
        return self.call("POST", "/v1/plans", {"client_id": client_id, "plan": content}, expect=201)[
            "plan_id"
        ]

    def change(self, plan_id: str, changes: Mapping[str, Any], *, party: str | None = None) -> None:
        """Set paths of a plan, as one revision."""
        body = {"changes": [{"path": path, "value": value} for path, value in changes.items()]}
        answer = self.try_to_change(plan_id, body, party=party)
        assert answer.status_code == 200, answer.text

    def try_to_change(
        self, plan_id: str, body: Mapping[str, Any], *, party: str | None = None
    ) -> httpx.Response:
        """The same with a body of the caller's making; returns whatever the hub answers."""
        return self.stage.call(
            "PATCH", f"/v1/plans/{plan_id}", party=party or self.party, body=body, etag="*"
        )

    def read(self, plan_id: str, *, party: str | None = None) -> dict[str, Any]:
        """The plan as a party sees it."""
        return self.call("GET", f"/v1/plans/{plan_id}", party=party or self.party)["plan"]

    def links(self, plan_id: str) -> dict[str, dict[str, Any]]:
        """The plan's links, by system."""
        found = self.call("GET", f"/v1/plans/{plan_id}/links", role="oversight")
        return {link["system"]: link for link in found}

    def settle(self, plan_id: str, *, wait_s: float = 40) -> dict[str, dict[str, Any]]:
        """Wait until nothing is left to do for the plan; returns its links."""
        return self.stage.settle(plan_id, wait_s=wait_s)

    def trace(self, plan_id: str, system: str) -> dict[str, dict[str, Any]]:
        """Every item of the plan towards a system, by path."""
        found = self.call("GET", f"/v1/plans/{plan_id}/disclosures/{system}", role="oversight")
        items = {item["path"]: item for item in found["items"]}
        assert len(items) == len(found["items"]), "an item stands twice"
        return items

    def sent(self, plan_id: str, system: str) -> set[str]:
        """The paths that the hub says it sent."""
        return {path for path, item in self.trace(plan_id, system).items() if item["state"] == "sent"}

    def redrive(self, plan_id: str, system: str) -> None:
        """Try a parked link again."""
        self.call("POST", f"/v1/plans/{plan_id}/links/{system}/redrive")

    def counts(self) -> dict[str, dict[str, Any]]:
        """Each system's links in numbers, as ``/health`` tells."""
        return {row["system"]: row for row in self.stage.http.get("/health").json()["systems"]}

    def all_settled(self) -> bool:
        """Whether no link of any plan waits or is being worked on."""
        return all(row["due"] == row["leased"] == 0 for row in self.counts().values())


def at_once(jobs: Iterable[Any], *, hands: int = 6) -> list[Any]:
    """Do callables concurrently; returns what they return, in order."""
    with ThreadPoolExecutor(hands) as pool:
        return [done.result() for done in [pool.submit(job) for job in jobs]]

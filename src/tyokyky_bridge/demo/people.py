"""The synthetic world: made-up clients and workers of the demo, with identity numbers that belong to nobody.

Days are counted from the day of the story, so that forms signed "a week ago" are in force whenever it is told.
Source: domain report 5.4 (identity numbers), 9 (common world).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

HEALTH = "lrha-health"
SOCIAL = "lrha-social"
EMPLOYMENT = "meriniemi-employment"
KELA = "kela"
TYP = "typ"

Y100_CATEGORIES = (
    "identity.core",
    "identity.language",
    "admin.*",
    "employment.*",
    "plan.*",
    "self.b4",
    "health.conclusion",
    "health.functioning",
)
"""What the clients of the story allow: special categories by name, the ordinary ones by their group."""

HELSINKI = ZoneInfo("Europe/Helsinki")

SECTORS = {HEALTH: "health", SOCIAL: "social", EMPLOYMENT: "employment", KELA: "kela", TYP: "typ"}


@dataclass(frozen=True)
class Worker:
    """A professional: the party whose register they write in, and their user name there."""

    name: str
    role: str
    party: str
    user: str

    @property
    def ref(self) -> dict[str, str]:
        """How a plan or a form names them."""
        return {"name": self.name, "role": self.role, "party": self.party, "user": self.user}


HELMI = Worker("Helmi Virta", "work_ability_coordinator", HEALTH, "HVIRTA")
LEA = Worker("Lea Harju", "physician", HEALTH, "LHARJU")
KAISA = Worker("Kaisa Salmi", "social_counsellor", SOCIAL, "KSALMI")
MIRA = Worker("Mira Kivi", "social_worker", SOCIAL, "MKIVI")
OLLI = Worker("Olli Lindqvist", "personal_coach", EMPLOYMENT, "OLINDQ")
TEEMU = Worker("Teemu Ranta", "kela_expert", KELA, "TRANTA")


@dataclass(frozen=True)
class Person:
    """A client. *interpreter* is the language to interpret into, when one is needed."""

    hetu: str
    family_name: str
    given_names: str
    birth_date: str
    native_language: str = "fi"
    contact_language: str = "fi"
    interpreter: str | None = None

    @property
    def seed(self) -> dict[str, Any]:
        """The client as a partner's simulator takes them into its register."""
        return {
            "hetu": self.hetu,
            "family_name": self.family_name,
            "given_names": self.given_names,
            "language": self.contact_language,
            "interpreter": self.interpreter,
        }

    @property
    def section(self) -> dict[str, Any]:
        """The client section of a plan."""
        section: dict[str, Any] = {
            "hetu": [{"id": "hetu-1", "value": self.hetu, "kind": "official"}],
            "family_name": self.family_name,
            "given_names": self.given_names,
            "birth_date": self.birth_date,
            "native_language": self.native_language,
            "contact_language": self.contact_language,
            "non_disclosure": {"active": False},
        }
        if self.interpreter is not None:
            section["interpreter"] = {"required": True, "language": self.interpreter}
        return section


TUULIKKI = Person("120385-921T", "Esimerkki", "Tuulikki Anna", "1985-03-12")
PEKKA = Person("171268X9339", "Koeajo", "Pekka Olavi", "1968-12-17")
SANNA = Person("030278-958K", "Malliviite", "Sanna Maria", "1978-02-03")
LUCJA = Person("250791Y946S", "Przykładowa-Đặng", "Łucja", "1991-07-25", "pl", "en", "pl")
AINO = Person("290204A912S", "Kuvitelma", "Aino Elina", "2004-02-29")


def today() -> date:
    """The day of the story in Finland."""
    return datetime.now(HELSINKI).date()


def day(offset: int = 0) -> str:
    """An ISO day, so many days from the day of the story."""
    return (today() + timedelta(days=offset)).isoformat()


def finnish(iso_day: str) -> str:
    """The same day as partners write it into texts: ``03.02.2026``."""
    return date.fromisoformat(iso_day).strftime("%d.%m.%Y")


def on_the_clock(hour: int, minute: int = 0, second: int = 0, *, offset: int = 0) -> str:
    """A moment of the Finnish clock, so many days from the day of the story: for simulators' clocks."""
    when = datetime.combine(today() + timedelta(days=offset), time(hour, minute, second), HELSINKI)
    return when.isoformat()


def moment(*, minutes_ago: float = 0) -> str:
    """A moment with its offset, so many minutes before now."""
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()


def network(*parties: str) -> list[dict[str, Any]]:
    """The network that the client has approved: one member for each party."""
    return [
        {
            "id": f"n-{party}",
            "organization": {"party": party},
            "sector": SECTORS[party],
            "approved_by_client_on": day(-8),
            "period": {"start": day(-8)},
        }
        for party in parties
    ]


def plan(client: Person, *members: str, coordinator: Worker, status: str = "active") -> dict[str, Any]:
    """The least plan of a client whose network is *members*."""
    return {
        "header": {"status": status, "form": "full"},
        "client": client.section,
        "network": {"members": network(*members)},
        "care_team": {
            "coordinator": {"party": coordinator.party, "worker": coordinator.ref, "since": day(-8)}
        },
    }


def y100(
    *parties: str, categories: tuple[str, ...], taken_by: Worker = OLLI, **members: Any
) -> dict[str, Any]:
    """A signed Y100: *parties* may share *categories* mutually; *members* replace or add members of the form."""
    boxes = [{"parties": list(parties), "categories": list(categories)}] if parties else []
    return {
        "form_kind": "Y100_WRITTEN",
        "form_id": "Y100",
        "form_version": "2025-1",
        "status": "active",
        "granted_at": f"{day(-8)}T10:15:00+02:00",
        "taken_by": taken_by.ref,
        "valid_from": day(-8),
        "valid_until": day(356),
        "purpose_text": "Työkyvyn tuen yhteistyö",
        "evidence": {
            "kind": "scan",
            "sha256": "5a" * 32,
            "mime": "application/pdf",
            "stored_at": taken_by.party,
            "signed_on": day(-8),
        },
        "mutual": boxes,
        **members,
    }


def score(
    id: str,  # noqa: A002  # the element's id, as the plan calls it
    instrument: str,
    value: int,
    on: str,
    party: str,
    version: str = "1",
) -> dict[str, Any]:
    """One result of an instrument."""
    return {
        "id": id,
        "instrument": instrument,
        "instrument_version": version,
        "value": value,
        "effective_on": on,
        "mode": "interview",
        "collected_by": {"party": party},
    }


def typ_customer() -> dict[str, str]:
    """A customership of the joint service that is in force."""
    return {"status": "active", "start": day(-30)}

"""The synthetic world of the tests: made-up organisations of the demo, real rules, and builders for forms.

All parties are fictional; see `mappings/canonical/demo_directory.yaml`.
"""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

import yaml

from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.consent_forms import expand_mutual
from tyokyky_bridge.domain.decision import Facts
from tyokyky_bridge.domain.directory_document import load_directory
from tyokyky_bridge.domain.legal_basis import load_legal_bases

HEALTH = "lrha-health"
SOCIAL = "lrha-social"
EMPLOYMENT = "meriniemi-employment"
KELA = "kela"
NGO = "satamapaja"
TYP = "typ"
JARVIALUE = "jarvialue-health"

TUULIKKI = str(UUID(int=0x7001))
PEKKA = str(UUID(int=0x7002))
SANNA = str(UUID(int=0x7003))

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""An ordinary Monday morning on which the usual forms of these tests stand."""


def _data(name: str) -> Any:
    return yaml.safe_load(files("tyokyky_mappings").joinpath(f"canonical/{name}.yaml").read_text("utf-8"))


DIRECTORY = load_directory(_data("demo_directory"))
LEGAL_BASES = load_legal_bases(_data("legal_bases"))

SCAN = {
    "kind": "scan",
    "sha256": "0" * 64,
    "mime": "application/pdf",
    "stored_at": HEALTH,
    "signed_on": "2026-02-02",
}


def form(number: int = 1, *, client: str = TUULIKKI, **members: Any) -> Consent:
    """Build a Y100 on paper, valid through 2026; *members* replace or add any member of the form."""
    document: dict[str, Any] = {
        "consent_id": str(UUID(int=0xC000 + number)),
        "client_id": client,
        "form_kind": "Y100_WRITTEN",
        "form_id": "Y100",
        "form_version": "as printed",
        "status": "active",
        "granted_at": datetime(2026, 1, 1, 8, 0, number % 60, tzinfo=UTC),
        "taken_by": {"name": "Olli Lindqvist", "party": EMPLOYMENT, "user": "OLINDQ"},
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "purpose_text": "työkyvyn tuen yhteistyö",
        "evidence": SCAN,
    }
    return Consent.model_validate({**document, **members})


def mutual(*parties: str, categories: tuple[str, ...], number: int = 1, **members: Any) -> Consent:
    """Build a Y100 on which the parties may share these categories mutually."""
    return form(number, grants=expand_mutual(parties, categories=categories), **members)


def one_way(giver: str, taker: str, *categories: str, number: int = 1, **members: Any) -> Consent:
    """Build a Y100 with one grant; members that belong to the grant are given as ``grant={...}``."""
    limits = members.pop("grant", {})
    grant = {"discloser": giver, "recipient": taker, "categories": categories, **limits}
    return form(number, **{"grants": (grant,), **members})


def oral_once(giver: str, taker: str, *categories: str, number: int = 9, **members: Any) -> Consent:
    """Build a spoken consent for one transaction on the day of `NOW`."""
    said = {
        "form_kind": "ORAL_ONCE",
        "form_id": "ORAL",
        "evidence": None,
        "granted_at": datetime(2026, 3, 2, 7, 0, tzinfo=UTC),
        "valid_from": "2026-03-02",
        "valid_until": "2026-03-02",
    }
    return one_way(giver, taker, *categories, number=number, **{**said, **members})


def facts(*consents: Consent, **members: Any) -> Facts:
    """Build the facts of a client whose identity is certain."""
    known = {"identity_resolved": True, "directory": DIRECTORY, "legal_bases": LEGAL_BASES}
    return Facts(**{**known, "consents": consents, **members})

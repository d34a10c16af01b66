"""Tuulikki's plan, small but with an item of every interesting kind, and revisions of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tyokyky_bridge.domain.items import leaves_of
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Origin, Revision
from worlds.parties import EMPLOYMENT, HEALTH, KELA, NGO, SOCIAL, TUULIKKI, TYP

RECORDED = datetime(2026, 2, 10, 8, 0, tzinfo=UTC)

SECTORS = {
    HEALTH: "health",
    SOCIAL: "social",
    EMPLOYMENT: "employment",
    KELA: "kela",
    NGO: "producer",
    TYP: "typ",
}
MEMBERS = tuple(
    {"id": party, "organization": {"party": party}, "sector": sector, "period": {"start": "2026-01-01"}}
    for party, sector in SECTORS.items()
)

PLAN: dict[str, Any] = {
    "header": {"plan_id": str(UUID(int=0xA1)), "status": "active", "form": "full"},
    "client": {
        "client_id": TUULIKKI,
        "hetu": [{"id": "h-1", "value": "120385-921T", "kind": "official"}],
        "family_name": "Esimerkki",
        "given_names": "Tuulikki",
        "birth_date": "1985-03-12",
        "home_municipality": "049",
        "address": {"street": "Esimerkkikatu 1", "postal_code": "00001", "city": "Meriniemi"},
        "contact_address": {"city": "Meriniemi"},
        "telecom": [{"id": "t-1", "system": "phone", "value": "+358 40 000 0000"}],
        "contact_language": "fi",
    },
    "health": {
        "checkup_date": "2026-02-10",
        "work_limitation_text": "ei raskaita nostoja",
        "work_ability_conclusion": "osa-aikatyö mahdollinen, nostorajoite",
        "substance_use": "ei huomautettavaa",
    },
    "social": {"daily_rhythm": "säännöllinen", "debts": "ei velkoja"},
    "employment": {"labour_market_status": "unemployed_jobseeker", "unemployed_since": "2019-04"},
    "competence": {"work_experience_summary": "kassatyötä", "work_history_pattern": "fragmented"},
    "network": {"members": MEMBERS},
    "goals": [{"id": "g-1", "text_client": "haluan osa-aikatyötä", "status": "active"}],
    "care_team": {"coordinator": {"party": HEALTH}},
    "assessments": [
        {"id": "a-1", "kind": "physician", "period": {"start": "2026-02-10"}, "conclusion": "osa-aikatyö"}
    ],
    "scores": [
        {"id": "b4-1", "instrument": "kykyviisari_b4", "value": 4, "effective_on": "2026-02-10"},
        {"id": "b4-0", "instrument": "kykyviisari_b4", "value": 3, "effective_on": "2025-12-30"},
        {"id": "bdi-1", "instrument": "bdi_ii", "value": 18, "effective_on": "2026-02-10"},
        {"id": "audit-1", "instrument": "audit", "value": 6, "effective_on": "2026-02-10"},
    ],
    "services": [
        {"id": "s-1", "type": "job_coaching", "status": "ongoing"},
        {"id": "s-2", "type": "mental_substance_services", "status": "agreed"},
    ],
    "meetings": [
        {
            "id": "m-1",
            "kind": "network",
            "mode": "remote_video",
            "place": "Esimerkkikatu 2",
            "status": "booked",
        }
    ],
}

HOLDERS = {
    "health": HEALTH,
    "scores": HEALTH,
    "assessments": HEALTH,
    "social": SOCIAL,
    "employment": EMPLOYMENT,
    "competence": EMPLOYMENT,
}
"""Which party recorded which section; everything else was recorded by health care."""


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Lay *change* over *base*, member by member; lists are replaced whole."""
    out = dict(base)
    for name, value in change.items():
        old = out.get(name)
        out[name] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return out


def plan(**change: Any) -> SupportPlan:
    """Build Tuulikki's plan with changes laid over it."""
    return SupportPlan.model_validate(merged(PLAN, change))


def revision(
    *, of: SupportPlan | None = None, parties: Mapping[str, str] = HOLDERS, **change: Any
) -> Revision:
    """Build a revision of which every item comes from the holder of its section."""
    content = plan(**change) if of is None else of
    return Revision(
        plan=content,
        version=7,
        origins={
            path: Origin(
                party=parties.get(path.split(".")[0].split("[")[0], HEALTH), at=RECORDED, role="coordinator"
            )
            for path in leaves_of(content)
        },
        recorded_at=RECORDED,
        recorded_by=HEALTH,
    )


TYP_CUSTOMER = {"header": {"typ_customership": {"status": "active", "start": "2026-01-15"}}}


def marks(*items: str, by: str = "Helmi Virta", at: str = "2026-02-11T08:00:00+00:00") -> dict[str, Any]:
    """Necessity marks on these items."""
    return {
        "necessity_marks": [
            {"id": f"n-{number}", "item": item, "by": {"name": by}, "at": at}
            for number, item in enumerate(items)
        ]
    }

"""Examples for the OpenAPI document: one request and one answer for every operation. Everybody in them is made up.

A test sends the requests and reads the answers with the models of the operations.
"""

from typing import Any

from tyokyky_bridge.api import sync_examples
from tyokyky_bridge.api.fhir.outcomes import is_fhir

CLIENT = "018f6b1e-7c00-7000-8000-0000000000c1"
PLAN = "018f6b1e-7c00-7000-8000-0000000000a1"
CASE = "018f6b1e-7c00-7000-8000-0000000000b1"
CONSENT = "018f6b1e-7c00-7000-8000-0000000000d1"
DECISION = "018f6b1e-7c00-7000-8000-0000000000e1"
DIGEST = "5f1c6a0c9f0b4d7f8f4f3a1a2b3c4d5e"
NOON = "2026-03-02T10:00:00Z"

_coordinator = {
    "party": "lrha-health",
    "worker": {
        "name": "Helmi Virta",
        "role": "work_ability_coordinator",
        "party": "lrha-health",
        "user": "HVIRTA",
    },
    "since": "2026-02-10",
}
_member = {
    "id": "n-1",
    "organization": {"party": "meriniemi-employment"},
    "role": "personal_coach",
    "sector": "employment",
    "approved_by_client_on": "2026-02-02",
    "period": {"start": "2026-02-02"},
}
_goal = {"id": "g-1", "text_client": "Osa-aikatyö varastossa syksyllä.", "status": "active"}
_person = {
    "hetu": [{"id": "h-1", "value": "120385-921T", "kind": "official"}],
    "family_name": "Esimerkki",
    "given_names": "Tuulikki",
    "birth_date": "1985-03-12",
}
PLAN_GIVEN: dict[str, Any] = {
    "header": {"status": "active", "form": "full"},
    "client": _person,
    "care_team": {"coordinator": _coordinator},
    "network": {"members": [_member]},
    "health": {"work_ability_conclusion": "Osa-aikatyö mahdollinen, nostorajoite."},
    "goals": [_goal],
}
"""A plan as it is sent in: without what the hub sets."""

_shown = {
    **PLAN_GIVEN,
    "header": {
        "plan_id": PLAN,
        "case_id": CASE,
        "status": "active",
        "form": "full",
        "created_at": "2026-03-02T10:00:00+00:00",
    },
    "client": {"client_id": CLIENT, **_person},
}


def _seen(**members: Any) -> dict[str, Any]:
    return {
        "plan_id": PLAN,
        "client_id": CLIENT,
        "plan": {**_shown, **members},
        "withheld": ["admin.network.justice", "benefits.decisions", "social.situation"],
        "non_disclosure": False,
    }


FORM: dict[str, Any] = {
    "form_kind": "Y100_WRITTEN",
    "form_id": "Y100",
    "form_version": "2025-1",
    "status": "active",
    "granted_at": "2026-02-02T10:00:00+02:00",
    "taken_by": {
        "name": "Olli Lindqvist",
        "role": "personal_coach",
        "party": "meriniemi-employment",
        "user": "OLINDQ",
    },
    "valid_from": "2026-02-02",
    "valid_until": "2027-02-01",
    "purpose_text": "Työkyvyn tuen yhteistyö",
    "evidence": {
        "kind": "scan",
        "sha256": "0" * 64,
        "mime": "application/pdf",
        "stored_at": "meriniemi-employment",
        "signed_on": "2026-02-02",
    },
    "mutual": [
        {
            "parties": ["lrha-health", "meriniemi-employment"],
            "categories": ["admin.*", "plan.*", "self.b4", "health.conclusion", "health.functioning"],
        }
    ],
}

_grant = {"categories": ["health.conclusion", "plan.goals"], "purpose": "work_ability_support"}
_consent = {
    **{name: value for name, value in FORM.items() if name != "mutual"},
    "consent_id": CONSENT,
    "client_id": CLIENT,
    "granted_at": "2026-02-02T08:00:00Z",
    "grants": [
        {"discloser": "lrha-health", "recipient": "meriniemi-employment", **_grant},
        {"discloser": "meriniemi-employment", "recipient": "lrha-health", **_grant},
    ],
}
_withdrawn = {
    **_consent,
    "status": "withdrawn",
    "withdrawn": {
        "at": "2026-04-20T18:40:00Z",
        "recorded_at": "2026-04-20T19:10:00Z",
        "received_by_party": "lrha-health",
        "notified_parties": ["lrha-health", "meriniemi-employment"],
    },
}
_link = {
    "system": "ura",
    "state": "in_sync",
    "desired": "present",
    "desired_generation": 2,
    "acknowledged_generation": 2,
    "acknowledged_at": NOON,
    "due_since": None,
    "next_try_at": None,
    "attempts": 0,
    "last_error": None,
    "parked_reason": None,
    "parked_detail": None,
    "retained": False,
    "cancelled": [],
    "deliveries": [
        {
            "id": DECISION,
            "kind": "send",
            "generation": 2,
            "at": NOON,
            "mapping_version": "1",
            "body_sha256": "c0ffee" + "0" * 58,
            "items": 2,
            "outcome": "ok",
            "partner_code": None,
        }
    ],
}
_items = [
    {
        "path": "goals[g-1].text_client",
        "state": "sent",
        "outcome": "PERMIT",
        "row": 8,
        "basis": f"CONSENT_Y100:{CONSENT}",
        "reason": None,
        "reasons": [],
        "labels": ["plan.goals"],
        "note": None,
    },
    {
        "path": "client.birth_date",
        "state": "withheld",
        "outcome": "DENY",
        "row": 10,
        "basis": None,
        "reason": "NO_BASIS",
        "reasons": ["OTHER_REGISTER", "NO_STATUTE", "CONSENT_CATEGORY", "ORAL_NONE"],
        "labels": ["identity.core"],
        "note": None,
    },
]

REQUESTS: dict[str, Any] = sync_examples.REQUESTS | {
    "register_client": {"hetu": "120385-921T"},
    "find_client": {"hetu": "120385-921T"},
    "create_plan": {"client_id": CLIENT, "plan": PLAN_GIVEN},
    "revise_plan": {
        "changes": [
            {"path": "goals[g-1].text_client", "value": "Osa-aikatyö kukkakaupassa syksyllä."},
            {"path": "health.work_limitation_text", "value": "Ei nostoja yli 10 kg."},
        ]
    },
    "replace_section": [{**_goal, "status": "achieved"}],
    "record_consent": FORM,
    "withdraw_consent": {"at": "2026-03-02T12:40:00+02:00"},
    "close_plan": {"closed_on": "2026-03-02", "reason": "employed"},
    "redrive_parked": {"system": "ura", "reason": "refused", "spread_s": 600},
    "receive_notice": {
        "lahetysId": "5b0e7c1e-2f6b-4b0e-9f57-0d7c54a1b8a2",
        "tapahtuma": "asiakirja.allekirjoitettu",
        "asiakirjaId": "4711",
        "versio": 3,
        "potilasId": "88012",
        "aika": "2026-03-02T10:05:00Z",
    },
}
"""A body for every operation that takes one."""

ANSWERS: dict[str, Any] = sync_examples.ANSWERS | {
    "register_client": {"client_id": CLIENT},
    "find_client": {
        "client_id": CLIENT,
        "plans": [{"plan_id": PLAN, "case_id": CASE, "status": "active"}],
    },
    "create_plan": _seen(),
    "read_plan": _seen(),
    "revise_plan": _seen(goals=[{**_goal, "text_client": "Osa-aikatyö kukkakaupassa syksyllä."}]),
    "replace_section": _seen(goals=[{**_goal, "status": "achieved"}]),
    "list_revisions": [{"revision": 1, "at": NOON, "cause": "api", "etag": DIGEST}],
    "read_revision": _seen(),
    "close_plan": _seen(
        header={**_shown["header"], "status": "closed"},
        closing={"closed_on": "2026-03-02", "reason": "employed"},
    ),
    "record_consent": {
        "consent": _consent,
        "cancelled": {},
        "cancelled_elements": {},
        "notified": [],
        "in_flight": [],
    },
    "list_consents": [_consent],
    "read_consent": _consent,
    "withdraw_consent": {
        "consent": _withdrawn,
        "cancelled": {"ura": ["goals[g-1].text_client"]},
        "cancelled_elements": {"ura": ["goals[g-1]"]},
        "notified": ["lrha-health", "meriniemi-employment"],
        "in_flight": [sync_examples.IN_FLIGHT],
    },
    "list_links": [_link],
    "redrive_link": {
        **_link,
        "state": "due",
        "acknowledged_generation": 1,
        "due_since": NOON,
        "next_try_at": NOON,
    },
    "read_disclosures": {
        "system": "ura",
        "recipient": "meriniemi-employment",
        "link_state": "in_sync",
        "decision": DECISION,
        "mapping_version": "1",
        "items": _items,
    },
    "livez": {"status": "ok"},
    "readyz": {"status": "ok"},
    "health": {
        "status": "ok",
        "database": "ok",
        "workers": 1,
        "systems": [
            {
                "system": "ura",
                "title": "Ura",
                "state": "open",
                "paused_until": None,
                "rate_per_min": None,
                "slowed": False,
                "breaker": "closed",
                "in_sync": 12,
                "due": 1,
                "leased": 0,
                "backlog": 1,
                "parked": 0,
                "oldest_due_since": NOON,
                "oldest_due_age_s": 0.4,
                "open_conflicts": 0,
                "coverage": 1.0,
                "forbidden_present": 0,
            }
        ],
    },
    "read_reconciliation": {
        "at": NOON,
        "forbidden_present": 0,
        "systems": [
            {
                "system": "ura",
                "forbidden_present": 0,
                "in_sync": 12,
                "compared_within_24_h": 12,
                "never_compared": 0,
                "coverage": 1.0,
                "longest_ago": "2026-03-01T16:20:00Z",
                "found": {"D0": 11, "D1": 1, "D2": 0, "D3": 0, "D4": 0, "D5": 0},
                "open_conflicts": 0,
            }
        ],
    },
    "list_parked": [
        {
            "link": 17,
            "plan_id": PLAN,
            "system": "ura",
            "reason": "refused",
            "parked_at": NOON,
            "waiting_since": "2026-03-02T09:58:00Z",
            "attempts": 1,
            "urgent": False,
        }
    ],
    "redrive_parked": {"redriven": 2, "links": [17, 21]},
    "receive_notice": {"received": True},
}
"""A successful answer of every operation."""


def add_examples(document: dict[str, Any]) -> None:
    """Put the examples into an OpenAPI document. Raises: KeyError for an operation without one.

    Routes of the FHIR face bring their own.
    """
    for path, operations in document["paths"].items():
        if is_fhir(path):
            continue
        for operation in operations.values():
            name = operation["operationId"]
            if "requestBody" in operation:
                _set(operation["requestBody"], REQUESTS[name])
            _set(
                next(a for status, a in operation["responses"].items() if status.startswith("2")),
                ANSWERS[name],
            )


def _set(holder: dict[str, Any], value: Any) -> None:
    holder["content"]["application/json"]["examples"] = {"example": {"value": value}}

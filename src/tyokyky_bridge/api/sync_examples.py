"""Examples of what people see of the copies, for the OpenAPI document. Everybody in them is made up."""

from typing import Any

PLAN = "018f6b1e-7c00-7000-8000-0000000000a1"
CLIENT = "018f6b1e-7c00-7000-8000-0000000000c1"
CONSENT = "018f6b1e-7c00-7000-8000-0000000000d1"
CONFLICT = "018f6b1e-7c00-7000-8000-0000000000f1"
NOTICE = "018f6b1e-7c00-7000-8000-0000000000f7"
QUARANTINED = "018f6b1e-7c00-7000-8000-0000000000fa"
DECISION = "018f6b1e-7c00-7000-8000-0000000000e1"
ETAG = "9b1f5c6a0c9f0b4d7f8f4f3a1a2b3c4d"

_open: dict[str, Any] = {
    "id": CONFLICT,
    "plan_id": PLAN,
    "system": "effica",
    "path": "goals[g-1].text_client",
    "state": "open",
    "owner": "lrha-health",
    "base": {"value": "Osa-aikatyö varastossa syksyllä.", "withheld": False},
    "ours": {"value": "Osa-aikatyö kukkakaupassa syksyllä.", "withheld": False},
    "theirs": {"value": "Työkokeilu kukkakaupassa syksyllä.", "withheld": False},
    "changed": {"party": "lrha-health", "system": None, "at": "2026-03-02T10:00:00Z"},
    "remote_version": "412",
    "opened_at": "2026-03-02T10:06:00Z",
    "updated_at": "2026-03-02T10:06:00Z",
    "age_s": 5400.0,
    "escalate_at": "2026-03-09T10:06:00Z",
    "history": [],
    "may_resolve": True,
    "resolution": None,
    "resolved_by": None,
    "resolved_at": None,
    "etag": ETAG,
}
_notice: dict[str, Any] = {
    "id": NOTICE,
    "kind": "consent_withdrawn",
    "client_id": CLIENT,
    "consent_id": CONSENT,
    "at": "2026-04-20T19:10:00Z",
    "received_at": None,
}
_quarantined: dict[str, Any] = {
    "id": QUARANTINED,
    "system": "effica",
    "record": "1.2.246.10.90000011.11.2.2026.882",
    "reference": "kq3x5wz7c2v4n6b8",
    "first_seen_at": "2026-03-02T10:06:00Z",
    "last_seen_at": "2026-03-03T06:10:00Z",
    "state": "open",
    "cleared_at": None,
    "cleared_by": None,
}

IN_FLIGHT: dict[str, Any] = {
    "decision": DECISION,
    "system": "ura",
    "items": ["goals[g-1].text_client"],
    "outcome": "ok",
    "started_at": "2026-04-20T19:09:59Z",
    "ended_at": "2026-04-20T19:10:00Z",
}
"""A send that had gone out before a withdrawal."""

REQUESTS: dict[str, Any] = {
    "resolve_conflict": {"choice": "other", "value": "Osa-aikatyö tai työkokeilu kukkakaupassa syksyllä."},
}
"""A body for every operation that takes one."""

ANSWERS: dict[str, Any] = {
    "list_conflicts": [_open],
    "list_plan_conflicts": [_open],
    "read_conflict": _open,
    "resolve_conflict": {
        **_open,
        "state": "resolved",
        "updated_at": "2026-03-02T11:36:00Z",
        "may_resolve": False,
        "resolution": "other",
        "resolved_by": "lrha-health",
        "resolved_at": "2026-03-02T11:36:00Z",
    },
    "read_withdrawal": {
        "consent_id": CONSENT,
        "status": "withdrawn",
        "withdrawn_at": "2026-04-20T18:40:00Z",
        "recorded_at": "2026-04-20T19:10:00Z",
        "systems": [
            {
                "system": "ura",
                "party": "meriniemi-employment",
                "state": "verified_absent",
                "items": 1,
                "paths": ["goals[g-1].text_client"],
                "since": "2026-04-20T19:10:04Z",
                "generation": None,
                "ground": None,
                "owner": None,
                "due_at": None,
            }
        ],
        "sent_before_recorded": [
            {"system": "ura", "at": "2026-04-20T18:52:11Z", "items": 1, "outcome": "ok"}
        ],
    },
    "read_propagation": {
        "revision": 2,
        "at": "2026-03-02T10:00:00Z",
        "settled": True,
        "systems": [
            {
                "system": "effica",
                "party": "lrha-social",
                "state": "not_permitted",
                "not_permitted": {"NO_BASIS": 2},
                "reason": None,
                "at": None,
                "age_s": 3.1,
            },
            {
                "system": "ura",
                "party": "meriniemi-employment",
                "state": "acknowledged",
                "not_permitted": {"NO_BASIS": 1},
                "reason": None,
                "at": "2026-03-02T10:00:01Z",
                "age_s": 1.0,
            },
        ],
    },
    "list_quarantined": [_quarantined],
    "clear_quarantined": {
        **_quarantined,
        "state": "cleared",
        "cleared_at": "2026-03-03T08:00:00Z",
        "cleared_by": "lrha-health",
    },
    "list_notices": [_notice],
    "sign_for_notice": {**_notice, "received_at": "2026-04-21T06:30:00Z"},
}
"""A successful answer of every operation."""

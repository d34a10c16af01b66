"""The days on which a customership of the joint service turns, and what it is on a given day."""

from datetime import date, timedelta
from typing import Any

KEPT_AFTER_END = timedelta(days=30)
"""How long an ended customership can still be read."""

Document = dict[str, Any]


def state_of(client: Document, today: date) -> str:
    """``ei-asiakkuutta``, ``voimassa`` or ``paattynyt``."""
    days = turning_days(client)
    if "alkaa" not in days or today < days["alkaa"]:
        return "ei-asiakkuutta"
    return "paattynyt" if "paattyy" in days and today >= days["paattyy"] else "voimassa"


def is_gone(client: Document, today: date) -> bool:
    """Whether the customership ended so long ago that nothing of it can be read any more."""
    gone_on = turning_days(client).get("poistuu")
    return gone_on is not None and today >= gone_on


def turning_days(client: Document) -> dict[str, date]:
    """When it begins (``alkaa``), becomes read-only (``paattyy``) and vanishes (``poistuu``), as far as known."""
    typ: Document | None = client["typ"]
    if typ is None:
        return {}
    days = {"alkaa": date.fromisoformat(typ["alkaen"])}
    if typ.get("paattyen"):
        ended = date.fromisoformat(typ["paattyen"])
        days |= {"paattyy": ended, "poistuu": ended + KEPT_AFTER_END}
    return days

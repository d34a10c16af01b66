"""Lists of what a caller may see: pages of a history, of a search, and everything about a plan or a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tyokyky_bridge.fhir.search.query import Query
from tyokyky_bridge.services.fhir.states import Version

PAGE: Final = 50
"""Entries of a history page when nobody asks for another number."""
MOST: Final = 500


@dataclass(frozen=True)
class PastAsked:
    """What of a history is asked for; see `services.fhir.reading.history`."""

    type: str
    id: str | None = None
    since: datetime | None = None
    at: tuple[datetime, datetime] | None = None
    count: int = PAGE
    cursor: str | None = None


@dataclass(frozen=True)
class Past:
    """A page of a history, newest first. *total* counts all pages; *next* is the cursor of the page after it."""

    versions: tuple[Version, ...]
    total: int
    next: str | None = None


@dataclass(frozen=True)
class Found:
    """
    A page of a search: what matched, and what came along with it.

    *query* is what was applied, with what was put aside in its ``ignored``. *total* is ``None`` where none was asked
    for. *next* is the cursor of the page after it.
    """

    query: Query
    matched: tuple[Version, ...]
    included: tuple[Version, ...] = ()
    total: int | None = None
    next: str | None = None

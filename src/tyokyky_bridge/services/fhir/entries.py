"""What is asked of the FHIR face, entry by entry, and what became of it: the same for one request and for a Bundle."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tyokyky_bridge.fhir.wire.issues import Document, Issue
from tyokyky_bridge.services.fhir.states import Version

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    """
    One interaction that writes, as a request or an entry of a Bundle asks for it.

    *index* is its place in the request. *id* is ``None`` where *where* (criteria) names the resource, or where the
    server gives one. *if_none_exist* are the criteria of a conditional create. *expression* is where the body stands,
    as FHIRPath, so that a finding can name the element.
    """

    index: int
    method: Method
    type: str
    id: str | None = None
    document: Document | None = None
    operations: Sequence[Any] = ()
    where: Pairs | None = None
    full_url: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    if_none_exist: Pairs | None = None
    expression: str | None = None


@dataclass(frozen=True)
class Written:
    """
    What became of one entry. *created*: 201. *changed* is false where everything stood already: no new version.

    *version* is what the caller sees now, or the deletion; ``None`` where there was nothing to delete. *issues* are
    warnings about the body.
    """

    version: Version | None
    created: bool = False
    changed: bool = True
    issues: tuple[Issue, ...] = field(default=())

"""The versions of resources as one caller sees them: equal states in a row are one version.

A version is numbered among those that the caller may see and named by its content, so that a change which the
caller cannot see moves nothing, and an ETag never comes to stand for other content. Source: FHIR report 1.2.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import orjson

from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.text import render

Key = tuple[str, str]
"""Resource type and logical id."""

Method = Literal["POST", "PUT", "DELETE"]

GONE = "deleted"
"""What stands for the content in the version of a deletion."""


@dataclass(frozen=True)
class Version:
    """
    One version of a resource. *document* is complete, ``meta`` included; ``None`` where it is a deletion.

    *by* is the party that recorded it, *custodians* are the parties in whose registers its content is. Documents are
    shared between readers and must not be changed.
    """

    type: str
    id: str
    version: str
    at: datetime
    method: Method
    document: Document | None
    by: str | None = None
    custodians: tuple[str, ...] = ()
    stored: bytes | None = None

    @property
    def key(self) -> Key:
        """The identity of the resource."""
        return self.type, self.id

    @property
    def etag(self) -> str:
        """The version as HTTP names it."""
        return f'W/"{self.version}"'

    @property
    def deleted(self) -> bool:
        """Whether the resource was deleted with this version."""
        return self.document is None

    @cached_property
    def body(self) -> bytes:
        """The document as it goes out, as it was stored where it is kept whole; empty for a deletion."""
        if self.stored is not None:
            return self.stored
        return b"" if self.document is None else render(self.document)


@dataclass(frozen=True)
class State:
    """All resources of a plan as one caller sees one revision of it; *custodians* is asked for new versions only."""

    at: datetime
    by: str
    documents: Mapping[Key, Document]
    custodians: Callable[[Key], tuple[str, ...]]


Runs = Mapping[Key, tuple[Version, ...]]
"""The versions of each resource, oldest first."""


def extended(runs: Runs, states: Iterable[State]) -> dict[Key, tuple[Version, ...]]:
    """The *runs* with newer *states* merged in: what did not change makes no version, what is missing is deleted."""
    found = dict(runs)
    for state in states:
        for key, document in state.documents.items():
            past = found.get(key, ())
            digest = digest_of(document)
            if past and past[-1].version.endswith(f"-{digest}"):
                continue
            found[key] = (*past, _version(key, len(past) + 1, digest, state, document))
        for key, past in found.items():
            if key not in state.documents and not past[-1].deleted:
                found[key] = (*past, _version(key, len(past) + 1, GONE, state, None))
    return found


def digest_of(document: Document) -> str:
    """Eight hex digits for the content of a document, without the two members of ``meta`` that versions set."""
    meta: Document = document.get("meta", {})
    bare = {k: v for k, v in meta.items() if k not in {"versionId", "lastUpdated"}}
    raw = orjson.dumps({**document, "meta": bare}, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(raw).hexdigest()[:8]


def stamped(document: Document, version: str, at: datetime) -> Document:
    """The document with its version and moment, in the places that a reader expects."""
    meta: Document = document.get("meta", {})
    rest = {k: v for k, v in meta.items() if k not in {"versionId", "lastUpdated"}}
    head: dict[str, Any] = {name: document[name] for name in ("resourceType", "id") if name in document}
    return {**head, "meta": {"versionId": version, "lastUpdated": instant(at), **rest}} | {
        k: v for k, v in document.items() if k not in {"resourceType", "id", "meta"}
    }


def instant(at: datetime) -> str:
    """A moment as FHIR's ``instant``, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _version(key: Key, number: int, digest: str, state: State, document: Document | None) -> Version:
    version = f"{number}-{digest}"
    method: Method = "DELETE" if document is None else "POST" if number == 1 else "PUT"
    return Version(
        type=key[0],
        id=key[1],
        version=version,
        at=state.at,
        method=method,
        document=None if document is None else stamped(document, version, state.at),
        by=state.by,
        custodians=() if document is None else state.custodians(key),
    )

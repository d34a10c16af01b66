"""Pages of matches, and the links from one to the next.

A page starts after a *position* (the values of the sort keys and the id), not after a number of rows, so that nothing
repeats and nothing vanishes when resources come and go between two pages.

A cursor holds the search and the position, enciphered and authenticated (AES-SIV, RFC 5297): it says nothing to those
who see the URL, which matters because both may hold names and numbers of people, and it opens only for the caller and
the state of consents that it was made for. Whatever is wrong with it, the answer is the same.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.search.ordering import Position, SortValue, following, position_of
from tyokyky_bridge.fhir.search.query import Pair, Query
from tyokyky_bridge.fhir.wire.issues import Document

MAX_CURSOR: Final = 16_000
"""Characters of a cursor that are looked at at all."""

_PURPOSE: Final = b"fhir-search-cursor-1"


class CursorGone(BridgeError):
    """A page link is altered, expired, somebody else's, or from before a consent changed. Search again."""

    code = "fhir/cursor"

    def __init__(self) -> None:
        super().__init__("this page link is not or no longer valid; search again from the first page")


@dataclass(frozen=True)
class Cursor:
    """A search and where its next page starts; *after* ``None`` is its first page."""

    type: str
    pairs: tuple[Pair, ...]
    after: Position | None = None


@dataclass(frozen=True)
class Page:
    """
    Some of the matches.

    Attributes:
        matched: The matches of this page, in order.
        total: How many match altogether.
        after: Where the next page starts; ``None`` when this is the last.
    """

    matched: tuple[Document, ...]
    total: int
    after: Position | None = None


def page(query: Query, documents: Iterable[Document], *, after: Position | None = None) -> Page:
    """
    The page of *query* that starts after *after*.

    Args:
        documents: All that match, in any order.
    """
    every = list(documents)
    if query.only_count:
        return Page((), len(every))
    rest = following(query, every, after)
    held = tuple(rest[: query.count])
    more = len(rest) > len(held)
    return Page(held, len(every), position_of(query, held[-1]) if more else None)


def seal(cursor: Cursor, *, key: bytes, caller: str, epoch: str, expires: datetime) -> str:
    """
    *cursor* as text for a URL, which only *caller* can use, until *expires* and as long as *epoch* lasts.

    Args:
        key: Secret of this server.
        caller: Whom the answer was made for.
        epoch: Changes when what the caller may see changes by decision.
    """
    after = (
        None if cursor.after is None else [[_written(each) for each in cursor.after.values], cursor.after.id]
    )
    said = [int(expires.timestamp()), cursor.type, cursor.pairs, after]
    text = json.dumps(said, separators=(",", ":")).encode()
    sealed = _cipher(key).encrypt(text, [_PURPOSE, caller.encode(), epoch.encode()])
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(text: str, *, key: bytes, caller: str, epoch: str, now: datetime) -> Cursor:
    """
    The cursor that `seal` made.

    Raises:
        CursorGone: it is altered, expired, another caller's, or of another epoch.
    """
    try:
        if len(text) > MAX_CURSOR:
            raise CursorGone
        sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        if urlsafe_b64encode(sealed).rstrip(b"=").decode() != text:
            raise CursorGone
        opened = _cipher(key).decrypt(sealed, [_PURPOSE, caller.encode(), epoch.encode()])
    except (ValueError, InvalidTag):
        raise CursorGone from None
    expires, type_, pairs, after = cast("tuple[int, str, list[list[str]], Any]", json.loads(opened))
    if now.timestamp() > expires:
        raise CursorGone
    position = None if after is None else Position(tuple(map(_read, after[0])), after[1])
    return Cursor(type_, tuple((name, value) for name, value in pairs), position)


def _cipher(key: bytes) -> AESSIV:
    return AESSIV(blake2b(key, digest_size=64, person=b"fhir-cursor").digest())


def _written(value: SortValue) -> Any:
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _read(value: Any) -> SortValue:
    return Decimal(cast("dict[str, str]", value)["decimal"]) if isinstance(value, dict) else value

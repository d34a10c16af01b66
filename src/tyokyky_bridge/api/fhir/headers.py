"""Validators and preferences: ETag, If-Match, If-None-Match, If-Modified-Since, Prefer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal

from tyokyky_bridge.api.fhir.refusals import BadHeader

ONE_TAG = re.compile(r'\s*(?:W/)?"([A-Za-z0-9\-.]{1,64})"\s*')
ANY = "*"

Return = Literal["minimal", "representation", "OperationOutcome"]
Handling = Literal["strict", "lenient"]
RETURNS: Mapping[str, Return] = {
    "minimal": "minimal",
    "representation": "representation",
    "operationoutcome": "OperationOutcome",
}
HANDLINGS: Mapping[str, Handling] = {"strict": "strict", "lenient": "lenient"}


def etag(version: str) -> str:
    """The weak validator of a version. Source: hl7.org/fhir/R4/http.html#versioning."""
    return f'W/"{version}"'


def http_date(at: datetime) -> str:
    """A moment as HTTP writes it, in whole seconds."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def if_match(header: str | None) -> str | None:
    """
    If-Match as it was sent: ETags of versions, or ``*``.

    Raises:
        BadHeader: it is neither.
    """
    if header is None or header.strip() == ANY:
        return header
    if not all(ONE_TAG.fullmatch(each) for each in header.split(",")):
        name, rule = "If-Match", 'needs an ETag as it was given, such as W/"3-1f2e3d4c", or *'
        raise BadHeader(name, rule)
    return header


def unchanged(version: str, at: datetime, *, none_match: str | None, modified_since: str | None) -> bool:
    """
    Whether the caller has this version already (304).

    If-None-Match decides where it is given. If-Modified-Since, in whole seconds, only where it is not; one that is no
    date is ignored, as HTTP wants it.

    Source: RFC 9110 13.1.2, 13.1.3.
    """
    if none_match is not None:
        tags = none_match.strip()
        if tags == ANY:
            return True
        return any((found := ONE_TAG.fullmatch(tag)) and found[1] == version for tag in tags.split(","))
    if modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(modified_since)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return at.replace(microsecond=0) <= since


@dataclass(frozen=True)
class Prefer:
    """What the caller would like; what is not said is *representation* and *strict*."""

    returns: Return = "representation"
    handling: Handling = "strict"
    said: frozenset[str] = frozenset()
    """Which of the two were said, and so are answered with Preference-Applied."""

    def applied(self, *names: str) -> dict[str, str]:
        """The header that says which of the preferences called *names* were said and followed."""
        values = {"return": self.returns, "handling": self.handling}
        told = [f"{name}={values[name]}" for name in names if name in self.said]
        return {"Preference-Applied": ", ".join(told)} if told else {}


def preferences(headers: Iterable[str]) -> Prefer:
    """
    What Prefer headers ask for. Unknown preferences are ignored; of two that contradict each other the first counts.

    Source: RFC 7240; hl7.org/fhir/R4/http.html#ops.
    """
    returns: Return | None = None
    handling: Handling | None = None
    for token in (each for header in headers for each in header.split(",")):
        name, _, value = token.partition(";")[0].partition("=")
        name, value = name.strip().lower(), value.strip().strip('"').lower()
        if name == "return" and returns is None:
            returns = RETURNS.get(value)
        elif name == "handling" and handling is None:
            handling = HANDLINGS.get(value)
    said = {name for name, value in (("return", returns), ("handling", handling)) if value is not None}
    return Prefer(returns or "representation", handling or "strict", frozenset(said))

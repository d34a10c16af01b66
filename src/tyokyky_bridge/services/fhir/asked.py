"""What the entries of a Bundle ask for: the request of each, read and refused before anything is done."""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from tyokyky_bridge.fhir.conformance.registry import PUBLISHED, REGISTRY
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue
from tyokyky_bridge.fhir.wire.text import Unreadable, parse
from tyokyky_bridge.services.fhir.entries import Entry, Method, Pairs
from tyokyky_bridge.services.fhir.listing import PAGE, PastAsked
from tyokyky_bridge.services.fhir.refusals import BadRequest, EntryRefused, NotAllowed, NotFound

MAX_ENTRIES: Final = 500
MAX_SEARCHES: Final = 50
"""Searches and criteria of writes in one Bundle: each looks at everything of a type that the caller may see."""
JSON_PATCH: Final = "application/json-patch+json"
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_Target = tuple[str, Sequence[str], Pairs]

_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True)
class Asked:
    """
    One entry of a Bundle: *write* is what it changes; else it reads what the other members say.
    """

    index: int
    type: str
    id: str | None = None
    version: str | None = None
    pairs: Pairs = ()
    past: PastAsked | None = None
    if_none_match: str | None = None
    write: Entry | None = None


def check_bundle(bundle: Document, kind: str) -> None:
    """Raises: BadRequest, Invalid, unless *bundle* is a Bundle of that kind, and not too large."""
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != kind:
        msg = f"this takes a Bundle of type {kind}"
        raise BadRequest(msg, expression="Bundle.type")
    entries: Any = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise Invalid([Issue("error", "structure", "must be an array", "Bundle.entry")])
    if len(cast("list[Any]", entries)) > MAX_ENTRIES:
        msg = f"a Bundle has at most {MAX_ENTRIES} entries"
        raise BadRequest(msg, expression="Bundle.entry", kind="too-long")


def asked_of(entry: Any, index: int, base: str) -> Asked:
    """
    Read one entry.

    Raises:
        EntryRefused: the entry asks for nothing that this server has.
    """
    try:
        return _asked(entry, index, base)
    except (BadRequest, Invalid, NotAllowed, NotFound, Unreadable) as refusal:
        raise EntryRefused(index, refusal) from refusal


def refuse_twice(asked: Iterable[Asked]) -> None:
    """Raises: BadRequest, when two entries write the same resource. Source: hl7.org/fhir/R4/http.html#trules."""
    seen: dict[tuple[str, str], int] = {}
    for each in asked:
        if each.write is None or each.write.id is None:
            continue
        first = seen.setdefault((each.write.type, each.write.id), each.index)
        if first != each.index:
            raise twice(first, each.index)


def refuse_storm(asked: Iterable[Asked]) -> None:
    """Raises: BadRequest, when the entries of a Bundle ask for more searches than one request may cost."""
    if sum(map(_searches, asked)) > MAX_SEARCHES:
        msg = f"a Bundle has at most {MAX_SEARCHES} searches, conditional creates and writes by criteria"
        raise BadRequest(msg, expression="Bundle.entry", kind="too-costly")


def _searches(asked: Asked) -> bool:
    if asked.write is None:
        return asked.id is None
    return asked.write.where is not None or asked.write.if_none_exist is not None


def twice(first: int, second: int) -> BadRequest:
    """Two entries of one Bundle write the same resource."""
    return BadRequest(
        f"entries {first} and {second} are about the same resource",
        expression=f"Bundle.entry[{second}]",
        kind="duplicate",
    )


def _asked(entry: Any, index: int, base: str) -> Asked:
    place = f"Bundle.entry[{index}]"
    members = cast("Document", entry) if isinstance(entry, dict) else {}
    request: Any = members.get("request")
    if not isinstance(request, dict):
        raise Invalid([Issue("error", "required", "an entry needs a request", f"{place}.request")])
    said = cast("Document", request)
    method, url = said.get("method"), said.get("url")
    if method not in WRITES | {"GET"} or not isinstance(url, str):
        raise Invalid(
            [Issue("error", "value", "method is GET, POST, PUT, PATCH or DELETE", f"{place}.request.method")]
        )
    resource_type, steps, pairs = _target(url, base, place)
    if method == "GET":
        return replace(
            _read(index, resource_type, steps, pairs, place), if_none_match=_text(said, "ifNoneMatch")
        )
    return _write(index, (resource_type, steps, pairs), members, place)


def _target(url: str, base: str, place: str) -> _Target:
    """Type, further steps and criteria of a relative URL, or of an absolute one of this server."""
    text = url.removeprefix(f"{base}/") if base else url
    path, _, query = text.removeprefix("/").partition("?")
    steps = path.split("/")
    if not _TYPE.fullmatch(steps[0]) or not all(
        _ID.fullmatch(step) for step in steps[1:] if step != "_history"
    ):
        msg = "the url names no resource of this server"
        raise BadRequest(msg, expression=f"{place}.request.url")
    served = REGISTRY.get(steps[0])
    if served is None:
        raise NotFound
    if served.kind is PUBLISHED:
        msg = "definitions are read by requests of their own, not in a Bundle"
        raise NotAllowed(msg)
    try:
        pairs = tuple(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=200))
    except ValueError:
        msg = "the url cannot be read"
        raise BadRequest(msg, expression=f"{place}.request.url") from None
    return steps[0], steps[1:], pairs


def _read(index: int, resource_type: str, steps: Sequence[str], pairs: Pairs, place: str) -> Asked:
    if steps and steps[-1] != "_history" and pairs:
        msg = "a read in a Bundle gives the whole resource and takes no parameters"
        raise BadRequest(msg, expression=f"{place}.request.url")
    match steps:
        case []:
            return Asked(index, resource_type, pairs=pairs)
        case [id_] if id_ != "_history":
            return Asked(index, resource_type, id_)
        case [id_, "_history"]:
            return Asked(index, resource_type, id_, past=_past(resource_type, id_, pairs, place))
        case [id_, "_history", version]:
            return Asked(index, resource_type, id_, version)
        case _:
            msg = "the url names no interaction"
            raise BadRequest(msg, expression=f"{place}.request.url")


def _past(resource_type: str, id_: str, pairs: Pairs, place: str) -> PastAsked:
    known = dict(pairs)
    try:
        text = known.get("_since", "").replace(" ", "+")  # a plus that was not escaped
        since = datetime.fromisoformat(text) if text else None
        count = int(known.get("_count", PAGE))
    except ValueError:
        since, count = None, -1
    if known.keys() - {"_since", "_count"} or count < 0 or (since is not None and since.tzinfo is None):
        msg = "a history here takes _since and _count"
        raise BadRequest(msg, expression=f"{place}.request.url")
    return PastAsked(resource_type, id_, since, None, count, None)


def _write(index: int, target: _Target, members: Document, place: str) -> Asked:
    resource_type, steps, pairs = target
    request = cast("Document", members["request"])
    method = cast("Method", request["method"])
    id_ = steps[0] if steps else None
    conditional = id_ is None and method != "POST"
    if (
        len(steps) > 1
        or (pairs and not conditional)
        or (method == "POST" and id_ is not None)
        or id_ == "_history"
    ):
        msg = f"the url does not fit {method}"
        raise BadRequest(msg, expression=f"{place}.request.url")
    if conditional and not pairs:
        msg = "the url needs an id or criteria"
        raise BadRequest(msg, expression=f"{place}.request.url")
    resource: Any = members.get("resource")
    body = cast("Document", resource) if isinstance(resource, dict) else None
    if (body is None) != (method == "DELETE"):
        raise Invalid(
            [Issue("error", "required", f"{method} and a resource do not go together", f"{place}.resource")]
        )
    full_url: Any = members.get("fullUrl")
    criteria: Any = request.get("ifNoneExist")
    entry = Entry(
        index,
        method,
        resource_type,
        id_,
        document=body if method in {"POST", "PUT"} else None,
        operations=_operations(body, place) if method == "PATCH" else (),
        where=pairs if conditional else None,
        full_url=full_url if isinstance(full_url, str) else None,
        if_match=_text(request, "ifMatch"),
        if_none_match=_text(request, "ifNoneMatch"),
        if_none_exist=criteria_of(criteria) if isinstance(criteria, str) else None,
        expression=f"{place}.resource",
    )
    return Asked(index, resource_type, id_, write=entry)


def _text(request: Document, name: str) -> str | None:
    value = request.get(name)
    return value if isinstance(value, str) else None


def criteria_of(text: str) -> Pairs:
    """The criteria of a conditional create as pairs; a leading type or question mark is put up with."""
    query = text.partition("?")[2] if "?" in text else text
    return tuple(parse_qsl(query, keep_blank_values=True))


def _operations(body: Document | None, place: str) -> Sequence[Any]:
    """A JSON Patch travels in a Binary. Source: hl7.org/fhir/R4/http.html#patch (Bundles)."""
    held = body or {}
    if held.get("resourceType") != "Binary" or held.get("contentType") != JSON_PATCH:
        text = f"a patch stands in a Binary of {JSON_PATCH}"
        raise Invalid([Issue("error", "not-supported", text, f"{place}.resource")])
    try:
        raw = base64.b64decode(str(held.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid([Issue("error", "value", "is no base64", f"{place}.resource.data")]) from None
    return cast("Sequence[Any]", parse(raw))

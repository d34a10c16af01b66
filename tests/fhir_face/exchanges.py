"""What every answer of the FHIR face has to keep to, whatever was asked: headers, envelopes, and no dead ends.

Source: FHIR report 1.1, 1.2, 1.5, 1.7; hl7.org/fhir/R4/http.html.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.fhir.conformance import read
from tyokyky_bridge.fhir.conformance.capability import STATEMENT_ID
from tyokyky_bridge.fhir.wire.text import Unreadable, parse

FHIR_JSON = "application/fhir+json; charset=utf-8"
OURS = "https://tyokyky-bridge.example/fhir/"
ELSEWHERE = frozenset({f"{OURS}CapabilityStatement/{STATEMENT_ID}"})


@dataclass(frozen=True)
class Exchange:
    """One answer, and what it answers."""

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: str
    test: str = ""

    @property
    def path(self) -> str:
        """The URL without its query."""
        return self.url.partition("?")[0]

    @property
    def document(self) -> dict[str, Any] | None:
        """The resource in the body, if there is one."""
        if not self.body or self.path.startswith("/fhir/.well-known/"):
            return None
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """A header, whatever its case."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)


def no_fault_of_ours(answer: Exchange) -> Iterator[str]:
    """An answer is never 5xx."""
    if answer.status >= 500:
        yield f"status {answer.status}"


def media_type(answer: Exchange) -> Iterator[str]:
    """A body is FHIR JSON and says so; 204, 304 and HEAD have none."""
    bodiless = answer.status in {204, 304} or answer.method == "HEAD"
    if bodiless and answer.body:
        yield f"a body with status {answer.status}"
    if answer.body and answer.document is not None and answer.header("content-type") != FHIR_JSON:
        yield f"content type {answer.header('content-type')}"


def readable_json(answer: Exchange) -> Iterator[str]:
    """A body is strict JSON: no member twice, no NaN, not too deep."""
    if answer.document is None:
        return
    try:
        parse(answer.body.encode())
    except Unreadable as refusal:
        yield str(refusal)


def errors_are_outcomes(answer: Exchange) -> Iterator[str]:
    """Whatever fails says why in an OperationOutcome, and nothing else does so with an error in it."""
    if answer.method == "HEAD" or (answer.status < 400 and answer.status != 304 and not answer.body):
        return
    document = answer.document
    if answer.status >= 400:
        if document is None or document.get("resourceType") != "OperationOutcome":
            yield f"status {answer.status} without an OperationOutcome"
        elif not any(each["severity"] in {"error", "fatal"} for each in document["issue"]):
            yield f"status {answer.status} without an error in the OperationOutcome"


def failures_say_how_to_go_on(answer: Exchange) -> Iterator[str]:
    """405 names the methods, 401 the kind of token, and every failure can be found in the log."""
    if answer.status == 405 and answer.header("allow") is None:
        yield "405 without Allow"
    if answer.status == 401 and not (answer.header("www-authenticate") or "").startswith("Bearer"):
        yield "401 without WWW-Authenticate"


def validators_fit_the_body(answer: Exchange) -> Iterator[str]:
    """A resource comes with the ETag of its version and with Last-Modified."""
    document = answer.document
    if document is None or answer.status not in {200, 201} or "versionId" not in document.get("meta", {}):
        return
    if document["resourceType"] in {"CapabilityStatement", "ValueSet"} and "expansion" in document:
        return
    version = document["meta"]["versionId"]
    if answer.header("etag") != f'W/"{version}"':
        yield "ETag is not the version of the body"
    if answer.header("last-modified") is None:
        yield "no Last-Modified"


def created_things_have_a_place(answer: Exchange) -> Iterator[str]:
    """201 says where the version is that was made."""
    if answer.status != 201:
        return
    place, tag = answer.header("location") or "", answer.header("etag") or ""
    if not place.endswith(f"/_history/{tag.removeprefix('W/').strip(chr(34))}"):
        yield "Location is not the version of the ETag"


def bundles_are_whole(answer: Exchange) -> Iterator[str]:
    """A searchset says what each entry is and where; a history says of each what was asked and what became of it."""
    document = answer.document
    if document is None or document.get("resourceType") != "Bundle":
        return
    kind, entries = document["type"], document.get("entry", [])
    links = [each["relation"] for each in document.get("link", [])]
    if kind in {"searchset", "history"}:
        if links.count("self") != 1:
            yield f"a {kind} with {links.count('self')} self links"
        if len(links) != len(set(links)):
            yield f"a {kind} with a link twice"
    if kind == "searchset":
        yield from _searchset(document, entries)
    elif kind == "history":
        for each in entries:
            if "request" not in each or "etag" not in each.get("response", {}):
                yield "a history entry without request or etag"
            elif (each["request"]["method"] == "DELETE") == ("resource" in each):
                yield "a deletion with a resource, or another entry without one"


def _searchset(document: dict[str, Any], entries: list[dict[str, Any]]) -> Iterator[str]:
    modes = [each.get("search", {}).get("mode") for each in entries]
    if not set(modes) <= {"match", "include", "outcome"}:
        yield "an entry without a search mode"
    if any("fullUrl" not in each for each in entries if each.get("search", {}).get("mode") != "outcome"):
        yield "an entry without a fullUrl"
    places = [each["fullUrl"] for each in entries if "fullUrl" in each]
    if len(places) != len(set(places)):
        yield "a resource twice"
    if document.get("total", len(entries)) < modes.count("match"):
        yield "a total below the number of matches"


def nothing_of_ours_is_missing(answer: Exchange) -> Iterator[str]:
    """Behind every canonical URL of ours in a body there is a definition."""
    document = answer.document
    if document is None or document.get("resourceType") == "OperationOutcome":
        return
    for text in sorted(
        {each.partition("|")[0] for each in texts(document) if each.startswith(OURS)} - ELSEWHERE
    ):
        type_, _, id_ = text.removeprefix(OURS).partition("/")
        if read(type_, id_) is None:
            yield f"nothing behind {text.removeprefix(OURS)}"


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


RULES: tuple[Callable[[Exchange], Iterator[str]], ...] = (
    no_fault_of_ours,
    media_type,
    readable_json,
    errors_are_outcomes,
    failures_say_how_to_go_on,
    validators_fit_the_body,
    created_things_have_a_place,
    bundles_are_whole,
    nothing_of_ours_is_missing,
)


def broken_rules(answer: Exchange) -> Iterator[tuple[str, str]]:
    """The rules that an answer breaks: name and what is wrong."""
    for rule in RULES:
        for text in rule(answer):
            yield rule.__name__, text

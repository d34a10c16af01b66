"""What goes out: a version with its validators, what became of a write, or a document of ours."""

from collections.abc import Callable, Mapping
from typing import Final

from fastapi import Response

from tyokyky_bridge.api.fhir.ask import Ask
from tyokyky_bridge.api.fhir.headers import Prefer, etag, http_date, unchanged
from tyokyky_bridge.api.fhir.negotiation import CONTENT_TYPE
from tyokyky_bridge.fhir.wire.issues import Document, Issue, outcome
from tyokyky_bridge.fhir.wire.text import parse, render
from tyokyky_bridge.services.fhir.entries import Written
from tyokyky_bridge.services.fhir.states import Version

Part = Callable[[Document], Document]

DONE: Final = "the resource was stored"
AS_BEFORE: Final = "nothing changed: the resource stood already as it was sent"
DELETED: Final = "the resource was deleted"
NOTHING_THERE: Final = "there was nothing to delete"


def json_answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """FHIR JSON that has been rendered already."""
    return Response(body, status, headers={**(headers or {}), "Content-Type": CONTENT_TYPE})


def document_answer(
    ask: Ask, document: Document, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A document that has no versions, such as a Bundle or an OperationOutcome."""
    return json_answer(render(document, pretty=ask.pretty), status, headers)


def validators(version: Version) -> dict[str, str]:
    """ETag and Last-Modified of a version."""
    return {"ETag": etag(version.version), "Last-Modified": http_date(version.at)}


def version_answer(ask: Ask, version: Version, part: Part | None = None) -> Response:
    """
    One version as it was read; 304 without a body where the caller has it already.

    Args:
        ask: The request.
        version: What was read.
        part: Gives the part of it that the caller asked for.
    """
    headers = validators(version)
    known = unchanged(
        version.version,
        version.at,
        none_match=ask.header("if-none-match"),
        modified_since=ask.header("if-modified-since"),
    )
    if known:
        return Response(b"", 304, headers=headers)
    if part is not None:
        return document_answer(ask, part(parse(version.body)), headers=headers)
    return json_answer(_body(ask, version), headers=headers)


def written_answer(ask: Ask, written: Written) -> Response:
    """What became of a create, update or patch, in as many words as the caller prefers."""
    version = written.version
    if version is None:
        return deleted_answer(ask, written)
    place = f"{ask.base}/{version.type}/{version.id}/_history/{version.version}"
    headers = {**validators(version), "Location": place, **ask.prefer.applied("return")}
    status = 201 if written.created else 200
    if ask.prefer.returns == "minimal":
        return Response(b"", status, headers=headers)
    if ask.prefer.returns == "OperationOutcome" or version.deleted:
        said = DONE if written.changed else AS_BEFORE
        return document_answer(ask, _said(said, written.issues), status, headers)
    return json_answer(_body(ask, version), status, headers)


def deleted_answer(ask: Ask, written: Written) -> Response:
    """What became of a delete: 204, or an OperationOutcome for who prefers one."""
    headers = ask.prefer.applied("return")
    if written.version is not None:
        headers["ETag"] = etag(written.version.version)
    if ask.prefer.returns != "OperationOutcome":
        if ask.prefer.returns == "representation":
            headers.pop("Preference-Applied", None)  # there is nothing left to represent
        return Response(b"", 204, headers=headers)
    said = DELETED if written.version is not None and written.changed else NOTHING_THERE
    return document_answer(ask, _said(said, written.issues), 200, headers)


def as_preferred(prefer: Prefer) -> bool:
    """Whether the answer to a transaction holds what was written."""
    return prefer.returns == "representation"


def _said(text: str, issues: tuple[Issue, ...]) -> Document:
    return outcome((*issues, Issue("information", "informational", text)))


def _body(ask: Ask, version: Version) -> bytes:
    return render(parse(version.body), pretty=True) if ask.pretty else version.body

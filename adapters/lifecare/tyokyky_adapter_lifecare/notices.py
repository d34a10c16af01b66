"""Messages that Lifecare pushes: proved by their signature, then read for where to look and for nothing else.

Source: domain report 8.2. An ADT message carries a name and an identity number; both are passed over.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tyokyky_bridge.adapterkit.contract import Hint, HintKind, Notice
from tyokyky_bridge.adapterkit.errors import NotAuthentic, Unreadable

REPLAY_WINDOW = timedelta(minutes=5)
LONGEST_MESSAGE_BYTES = 64 * 1024

_KINDS: dict[str, HintKind] = {
    "asiakirja.allekirjoitettu": "changed",
    "asiakirja.tallennettu": "changed",
    "asiakirja.mitatoity": "gone",
}
_ADT_KINDS: dict[str, HintKind] = {"ADT^A31": "identity", "ADT^A39": "merged"}
_MARKS_AT_MOST = 8
_MOMENT = re.compile(r"\d{1,12}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# Standing alone: in the middle of a random hexadecimal id the same run of characters is nobody's number.
_HETU = re.compile(r"(?<![0-9A-Z])\d{6}[-+A-FU-Y]\d{3}[0-9A-Y](?![0-9A-Z])", re.ASCII | re.IGNORECASE)


def _opaque(value: str) -> str:
    """An id that may stand in logs and addresses. Raises `ValueError`."""
    if not _ID.fullmatch(value) or _HETU.search(value):
        msg = "not an opaque id"
        raise ValueError(msg)
    return value


_Id = Annotated[str, AfterValidator(_opaque)]


class DocumentEvent(BaseModel):
    """The thin message about a document."""

    model_config = ConfigDict(extra="allow", strict=True)

    lahetysId: _Id  # noqa: N815  # the partner's own names
    tapahtuma: str
    asiakirjaId: _Id  # noqa: N815
    versio: int = Field(ge=1, lt=2**31)
    potilasId: _Id  # noqa: N815


def prove(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Check ``LC-Signature``: ``t=<unix>,v1=<hex>``, where several ``v1`` may stand while a secret is changed.

    Raises: NotAuthentic.
    """
    parts = [part.strip().partition("=") for part in headers.get("lc-signature", "").split(",")]
    moments = [value for name, _, value in parts if name == "t"]
    marks = [value for name, _, value in parts if name == "v1"]
    if len(moments) != 1 or not _MOMENT.fullmatch(moments[0]) or not 1 <= len(marks) <= _MARKS_AT_MOST:
        raise NotAuthentic(rule="no readable LC-Signature")
    payload = moments[0].encode() + b"." + body
    right = [hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest() for secret in secrets if secret]
    # All pairs are compared, so that the time taken tells nothing.
    matches = [
        hmac.compare_digest(mark.encode("utf-8", "replace"), expected.encode())
        for mark in marks
        for expected in right
    ]
    if not any(matches):
        raise NotAuthentic(rule="signature does not match")
    if abs(now.timestamp() - int(moments[0])) > REPLAY_WINDOW.total_seconds():
        raise NotAuthentic(rule="outside the replay window")


def read(headers: Mapping[str, str], body: bytes) -> Notice:
    """Read a proved message by its content type. Raises: Unreadable."""
    if len(body) > LONGEST_MESSAGE_BYTES:
        raise Unreadable(rule="longer than 64 KiB")
    match headers.get("content-type", "").partition(";")[0].strip().lower():
        case "application/json":
            return _read_event(body)
        case "application/hl7-v2":
            return _read_adt(body.decode("iso-8859-1"))
        case _:
            raise Unreadable(rule="neither application/json nor application/hl7-v2")


def _read_event(body: bytes) -> Notice:
    try:
        event = DocumentEvent.model_validate_json(body)
    except ValidationError:
        raise Unreadable(rule="not a document event") from None
    kind = _KINDS.get(event.tapahtuma)
    if kind is None:
        raise Unreadable(rule="an event we do not know")
    hint = Hint(kind, event.potilasId, event.asiakirjaId, f'W/"{event.versio}"')  # as its ETag reads
    return Notice(event.lahetysId, (hint,))


def _read_adt(text: str) -> Notice:
    """``A31``: the number may be another, and so may anything else. ``A39``: one patient went into another."""
    segments = [line for line in text.replace("\n", "\r").split("\r") if line]
    if not segments or not re.match(r"MSH([^\w\s])([^\w\s]{2,})\1", segments[0]):
        raise Unreadable(rule="not an HL7 v2 message")
    separator, component, repetition = segments[0][3], segments[0][4], segments[0][5]
    # MSH-1 is the separator itself, so that the fields of this segment lie one place further to the left.
    head = segments[0].split(separator)
    wanted = _ADT_KINDS.get(_field(head, 8).replace(component, "^"))
    if wanted is None:
        raise Unreadable(rule="an event we do not know")
    event_id = _adt_id(_field(head, 9))
    hints: list[Hint] = []
    person_id: str | None = None
    for segment in segments[1:]:
        fields = segment.split(separator)
        if fields[0] == "PID":
            person_id = _own_id(_field(fields, 3), component, repetition)
            if wanted == "identity":
                hints.append(Hint("identity", person_id, version=event_id))
            hints.append(Hint("changed", person_id, version=event_id))
        elif fields[0] == "MRG" and wanted == "merged":
            lost = _own_id(_field(fields, 1), component, repetition)
            if person_id is None or lost == person_id:
                raise Unreadable(rule="MRG names no other patient than PID")
            hints.append(Hint("merged", lost, version=event_id, merged_into=person_id))
    if not any(hint.kind == wanted for hint in hints):
        raise Unreadable(rule="a segment is missing")
    return Notice(event_id, tuple(hints))


def _own_id(field: str, component: str, repetition: str) -> str:
    """The patient id in an identifier list: the one of type ``PI``. The identity number beside it is not read."""
    own = [parts for one in field.split(repetition) if _field(parts := one.split(component), 4) == "PI"]
    if len(own) != 1:
        raise Unreadable(rule="not one patient id of type PI")
    return _adt_id(own[0][0])


def _adt_id(value: str) -> str:
    try:
        return _opaque(value)
    except ValueError:
        raise Unreadable(rule="an id that is not opaque") from None


def _field(fields: Sequence[str], index: int) -> str:
    return fields[index] if index < len(fields) else ""

"""What Effica's answers mean: Faults by code, in-band return codes, and bytes that are no answer at all."""

from datetime import timedelta

import httpx

from tyokyky_adapter_sosiaali_effica.feed import Page, Row, minute_of
from tyokyky_adapter_sosiaali_effica.soap import (
    Element,
    Fault,
    UnsafeXml,
    body_of,
    eff,
    fault_of,
    local_name,
    parse,
    text_of,
)
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    ChangedUnderneath,
    NotThere,
    OutcomeUnknown,
    PartnerError,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.http import raise_for_outage

KEPT = "0"
KEPT_WITH_REMARKS = "4"
NOTE_REMARKS = "EFF-PALUUKOODI-4"
"""The note of a write that Effica kept with remarks: it cut a text or replaced letters."""

LOCKED_PAUSE = timedelta(minutes=2)
"""How long to leave alone what somebody has open; a forgotten lock ends by itself in ten minutes."""

_BLOCKED = {"EFF-011", "EFF-012", "EFF-013"}


def answer_of(response: httpx.Response, operation: str, *, wrote: bool) -> Element:
    """
    Read the answer to *operation*, whatever its HTTP status.

    Effica sends Faults with 500 and refusals with 200, so the status alone says nothing.

    Raises:
        PartnerError: named by what to do next; holds Effica's codes and element names, no content.
    """
    inside = _inside(response, wrote=wrote)
    wrong = fault_of(inside)
    if wrong is not None:
        raise _error_of(wrong)
    if local_name(inside) != f"{operation}Vastaus":
        raise _no_answer(wrote=wrote)
    number = text_of(inside, "Paluukoodi")
    if number not in {KEPT, KEPT_WITH_REMARKS}:
        field = text_of(inside, "Kentta") or None
        raise Refused((Refusal(f"EFF-PALUUKOODI-{number or 'puuttuu'}", field, "hylätty"),))
    return inside


def needed(element: Element, name: str, *, wrote: bool = False) -> str:
    """Text of a member that has to be there. Raises: OutcomeUnknown when the request *wrote*, else TryLater."""
    text = text_of(element, name)
    if not text:
        raise _no_answer(wrote=wrote)
    return text


def page_of(answer: Element) -> Page:
    """Read an answer of the change log. Raises `TryLater` when a row is not readable, or nothing was cut."""
    try:
        rows = [
            Row(
                minute=minute_of(text_of(row, "Aika")),
                oid=text_of(row, "AsiakirjaOid"),
                version=text_of(row, "Versionumero"),
                state=text_of(row, "Tila"),
                person=text_of(row, "AsiakasTunnus"),
            )
            for row in answer.findall(eff("MuutosRivi"))
        ]
    except ValueError as wrong:
        raise _no_answer(wrote=False) from wrong
    more = text_of(answer, "Lisaa") == "true"
    if more and not rows:
        raise _no_answer(wrote=False)
    return Page(rows, more)


def _inside(response: httpx.Response, *, wrote: bool) -> Element:
    if response.status_code in {401, 403}:
        raise Blocked(native_code=f"http-{response.status_code}")
    try:
        return body_of(parse(response.content))
    except UnsafeXml as unsafe:
        raise_for_outage(response, wrote=wrote)
        raise _no_answer(wrote=wrote) from unsafe


def _no_answer(*, wrote: bool) -> PartnerError:
    return OutcomeUnknown("malformed-answer") if wrote else TryLater("malformed-answer")


def _error_of(wrong: Fault) -> PartnerError:
    match wrong.code:
        case "EFF-105":
            return ChangedUnderneath(wrong.code)
        case "EFF-202":
            return TryLater(wrong.code, after=LOCKED_PAUSE, record_only=True)
        case "EFF-201":
            return TryLater(wrong.code, record_only=True)
        case "EFF-101":
            return NotThere(wrong.code)
        case code if code in _BLOCKED:
            return Blocked(code)
        case code if wrong.side == "Server":
            return TryLater(code)
        case code:
            return Refused((Refusal(code),))

"""Periods that end before they begin: a plan can hold one as a partner wrote it, a FHIR Period cannot.

The end is then kept beside itself, in an extension of the element that has no value.
"""

from typing import Any, Final, cast

from tyokyky_bridge.fhir.derived.vocabulary import definition
from tyokyky_bridge.fhir.wire.issues import Document

END_BEFORE_START: Final = definition("end-before-start")
"""The extension of a Period's end, whose value is the end as it was recorded. Source: invariant per-1."""

END_TITLES: Final = (
    "loppu sellaisena kuin se on kirjattu",
    "slutet såsom det antecknats",
    "end as it was recorded",
)
"""Finnish, Swedish and English title of the extension."""


def tidy(period: Document) -> None:
    """Move an end that is before the start out of the way of the invariant."""
    start, end = period.get("start"), period.get("end")
    if isinstance(start, str) and isinstance(end, str) and end < start:
        del period["end"]
        period["_end"] = {"extension": [{"url": END_BEFORE_START, "valueDate": end}]}


def untidy(period: Document) -> Document:
    """The same period with the end where it belongs: the inverse of `tidy`, on a copy."""
    beside = period.get("_end")
    held = cast("Document", beside) if isinstance(beside, dict) else {}
    extensions = held.get("extension")
    for each in cast("list[Any]", extensions) if isinstance(extensions, list) else []:
        kept = cast("Document", each) if isinstance(each, dict) else {}
        if kept.get("url") == END_BEFORE_START and "end" not in period:
            return {**period, "end": kept.get("valueDate")}
    return period

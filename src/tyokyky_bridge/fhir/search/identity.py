"""Whether a search value is, or may be, a personal identity code, which goes into no URL.

Not only ``identifier`` is looked at: a number sent by mistake as a name is as personal. Any value in the form of a HETU
counts, a mistyped one too, and whatever is asked of the system of HETUs.
"""

import re
from typing import Final

from tyokyky_bridge.domain.hetu import normalise_hetu

HETU_SYSTEM: Final = "urn:oid:1.2.246.21"
"""Source: domain report 4.4."""

_FORM: Final = re.compile(r"(?<![0-9A-Z])[0-3]\d[01]\d{3}[-+A-FU-Y]\d{3}[0-9A-Z](?![0-9A-Z])", re.ASCII)


def may_be_hetu(text: str) -> bool:
    """Whether *text* holds something in the form of a HETU, or asks in the system of HETUs."""
    return _FORM.search(normalise_hetu(text)) is not None or f"{HETU_SYSTEM}|" in text

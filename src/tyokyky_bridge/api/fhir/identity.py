"""No identity number in a URL: it would stay in logs, histories and bookmarks."""

from collections.abc import Iterable

from tyokyky_bridge.api.fhir.refusals import IdentityInUrl
from tyokyky_bridge.fhir.search.identity import may_be_hetu


def refuse_identity(pairs: Iterable[tuple[str, str]]) -> None:
    """
    Refuse parameters of a URL that hold, or may hold, an identity number.

    Raises:
        IdentityInUrl: naming no value.
    """
    for pair in pairs:
        # A plus that was not escaped, the sign of the 19th century, comes as a space.
        if any(may_be_hetu(text) or may_be_hetu(text.replace(" ", "+")) for text in pair):
            raise IdentityInUrl

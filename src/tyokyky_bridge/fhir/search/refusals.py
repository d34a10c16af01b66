"""Why a search is refused, said without its values."""

import re
from typing import Final

from tyokyky_bridge.fhir.search.identity import may_be_hetu
from tyokyky_bridge.fhir.wire.issues import Invalid

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:\-]{0,63}", re.ASCII)


class BadQuery(Invalid):
    """A search holds what is not understood. Each issue names a parameter and its rule."""

    code = "fhir/query"


class Refusal(Exception):
    """One parameter is refused: the IssueType and the rule."""

    def __init__(self, *, code: str, rule: str) -> None:
        self.code = code
        self.rule = rule
        super().__init__(rule)


def name_of(name: str) -> str:
    """*name* as it may be repeated to the caller: only what looks like the name of a parameter."""
    return name if _NAME.fullmatch(name) and not may_be_hetu(name) else "a parameter"

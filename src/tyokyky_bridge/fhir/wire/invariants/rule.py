"""The form of an invariant: its key in R4, where it stands, what it says, and the test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.fhir.wire.issues import Document, Severity
from tyokyky_bridge.fhir.wire.walk import Place, Walk

Finding = Callable[[Document, Place, Walk], None]
"""Asked of a node whose structure is sound; notes what is wrong with it."""

Holds = Callable[[Document], Any]
"""True, or anything that counts as true, when the invariant holds."""


@dataclass(frozen=True)
class Invariant:
    """One invariant of R4 on one node. *at* names the element that a finding points at, when it is a part of it."""

    key: str
    node: str
    text: str
    holds: Holds
    at: str = ""
    severity: Severity = "error"

    @property
    def finding(self) -> Finding:
        """The check that notes an issue when the invariant does not hold."""
        holds, at, severity, said = self.holds, self.at, self.severity, f"{self.key}: {self.text}"

        def check(node: Document, place: Place, walk: Walk) -> None:
            if not holds(node):
                walk.fault((place, at, -1) if at else place, "invariant", said, severity)

        return check

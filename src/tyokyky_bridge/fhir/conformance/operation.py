"""The shape of an operation: where it can be called, what it takes and what it gives."""

from dataclasses import dataclass

from tyokyky_bridge.fhir.conformance.header import canonical


@dataclass(frozen=True)
class Taken:
    """One parameter: its cardinality is *min* to *max*; *type_* is ``None`` for one that has parts."""

    name: str
    type_: str | None
    says: str
    min: int = 0
    max: str = "1"
    parts: tuple["Taken", ...] = ()


@dataclass(frozen=True)
class Operation:
    """
    One operation: where it can be called, what it takes and gives.

    *base* is the id of the HL7 definition that it follows, ``None`` for one of our own.
    """

    id: str
    code: str
    types: tuple[str, ...]
    title: str
    says: str
    base: str | None
    on_type: bool
    on_instance: bool
    takes: tuple[Taken, ...]
    gives: tuple[Taken, ...]

    @property
    def definition(self) -> str:
        """The canonical URL of our definition, which this server answers for."""
        return canonical("OperationDefinition", self.id)

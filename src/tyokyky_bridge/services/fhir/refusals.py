"""What the FHIR face refuses to do, one class for each fact; `api` knows which status each has."""

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.wire.issues import Issue


class NotFound(BridgeError):
    """No such resource or version, or none whose existence the caller may know."""

    code = "fhir/not-found"

    def __init__(self) -> None:
        super().__init__("no such resource")


class Gone(BridgeError):
    """The caller could see the resource, and saw it deleted."""

    code = "fhir/gone"

    def __init__(self) -> None:
        super().__init__("the resource was deleted")


class Stale(BridgeError):
    """What the caller saw is not what it would see now (If-Match), or is there already (If-None-Match)."""

    code = "fhir/stale"

    def __init__(self) -> None:
        super().__init__("the resource is not in the state that the request asks for")


class PreconditionRequired(BridgeError):
    """An update has to name the version it was made from, by an ETag that can be read."""

    code = "fhir/precondition-required"

    def __init__(self, text: str = "send If-Match with the ETag of the version that was read") -> None:
        super().__init__(text)


class MultipleMatches(BridgeError):
    """A condition that has to find one resource at most found several."""

    code = "fhir/multiple-matches"

    def __init__(self) -> None:
        super().__init__("the condition matches more than one resource")


class NotAllowed(BridgeError):
    """This type or this resource does not have the interaction; *reason* says what to do instead."""

    code = "fhir/not-allowed"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Conflict(BridgeError):
    """The request is in order, and what stands already forbids it."""

    code = "fhir/conflict"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class BadRequest(BridgeError):
    """The request as such cannot be read: a condition, a cursor, a Bundle, a patch."""

    code = "fhir/query"

    def __init__(self, reason: str, *, expression: str | None = None, kind: str = "invalid") -> None:
        self.reason = reason
        self.issues = (Issue("error", kind, reason, expression),)
        super().__init__(reason if expression is None else f"{expression}: {reason}")


class EntryRefused(BridgeError):
    """One entry of a transaction was refused, and with it all of them. *cause* says why; it has the status."""

    code = "fhir/entry-refused"

    def __init__(self, index: int, cause: BridgeError) -> None:
        self.index = index
        self.cause = cause
        super().__init__(f"Bundle.entry[{index}]: {cause}")

    @property
    def expression(self) -> str:
        """The entry, as FHIRPath."""
        return f"Bundle.entry[{self.index}]"

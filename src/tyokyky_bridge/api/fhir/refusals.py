"""What the FHIR face itself refuses, before any use case: wrong place, wrong method, wrong headers."""

from collections.abc import Iterable

from tyokyky_bridge.domain.errors import BridgeError


class UnknownType(BridgeError):
    """The server has no such resource type."""

    code = "fhir/unknown-type"

    def __init__(self) -> None:
        super().__init__("this server has no such resource type: GET /fhir/metadata lists those it has")


class UnknownOperation(BridgeError):
    """The operation is not defined at that place."""

    code = "fhir/unknown-operation"

    def __init__(self) -> None:
        super().__init__("there is no such operation here: GET /fhir/metadata lists operations by type")


class NotAllowed(BridgeError):
    """The type does not have that interaction. *allow* lists the methods that the URL has."""

    code = "fhir/not-allowed"

    def __init__(
        self, allow: Iterable[str], reason: str = "this type does not have this interaction"
    ) -> None:
        self.allow = tuple(sorted(allow))
        super().__init__(reason)

    @property
    def headers(self) -> dict[str, str]:
        """The methods, as HTTP tells them."""
        return {"Allow": ", ".join(self.allow)}


class NotAcceptable(BridgeError):
    """The caller asks for a form that this server cannot give."""

    code = "fhir/not-acceptable"

    def __init__(self) -> None:
        super().__init__("FHIR 4.0 as JSON is all there is: ask for application/fhir+json")


class UnsupportedMediaType(BridgeError):
    """The body is sent in a form that is not read here. *takes* is what is."""

    code = "fhir/unsupported-media-type"

    def __init__(self, takes: str) -> None:
        self.takes = takes
        super().__init__(f"send Content-Type: {takes}, in UTF-8")

    @property
    def headers(self) -> dict[str, str]:
        """What is read here, as HTTP tells it."""
        return {"Accept-Patch" if self.takes.endswith("patch+json") else "Accept-Post": self.takes}


class BadHeader(BridgeError):
    """A header cannot be read, or asks for what there is not. Names the header and the rule."""

    code = "fhir/bad-header"

    def __init__(self, header: str, rule: str) -> None:
        self.header = header
        super().__init__(f"{header}: {rule}")


class BadParameter(BridgeError):
    """A parameter of the URL or of an operation is missing, unknown or unreadable."""

    code = "fhir/bad-parameter"


class IdentityInUrl(BridgeError):
    """An identity number in a URL ends in logs, histories and bookmarks."""

    code = "fhir/identity-in-url"

    def __init__(self) -> None:
        super().__init__(
            "an identity number does not belong in a URL: send the search as a form to POST [type]/_search"
        )


class QueryOnCreate(BridgeError):
    """A POST with a query string: some clients mean a conditional create by it, and would get duplicates."""

    code = "fhir/query-on-create"

    def __init__(self) -> None:
        super().__init__(
            "a create takes no query string: send the criteria in the header If-None-Exist (conditional create), "
            "or a search as a form to POST [type]/_search"
        )

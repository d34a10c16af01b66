"""One request to the FHIR face, read as far as every interaction reads it, and the route that does so."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.routing import APIRoute

from tyokyky_bridge.api.auth import authenticate
from tyokyky_bridge.api.fhir import headers, negotiation
from tyokyky_bridge.api.fhir.doors import DOORS, missing
from tyokyky_bridge.api.fhir.identity import refuse_identity
from tyokyky_bridge.api.fhir.refusals import BadHeader, BadParameter, NotAllowed
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.text import Unreadable, parse
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role

Pairs = tuple[tuple[str, str], ...]

OURS: Final = frozenset({"_format", "_pretty"})
"""Parameters of the interface itself; no use case sees them."""

MAX_PARAMETERS: Final = 200
READS: Final = frozenset({"GET", "HEAD"})
TRUTHS: Final = {"true": True, "false": False, "": True}


class Ask:
    """A request whose caller is known and whose form of answer is settled."""

    def __init__(self, request: Request, pairs: Pairs) -> None:
        self.request = request
        self.pairs = tuple(pair for pair in pairs if pair[0] not in OURS)
        """The parameters of the URL, decoded, in their order."""
        self._ours = dict(pair for pair in pairs if pair[0] in OURS)

    @property
    def bridge(self) -> Bridge:
        """The wired hub."""
        return self.request.app.state.bridge

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self.request.state.caller

    @property
    def versioned(self) -> bool:
        """Whether this caller has to send If-Match with an update."""
        return not self.caller.overwrites

    @property
    def cursor_key(self) -> bytes:
        """Signs the cursors of pages."""
        return self.request.app.state.cursor_key

    @cached_property
    def base(self) -> str:
        """The address of this FHIR server as the caller reaches it, without a slash at its end."""
        public: str | None = self.request.app.state.public_url
        return f"{(public or str(self.request.base_url)).rstrip('/')}/fhir"

    @property
    def type(self) -> str:
        """The resource type of the URL."""
        return self.request.path_params["resource_type"]

    @property
    def id(self) -> str:
        """The logical id of the URL."""
        return self.request.path_params["resource_id"]

    @cached_property
    def prefer(self) -> headers.Prefer:
        """What the caller would like."""
        return headers.preferences(self.request.headers.getlist("prefer"))

    @property
    def strict(self) -> bool:
        """Whether parameters that nobody knows are refused."""
        return self.prefer.handling == "strict"

    @cached_property
    def pretty(self) -> bool:
        """Whether the answer is to be indented. Raises: BadParameter."""
        given = self._ours.get("_pretty", "false")
        if given not in TRUTHS:
            msg = "_pretty is true or false"
            raise BadParameter(msg)
        return TRUTHS[given]

    def header(self, name: str) -> str | None:
        """A header of the request."""
        return self.request.headers.get(name)

    def only(self, *names: str) -> dict[str, str]:
        """
        The parameters of the URL, of which only *names* are known; others are left out when handling is lenient.

        Raises:
            BadParameter: another one is there, or one stands twice.
        """
        known = [pair for pair in self.pairs if pair[0] in names]
        if (self.strict and len(known) < len(self.pairs)) or len(dict(known)) < len(known):
            msg = f"the parameters here are {', '.join(names) or 'none'}, each once"
            raise BadParameter(msg)
        return dict(known)

    async def json(self, kinds: frozenset[str] = negotiation.JSON_KINDS) -> Any:
        """The body as JSON. Raises: UnsupportedMediaType, Unreadable."""
        self._refuse_other_bodies(kinds)
        return parse(await self.request.body())

    async def document(self) -> Document:
        """The body as a JSON object. Raises: UnsupportedMediaType, Unreadable."""
        found = await self.json()
        if not isinstance(found, dict):
            msg = "the body has to be one JSON object with a resourceType"
            raise Unreadable(msg)
        return found  # pyright: ignore[reportUnknownVariableType]

    async def form(self) -> Pairs:
        """
        The body of a search as parameters; those of the interface itself count as if they were in the URL.

        Raises: UnsupportedMediaType, BadParameter, NotAcceptable.
        """
        body = await self.request.body()
        if not body and self.header("content-type") is None:
            return ()
        self._refuse_other_bodies(negotiation.FORM_KINDS)
        found = pairs_of(body)
        self._ours |= {name: value for name, value in found if name in OURS}
        if "_format" in self._ours:
            negotiation.refuse_other_forms(None, self._ours["_format"])
        return tuple(pair for pair in found if pair[0] not in OURS)

    def _refuse_other_bodies(self, kinds: frozenset[str]) -> None:
        encoding = self.header("content-encoding")
        negotiation.refuse_other_bodies(self.header("content-type"), kinds, encoding=encoding)


def ask_of(request: Request) -> Ask:
    """The request, as the route has read it."""
    return request.state.ask


def pairs_of(text: bytes) -> Pairs:
    """
    A query string or form as decoded pairs.

    Raises:
        BadParameter: it is no text in UTF-8, or has too many parameters.
    """
    try:
        found: Sequence[tuple[str, str]] = parse_qsl(
            text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError:
        msg = f"parameters are UTF-8 in percent-encoding, {MAX_PARAMETERS} at most"
        raise BadParameter(msg) from None
    return tuple(found)


class FhirRoute(APIRoute):
    """Settles who calls, what form the answer has, and whether the type has this interaction, before any handler."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind those questions. FastAPI's own reading of parameters and bodies is not FHIR's."""
        door = DOORS[self.name]

        async def serve(request: Request) -> Response:
            if not door.public:
                request.state.caller = _caller(request)
            pairs = pairs_of(request.scope["query_string"])
            format_ = next((value for name, value in pairs if name == "_format"), None)
            negotiation.refuse_other_forms(request.headers.get("accept"), format_)
            refuse_identity(pairs)
            path: str = request.scope["path"]
            if not door.leads(path):
                raise missing(path)
            if request.method not in READS and "x-provenance" in request.headers:
                name, rule = (
                    "X-Provenance",
                    "is not taken: the server makes a Provenance of every version itself",
                )
                raise BadHeader(name, rule)
            request.state.ask = Ask(request, pairs)
            try:
                answer = await door.handler(request)
            except BridgeError as refused:
                if refused.code == NotAllowed.code and not isinstance(refused, NotAllowed):
                    raise NotAllowed(door.others(path), str(refused)) from refused
                raise
            if request.method == "HEAD":
                answer.body = b""  # its Content-Length stays what a GET would have said
            return answer

        return serve


def _caller(request: Request) -> Caller:
    """Raises: MissingToken, BadToken, NotForRole (clients do not read plans here)."""
    caller = authenticate(request, at=datetime.now(UTC))
    if caller.role is Role.CLIENT:
        raise NotForRole(" or ".join(sorted(role for role in Role if role is not Role.CLIENT)))
    return caller

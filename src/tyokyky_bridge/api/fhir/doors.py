"""Every URL of the FHIR face with its method: what it needs of the type, and which methods a URL has."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fastapi import Request, Response
from starlette.convertors import StringConvertor, register_url_convertor

from tyokyky_bridge.api.fhir.outcomes import PREFIX
from tyokyky_bridge.api.fhir.refusals import NotAllowed, UnknownOperation, UnknownType
from tyokyky_bridge.fhir.conformance.registry import REGISTRY, Conditional, Interaction

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

SEGMENTS: Final = {
    "resource_type": "[A-Za-z]{1,64}",
    "resource_id": r"[A-Za-z0-9\-.]{1,64}",
    "version_id": r"[A-Za-z0-9\-.]{1,64}",
    "operation": r"[a-z][a-z\-]{0,40}",
}
"""What can stand in a URL at the places of its parameters. Source: hl7.org/fhir/R4/datatypes.html#id."""

TYPE, ID, VERSION, OPERATION = (f"{{{name}:fhir_{name}}}" for name in SEGMENTS)
"""The same as path parameters of a route: what has another form leads nowhere."""

POST_ONLY: Final = frozenset({"validate"})
"""Operations that need a resource, and so a body."""


for _name, _form in SEGMENTS.items():
    _kind = type(f"Fhir_{_name}", (StringConvertor,), {"regex": _form})
    register_url_convertor(f"fhir_{_name}", _kind())


@dataclass(frozen=True)
class Door:
    """One method of one URL, and who answers there. *needs* is what the type has to have; a GET answers HEAD too."""

    name: str
    method: str
    path: str
    handler: Handler
    needs: Interaction | None = None
    conditional: Conditional | None = None
    public: bool = False

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        text = re.escape(self.path)
        for name, form in SEGMENTS.items():
            text = text.replace(re.escape(f"{{{name}:fhir_{name}}}"), f"(?P<{name}>{form})")
        return re.compile(text + r"\Z")

    def found_in(self, path: str) -> dict[str, str] | None:
        """The parameters of a path that has the form of this door's; the base may end in a slash."""
        found = self._pattern.match(PREFIX if path == f"{PREFIX}/" else path)
        return None if found is None else found.groupdict()

    def leads(self, path: str) -> bool:
        """Whether the registry has something behind this door for that path."""
        given = self.found_in(path)
        if given is None or "resource_type" not in given:
            return given is not None
        served = REGISTRY.get(given["resource_type"])
        if served is None:
            return False
        if "operation" in given:
            operation = served.operation(given["operation"], on_instance="resource_id" in given)
            return operation is not None and (self.method == "POST" or operation.code not in POST_ONLY)
        return self.needs in served.kind.interactions and (
            self.conditional is None or self.conditional in served.kind.conditional
        )

    def others(self, path: str) -> tuple[str, ...]:
        """The methods of a path without this one."""
        mine = {"GET", "HEAD"} if self.method == "GET" else {self.method}
        return tuple(method for method in methods_of(path) if method not in mine)


DOORS: Final[dict[str, Door]] = {}
"""Every door by its name, in the order in which `opens` was asked."""


def opens(
    name: str, method: str, path: str, needs: Interaction | None = None, **more: Any
) -> Callable[[Handler], Handler]:
    """Put a handler behind a door of the face."""

    def put(handler: Handler) -> Handler:
        DOORS[name] = Door(name, method, f"{PREFIX}{path}", handler, needs, **more)
        return handler

    return put


def methods_of(path: str) -> tuple[str, ...]:
    """What can be done at a URL of this face."""
    found = {door.method for door in DOORS.values() if door.leads(path)}
    return tuple(sorted(found | ({"HEAD"} if "GET" in found else set[str]())))


def missing(path: str) -> UnknownType | UnknownOperation | NotAllowed:
    """Why nothing answers a request to *path*: no such type, no such operation, or another method is needed."""
    methods = methods_of(path)
    if methods:
        return NotAllowed(methods)
    shapes = (found for door in DOORS.values() if (found := door.found_in(path)))
    given = next(shapes, dict[str, str]())
    if given.get("resource_type") not in REGISTRY:
        return UnknownType()
    return UnknownOperation() if "operation" in given else NotAllowed(())

"""The routes of the FHIR face, made from its doors, and an answer for every other URL under it."""

from typing import Final

from fastapi import APIRouter
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tyokyky_bridge.api.fhir import bundles, discovery, operating, reading, searching, writing
from tyokyky_bridge.api.fhir.ask import FhirRoute
from tyokyky_bridge.api.fhir.described import described
from tyokyky_bridge.api.fhir.doors import DOORS, missing
from tyokyky_bridge.api.fhir.outcomes import PREFIX

MODULES: Final = (discovery, bundles, searching, reading, writing, operating)
"""Whose handlers stand behind the doors; earlier ones are asked first."""


def router() -> APIRouter:
    """Every door as a route; a GET answers HEAD too, which the document need not say twice."""
    found = APIRouter(route_class=FhirRoute)
    for door in DOORS.values():
        found.add_api_route(door.path, door.handler, methods=[door.method], name=door.name, **described(door))
        if door.method == "GET":
            found.add_api_route(
                door.path, door.handler, methods=["HEAD"], name=door.name, include_in_schema=False
            )
        if door.path == PREFIX:
            found.add_api_route(
                f"{PREFIX}/", door.handler, methods=[door.method], name=door.name, include_in_schema=False
            )
    return found


class Elsewhere:
    """Every URL and method of the face that has no door."""

    async def __call__(self, scope: Scope, _: Receive, __: Send) -> None:
        """Raises: UnknownType, UnknownOperation, NotAllowed."""
        raise missing(scope["path"])


ELSEWHERE: Final = tuple(
    Route(path, Elsewhere(), name="fhir_elsewhere", include_in_schema=False)
    for path in (PREFIX, f"{PREFIX}/{{rest:path}}")
)

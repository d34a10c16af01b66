"""``$validate``: what would become of a resource, without anything becoming of it."""

from http import HTTPStatus
from typing import Any, Final, cast

from tyokyky_bridge.api import problems
from tyokyky_bridge.api.fhir.ask import Ask
from tyokyky_bridge.api.fhir.refusals import BadParameter
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.conformance.asking import Asked, asked_in_body, asked_in_query
from tyokyky_bridge.fhir.conformance.header import HL7
from tyokyky_bridge.fhir.conformance.operation import Operation
from tyokyky_bridge.fhir.conformance.registry import REGISTRY, Interaction
from tyokyky_bridge.fhir.wire.issues import Document, Issue, outcome
from tyokyky_bridge.fhir.wire.text import Unreadable
from tyokyky_bridge.fhir.wire.validate import acceptable, validate
from tyokyky_bridge.services.fhir.entries import Entry
from tyokyky_bridge.services.fhir.judging import rehearse

MODES: Final = {
    "create": Interaction.CREATE,
    "update": Interaction.UPDATE,
    "delete": Interaction.DELETE,
}


async def judged(ask: Ask, operation: Operation, id_: str | None) -> Document:
    """
    The findings about the resource that was sent, as a Parameters resource or by itself with the rest in the query.

    With a *mode* the write is tried and undone, so that it finds what a write would be refused for.

    Raises: Unreadable, UnsupportedMediaType, BadParameter, Unusable.
    """
    body = await ask.document()
    asked = asked_in_query(operation, ask.pairs)
    document: Any = body
    if body.get("resourceType") == "Parameters":
        ask.only()
        asked = asked_in_body(operation, body)
        document = _one_resource(asked)
    mode = asked.text("mode")
    if mode is not None and mode not in MODES:
        msg = "mode is create, update or delete"
        raise BadParameter(msg)
    if mode == "delete":
        return outcome(await _tried(ask, mode, {}, id_))
    if document is None:
        msg = "there is no resource to judge: send it, or Parameters with a parameter resource"
        raise Unreadable(msg)
    issues = [*validate(document, resource_type=ask.type), *_place(document, mode, id_)]
    profile = asked.text("profile")
    if profile is not None:
        issues += _profile(ask.type, profile)
    if mode is not None and acceptable(tuple(issues)):
        issues += await _tried(ask, mode, document, id_)
    return outcome(dict.fromkeys(issues))


def _one_resource(asked: Asked) -> Document | None:
    found = asked.values.get("resource", ())
    return cast("Document", found[0]) if found else None


def _place(document: Document, mode: str | None, id_: str | None) -> list[Issue]:
    """What an update would say of the id."""
    given = document.get("id")
    type_ = document.get("resourceType")
    where = f"{type_}.id" if isinstance(type_, str) and type_ in REGISTRY else None
    if id_ is not None and given != id_ and (mode == "update" or given is not None):
        return [Issue("error", "value", "the id is that of the address", where)]
    if mode == "update" and id_ is None and given is None:
        return [Issue("error", "required", "an update needs an id", where)]
    return []


async def _tried(ask: Ask, mode: str, document: Document, id_: str | None) -> tuple[Issue, ...]:
    """What the registry says of such a write, and then the write itself."""
    kind, interaction = REGISTRY[ask.type].kind, MODES[mode]
    if interaction not in kind.interactions:
        text = f"{ask.type} has no {interaction.value} here: {kind.says}"
        return (Issue("error", "not-supported", text, ask.type),)
    entries = {
        "create": Entry(0, "POST", ask.type, document=document),
        "update": Entry(0, "PUT", ask.type, id_ or document.get("id"), document=document),
        "delete": Entry(0, "DELETE", ask.type, id_),
    }
    if mode == "delete" and id_ is None:
        return ()
    try:
        return await rehearse(ask.bridge, ask.caller, entries[mode], base=ask.base)
    except BridgeError as refused:
        verdict = problems.verdict_of(refused)
        if verdict.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return verdict.findings


def _profile(type_: str, profile: str) -> list[Issue]:
    """Whether the profile is one that this server knows; R4 itself has been judged already."""
    url = profile.partition("|")[0]
    served = REGISTRY[type_]
    if url in (f"{HL7}/StructureDefinition/{type_}", served.profile, *served.supported_profiles):
        return []
    return [Issue("error", "not-supported", "this server has no such profile of the type", None)]

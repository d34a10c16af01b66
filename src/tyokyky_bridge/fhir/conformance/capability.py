"""The CapabilityStatement: said from the registry that the routes are made from, and from nothing else."""

from collections.abc import Mapping
from typing import Any, Final

from tyokyky_bridge.fhir.conformance.header import FHIR_VERSION, PUBLISHED, PUBLISHER, VERSION, canonical
from tyokyky_bridge.fhir.conformance.registry import (
    PUBLISHED as PUBLISHED_KIND,
)
from tyokyky_bridge.fhir.conformance.registry import (
    REGISTRY,
    SYSTEM_INTERACTIONS,
    Conditional,
    Interaction,
    Served,
)
from tyokyky_bridge.fhir.conformance.searches import search_definition
from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.parameters import COMMON, PARAMETERS, RESULT_PARAMETERS
from tyokyky_bridge.fhir.wire.issues import Document

STATEMENT_ID: Final = "tyokyky-bridge"
NAME: Final = "TyokykyBridge"
OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SECURITY_SERVICE: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def statement(base: str, *, issuer: Mapping[str, str]) -> Document:
    """
    What this server can do, for whoever reaches it at *base*.

    Args:
        base: The address of the server, without a slash at its end.
        issuer: Where tokens come from: ``authorize`` and ``token``.

    Source: hl7.org/fhir/R4/capabilitystatement.html; FHIR report 1.9.
    """
    return {
        "resourceType": "CapabilityStatement",
        "id": STATEMENT_ID,
        "url": canonical("CapabilityStatement", STATEMENT_ID),
        "version": VERSION,
        "name": NAME,
        "title": "tyokyky-bridge, FHIR interface",
        "status": "active",
        "experimental": False,
        "date": PUBLISHED,
        "publisher": PUBLISHER,
        "description": "The work-ability support plan as a FHIR R4 server. What is read is what the calling party may "
        "see; what is written changes that and leaves the rest as it was.",
        "kind": "instance",
        "software": {"name": "tyokyky-bridge", "version": VERSION},
        "implementation": {"description": "tyokyky-bridge", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["json", "application/fhir+json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Updates need If-Match unless the issuer's token says fhir_versioning=versioned. "
                "Searches are strict unless Prefer: handling=lenient. An identity number is searched for by POST.",
                "security": _security(issuer),
                "resource": [_resource(served) for served in REGISTRY.values()],
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
                "searchParam": _of_every_type(),
            }
        ],
    }


def _security(issuer: Mapping[str, str]) -> Document:
    uris = [{"url": name, "valueUri": issuer[name]} for name in ("token", "authorize") if name in issuer]
    security: Document = {
        "cors": False,
        "service": [
            {
                "coding": [{"system": SECURITY_SERVICE, "code": "SMART-on-FHIR", "display": "SMART-on-FHIR"}],
                "text": "Bearer tokens of the configured issuer, which name party, role and purpose.",
            }
        ],
        "description": "All but this statement and .well-known/smart-configuration needs a bearer token.",
    }
    return {"extension": [{"url": OAUTH_URIS, "extension": uris}], **security} if uris else security


def _resource(served: Served) -> Document:
    kind, type_ = served.kind, served.type
    said: dict[str, Any] = {"type": type_, "profile": served.profile}
    if served.supported_profiles:
        said["supportedProfile"] = list(served.supported_profiles)
    said["documentation"] = kind.says
    said["interaction"] = [{"code": code.value} for code in Interaction if code in kind.interactions]
    said["versioning"] = "versioned-update" if kind.written else "versioned"
    said["readHistory"] = Interaction.VREAD in kind.interactions
    said["updateCreate"] = kind.written
    said["conditionalCreate"] = Conditional.CREATE in kind.conditional
    said["conditionalRead"] = "full-support" if Conditional.READ in kind.conditional else "not-supported"
    said["conditionalUpdate"] = Conditional.UPDATE in kind.conditional
    said["conditionalDelete"] = "single" if Conditional.DELETE in kind.conditional else "not-supported"
    if kind is not PUBLISHED_KIND:
        said["referencePolicy"] = ["literal", "logical", "local"]
    parameters = PARAMETERS.get(type_, {})
    lists = {
        "supportedProfile": list(served.supported_profiles),
        "searchInclude": [
            f"{type_}:{each.name}" for each in parameters.values() if each.kind is Kind.REFERENCE
        ],
        "searchRevInclude": [
            f"{other}:{each.name}"
            for other, table in PARAMETERS.items()
            for each in table.values()
            if type_ in PARAMETERS and each.reaches(type_)
        ],
        "searchParam": [_parameter(each) for each in parameters.values()],
        "operation": [{"name": each.code, "definition": each.definition} for each in served.operations],
    }
    return said | {member: found for member, found in lists.items() if found}


def _parameter(parameter: Parameter) -> Document:
    said: Document = {
        "name": parameter.name,
        "definition": search_definition(parameter),
        "type": parameter.kind.value,
    }
    modifiers = f" Modifiers: {', '.join(parameter.modifiers)}." if parameter.modifiers else ""
    prefixes = f" Prefixes: {', '.join(parameter.prefixes)}." if parameter.prefixes else ""
    documentation = f"{parameter.says}{modifiers}{prefixes}".strip()
    return said | ({"documentation": documentation} if documentation else {})


def _of_every_type() -> list[Document]:
    """What careful clients look for before they use it: parameters of every type, and those that shape an answer."""
    shaping = [
        {"name": name, "type": kind, "documentation": says}
        for name, (kind, says) in RESULT_PARAMETERS.items()
    ]
    return [*(_parameter(each) for each in COMMON.values()), *shaping]

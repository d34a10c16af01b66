"""Parameters of the definitions that the server publishes: profiles, code lists, operations and the like."""

from typing import Final

from tyokyky_bridge.fhir.search.kinds import Parameter, date, flag, rows, string, token, uri

_STATUS: Final = "http://hl7.org/fhir/publication-status"
_NAMED: Final = (
    string("name", "name", family="conformance"),
    token("status", "status", system=_STATUS, family="conformance"),
    date("date", "date", family="conformance"),
    string("publisher", "publisher", family="conformance"),
    string("description", "description", family="conformance"),
)
_FOUND: Final = (
    uri("url", "url", family="conformance"),
    token("version", "version", family="conformance"),
    *_NAMED,
)
_TITLE: Final = string("title", "title", family="conformance")
_IDENTIFIER: Final = token("identifier", "identifier", family="conformance")

DEFINITIONS: Final[dict[str, dict[str, Parameter]]] = {
    "CapabilityStatement": rows("CapabilityStatement", *_FOUND, _TITLE),
    "CodeSystem": rows(
        "CodeSystem",
        *_FOUND,
        _TITLE,
        _IDENTIFIER,
        uri("system", "url"),
        token("code", "concept.code"),
        token("content-mode", "content", system="http://hl7.org/fhir/codesystem-content-mode"),
        token("language", "concept.designation.language", system="urn:ietf:bcp:47"),
    ),
    "ConceptMap": rows(
        "ConceptMap",
        *_FOUND,
        _TITLE,
        _IDENTIFIER,
        uri("source-system", "group.source"),
        uri("target-system", "group.target"),
        token("source-code", "group.element.code"),
        token("target-code", "group.element.target.code"),
    ),
    "NamingSystem": rows(
        "NamingSystem",
        *_NAMED,
        token("kind", "kind", system="http://hl7.org/fhir/namingsystem-type"),
        token("id-type", "uniqueId.type", system="http://hl7.org/fhir/namingsystem-identifier-type"),
        string("value", "uniqueId.value"),
    ),
    "OperationDefinition": rows(
        "OperationDefinition",
        *_FOUND,
        _TITLE,
        token("code", "code"),
        token("kind", "kind", system="http://hl7.org/fhir/operation-kind"),
        flag("system", "system"),
        flag("instance", "instance"),
    ),
    "SearchParameter": rows(
        "SearchParameter",
        *_FOUND,
        token("code", "code"),
        token("base", "base", system="http://hl7.org/fhir/resource-types"),
        token("target", "target", system="http://hl7.org/fhir/resource-types"),
        token("type", "type", system="http://hl7.org/fhir/search-param-type"),
    ),
    "StructureDefinition": rows(
        "StructureDefinition",
        *_FOUND,
        _TITLE,
        _IDENTIFIER,
        uri("type", "type"),
        token("kind", "kind", system="http://hl7.org/fhir/structure-definition-kind"),
        token("derivation", "derivation", system="http://hl7.org/fhir/type-derivation-rule"),
        flag("abstract", "abstract"),
        flag("experimental", "experimental"),
    ),
    "ValueSet": rows(
        "ValueSet",
        *_FOUND,
        _TITLE,
        _IDENTIFIER,
        uri("reference", "compose.include.system"),
        token("code", "expansion.contains.code compose.include.concept.code"),
    ),
}

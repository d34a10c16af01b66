"""Examples of bodies for the OpenAPI document: made-up people only."""

from typing import Any, Final

PATIENT: Final[dict[str, Any]] = {
    "resourceType": "Patient",
    "name": [{"family": "Esimerkki", "given": ["Tuulikki"]}],
    "birthDate": "1985-03-12",
}
STORED: Final[dict[str, Any]] = {
    "resourceType": "Patient",
    "id": "0199e0a0-0000-7000-8000-000000000001",
    "meta": {"versionId": "1", "lastUpdated": "2026-03-02T10:00:00.000Z"},
    **{name: value for name, value in PATIENT.items() if name != "resourceType"},
}
BUNDLE: Final[dict[str, Any]] = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [{"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}}],
}
SEARCHSET: Final[dict[str, Any]] = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 1,
    "link": [{"relation": "self", "url": "http://hub.test/fhir/Patient?family=Esimerkki"}],
    "entry": [
        {
            "fullUrl": f"http://hub.test/fhir/Patient/{STORED['id']}",
            "resource": STORED,
            "search": {"mode": "match"},
        }
    ],
}
HISTORY: Final[dict[str, Any]] = {
    "resourceType": "Bundle",
    "type": "history",
    "total": 1,
    "link": [{"relation": "self", "url": f"http://hub.test/fhir/Patient/{STORED['id']}/_history"}],
    "entry": [
        {
            "fullUrl": f"http://hub.test/fhir/Patient/{STORED['id']}",
            "resource": STORED,
            "request": {"method": "POST", "url": "Patient"},
            "response": {"status": "201", "etag": 'W/"1"', "lastModified": "2026-03-02T10:00:00.000Z"},
        }
    ],
}
DELETED: Final[dict[str, Any]] = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "information",
            "code": "informational",
            "details": {"text": "the resource was deleted"},
        }
    ],
}
LOOKUP: Final[dict[str, Any]] = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "system", "valueUri": "https://tyokyky-bridge.example/fhir/CodeSystem/register"},
        {"name": "code", "valueCode": "health"},
    ],
}
LOOKED_UP: Final[dict[str, Any]] = {
    "resourceType": "Parameters",
    "parameter": [{"name": "display", "valueString": "Health care"}],
}
BODIES: Final[dict[str, Any]] = {
    "bundle": BUNDLE,
    "create": PATIENT,
    "update": STORED,
    "update_where": PATIENT,
    "patch": [{"op": "replace", "path": "/birthDate", "value": "1985-03-13"}],
    "operate": {"resourceType": "Parameters"},
    "operate_on_type": LOOKUP,
}
"""What is sent, by the short name of the door."""

RESOURCE_EXAMPLE: Final[dict[str, Any]] = {
    "fhir_metadata": {"resourceType": "CapabilityStatement", "status": "active", "fhirVersion": "4.0.1"},
    "fhir_smart_configuration": {
        "issuer": "https://issuer.example",
        "token_endpoint": "https://issuer.example/token",
        "grant_types_supported": ["client_credentials"],
        "capabilities": ["client-confidential-asymmetric"],
    },
    "fhir_bundle": {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [{"response": {"status": "201", "etag": 'W/"1"'}}],
    },
    "fhir_search": SEARCHSET,
    "fhir_search_by_form": SEARCHSET,
    "fhir_create": STORED,
    "fhir_read": STORED,
    "fhir_vread": STORED,
    "fhir_update": STORED,
    "fhir_update_where": STORED,
    "fhir_patch": STORED,
    "fhir_delete": DELETED,
    "fhir_delete_where": DELETED,
    "fhir_history": HISTORY,
    "fhir_history_of_type": HISTORY,
    "fhir_operate_on_type_by_get": LOOKED_UP,
    "fhir_operate_on_type": LOOKED_UP,
    "fhir_operate_by_get": SEARCHSET,
    "fhir_operate": SEARCHSET,
}
"""What is answered, by the name of the door."""

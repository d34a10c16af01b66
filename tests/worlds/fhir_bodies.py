"""FHIR bodies of made-up people: good ones that every server must take, as builders that tests may break."""

import json
from copy import deepcopy
from typing import Any

Document = dict[str, Any]

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Työkykysuunnitelma</p></div>'
CODES = "https://tyokyky-bridge.example/fhir/CodeSystem"


def concept(system: str, code: str, **more: Any) -> Document:
    return {"coding": [{"system": system, "code": code, **more}]}


def ref(literal: str, **more: Any) -> Document:
    return {"reference": literal, **more}


def patient(**more: Any) -> Document:
    return {
        "resourceType": "Patient",
        "id": "p-1",
        "identifier": [{"system": "urn:oid:1.2.246.21", "value": "131052-9990"}],
        "name": [{"use": "official", "family": "Mallikas", "given": ["Tauno", "Olavi"]}],
        "telecom": [{"system": "phone", "value": "+358 50 000 0000", "use": "mobile"}],
        "gender": "male",
        "birthDate": "1952-10-13",
        "address": [{"line": ["Mallikatu 1"], "city": "Oulu", "postalCode": "90100", "country": "FI"}],
        "contact": [{"name": {"text": "Maija Mallikas"}}],
        "communication": [{"language": concept("urn:ietf:bcp:47", "fi"), "preferred": True}],
        **more,
    }


def care_plan(**more: Any) -> Document:
    """A plan of the usual size: about 3.5 kB, forty objects."""
    return {
        "resourceType": "CarePlan",
        "id": "plan-1",
        "meta": {
            "profile": ["https://tyokyky-bridge.example/fhir/StructureDefinition/tyokyky-care-plan"],
            "security": [{"system": f"{CODES}/info-category", "code": "social.service"}],
            "tag": [{"system": f"{CODES}/register", "code": "sosiaalihuolto"}],
        },
        "text": {"status": "generated", "div": DIV},
        "extension": [
            {"url": f"{CODES}/x", "valueString": "oma"},
            {"url": f"{CODES}/y", "valueDate": "2026-03"},
        ],
        "identifier": [
            {"use": "official", "system": "https://tyokyky-bridge.example/plan", "value": "2026-17"}
        ],
        "status": "active",
        "intent": "plan",
        "category": [concept(f"{CODES}/plan-form", "tyky", display="Työkykysuunnitelma")],
        "title": "Työ- ja toimintakykysuunnitelma",
        "description": "Asiakkaan kanssa yhdessä laadittu suunnitelma työhön paluusta",
        "subject": ref("Patient/p-1", display="Tauno Mallikas"),
        "period": {"start": "2026-01-15", "end": "2026-12"},
        "created": "2026-01-15T09:30:00+02:00",
        "author": ref("Organization/kunta"),
        "careTeam": [ref("CareTeam/plan-1")],
        "addresses": [ref("Condition/c-1"), ref("Condition/c-2")],
        "goal": [ref("Goal/g-1"), ref("Goal/g-2"), ref("Goal/g-3")],
        "activity": [activity(n) for n in range(3)],
        "note": [
            {
                "authorString": "sosiaalityöntekijä",
                "time": "2026-02-01T10:00:00.123456789Z",
                "text": "Sovittu puhelimessa.",
            }
        ],
        **more,
    }


def activity(n: int) -> Document:
    return {
        "detail": {
            "kind": "ServiceRequest",
            "code": {
                **concept(f"{CODES}/service", f"s{n}", display="Kuntouttava työtoiminta"),
                "text": "Työtoiminta",
            },
            "goal": [ref("Goal/g-1")],
            "status": "in-progress",
            "doNotPerform": False,
            "scheduledPeriod": {"start": "2026-02-01", "end": "2026-05-31"},
            "performer": [ref("Organization/kunta", display="Oulun kaupunki")],
            "quantity": {"value": n + 1, "unit": "krt", "system": "http://unitsofmeasure.org", "code": "{#}"},
            "description": "Kolme päivää viikossa, neljä tuntia päivässä",
        }
    }


def observation(**more: Any) -> Document:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(f"{CODES}/instrument", "kykyviisari", display="Kykyviisari"),
        "subject": ref("Patient/p-1"),
        "effectiveDateTime": "2026-02-03",
        "issued": "2026-02-03T09:30:00.100Z",
        "valueQuantity": {
            "value": 6,
            "unit": "pistettä",
            "system": "http://unitsofmeasure.org",
            "code": "{score}",
        },
        **more,
    }


def goal(**more: Any) -> Document:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Palata osa-aikaiseen työhön"},
        "subject": ref("Patient/p-1"),
        "target": [{"measure": {"text": "työtunnit"}, "detailInteger": 20, "dueDate": "2026-09"}],
        **more,
    }


def consent(**more: Any) -> Document:
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [concept("http://loinc.org", "59284-0")],
        "patient": ref("Patient/p-1"),
        "dateTime": "2026-01-15T09:30:00+02:00",
        "policyRule": {"text": "Suostumus tietojen luovuttamiseen"},
        "provision": {"type": "permit", "period": {"start": "2026-01-15", "end": "2027-01-15"}},
        **more,
    }


def condition(**more: Any) -> Document:
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition",
        "clinicalStatus": concept(clinical, "active"),
        "code": {"text": "Selkäkipu"},
        "subject": ref("Patient/p-1"),
        **more,
    }


def task(**more: Any) -> Document:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "authoredOn": "2026-02-01T10:00:00Z",
        "lastModified": "2026-02-01T12:00:00+02:00",
        **more,
    }


def appointment(**more: Any) -> Document:
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "start": "2026-03-01T09:00:00+02:00",
        "end": "2026-03-01T10:00:00+02:00",
        "participant": [{"actor": ref("Patient/p-1"), "status": "accepted"}],
        **more,
    }


def questionnaire(**more: Any) -> Document:
    return {
        "resourceType": "Questionnaire",
        "status": "draft",
        "item": [
            {
                "linkId": "1",
                "type": "group",
                "item": [{"linkId": "1.1", "type": "integer", "text": "Työkyky"}],
            }
        ],
        **more,
    }


def answers(**more: Any) -> Document:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [{"linkId": "1.1", "answer": [{"valueInteger": 6}]}],
        **more,
    }


def transaction(*resources: Document, **more: Any) -> Document:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"urn:uuid:00000000-0000-4000-8000-{n:012d}",
                "resource": each,
                "request": {"method": "POST", "url": each["resourceType"]},
            }
            for n, each in enumerate(resources)
        ],
        **more,
    }


def searchset(*resources: Document, **more: Any) -> Document:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [
            {
                "fullUrl": f"https://hub.example/fhir/{each['resourceType']}/{n}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for n, each in enumerate(resources)
        ],
        **more,
    }


def outcome(**more: Any) -> Document:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}], **more}


def changed(document: Document, path: str, value: Any) -> Document:
    """A copy of *document* with the member at *path* (``activity.0.detail.status``) set to *value*."""
    copy = deepcopy(document)
    *above, last = path.split(".")
    here: Any = copy
    for name in above:
        here = here[int(name)] if isinstance(here, list) else here[name]
    here[int(last) if isinstance(here, list) else last] = value
    return copy


def without(document: Document, path: str) -> Document:
    """A copy of *document* without the member at *path*."""
    copy = deepcopy(document)
    *above, last = path.split(".")
    here: Any = copy
    for name in above:
        here = here[int(name)] if isinstance(here, list) else here[name]
    del here[last]
    return copy


def as_text(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()

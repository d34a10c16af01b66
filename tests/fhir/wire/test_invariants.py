"""Every invariant that the edge asks: a node that keeps it, and one that differs by the breach."""

import pytest

from tyokyky_bridge.fhir.wire.invariants import INVARIANTS
from tyokyky_bridge.fhir.wire.issues import Issue
from tyokyky_bridge.fhir.wire.shapes import shape_of
from tyokyky_bridge.fhir.wire.walk import Walk
from worlds.fhir_bodies import Document, concept, condition, questionnaire, ref

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
ERROR = concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "entered-in-error")
PROBLEM = [concept("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item")]
MESSAGES = {"system": "http://terminology.hl7.org/CodeSystem/message-transport", "code": "http"}
UCUM = "http://unitsofmeasure.org"
TEXT = {"text": "x"}
WEEK = {"value": 1, "unit": "wk", "system": UCUM, "code": "wk"}
TIMED = {"timingDate": "2026"}
DATA = {"data": [{"type": "Task"}]}

STATEMENT = {"resourceType": "CapabilityStatement", "status": "draft", "date": "2026", "kind": "requirements"}
STATEMENT |= {"fhirVersion": "4.0.1", "format": ["json"], "description": "x", "rest": [{"mode": "server"}]}
INSTANCE = {**STATEMENT, "kind": "instance", "implementation": {"description": "x"}}
SOFTWARE = {**STATEMENT, "kind": "capability", "software": {"name": "x"}}
DOCUMENT = {"mode": "producer", "profile": "urn:x"}
SYSTEM = {"resourceType": "CodeSystem", "status": "draft", "content": "complete"}
MAP = {"resourceType": "ConceptMap", "status": "draft"}
NAMING = {
    "resourceType": "NamingSystem",
    "name": "X",
    "status": "draft",
    "kind": "identifier",
    "date": "2026",
}
UUID = {"type": "uuid", "value": "x"}
OPERATION = {
    "resourceType": "OperationDefinition",
    "name": "X",
    "status": "draft",
    "kind": "operation",
    "code": "x",
}
OPERATION |= {"system": False, "type": False, "instance": False}
PARAMETER = {"name": "x", "use": "in", "min": 0, "max": "1"}
SEARCH = {
    "resourceType": "SearchParameter",
    "url": "urn:x",
    "name": "X",
    "status": "draft",
    "description": "x",
}
SEARCH |= {"code": "x", "base": ["Task"], "type": "token"}
SET = {"resourceType": "ValueSet", "status": "draft"}
ROOT = {"id": "Task", "path": "Task", "definition": "x", "min": 0, "max": "*"}
ROOT |= {"base": {"path": "Task", "min": 0, "max": "*"}}
CHILD = {**ROOT, "id": "Task.code", "path": "Task.code"}
SCHEMA = {
    "resourceType": "StructureDefinition",
    "url": "urn:x",
    "name": "X",
    "status": "draft",
    "kind": "resource",
}
SCHEMA |= {"abstract": False, "type": "Task", "baseDefinition": "urn:y", "derivation": "constraint"}
PROFILE = {**SCHEMA, "differential": {"element": [{"id": "Task", "path": "Task"}]}}
WHOLE = {**SCHEMA, "snapshot": {"element": [ROOT, CHILD]}}
EXTENSION = {**SCHEMA, "type": "Extension", "context": [{"type": "element", "expression": "Task"}]}
EXTENSION |= {"differential": {"element": [{"id": "Extension", "path": "Extension"}]}}
QUESTION = {"linkId": "1", "type": "choice"}
SHOWN = {"linkId": "1", "type": "display"}
LIST = {"resourceType": "List", "status": "current", "mode": "changes"}
AFTER = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "string"}]}
WHEN = {"question": "1", "operator": "=", "answerBoolean": True}


def differential(*elements: Document, **more: object) -> Document:
    return {**SCHEMA, "differential": {"element": list(elements)}, **more}


def snapshot(*elements: Document, **more: object) -> Document:
    return {**SCHEMA, "snapshot": {"element": list(elements)}, **more}


#: Key, node, a node that is sound, and what changes it into a broken one (nothing takes a member away).
CASES: list[tuple[str, str, Document, Document]] = [
    (
        "ext-1",
        "Extension",
        {"url": "urn:x", "valueCode": "x"},
        {"extension": [{"url": "urn:y", "valueCode": "x"}]},
    ),
    ("per-1", "Period", {"start": "2026", "end": "2026-01"}, {"end": "2025-12-31"}),
    ("att-1", "Attachment", {"contentType": "text/plain", "data": "aGVp"}, {"contentType": None}),
    ("cpt-2", "ContactPoint", {"system": "phone", "value": "1"}, {"system": None}),
    ("rng-2", "Range", {"low": {"value": 1}, "high": {"value": 2}}, {"low": {"value": 3}}),
    ("rat-1", "Ratio", {"numerator": {"value": 1}, "denominator": {"value": 2}}, {"numerator": None}),
    ("exp-1", "Expression", {"language": "text/fhirpath", "expression": "x"}, {"expression": None}),
    *(
        ("qty-3", kind, {"value": 1, "system": UCUM, "code": "1"}, {"system": None})
        for kind in ("Quantity", "SimpleQuantity", "Age", "Distance", "Count")
    ),
    (
        "qty-3",
        "MoneyQuantity",
        {"value": 1, "system": "urn:iso:std:iso:4217", "code": "EUR"},
        {"system": None},
    ),
    ("sqty-1", "SimpleQuantity", {"value": 1}, {"comparator": "<"}),
    (
        "mqty-1",
        "MoneyQuantity",
        {"value": 1, "system": "urn:iso:std:iso:4217", "code": "EUR"},
        {"system": UCUM},
    ),
    ("age-1", "Age", {"value": 30, "system": UCUM, "code": "a"}, {"value": 0}),
    ("age-1", "Age", {"value": 30, "system": UCUM, "code": "a"}, {"code": None}),
    ("dis-1", "Distance", {"value": 30, "system": UCUM, "code": "km"}, {"system": "urn:x"}),
    ("drt-1", "Duration", WEEK, {"value": None}),
    ("cnt-3", "Count", {"value": 3, "system": UCUM, "code": "1"}, {"code": "2"}),
    ("cnt-3", "Count", {"value": 3, "system": UCUM, "code": "1"}, {"value": 3.5}),
    ("drq-1", "DataRequirement.codeFilter", {"path": "x"}, {"searchParam": "x"}),
    ("drq-2", "DataRequirement.dateFilter", {"path": "x"}, {"path": None, "valueDateTime": "2026"}),
    ("tim-1", "Timing.repeat", {"duration": 1, "durationUnit": "h"}, {"durationUnit": None}),
    ("tim-2", "Timing.repeat", {"period": 1, "periodUnit": "d"}, {"periodUnit": None}),
    ("tim-4", "Timing.repeat", {"duration": 1, "durationUnit": "h"}, {"duration": -1}),
    ("tim-5", "Timing.repeat", {"period": 1, "periodUnit": "d"}, {"period": -1}),
    ("tim-6", "Timing.repeat", {"period": 1, "periodUnit": "d", "periodMax": 2}, {"period": None}),
    ("tim-7", "Timing.repeat", {"duration": 1, "durationUnit": "h", "durationMax": 2}, {"duration": None}),
    ("tim-8", "Timing.repeat", {"count": 1, "countMax": 2}, {"count": None}),
    ("tim-9", "Timing.repeat", {"offset": 5, "when": ["MORN"]}, {"when": ["MORN", "CM"]}),
    ("tim-9", "Timing.repeat", {"offset": 5, "when": ["MORN"]}, {"when": None}),
    ("tim-10", "Timing.repeat", {"when": ["MORN"]}, {"timeOfDay": ["08:00:00"]}),
    ("trd-1", "TriggerDefinition", {"type": "data-added", **DATA}, TIMED),
    (
        "trd-2",
        "TriggerDefinition",
        {"type": "named-event", "name": "x"},
        {"condition": {"language": "text/cql", "expression": "x"}},
    ),
    ("trd-3", "TriggerDefinition", {"type": "named-event", "name": "x"}, {"name": None}),
    ("trd-3", "TriggerDefinition", {"type": "periodic", **TIMED}, {"timingDate": None}),
    ("trd-3", "TriggerDefinition", {"type": "data-added", **DATA}, {"data": None}),
    ("pat-1", "Patient.contact", {"name": TEXT}, {"name": None, "gender": "female"}),
    ("cpl-3", "CarePlan.activity", {"reference": ref("Task/1")}, {"detail": {"status": "unknown"}}),
    ("gol-1", "Goal.target", {"measure": TEXT, "detailInteger": 1}, {"measure": None}),
    ("obs-3", "Observation.referenceRange", {"text": "x"}, {"text": None, "type": TEXT}),
    (
        "obs-6",
        "Observation",
        {"resourceType": "Observation", "status": "final", "code": TEXT, "valueInteger": 1},
        {"dataAbsentReason": TEXT},
    ),
    (
        "obs-7",
        "Observation",
        {"resourceType": "Observation", "status": "final", "code": concept("urn:x", "a"), "valueInteger": 1},
        {"component": [{"code": concept("urn:x", "a")}]},
    ),
    ("con-1", "Condition.stage", {"summary": TEXT}, {"summary": None, "type": TEXT}),
    (
        "con-2",
        "Condition.evidence",
        {"code": [TEXT]},
        {"code": None, "extension": [{"url": "urn:x", "valueCode": "x"}]},
    ),
    ("con-3", "Condition", condition(category=PROBLEM), {"clinicalStatus": None}),
    (
        "con-4",
        "Condition",
        condition(clinicalStatus=concept(CLINICAL, "resolved"), abatementString="x"),
        {"clinicalStatus": concept(CLINICAL, "active")},
    ),
    ("con-5", "Condition", condition(), {"verificationStatus": ERROR}),
    (
        "ppc-1",
        "Consent",
        {
            "resourceType": "Consent",
            "status": "draft",
            "scope": TEXT,
            "category": [TEXT],
            "policy": [{"uri": "urn:x"}],
        },
        {"policy": None},
    ),
    ("app-1", "Appointment.participant", {"status": "accepted", "type": [TEXT]}, {"type": None}),
    ("sev-1", "AuditEvent.entity", {"name": "x"}, {"query": "aGVp"}),
    (
        "cmp-1",
        "Composition.section",
        {
            "section": [
                {"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}}
            ]
        },
        {"section": None, "title": "x"},
    ),
    ("cmp-2", "Composition.section", {"entry": [ref("Task/1")]}, {"emptyReason": TEXT}),
    (
        "grp-1",
        "Group",
        {"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": ref("Patient/1")}]},
        {"actual": False},
    ),
    ("lst-1", "List", {**LIST, "entry": [{"item": ref("Task/1")}]}, {"emptyReason": TEXT}),
    ("lst-2", "List", {**LIST, "entry": [{"item": ref("Task/1"), "deleted": True}]}, {"mode": "snapshot"}),
    (
        "lst-3",
        "List",
        {**LIST, "mode": "working", "entry": [{"item": ref("Task/1"), "date": "2026"}]},
        {"mode": "snapshot"},
    ),
    ("org-1", "Organization", {"resourceType": "Organization", "name": "x"}, {"name": None}),
    (
        "org-2",
        "Organization",
        {"resourceType": "Organization", "name": "x", "address": [{"use": "work"}]},
        {"address": [{"use": "home"}]},
    ),
    ("org-3", "Organization", {"resourceType": "Organization", "name": "x"}, {"telecom": [{"use": "home"}]}),
    (
        "prr-1",
        "ServiceRequest",
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": ref("Patient/1"),
            "code": TEXT,
            "orderDetail": [TEXT],
        },
        {"code": None},
    ),
    (
        "inv-1",
        "Task",
        {
            "resourceType": "Task",
            "status": "draft",
            "intent": "plan",
            "authoredOn": "2026-02",
            "lastModified": "2026",
        },
        {"lastModified": "2026-01-31"},
    ),
    *(
        (
            "app-3",
            "Appointment",
            {
                "resourceType": "Appointment",
                "status": status,
                "participant": [{"status": "accepted", "type": [TEXT]}],
            },
            {"status": "booked"},
        )
        for status in ("proposed", "cancelled", "waitlist")
    ),
    (
        "app-4",
        "Appointment",
        {
            "resourceType": "Appointment",
            "status": "cancelled",
            "cancelationReason": TEXT,
            "participant": [{"status": "accepted", "type": [TEXT]}],
        },
        {"status": "proposed"},
    ),
    (
        "app-2",
        "Appointment",
        {
            "resourceType": "Appointment",
            "status": "proposed",
            "participant": [{"status": "accepted", "type": [TEXT]}],
        },
        {"start": "2026-01-01T00:00:00Z"},
    ),
    ("que-1", "Questionnaire.item", AFTER, {"item": None}),
    ("que-1", "Questionnaire.item", SHOWN, {"item": [QUESTION]}),
    ("que-2", "Questionnaire", questionnaire(), {"item": [QUESTION, QUESTION]}),
    ("que-3", "Questionnaire.item", SHOWN, {"code": [{"code": "x"}]}),
    (
        "que-4",
        "Questionnaire.item",
        {**QUESTION, "answerValueSet": "urn:x"},
        {"answerOption": [{"valueString": "x"}]},
    ),
    ("que-5", "Questionnaire.item", {**QUESTION, "answerValueSet": "urn:x"}, {"type": "boolean"}),
    ("que-6", "Questionnaire.item", SHOWN, {"required": False}),
    (
        "que-7",
        "Questionnaire.item.enableWhen",
        WHEN,
        {"operator": "exists", "answerBoolean": None, "answerInteger": 1},
    ),
    (
        "que-8",
        "Questionnaire.item",
        {**QUESTION, "initial": [{"valueString": "x"}]},
        {"type": "group", "item": [SHOWN]},
    ),
    ("que-9", "Questionnaire.item", SHOWN, {"readOnly": True}),
    ("que-10", "Questionnaire.item", {"linkId": "1", "type": "string", "maxLength": 5}, {"type": "date"}),
    (
        "que-11",
        "Questionnaire.item",
        {**QUESTION, "initial": [{"valueString": "x"}]},
        {"answerOption": [{"valueString": "x"}]},
    ),
    (
        "que-12",
        "Questionnaire.item",
        {**QUESTION, "enableWhen": [WHEN, WHEN]},
        {"enableWhen": [WHEN, WHEN, WHEN]},
    ),
    (
        "que-13",
        "Questionnaire.item",
        {**QUESTION, "initial": [{"valueString": "x"}]},
        {"initial": [{"valueString": "x"}] * 2},
    ),
    (
        "qrs-1",
        "QuestionnaireResponse.item",
        {"linkId": "1", "answer": [{"valueInteger": 1}]},
        {"item": [{"linkId": "2"}]},
    ),
    ("cpb-0", "CapabilityStatement", {**STATEMENT, "name": "Hub"}, {"name": "the hub"}),
    ("cpb-1", "CapabilityStatement", STATEMENT, {"rest": None}),
    ("cpb-2", "CapabilityStatement", STATEMENT, {"description": None}),
    (
        "cpb-3",
        "CapabilityStatement",
        {**INSTANCE, "messaging": [{"endpoint": [{"protocol": MESSAGES, "address": "urn:x"}]}]},
        {"kind": "requirements", "implementation": None},
    ),
    (
        "cpb-7",
        "CapabilityStatement",
        {**STATEMENT, "document": [DOCUMENT]},
        {"document": [DOCUMENT, DOCUMENT]},
    ),
    ("cpb-14", "CapabilityStatement", INSTANCE, {"implementation": None}),
    ("cpb-15", "CapabilityStatement", SOFTWARE, {"software": None}),
    ("cpb-16", "CapabilityStatement", STATEMENT, {"software": {"name": "x"}}),
    (
        "cpb-9",
        "CapabilityStatement.rest",
        {"mode": "server", "resource": [{"type": "Task"}]},
        {"resource": [{"type": "Task"}] * 2},
    ),
    (
        "cpb-12",
        "CapabilityStatement.rest.resource",
        {"type": "Task"},
        {"searchParam": [{"name": "x", "type": "token"}] * 2},
    ),
    ("csd-0", "CodeSystem", SYSTEM, {"name": "my codes"}),
    (
        "csd-1",
        "CodeSystem",
        {**SYSTEM, "concept": [{"code": "a"}]},
        {"concept": [{"code": "a", "concept": [{"code": "a"}]}]},
    ),
    ("cmd-0", "ConceptMap", MAP, {"name": "my map"}),
    (
        "cmd-1",
        "ConceptMap.group.element.target",
        {"equivalence": "inexact", "comment": "x"},
        {"comment": None},
    ),
    ("cmd-2", "ConceptMap.group.unmapped", {"mode": "fixed", "code": "x"}, {"code": None}),
    ("cmd-3", "ConceptMap.group.unmapped", {"mode": "other-map", "url": "urn:x"}, {"url": None}),
    ("nsd-0", "NamingSystem", {**NAMING, "uniqueId": [UUID]}, {"name": "my names"}),
    ("nsd-1", "NamingSystem", {**NAMING, "uniqueId": [UUID]}, {"kind": "root"}),
    (
        "nsd-2",
        "NamingSystem",
        {**NAMING, "uniqueId": [UUID, UUID]},
        {"uniqueId": [{**UUID, "preferred": True}] * 2},
    ),
    ("opd-0", "OperationDefinition", OPERATION, {"name": "my operation"}),
    ("opd-1", "OperationDefinition.parameter", {**PARAMETER, "type": "string"}, {"type": None}),
    (
        "opd-2",
        "OperationDefinition.parameter",
        {**PARAMETER, "type": "string", "searchType": "token"},
        {"type": "code"},
    ),
    (
        "opd-3",
        "OperationDefinition.parameter",
        {**PARAMETER, "type": "Reference", "targetProfile": ["urn:x"]},
        {"type": "code"},
    ),
    ("que-0", "Questionnaire", questionnaire(), {"name": "my questions"}),
    ("spd-0", "SearchParameter", SEARCH, {"name": "my search"}),
    ("spd-1", "SearchParameter", {**SEARCH, "xpath": "x", "xpathUsage": "normal"}, {"xpathUsage": None}),
    ("spd-2", "SearchParameter", {**SEARCH, "type": "reference", "chain": ["x"]}, {"type": "token"}),
    ("vsd-0", "ValueSet", SET, {"name": "my set"}),
    ("vsd-1", "ValueSet.compose.include", {"system": "urn:x"}, {"system": None, "version": "1"}),
    (
        "vsd-2",
        "ValueSet.compose.include",
        {"system": "urn:x", "concept": [{"code": "x"}]},
        {"system": None, "valueSet": ["urn:x"]},
    ),
    (
        "vsd-3",
        "ValueSet.compose.include",
        {"system": "urn:x", "concept": [{"code": "x"}]},
        {"filter": [{"property": "x", "op": "=", "value": "x"}]},
    ),
    ("vsd-6", "ValueSet.expansion.contains", {"abstract": True, "display": "x"}, {"display": None}),
    ("vsd-9", "ValueSet.expansion.contains", {"abstract": True, "display": "x"}, {"abstract": False}),
    ("vsd-10", "ValueSet.expansion.contains", {"system": "urn:x", "code": "x"}, {"system": None}),
    ("eld-1", "ElementDefinition.slicing", {"rules": "open", "description": "x"}, {"description": None}),
    ("eld-2", "ElementDefinition", {"path": "Task", "min": 1, "max": "1"}, {"min": 2}),
    ("eld-3", "ElementDefinition", {"path": "Task", "max": "12"}, {"max": "x"}),
    ("eld-4", "ElementDefinition.type", {"code": "Reference", "aggregation": ["bundled"]}, {"code": "code"}),
    ("eld-5", "ElementDefinition", {"path": "Task", "contentReference": "#x"}, {"type": [{"code": "code"}]}),
    (
        "eld-6",
        "ElementDefinition",
        {"path": "Task", "fixedCode": "x"},
        {"type": [{"code": "code"}, {"code": "uri"}]},
    ),
    (
        "eld-7",
        "ElementDefinition",
        {"path": "Task", "patternCode": "x"},
        {"type": [{"code": "code"}, {"code": "uri"}]},
    ),
    ("eld-8", "ElementDefinition", {"path": "Task", "patternCode": "x"}, {"fixedCode": "x"}),
    (
        "eld-11",
        "ElementDefinition",
        {"path": "Task", "type": [{"code": "code"}], "binding": {"strength": "required"}},
        {"type": [{"code": "date"}]},
    ),
    (
        "eld-12",
        "ElementDefinition.binding",
        {"strength": "required", "valueSet": "https://hub.example/x"},
        {"valueSet": "x"},
    ),
    (
        "eld-13",
        "ElementDefinition",
        {"path": "Task", "type": [{"code": "code"}]},
        {"type": [{"code": "code"}] * 2},
    ),
    (
        "eld-14",
        "ElementDefinition",
        {"path": "Task"},
        {"constraint": [{"key": "x", "severity": "error", "human": "x", "expression": "x"}] * 2},
    ),
    ("eld-15", "ElementDefinition", {"path": "Task", "defaultValueCode": "x"}, {"meaningWhenMissing": "x"}),
    ("eld-16", "ElementDefinition", {"path": "Task", "sliceName": "a-b"}, {"sliceName": "a b"}),
    ("eld-17", "ElementDefinition.type", {"code": "Reference", "targetProfile": ["urn:x"]}, {"code": "code"}),
    (
        "eld-18",
        "ElementDefinition",
        {"path": "Task", "isModifier": True, "isModifierReason": "x"},
        {"isModifierReason": None},
    ),
    ("eld-19", "ElementDefinition", {"path": "Task.value[x]"}, {"path": "Task/value"}),
    ("eld-20", "ElementDefinition", {"path": "Task.value[x]"}, {"path": "Task.Value"}),
    (
        "eld-21",
        "ElementDefinition.constraint",
        {"key": "x", "severity": "error", "human": "x", "expression": "x"},
        {"expression": None},
    ),
    (
        "eld-22",
        "ElementDefinition",
        {"path": "Task", "sliceName": "a", "sliceIsConstraining": True},
        {"sliceName": None},
    ),
    ("sdf-0", "StructureDefinition", PROFILE, {"name": "my profile"}),
    (
        "sdf-1",
        "StructureDefinition",
        snapshot(ROOT, CHILD, {**CHILD, "id": "b"}),
        {"derivation": "specialization"},
    ),
    ("sdf-2", "StructureDefinition.mapping", {"identity": "x", "uri": "urn:x"}, {"uri": None}),
    (
        "sdf-3",
        "StructureDefinition.snapshot",
        {"element": [ROOT]},
        {"element": [{**ROOT, "definition": None}]},
    ),
    ("sdf-4", "StructureDefinition", PROFILE, {"baseDefinition": None}),
    ("sdf-5", "StructureDefinition", EXTENSION, {"context": None}),
    ("sdf-6", "StructureDefinition", PROFILE, {"differential": None}),
    (
        "sdf-8",
        "StructureDefinition",
        WHOLE,
        {"snapshot": {"element": [ROOT, {**CHILD, "path": "Goal.code"}]}},
    ),
    (
        "sdf-8a",
        "StructureDefinition",
        PROFILE,
        {"differential": {"element": [{"id": "Goal", "path": "Goal"}]}},
    ),
    ("sdf-8b", "StructureDefinition.snapshot", {"element": [ROOT]}, {"element": [{**ROOT, "base": None}]}),
    (
        "sdf-9",
        "StructureDefinition",
        PROFILE,
        {"differential": {"element": [{"id": "Task", "path": "Task", "label": "x"}]}},
    ),
    (
        "sdf-10",
        "StructureDefinition",
        WHOLE,
        {"snapshot": {"element": [ROOT, {**CHILD, "binding": {"strength": "required"}}]}},
    ),
    ("sdf-11", "StructureDefinition", WHOLE, {"type": "Goal"}),
    ("sdf-14", "StructureDefinition", PROFILE, {"differential": {"element": [{"path": "Task"}]}}),
    (
        "sdf-15",
        "StructureDefinition",
        WHOLE,
        {"snapshot": {"element": [{**ROOT, "type": [{"code": "Task"}]}, CHILD]}},
    ),
    (
        "sdf-15a",
        "StructureDefinition",
        PROFILE,
        {"differential": {"element": [{"id": "Task", "path": "Task", "type": [{"code": "Task"}]}]}},
    ),
    ("sdf-16", "StructureDefinition", WHOLE, {"snapshot": {"element": [ROOT, {**CHILD, "id": "Task"}]}}),
    (
        "sdf-17",
        "StructureDefinition",
        PROFILE,
        {"differential": {"element": [{"id": "Task", "path": "Task"}, {"id": "Task", "path": "Task.code"}]}},
    ),
    (
        "sdf-18",
        "StructureDefinition",
        {**EXTENSION, "contextInvariant": ["x"]},
        {"type": "Task", "differential": {"element": [{"id": "Task", "path": "Task"}]}},
    ),
    (
        "sdf-20",
        "StructureDefinition",
        PROFILE,
        {
            "differential": {
                "element": [{"id": "Task", "path": "Task", "slicing": {"rules": "open", "description": "x"}}]
            }
        },
    ),
    (
        "sdf-21",
        "StructureDefinition",
        differential({"id": "x", "path": "Task.code", "defaultValueCode": "x"}, derivation="specialization"),
        {"derivation": "constraint"},
    ),
    (
        "sdf-23",
        "StructureDefinition",
        PROFILE,
        {"differential": {"element": [{"id": "Task", "path": "Task", "sliceName": "x"}]}},
    ),
]


def findings(node: str, fragment: Document) -> list[Issue]:
    walk = Walk()
    walk.root = fragment
    shape_of(node).check(fragment, (None, node, -1), walk)
    return walk.issues


def merged(sound: Document, change: Document) -> Document:
    """*sound* with the members of *change*; nothing takes a member away, also inside elements of a snapshot."""
    whole = {name: value for name, value in {**sound, **change}.items() if value is not None}
    if "element" in whole:
        whole["element"] = [{k: v for k, v in each.items() if v is not None} for each in whole["element"]]
    return whole


@pytest.mark.parametrize(
    ("key", "node", "sound", "change"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_invariant_tells_a_breach_from_what_is_sound(
    key: str, node: str, sound: Document, change: Document
) -> None:
    assert findings(node, sound) == []

    assert any(
        f"{key}:" in each.text and each.code == "invariant" for each in findings(node, merged(sound, change))
    )


def test_every_invariant_is_shown() -> None:
    shown = {(key, node) for key, node, *_ in CASES}
    twins = {("qty-3", "Duration")}  # drt-1 refuses the same, and before it

    assert {(each.key, each.node) for each in INVARIANTS} - shown <= twins


def test_no_invariant_stands_twice() -> None:
    named = [(each.key, each.node) for each in INVARIANTS]

    assert len(named) == len(set(named))

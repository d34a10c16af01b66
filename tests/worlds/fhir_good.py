"""Good FHIR bodies: what a stranger may send and R4 allows."""

from worlds.fhir_bodies import (
    Document,
    answers,
    appointment,
    care_plan,
    concept,
    condition,
    consent,
    goal,
    observation,
    outcome,
    patient,
    questionnaire,
    ref,
    searchset,
    task,
    transaction,
    without,
)

ABSENT = [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
HELPER = {"resourceType": "Practitioner", "id": "h", "name": [{"family": "Virta"}]}
ERROR = concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "entered-in-error")


def narrative(content: str) -> Document:
    return {
        "status": "additional",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml" lang="fi">{content}</div>',
    }


GOOD: dict[str, Document] = {
    "a plan of the usual size": care_plan(),
    "the smallest plan": {
        "resourceType": "CarePlan",
        "status": "draft",
        "intent": "plan",
        "subject": {"display": "joku"},
    },
    "a plan with a hundred notes": care_plan(note=[{"text": f"{n}"} for n in range(100)]),
    "a patient": patient(),
    "a patient that says nothing": {"resourceType": "Patient"},
    "a goal": goal(),
    "a consent": consent(),
    "a condition": condition(),
    "a task": task(),
    "an appointment": appointment(),
    "a questionnaire": questionnaire(),
    "answers": answers(),
    "an outcome": outcome(),
    "a transaction": transaction(patient(), care_plan()),
    "a search result": searchset(patient(id="0"), goal(id="1")),
    "an empty search result": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "an extension in the place of a value": without(patient(_birthDate={"extension": ABSENT}), "birthDate"),
    "a value with an id and an extension": patient(_birthDate={"id": "b", "extension": ABSENT}),
    "extensions beside some of the values": patient(
        name=[{"given": ["Tauno", None, "Olavi"], "_given": [None, {"extension": ABSENT}, {"id": "o"}]}]
    ),
    "only extensions where values would stand": patient(name=[{"_given": [{"extension": ABSENT}]}]),
    "a masked status": without(care_plan(_status={"extension": ABSENT}), "status"),
    "a masked subject": care_plan(subject={"extension": ABSENT}),
    "a masked status that is a concept": condition(clinicalStatus={"extension": ABSENT}),
    "a masked choice": without(observation(_valueString={"extension": ABSENT}), "valueQuantity"),
    "year only": patient(birthDate="1952"),
    "year and month": patient(birthDate="1952-10"),
    "leap day": patient(birthDate="1952-02-29"),
    "leap second": care_plan(created="2016-12-31T23:59:60Z"),
    "nanoseconds": observation(issued="2026-02-03T09:30:00.123456789Z"),
    "zone of fourteen hours": care_plan(created="2026-01-01T00:00:00+14:00"),
    "a period of one moment": care_plan(period={"start": "2026-03-01", "end": "2026-03-01"}),
    "a period that ends some time in its year": care_plan(period={"start": "2026-05-01", "end": "2026"}),
    "a period across zones": care_plan(
        period={"start": "2026-03-01T13:00:00+02:00", "end": "2026-03-01T12:00:00Z"}
    ),
    "an extension that nobody knows": care_plan(
        extension=[{"url": "https://other.example/x", "extension": [{"url": "y", "valueDecimal": 1}]}]
    ),
    "a modifying extension": care_plan(modifierExtension=[{"url": "urn:x", "valueBoolean": True}]),
    "a profile that nobody knows": patient(meta={"profile": ["https://other.example/p|1.0"]}),
    "a contained resource": care_plan(author=ref("#h"), contained=[HELPER]),
    "a contained resource that points at the container": care_plan(
        contained=[
            {"resourceType": "Task", "id": "t", "status": "draft", "intent": "plan", "basedOn": [ref("#")]}
        ]
    ),
    "a contained resource that another one points at": care_plan(
        careTeam=[ref("#c")],
        contained=[
            {"resourceType": "CareTeam", "id": "c", "participant": [{"member": ref("#h")}]},
            HELPER,
        ],
    ),
    "a contained value set": questionnaire(
        item=[{"linkId": "1", "type": "choice", "answerValueSet": "#v"}],
        contained=[{"resourceType": "ValueSet", "id": "v", "status": "draft"}],
    ),
    "a contained resource of a type that is not served": care_plan(
        contained=[{"resourceType": "Group", "id": "g", "type": "person", "actual": True}], subject=ref("#g")
    ),
    "an absolute reference": care_plan(subject=ref("https://other.example/fhir/Patient/1/_history/2")),
    "a reference that is only an identifier": care_plan(
        subject={"identifier": {"value": "1"}, "type": "Patient"}
    ),
    "a reference to a name of another kind": care_plan(subject=ref("urn:oid:1.2.246.10.1")),
    "a conditional reference in a transaction": transaction(goal(subject=ref("Patient?identifier=urn:x|1"))),
    "a reference to an entry by its address": transaction(
        patient(), goal(subject=ref("urn:uuid:00000000-0000-4000-8000-000000000000"))
    ),
    "a long identifier": patient(id="a" * 64),
    "an id of dots and dashes": patient(id="-.A9"),
    "text with tabs and line feeds": care_plan(description="\tensin\r\nsitten"),
    "text of other scripts": care_plan(title="Mäkeläinen 🌲 Ωμέγα עברית"),
    "a language of three parts": care_plan(language="zh-Hant-TW"),
    "base64 in lines": patient(photo=[{"contentType": "image/png", "data": "aGVp\nbW9p\n"}]),
    "a media type with a parameter": patient(photo=[{"contentType": "text/plain; charset=UTF-8"}]),
    "narrative of every kind": care_plan(
        text=narrative(
            '<h1 id="a">O</h1><p style="color: red" class="x">a<br/><b>b</b>&#160;ä&#228; &lt;c&gt;</p>'
            '<table border="1"><thead><tr><th scope="col">x</th></tr></thead><tbody><tr><td colspan="2">y</td></tr>'
            '</tbody></table><!-- huom --><a href="https://hub.example/x#a">l</a><a name="n">m</a>'
            '<img src="#kuva" alt="k"/><ul><li>1</li></ul>'
        )
    ),
    "narrative that is a picture": care_plan(
        text=narrative('<img src="data:image/png;base64,aGVp" alt="kuva"/>')
    ),
    "what was entered in error has no clinical status": without(
        condition(verificationStatus=ERROR), "clinicalStatus"
    ),
    "a component that is coded otherwise": observation(
        component=[{"code": concept("urn:x", "osa"), "valueInteger": 1}]
    ),
    "a cancelled appointment without a time": without(
        without(appointment(status="cancelled"), "start"), "end"
    ),
    "an update without a body in a history": {
        "resourceType": "Bundle",
        "type": "history",
        "total": 1,
        "entry": [
            {
                "fullUrl": "https://hub.example/fhir/Patient/1",
                "request": {"method": "DELETE", "url": "Patient/1"},
                "response": {"status": "204", "lastModified": "2026-01-01T00:00:00Z"},
            }
        ],
    },
    "a capability statement": {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-22",
        "kind": "instance",
        "software": {"name": "x"},
        "implementation": {"description": "x"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [{"mode": "server", "resource": [{"type": "Patient"}, {"type": "CarePlan"}]}],
    },
    "parameters of parameters": {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "result", "valueBoolean": True},
            {"name": "match", "part": [{"name": "concept", "valueCoding": {"code": "x"}}]},
            {"name": "resource", "resource": patient()},
        ],
    },
}

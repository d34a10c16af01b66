"""Broken FHIR bodies, one defect each, with the place of the defect and the code of the issue.

Sources: performance report 1.3 (42 traps), fhir report 2.2 (19 bodies), R4 itself.
"""

from typing import Any

from worlds.fhir_bodies import (
    DIV,
    activity,
    answers,
    appointment,
    care_plan,
    changed,
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
COMPOSITION = {
    "resourceType": "Composition",
    "status": "final",
    "type": {"text": "Suunnitelma"},
    "date": "2026",
    "author": [{"reference": "Organization/kunta"}],
    "title": "Suunnitelma",
}
HELPER = {"resourceType": "Practitioner", "id": "h"}


def narrative(content: str) -> dict[str, object]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'}


def with_entry(name: str, value: object) -> dict[str, object]:
    return changed(transaction(patient()), f"entry.0.{name}", value)


#: Bytes that are not the JSON of FHIR, and the place where that can be told.
UNREADABLE: dict[str, tuple[bytes, str | None]] = {
    "a member twice": (b'{"resourceType":"CarePlan","status":"draft","status":"active"}', "CarePlan.status"),
    "a member twice inside": (
        b'{"resourceType":"CarePlan","activity":[{"detail":{"status":"a","status":"b"}}]}',
        "CarePlan.activity[0].detail.status",
    ),
    "NaN": (b'{"resourceType":"Observation","valueQuantity":{"value":NaN}}', None),
    "Infinity": (b'{"resourceType":"Observation","valueQuantity":{"value":-Infinity}}', None),
    "a comment": (b'{"resourceType":"Patient"} // Mallikas', None),
    "a comma at the end": (b'{"resourceType":"Patient",}', None),
    "half a body": (b'{"resourceType":"Patient","name":[{"fam', None),
    "no UTF-8": ('{"resourceType":"Patient","name":[{"family":"Mäki"}]}'.encode("latin-1"), None),
    "half a surrogate pair": (b'{"resourceType":"Patient","name":[{"family":"\\ud83d"}]}', None),
    "65 levels": (b'{"item":[' * 33 + b"]}" * 33, None),
    "150 nested items": (b'{"resourceType":"QuestionnaireResponse","item":[' + b'{"item":[' * 150, None),
    "a hundred thousand brackets": (b"[" * 100_000, None),
    "a number that stands for gigabytes": (b'{"valueDecimal":1e999999999}', None),
    "two bodies": (b"{}{}", None),
    "nothing": (b"", None),
}

#: Documents, the FHIRPath of what is wrong with them, and the code of the issue.
BROKEN: dict[str, tuple[Any, str, str]] = {
    # structure
    "unknown member": (care_plan(nimi="x"), "CarePlan.nimi", "structure"),
    "unknown member inside": (
        changed(care_plan(), "activity.1.detail.tila", "x"),
        "CarePlan.activity[1].detail.tila",
        "structure",
    ),
    "fhir_comments": (patient(fhir_comments=["x"]), "Patient", "structure"),
    "member of another type": (patient(status="active"), "Patient.status", "structure"),
    "member of R4B that R4 has not": (
        {
            "resourceType": "Evidence",
            "status": "draft",
            "exposureBackground": ref("EvidenceVariable/1"),
            "assertion": "x",
        },
        "Evidence.assertion",
        "structure",
    ),
    "member of R5": (
        changed(care_plan(), "activity.0.plannedActivityReference", ref("Task/1")),
        "CarePlan.activity[0].plannedActivityReference",
        "structure",
    ),
    "required member missing": (without(care_plan(), "intent"), "CarePlan.intent", "required"),
    "required member missing inside": (
        without(care_plan(), "activity.2.detail.status"),
        "CarePlan.activity[2].detail.status",
        "required",
    ),
    "required object missing": (without(care_plan(), "subject"), "CarePlan.subject", "required"),
    "required array missing": (without(appointment(), "participant"), "Appointment.participant", "required"),
    "required choice missing": (
        questionnaire(useContext=[{"code": {"code": "focus"}}]),
        "Questionnaire.useContext[0].value",
        "required",
    ),
    "url of an extension missing": (
        patient(contact=[{"name": {"text": "x"}, "extension": [{"valueString": "x"}]}]),
        "Patient.contact[0].extension[0].url",
        "required",
    ),
    "no issue in an outcome": ({"resourceType": "OperationOutcome"}, "OperationOutcome.issue", "required"),
    "object for an array": (patient(name={"family": "Mallikas"}), "Patient.name", "structure"),
    "array for an object": (care_plan(subject=[ref("Patient/1")]), "CarePlan.subject", "structure"),
    "array for a value": (care_plan(status=["active"]), "CarePlan.status", "structure"),
    "text for an object": (care_plan(subject="Patient/1"), "CarePlan.subject", "structure"),
    "value for an array of values": (
        patient(name=[{"given": "Tauno"}]),
        "Patient.name[0].given",
        "structure",
    ),
    "two values of a choice": (observation(valueString="6"), "Observation.value", "structure"),
    "two effective times": (
        observation(effectivePeriod={"start": "2026"}),
        "Observation.effective",
        "structure",
    ),
    "two values, one an extension": (
        observation(_valueString={"extension": ABSENT}),
        "Observation.value",
        "structure",
    ),
    "a type that the choice has not": (observation(valueDecimal=6), "Observation.valueDecimal", "structure"),
    "resource type in another case": ({**care_plan(), "resourceType": "Careplan"}, "Resource", "value"),
    "resource type of R5": ({"resourceType": "ActorDefinition", "status": "draft"}, "Resource", "value"),
    "abstract resource type": ({"resourceType": "DomainResource"}, "Resource", "value"),
    "data type as a resource": ({"resourceType": "HumanName", "family": "x"}, "Resource", "value"),
    "no resource type": ({"status": "active"}, "Resource", "required"),
    "resource type that is no text": ({"resourceType": ["Patient"]}, "Resource", "required"),
    "an array as a body": ([patient()], "Resource", "structure"),
    "resource type on a part": (
        changed(patient(), "name.0.resourceType", "HumanName"),
        "Patient.name[0].resourceType",
        "structure",
    ),
    # emptiness
    "empty array": (care_plan(note=[]), "CarePlan.note", "structure"),
    "empty array of values": (patient(name=[{"given": []}]), "Patient.name[0].given", "structure"),
    "empty object": (care_plan(period={}), "CarePlan.period", "structure"),
    "empty object in an array": (care_plan(note=[{}]), "CarePlan.note[0]", "structure"),
    "object with only an id": (care_plan(period={"id": "x"}), "CarePlan.period", "invariant"),
    "null": (care_plan(description=None), "CarePlan.description", "structure"),
    "null object": (care_plan(period=None), "CarePlan.period", "structure"),
    "null in an array of objects": (care_plan(goal=[None]), "CarePlan.goal[0]", "structure"),
    "null in an array of values": (
        patient(name=[{"given": ["Tauno", None]}]),
        "Patient.name[0].given[1]",
        "structure",
    ),
    "empty text": (care_plan(title=""), "CarePlan.title", "value"),
    "text of one space": (care_plan(title=" "), "CarePlan.title", "value"),
    "text of white space of other kinds": (care_plan(title=" \t\n\u00a0"), "CarePlan.title", "value"),
    # formats
    "id with an underscore": (patient(id="p_1"), "Patient.id", "value"),
    "id of 65 characters": (patient(id="a" * 65), "Patient.id", "value"),
    "id with a line feed after it": (patient(id="p-1\n"), "Patient.id", "value"),
    "code with spaces around": (care_plan(status=" active "), "CarePlan.status", "value"),
    "code with two spaces inside": (
        changed(care_plan(), "category.0.coding.0.code", "a  b"),
        "CarePlan.category[0].coding[0].code",
        "value",
    ),
    "URI with a space": (
        changed(care_plan(), "identifier.0.system", "urn:x y"),
        "CarePlan.identifier[0].system",
        "value",
    ),
    "30 February": (patient(birthDate="1952-02-30"), "Patient.birthDate", "value"),
    "29 February of no leap year": (care_plan(created="2026-02-29T09:30:00Z"), "CarePlan.created", "value"),
    "month 13": (patient(birthDate="1952-13-01"), "Patient.birthDate", "value"),
    "year 0": (patient(birthDate="0000"), "Patient.birthDate", "value"),
    "dateTime without a zone": (care_plan(created="2026-01-15T09:30:00"), "CarePlan.created", "value"),
    "dateTime without seconds": (care_plan(created="2026-01-15T09:30Z"), "CarePlan.created", "value"),
    "hour 24": (care_plan(created="2026-01-15T24:00:00Z"), "CarePlan.created", "value"),
    "time in a date": (patient(birthDate="1952-10-13T00:00:00Z"), "Patient.birthDate", "value"),
    "date in the Finnish way": (patient(birthDate="13.10.1952"), "Patient.birthDate", "value"),
    "digits of another script": (patient(birthDate="١٩٥٢"), "Patient.birthDate", "value"),
    "instant without a zone": (observation(issued="2026-02-03T09:30:00"), "Observation.issued", "value"),
    "instant without a time": (observation(issued="2026-02-03"), "Observation.issued", "value"),
    "text for a boolean": (
        changed(care_plan(), "activity.0.detail.doNotPerform", "false"),
        "CarePlan.activity[0].detail.doNotPerform",
        "structure",
    ),
    "number for a boolean": (patient(active=1), "Patient.active", "structure"),
    "text for a decimal": (
        changed(observation(), "valueQuantity.value", "6.0"),
        "Observation.value.value",
        "structure",
    ),
    "boolean for a decimal": (
        changed(observation(), "valueQuantity.value", True),
        "Observation.value.value",
        "structure",
    ),
    "number for a text": (care_plan(title=17), "CarePlan.title", "structure"),
    "fraction for an integer": (
        goal(target=[{"measure": {"text": "h"}, "detailInteger": 1.5}]),
        "Goal.target[0].detail",
        "structure",
    ),
    "33 bits": (
        goal(target=[{"measure": {"text": "h"}, "detailInteger": 2**31}]),
        "Goal.target[0].detail",
        "value",
    ),
    "positive integer of zero": (changed(patient(), "telecom.0.rank", 0), "Patient.telecom[0].rank", "value"),
    "unsigned integer below zero": (searchset(patient(id="0"), total=-1), "Bundle.total", "value"),
    "broken base64": (
        patient(photo=[{"contentType": "image/png", "data": "ab=c"}]),
        "Patient.photo[0].data",
        "value",
    ),
    "base64 of three characters": (
        patient(photo=[{"contentType": "image/png", "data": "abc"}]),
        "Patient.photo[0].data",
        "value",
    ),
    "control character": (care_plan(title="a\x00b"), "CarePlan.title", "value"),
    "text of more than a megabyte": (
        care_plan(description="ä" * (1024 * 1024 + 1)),
        "CarePlan.description",
        "too-long",
    ),
    "language that is no tag": (care_plan(language="suomi kieli"), "CarePlan.language", "value"),
    "language with an underscore": (care_plan(language="fi_FI"), "CarePlan.language", "value"),
    "language of a person": (
        changed(patient(), "communication.0.language.coding.0.code", "fi_FI"),
        "Patient.communication[0].language.coding[0].code",
        "value",
    ),
    "media type without a slash": (
        patient(photo=[{"contentType": "png"}]),
        "Patient.photo[0].contentType",
        "value",
    ),
    "OID that is none": (
        {"resourceType": "Parameters", "parameter": [{"name": "x", "valueOid": "urn:oid:1..2"}]},
        "Parameters.parameter[0].value",
        "value",
    ),
    # primitive extensions
    "extension of a value that has no members": (patient(_birthDate={}), "Patient.birthDate", "structure"),
    "extension of a value with a stray member": (
        patient(_birthDate={"url": "x"}),
        "Patient.birthDate.url",
        "structure",
    ),
    "extension array longer than the values": (
        patient(name=[{"given": ["T"], "_given": [None, {"extension": ABSENT}]}]),
        "Patient.name[0].given",
        "structure",
    ),
    "null beside null": (
        patient(name=[{"given": ["T", None], "_given": [None, None]}]),
        "Patient.name[0].given[1]",
        "structure",
    ),
    "null where neither value nor extension stands": (
        patient(name=[{"_given": [None, {"extension": ABSENT}]}]),
        "Patient.name[0].given[0]",
        "structure",
    ),
    "array for the extension of one value": (
        patient(_birthDate=[{"extension": ABSENT}]),
        "Patient.birthDate",
        "structure",
    ),
    "id in the place of a value": (
        patient(gender="male", _active={"id": "a"}),
        "Patient.active",
        "invariant",
    ),
    "extension of an object": (care_plan(_period={"extension": ABSENT}), "CarePlan.period", "structure"),
    "extension of the id of a resource": (patient(_id={"extension": ABSENT}), "Patient.id", "structure"),
    # bindings
    "status outside the set": (care_plan(status="aktiivinen"), "CarePlan.status", "code-invalid"),
    "status of another language": (care_plan(status="Active"), "CarePlan.status", "code-invalid"),
    "gender outside the set": (patient(gender="mies"), "Patient.gender", "code-invalid"),
    "status of an activity": (
        changed(care_plan(), "activity.0.detail.status", "active"),
        "CarePlan.activity[0].detail.status",
        "code-invalid",
    ),
    "status of an observation": (observation(status="done"), "Observation.status", "code-invalid"),
    "use of a name": (changed(patient(), "name.0.use", "virallinen"), "Patient.name[0].use", "code-invalid"),
    "invented issue code": (
        outcome(issue=[{"severity": "error", "code": "virhe"}]),
        "OperationOutcome.issue[0].code",
        "code-invalid",
    ),
    "status of a narrative": (
        care_plan(text={"status": "ok", "div": DIV}),
        "CarePlan.text.status",
        "code-invalid",
    ),
    "clinical status of another system": (
        condition(clinicalStatus=concept("urn:x", "active")),
        "Condition.clinicalStatus",
        "code-invalid",
    ),
    "clinical status as text": (
        condition(clinicalStatus={"text": "aktiivinen"}),
        "Condition.clinicalStatus",
        "code-invalid",
    ),
    "method of a request": (
        with_entry("request", {"method": "LOAD", "url": "Patient"}),
        "Bundle.entry[0].request.method",
        "code-invalid",
    ),
    # narrative
    "malformed XHTML": (care_plan(text=narrative("<p>x")), "CarePlan.text.div", "invalid"),
    "script": (care_plan(text=narrative("<script>alert(1)</script>")), "CarePlan.text.div", "invariant"),
    "event": (care_plan(text=narrative('<p onclick="x()">x</p>')), "CarePlan.text.div", "invariant"),
    "link that runs": (
        care_plan(text=narrative('<a href=" JavaScript:x()">x</a>')),
        "CarePlan.text.div",
        "invariant",
    ),
    "form": (care_plan(text=narrative("<form><p>x</p></form>")), "CarePlan.text.div", "invariant"),
    "frame": (care_plan(text=narrative('<iframe src="x"/>')), "CarePlan.text.div", "invariant"),
    "document type": (
        care_plan(text={"status": "generated", "div": f'<!DOCTYPE div [<!ENTITY a "b">]>{DIV}'}),
        "CarePlan.text.div",
        "invariant",
    ),
    "document type from elsewhere": (
        care_plan(text={"status": "generated", "div": f'<!DOCTYPE div SYSTEM "http://x.example/x">{DIV}'}),
        "CarePlan.text.div",
        "invariant",
    ),
    "unknown entity": (care_plan(text=narrative("&xxe;")), "CarePlan.text.div", "invalid"),
    "entity of HTML": (care_plan(text=narrative("a&nbsp;b")), "CarePlan.text.div", "invalid"),
    "no content": (care_plan(text=narrative("<p> </p>")), "CarePlan.text.div", "invariant"),
    "no namespace": (
        care_plan(text={"status": "generated", "div": "<div>x</div>"}),
        "CarePlan.text.div",
        "invariant",
    ),
    "elements of another namespace": (
        care_plan(text=narrative('<svg xmlns="http://www.w3.org/2000/svg"/>x')),
        "CarePlan.text.div",
        "invariant",
    ),
    "plain text": (care_plan(text={"status": "generated", "div": "x"}), "CarePlan.text.div", "invalid"),
    # references
    "reference of a wrong type": (care_plan(subject=ref("Observation/1")), "CarePlan.subject", "value"),
    "absolute reference of a wrong type": (
        care_plan(subject=ref("https://hub.example/fhir/Task/1")),
        "CarePlan.subject",
        "value",
    ),
    "versioned reference of a wrong type": (
        care_plan(goal=[ref("Task/1/_history/2")]),
        "CarePlan.goal[0]",
        "value",
    ),
    "reference to nothing contained": (
        care_plan(subject=ref("#nope")),
        "CarePlan.subject.reference",
        "invariant",
    ),
    "contained resource of a wrong type": (
        care_plan(goal=[ref("#h")], contained=[HELPER]),
        "CarePlan.goal[0]",
        "value",
    ),
    "reference to the container from itself": (
        care_plan(replaces=[ref("#")]),
        "CarePlan.replaces[0].reference",
        "invariant",
    ),
    "reference to a type that is none": (
        care_plan(subject=ref("Potilas/1")),
        "CarePlan.subject.reference",
        "value",
    ),
    "reference that is no address": (
        care_plan(subject=ref("Patient")),
        "CarePlan.subject.reference",
        "value",
    ),
    "reference with a bad id": (care_plan(subject=ref("Patient/p_1")), "CarePlan.subject.reference", "value"),
    "conditional reference outside a Bundle": (
        care_plan(subject=ref("Patient?identifier=x")),
        "CarePlan.subject.reference",
        "value",
    ),
    "conditional reference beside a Bundle": (
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "a", "resource": transaction(goal(subject=ref("Patient?identifier=urn:x|1")))},
                {"name": "b", "resource": goal(subject=ref("Patient?identifier=urn:x|1"))},
            ],
        },
        "Parameters.parameter[1].resource.subject.reference",
        "value",
    ),
    "reference and type that differ": (
        care_plan(subject=ref("Patient/1", type="Group")),
        "CarePlan.subject.type",
        "value",
    ),
    "reference of a wrong type within a Bundle": (
        transaction(patient(), care_plan(subject=ref("urn:uuid:00000000-0000-4000-8000-000000000001"))),
        "Bundle.entry[1].resource.subject",
        "value",
    ),
    "urn:uuid that is none": (care_plan(subject=ref("urn:uuid:p-1")), "CarePlan.subject.reference", "value"),
    # contained
    "contained resource that nothing refers to": (
        care_plan(contained=[HELPER]),
        "CarePlan.contained[0]",
        "invariant",
    ),
    "reference to a container of a wrong type": (
        care_plan(
            goal=[ref("#g")],
            contained=[
                {
                    "resourceType": "Goal",
                    "id": "g",
                    "lifecycleStatus": "active",
                    "description": {"text": "x"},
                    "subject": ref("#"),
                }
            ],
        ),
        "CarePlan.contained[0].subject",
        "value",
    ),
    "contained resource without an id": (
        care_plan(contained=[{"resourceType": "Practitioner"}]),
        "CarePlan.contained[0].id",
        "required",
    ),
    "contained resource twice": (
        care_plan(author=ref("#h"), contained=[HELPER, HELPER]),
        "CarePlan.contained[1].id",
        "duplicate",
    ),
    "contained in a contained resource": (
        care_plan(
            author=ref("#h"), contained=[{**HELPER, "contained": [{"resourceType": "Patient", "id": "x"}]}]
        ),
        "CarePlan.contained[0].contained",
        "invariant",
    ),
    "contained resource with a version": (
        care_plan(author=ref("#h"), contained=[{**HELPER, "meta": {"versionId": "1"}}]),
        "CarePlan.contained[0].meta.versionId",
        "invariant",
    ),
    "contained resource with a label": (
        care_plan(author=ref("#h"), contained=[{**HELPER, "meta": {"security": [{"code": "R"}]}}]),
        "CarePlan.contained[0].meta.security",
        "invariant",
    ),
    "contained resource of no type": (
        care_plan(contained=[{"id": "x"}]),
        "CarePlan.contained[0]",
        "required",
    ),
    "contained resource that is broken": (
        care_plan(author=ref("#h"), contained=[{**HELPER, "gender": "nainen"}]),
        "CarePlan.contained[0].gender",
        "code-invalid",
    ),
    "system that is no URI": (
        changed(care_plan(), "category.0.coding.0.system", "oma"),
        "CarePlan.category[0].coding[0].system",
        "value",
    ),
    "system of an identifier that is no URI": (
        changed(patient(), "identifier.0.system", "hetu"),
        "Patient.identifier[0].system",
        "value",
    ),
    "url of an extension that is relative": (
        care_plan(extension=[{"url": "oma", "valueString": "x"}]),
        "CarePlan.extension[0].url",
        "value",
    ),
    "search result without an id": (
        searchset(without(patient(), "id")),
        "Bundle.entry[0].resource",
        "required",
    ),
    # invariants
    "ext-1 both": (
        care_plan(
            extension=[{"url": "urn:x", "valueString": "x", "extension": [{"url": "y", "valueCode": "z"}]}]
        ),
        "CarePlan.extension[0]",
        "invariant",
    ),
    "ext-1 neither": (care_plan(extension=[{"url": "urn:x"}]), "CarePlan.extension[0]", "invariant"),
    "ext-1 deep inside": (
        patient(_birthDate={"extension": [{"url": "urn:x"}]}),
        "Patient.birthDate.extension[0]",
        "invariant",
    ),
    "per-1": (care_plan(period={"start": "2026-03-02", "end": "2026-03-01"}), "CarePlan.period", "invariant"),
    "per-1 by the zone": (
        care_plan(period={"start": "2026-03-01T12:00:00Z", "end": "2026-03-01T13:00:00+02:00"}),
        "CarePlan.period",
        "invariant",
    ),
    "per-1 by a nanosecond": (
        care_plan(
            period={"start": "2026-03-01T12:00:00.000000002Z", "end": "2026-03-01T12:00:00.000000001Z"}
        ),
        "CarePlan.period",
        "invariant",
    ),
    "per-1 of partial dates": (
        care_plan(period={"start": "2027", "end": "2026-12-31"}),
        "CarePlan.period",
        "invariant",
    ),
    "ppc-1": (without(consent(), "policyRule"), "Consent", "invariant"),
    "cpl-3": (
        care_plan(activity=[{**activity(1), "reference": ref("Task/1")}]),
        "CarePlan.activity[0]",
        "invariant",
    ),
    "gol-1": (without(goal(), "target.0.measure"), "Goal.target[0]", "invariant"),
    "obs-6": (observation(dataAbsentReason={"text": "ei kysytty"}), "Observation", "invariant"),
    "obs-7": (
        observation(component=[{"code": observation()["code"], "valueInteger": 1}]),
        "Observation",
        "invariant",
    ),
    "qrs-1": (
        changed(answers(), "item.0.item", [{"linkId": "2"}]),
        "QuestionnaireResponse.item[0]",
        "invariant",
    ),
    "pat-1": (patient(contact=[{"gender": "female"}]), "Patient.contact[0]", "invariant"),
    "con-4 beside a warning": (
        condition(category=[concept("urn:x", "oma")], abatementDateTime="2026"),
        "Condition",
        "invariant",
    ),
    "con-4": (condition(abatementDateTime="2026"), "Condition", "invariant"),
    "Task inv-1": (task(lastModified="2026-02-01T11:59:59+02:00"), "Task.lastModified", "invariant"),
    "que-1": (questionnaire(item=[{"linkId": "1", "type": "group"}]), "Questionnaire.item[0]", "invariant"),
    "que-2": (changed(questionnaire(), "item.0.item.0.linkId", "1"), "Questionnaire", "invariant"),
    "ctm-1": (
        {
            "resourceType": "CareTeam",
            "participant": [{"member": ref("PractitionerRole/1"), "onBehalfOf": ref("Organization/kunta")}],
        },
        "CareTeam.participant[0].onBehalfOf",
        "invariant",
    ),
    # bundles
    "bdl-3 transaction entry without a request": (
        without(transaction(patient()), "entry.0.request"),
        "Bundle.entry[0].request",
        "invariant",
    ),
    "bdl-3 request in a searchset": (
        changed(searchset(patient(id="0")), "entry.0.request", {"method": "GET", "url": "x"}),
        "Bundle.entry[0].request",
        "invariant",
    ),
    "bdl-1": (transaction(patient(), total=1), "Bundle.total", "invariant"),
    "bdl-2": (with_entry("search", {"mode": "match"}), "Bundle.entry[0].search", "invariant"),
    "bdl-4": (with_entry("response", {"status": "200"}), "Bundle.entry[0].response", "invariant"),
    "bdl-5": (
        {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "urn:x"}]},
        "Bundle.entry[0]",
        "invariant",
    ),
    "bdl-7 a full URL twice": (
        changed(searchset(patient(), patient()), "entry.1.fullUrl", "https://hub.example/fhir/Patient/p-1")
        | {"total": 2},
        "Bundle.entry[0].fullUrl",
        "value",
    ),
    "bdl-7": (
        changed(
            transaction(patient(), patient()),
            "entry.1.fullUrl",
            "urn:uuid:00000000-0000-4000-8000-000000000000",
        ),
        "Bundle.entry[1].fullUrl",
        "invariant",
    ),
    "bdl-8": (
        with_entry("fullUrl", "https://hub.example/fhir/Patient/p-1/_history/1"),
        "Bundle.entry[0].fullUrl",
        "invariant",
    ),
    "bdl-9": (
        {
            "resourceType": "Bundle",
            "type": "document",
            "timestamp": "2026-01-01T00:00:00Z",
            "entry": [{"resource": COMPOSITION}],
        },
        "Bundle.identifier",
        "invariant",
    ),
    "bdl-11": (
        {
            "resourceType": "Bundle",
            "type": "document",
            "identifier": {"system": "urn:x", "value": "1"},
            "timestamp": "2026-01-01T00:00:00Z",
            "entry": [{"resource": patient()}],
        },
        "Bundle.entry",
        "invariant",
    ),
    "bdl-12": (
        {"resourceType": "Bundle", "type": "message", "entry": [{"resource": patient()}]},
        "Bundle.entry",
        "invariant",
    ),
    "full URL of another id": (
        with_entry("fullUrl", "https://hub.example/fhir/Patient/p-2"),
        "Bundle.entry[0].fullUrl",
        "value",
    ),
    "full URL of no UUID": (with_entry("fullUrl", "urn:uuid:x"), "Bundle.entry[0].fullUrl", "value"),
    "create without a resource": (
        without(transaction(patient()), "entry.0.resource"),
        "Bundle.entry[0].resource",
        "required",
    ),
    "broken resource in a Bundle": (
        transaction(patient(), care_plan(status="x")),
        "Bundle.entry[1].resource.status",
        "code-invalid",
    ),
    "entry of no type": (with_entry("resource", {"id": "x"}), "Bundle.entry[0].resource", "required"),
    "two values of a parameter": (
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "x", "valueString": "y", "resource": patient()}],
        },
        "Parameters.parameter[0]",
        "invariant",
    ),
    "parameter of nothing": (
        {"resourceType": "Parameters", "parameter": [{"name": "x"}]},
        "Parameters.parameter[0]",
        "invariant",
    ),
}

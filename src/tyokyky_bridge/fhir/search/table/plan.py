"""Parameters of the plan, its goals, its team, its case, and of what is to be done."""

from typing import Final

from tyokyky_bridge.fhir.search.kinds import Parameter, date, only, reference, rows, token

REQUEST_STATUS: Final = "http://hl7.org/fhir/request-status"
REQUEST_INTENT: Final = "http://hl7.org/fhir/request-intent"
REQUEST_PRIORITY: Final = "http://hl7.org/fhir/request-priority"

DOERS: Final = (
    "Practitioner PractitionerRole Organization CareTeam Patient RelatedPerson Device HealthcareService"
)
ASKERS: Final = "Practitioner PractitionerRole Organization Patient RelatedPerson Device"
_PATIENT: Final = only("Patient", "patient", "subject", family="clinical")
_IDENTIFIER: Final = token("identifier", "identifier", family="clinical")
_PERIOD: Final = date("date", "period", family="clinical")

PLAN: Final[dict[str, dict[str, Parameter]]] = {
    "CarePlan": rows(
        "CarePlan",
        _PATIENT,
        reference("subject", "subject", "Patient Group"),
        _IDENTIFIER,
        token("status", "status", system=REQUEST_STATUS),
        token("intent", "intent", system=REQUEST_INTENT),
        token("category", "category"),
        _PERIOD,
        reference("care-team", "careTeam", "CareTeam"),
        reference("goal", "goal", "Goal"),
        reference("condition", "addresses", "Condition"),
        reference("encounter", "encounter", "Encounter"),
        reference("based-on", "basedOn", "CarePlan"),
        reference("replaces", "replaces", "CarePlan"),
        reference("part-of", "partOf", "CarePlan"),
        token("activity-code", "activity.detail.code"),
        date(
            "activity-date",
            "activity.detail.scheduled:Timing activity.detail.scheduled:Period activity.detail.scheduled:string",
        ),
        reference(
            "activity-reference",
            "activity.reference",
            "Appointment CommunicationRequest DeviceRequest MedicationRequest NutritionOrder Task ServiceRequest"
            " VisionPrescription RequestGroup",
        ),
        reference("performer", "activity.detail.performer", DOERS),
    ),
    "Goal": rows(
        "Goal",
        _PATIENT,
        reference("subject", "subject", "Patient Group Organization"),
        _IDENTIFIER,
        token("lifecycle-status", "lifecycleStatus", system="http://hl7.org/fhir/goal-status"),
        token("achievement-status", "achievementStatus"),
        token("category", "category"),
        date("start-date", "start:date"),
        date("target-date", "target.due:date"),
    ),
    "CareTeam": rows(
        "CareTeam",
        _PATIENT,
        reference("subject", "subject", "Patient Group"),
        _IDENTIFIER,
        token("status", "status", system="http://hl7.org/fhir/care-team-status"),
        token("category", "category"),
        _PERIOD,
        reference("encounter", "encounter", "Encounter"),
        reference(
            "participant",
            "participant.member",
            "Practitioner PractitionerRole RelatedPerson Patient Organization CareTeam",
        ),
    ),
    "EpisodeOfCare": rows(
        "EpisodeOfCare",
        reference("patient", "patient", "Patient", family="clinical"),
        _IDENTIFIER,
        token("status", "status", system="http://hl7.org/fhir/episode-of-care-status"),
        token("type", "type", family="clinical"),
        _PERIOD,
        only("Practitioner", "care-manager", "careManager"),
        reference("organization", "managingOrganization", "Organization"),
        reference("incoming-referral", "referralRequest", "ServiceRequest"),
        reference("condition", "diagnosis.condition", "Condition"),
    ),
    "ServiceRequest": rows(
        "ServiceRequest",
        _PATIENT,
        reference("subject", "subject", "Patient Group Location Device"),
        _IDENTIFIER,
        token("status", "status", system=REQUEST_STATUS),
        token("intent", "intent", system=REQUEST_INTENT),
        token("priority", "priority", system=REQUEST_PRIORITY),
        token("category", "category"),
        token("code", "code", family="clinical"),
        token("requisition", "requisition"),
        token("performer-type", "performerType"),
        date("authored", "authoredOn"),
        date("occurrence", "occurrence:dateTime occurrence:Period occurrence:Timing"),
        reference("encounter", "encounter", "Encounter", family="clinical"),
        reference("based-on", "basedOn", "CarePlan ServiceRequest MedicationRequest"),
        reference("replaces", "replaces", "ServiceRequest"),
        reference("requester", "requester", ASKERS),
        reference("performer", "performer", DOERS),
    ),
    "Task": rows(
        "Task",
        only("Patient", "patient", "for"),
        reference("subject", "for"),
        token("identifier", "identifier"),
        token("group-identifier", "groupIdentifier"),
        token("status", "status", system="http://hl7.org/fhir/task-status"),
        token("business-status", "businessStatus"),
        token("intent", "intent", system=REQUEST_INTENT),
        token("priority", "priority", system=REQUEST_PRIORITY),
        token("code", "code"),
        token("performer", "performerType"),
        date("authored-on", "authoredOn"),
        date("modified", "lastModified"),
        date("period", "executionPeriod"),
        reference("based-on", "basedOn"),
        reference("focus", "focus"),
        reference("part-of", "partOf", "Task"),
        reference("encounter", "encounter", "Encounter"),
        reference("requester", "requester", ASKERS),
        reference("owner", "owner", DOERS),
    ),
}

"""Parameters of meetings, messages and consents."""

from typing import Final

from tyokyky_bridge.fhir.search.kinds import Parameter, date, only, reference, rows, token
from tyokyky_bridge.fhir.search.table.plan import ASKERS, DOERS

_IDENTIFIER: Final = token("identifier", "identifier")
_CLINICAL_IDENTIFIER: Final = token("identifier", "identifier", family="clinical")
_GRANT: Final = "provision.provision"

CONTACTS: Final[dict[str, dict[str, Parameter]]] = {
    "Appointment": rows(
        "Appointment",
        only("Patient", "patient", "participant.actor"),
        only("Practitioner", "practitioner", "participant.actor"),
        only("Location", "location", "participant.actor"),
        reference(
            "actor",
            "participant.actor",
            "Patient Practitioner PractitionerRole RelatedPerson Device HealthcareService Location",
        ),
        _IDENTIFIER,
        token("status", "status", system="http://hl7.org/fhir/appointmentstatus"),
        token("part-status", "participant.status", system="http://hl7.org/fhir/participationstatus"),
        date("date", "start"),
        token("appointment-type", "appointmentType"),
        token("service-category", "serviceCategory"),
        token("service-type", "serviceType"),
        token("specialty", "specialty"),
        token("reason-code", "reasonCode"),
        reference(
            "reason-reference",
            "reasonReference",
            "Condition Procedure Observation ImmunizationRecommendation",
        ),
        reference("based-on", "basedOn", "ServiceRequest"),
        reference("supporting-info", "supportingInformation"),
    ),
    "Encounter": rows(
        "Encounter",
        only("Patient", "patient", "subject", family="clinical"),
        reference("subject", "subject", "Patient Group"),
        _CLINICAL_IDENTIFIER,
        token("status", "status", system="http://hl7.org/fhir/encounter-status"),
        token("class", "class"),
        token("type", "type", family="clinical"),
        date("date", "period", family="clinical"),
        reference("appointment", "appointment", "Appointment"),
        reference("episode-of-care", "episodeOfCare", "EpisodeOfCare"),
        reference("based-on", "basedOn", "ServiceRequest"),
        reference("part-of", "partOf", "Encounter"),
        reference("participant", "participant.individual", "Practitioner PractitionerRole RelatedPerson"),
        token("participant-type", "participant.type"),
        only("Practitioner", "practitioner", "participant.individual"),
        reference("diagnosis", "diagnosis.condition", "Condition Procedure"),
        token("reason-code", "reasonCode"),
        reference(
            "reason-reference",
            "reasonReference",
            "Condition Procedure Observation ImmunizationRecommendation",
        ),
        reference("location", "location.location", "Location"),
        date("location-period", "location.period"),
        reference("service-provider", "serviceProvider", "Organization"),
    ),
    "Communication": rows(
        "Communication",
        only("Patient", "patient", "subject"),
        reference("subject", "subject", "Patient Group"),
        _IDENTIFIER,
        token("status", "status", system="http://hl7.org/fhir/event-status"),
        token("category", "category"),
        token("medium", "medium"),
        date("sent", "sent"),
        date("received", "received"),
        reference("based-on", "basedOn"),
        reference("part-of", "partOf"),
        reference("encounter", "encounter", "Encounter"),
        reference("sender", "sender", f"{ASKERS} HealthcareService"),
        reference("recipient", "recipient", f"{DOERS} Group"),
    ),
    "Consent": rows(
        "Consent",
        reference("patient", "patient", "Patient", family="clinical"),
        _CLINICAL_IDENTIFIER,
        token("status", "status", system="http://hl7.org/fhir/consent-state-codes"),
        token("scope", "scope"),
        token("category", "category"),
        date("date", "dateTime", family="clinical"),
        date("period", "provision.period"),
        token("action", "provision.action"),
        token("purpose", "provision.purpose"),
        token("security-label", "provision.securityLabel"),
        reference("actor", "provision.actor.reference", f"{ASKERS} CareTeam Group"),
        reference("data", "provision.data.reference"),
        reference(
            "consentor", "performer", "Practitioner PractitionerRole Organization Patient RelatedPerson"
        ),
        reference("organization", "organization", "Organization"),
        reference(
            "source-reference",
            "source:Reference",
            "Consent Contract DocumentReference QuestionnaireResponse",
        ),
        # Our consents deny at the root and grant inside it, where HL7's parameters do not look.
        reference("grant-actor", f"{_GRANT}.actor.reference", f"{ASKERS} CareTeam Group", own=True),
        token("grant-security-label", f"{_GRANT}.securityLabel", own=True),
        token("grant-purpose", f"{_GRANT}.purpose", own=True),
        date("grant-period", f"{_GRANT}.period", own=True),
    ),
}

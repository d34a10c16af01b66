"""Parameters of people and organizations, and of the trace of who did what."""

from typing import Final

from tyokyky_bridge.fhir.search.kinds import (
    Parameter,
    date,
    flag,
    only,
    reference,
    rows,
    string,
    token,
)

GENDER: Final = "http://hl7.org/fhir/administrative-gender"
ADDRESS_USE: Final = "http://hl7.org/fhir/address-use"

_NAMES: Final = (
    string("name", "name"),
    string("family", "name.family", family="individual"),
    string("given", "name.given", family="individual"),
)
_CONTACTS: Final = (
    token("telecom", "telecom", family="individual"),
    token("email", "telecom[system=email]", family="individual"),
    token("phone", "telecom[system=phone]", family="individual"),
)


def _address(family: str) -> tuple[Parameter, ...]:
    return (
        string("address", "address", family=family),
        string("address-city", "address.city", family=family),
        string("address-country", "address.country", family=family),
        string("address-postalcode", "address.postalCode", family=family),
        string("address-state", "address.state", family=family),
        token("address-use", "address.use", system=ADDRESS_USE, family=family),
    )


PEOPLE: Final[dict[str, dict[str, Parameter]]] = {
    "Patient": rows(
        "Patient",
        token("identifier", "identifier"),
        flag("active", "active"),
        *_NAMES,
        *_CONTACTS,
        *_address("individual"),
        token("gender", "gender", system=GENDER, family="individual"),
        date("birthdate", "birthDate", family="individual"),
        date("death-date", "deceased:dateTime"),
        token("language", "communication.language"),
        reference(
            "general-practitioner", "generalPractitioner", "Practitioner Organization PractitionerRole"
        ),
        reference("organization", "managingOrganization", "Organization"),
        reference("link", "link.other", "Patient RelatedPerson"),
    ),
    "Practitioner": rows(
        "Practitioner",
        token("identifier", "identifier"),
        flag("active", "active"),
        *_NAMES,
        *_CONTACTS,
        *_address("individual"),
        token("gender", "gender", system=GENDER, family="individual"),
        token("communication", "communication"),
    ),
    "PractitionerRole": rows(
        "PractitionerRole",
        token("identifier", "identifier"),
        flag("active", "active"),
        *_CONTACTS,
        date("date", "period"),
        token("role", "code"),
        token("specialty", "specialty"),
        reference("practitioner", "practitioner", "Practitioner"),
        reference("organization", "organization", "Organization"),
        reference("location", "location", "Location"),
        reference("service", "healthcareService", "HealthcareService"),
    ),
    "Organization": rows(
        "Organization",
        token("identifier", "identifier"),
        flag("active", "active"),
        string("name", "name alias"),
        *_address(""),
        token("type", "type"),
        reference("partof", "partOf", "Organization"),
    ),
    "Provenance": rows(
        "Provenance",
        reference("target", "target"),
        only("Patient", "patient", "target"),
        reference(
            "agent",
            "agent.who",
            "Practitioner PractitionerRole Organization Patient RelatedPerson Device",
        ),
        token("agent-role", "agent.role"),
        token("agent-type", "agent.type"),
        reference("entity", "entity.what"),
        reference("location", "location", "Location"),
        date("recorded", "recorded"),
        date("when", "occurred:dateTime"),
        token("signature-type", "signature.type"),
    ),
}

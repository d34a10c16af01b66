"""Parameters of what was observed, found and written: scores, conditions and documents."""

from dataclasses import replace
from typing import Final

from tyokyky_bridge.fhir.search.kinds import (
    Kind,
    Parameter,
    Path,
    composite,
    date,
    only,
    part,
    quantity,
    reference,
    rows,
    string,
    token,
    uri,
)

_PATIENT: Final = only("Patient", "patient", "subject", family="clinical")
_IDENTIFIER: Final = token("identifier", "identifier", family="clinical")
_CODE: Final = part("code", Kind.TOKEN, "code")
_COMBO_CODE: Final = part("combo-code", Kind.TOKEN, "code")
_COMPONENT_CODE: Final = part("component-code", Kind.TOKEN, "code")

_INTEGER: Final = Parameter(
    "value-integer",
    Kind.NUMBER,
    (Path.of("value:integer"),),
    own=True,
    says="A whole number as the value, such as the points of a work-ability score; HL7 has no parameter for it.",
)

FINDINGS: Final[dict[str, dict[str, Parameter]]] = {
    "Observation": rows(
        "Observation",
        _PATIENT,
        reference("subject", "subject", "Patient Group Device Location"),
        _IDENTIFIER,
        token("status", "status", system="http://hl7.org/fhir/observation-status"),
        token("category", "category"),
        token("code", "code", family="clinical"),
        date(
            "date",
            "effective:dateTime effective:Period effective:instant effective:Timing",
            family="clinical",
        ),
        token("method", "method"),
        token("data-absent-reason", "dataAbsentReason"),
        token("value-concept", "value:CodeableConcept"),
        date("value-date", "value:dateTime value:Period"),
        string("value-string", "value:string value:CodeableConcept.text"),
        quantity("value-quantity", "value:Quantity"),
        _INTEGER,
        token("component-code", "component.code"),
        token("component-data-absent-reason", "component.dataAbsentReason"),
        token("component-value-concept", "component.value:CodeableConcept"),
        quantity("component-value-quantity", "component.value:Quantity"),
        token("combo-code", "code component.code"),
        token("combo-data-absent-reason", "dataAbsentReason component.dataAbsentReason"),
        token("combo-value-concept", "value:CodeableConcept component.value:CodeableConcept"),
        quantity("combo-value-quantity", "value:Quantity component.value:Quantity"),
        composite(
            "code-value-quantity", ("",), _CODE, part("value-quantity", Kind.QUANTITY, "value:Quantity")
        ),
        composite(
            "code-value-concept", ("",), _CODE, part("value-concept", Kind.TOKEN, "value:CodeableConcept")
        ),
        composite("code-value-string", ("",), _CODE, part("value-string", Kind.STRING, "value:string")),
        composite(
            "code-value-date", ("",), _CODE, part("value-date", Kind.DATE, "value:dateTime value:Period")
        ),
        composite(
            "code-value-integer",
            ("",),
            _CODE,
            part("value-integer", Kind.NUMBER, "value:integer"),
            own=True,
            says="What was asked and the whole number that was given, such as a work-ability score under five.",
        ),
        composite(
            "component-code-value-quantity",
            ("component",),
            _COMPONENT_CODE,
            part("component-value-quantity", Kind.QUANTITY, "value:Quantity"),
        ),
        composite(
            "component-code-value-concept",
            ("component",),
            _COMPONENT_CODE,
            part("component-value-concept", Kind.TOKEN, "value:CodeableConcept"),
        ),
        composite(
            "combo-code-value-quantity",
            ("", "component"),
            _COMBO_CODE,
            part("combo-value-quantity", Kind.QUANTITY, "value:Quantity"),
        ),
        composite(
            "combo-code-value-concept",
            ("", "component"),
            _COMBO_CODE,
            part("combo-value-concept", Kind.TOKEN, "value:CodeableConcept"),
        ),
        reference("encounter", "encounter", "Encounter", family="clinical"),
        reference(
            "based-on",
            "basedOn",
            "CarePlan DeviceRequest ImmunizationRecommendation MedicationRequest NutritionOrder ServiceRequest",
        ),
        reference(
            "derived-from",
            "derivedFrom",
            "DocumentReference ImagingStudy Media QuestionnaireResponse Observation MolecularSequence",
        ),
        reference("focus", "focus"),
        reference("has-member", "hasMember", "Observation QuestionnaireResponse MolecularSequence"),
        reference(
            "performer",
            "performer",
            "Practitioner PractitionerRole Organization CareTeam Patient RelatedPerson",
        ),
    ),
    "Condition": rows(
        "Condition",
        _PATIENT,
        reference("subject", "subject", "Patient Group"),
        _IDENTIFIER,
        token("clinical-status", "clinicalStatus"),
        token("verification-status", "verificationStatus"),
        token("category", "category"),
        token("severity", "severity"),
        token("code", "code", family="clinical"),
        token("body-site", "bodySite"),
        date("onset-date", "onset:dateTime onset:Period"),
        string("onset-info", "onset:string"),
        date("abatement-date", "abatement:dateTime abatement:Period"),
        string("abatement-string", "abatement:string"),
        date("recorded-date", "recordedDate"),
        token("evidence", "evidence.code"),
        reference("evidence-detail", "evidence.detail"),
        reference("encounter", "encounter", "Encounter"),
        reference("asserter", "asserter", "Practitioner PractitionerRole Patient RelatedPerson"),
    ),
    "DocumentReference": rows(
        "DocumentReference",
        _PATIENT,
        reference("subject", "subject", "Patient Practitioner Group Device"),
        replace(_IDENTIFIER, paths=(Path.of("masterIdentifier"), Path.of("identifier"))),
        token("status", "status", system="http://hl7.org/fhir/document-reference-status"),
        token("type", "type", family="clinical"),
        token("category", "category"),
        date("date", "date"),
        date("period", "context.period"),
        string("description", "description"),
        token("contenttype", "content.attachment.contentType", system="urn:ietf:bcp:13"),
        token("format", "content.format"),
        token("language", "content.attachment.language", system="urn:ietf:bcp:47"),
        uri("location", "content.attachment.url"),
        token("event", "context.event"),
        token("facility", "context.facilityType"),
        token("setting", "context.practiceSetting"),
        token("security-label", "securityLabel"),
        token("relation", "relatesTo.code", system="http://hl7.org/fhir/document-relationship-type"),
        reference("relatesto", "relatesTo.target", "DocumentReference"),
        reference("related", "context.related"),
        reference("encounter", "context.encounter", "Encounter EpisodeOfCare", family="clinical"),
        reference("custodian", "custodian", "Organization"),
        reference("authenticator", "authenticator", "Practitioner PractitionerRole Organization"),
        reference(
            "author", "author", "Practitioner PractitionerRole Organization Device Patient RelatedPerson"
        ),
    ),
}

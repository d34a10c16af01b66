"""Patient: the client, by the Finnish base profile. Source: domain report 3.3 D1, 4.2 to 4.5."""

from collections.abc import Mapping
from typing import Any, Final, cast

from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.fhir.derived.vocabulary import naming
from tyokyky_bridge.fhir.lens.codecs import LANGUAGE, MUNICIPALITY, ONLY, WORDS, coded, renamed
from tyokyky_bridge.fhir.lens.ids import hex_of
from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Unit, period
from tyokyky_bridge.fhir.wire.issues import Document

HETU: Final = "urn:oid:1.2.246.21"
PIC_TYPE: Final = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NNFIN"}]}
GUARDIAN: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "GUARD"}]
}
MUNICIPALITY_OF: Final = "https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/municipality-code"
INTERPRETER: Final = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"

KINDS: Final = {"official": "official", "former": "old", "temporary": "temp", "foreign": "secondary"}
"""The ``use`` of an identifier. Only a personal identity code may be ``official``: the slice goes by ``use``."""
PIC_USES: Final = frozenset({"official", "old"})

_NAME: Final = "name[use=official]"
_HOME: Final = "address[use=home]"
_CONTACT: Final = "address[type=postal]"


def _patient_id(plan_id: str, leaves: Mapping[str, Scalar]) -> str:
    """The client's id; where the caller may not have it, one that says no more than the plan's own."""
    client = leaves.get("client.client_id")
    return f"{hex_of(plan_id)}.pt" if client is None else str(client)


def _finish(document: Document, _: Scene, __: Place) -> None:
    for identifier in document.get("identifier", []):
        if identifier.get("use") in PIC_USES:
            identifier["type"] = PIC_TYPE
            identifier["system"] = HETU
    for name in document.get("name", []):
        parts = [*name.get("given", []), *([name["family"]] if "family" in name else [])]
        if parts:
            name["text"] = " ".join(parts)


def _prepare(document: Document) -> Document:
    """What a stranger leaves unsaid: the use of the only name, of a personal identity code, of a language."""
    made = dict(document)
    names = cast("list[Any]", document.get("name") or [])
    if len(names) == 1 and "use" not in names[0]:
        made["name"] = [{**names[0], "use": "official"}]
    if "identifier" in document:
        made["identifier"] = [
            {**each, "use": "official"} if each.get("system") == HETU and "use" not in each else each
            for each in cast("list[Any]", document["identifier"])
        ]
    if "communication" in document:
        made["communication"] = [
            each if "id" in each else {**each, "id": _language_of(each)}
            for each in cast("list[Any]", document["communication"])
        ]
    return made


def _language_of(entry: Document) -> str:
    return "contact-language" if entry.get("preferred") is True else "native-language"


def _language(id_: str) -> str:
    return f"communication[id={id_}].language.coding[system={LANGUAGE}].code"


PATIENT: Final = Unit(
    type="Patient",
    anchor="client",
    tag="pt",
    profile="patient",
    rows=(
        Row("client_id", f"identifier[system={naming('client-id')};use=usual].value"),
        Row("hetu[].value", "identifier[].value"),
        Row("hetu[].kind", "identifier[].use", renamed(KINDS)),
        *period("hetu[].period", "identifier[].period"),
        Row("family_name", f"{_NAME}.family"),
        Row("given_names", f"{_NAME}.given", WORDS),
        Row("gender", "gender"),
        Row("birth_date", "birthDate"),
        Row("home_municipality", f"extension[url={MUNICIPALITY_OF}].valueCoding", coded(MUNICIPALITY)),
        Row("address.street", f"{_HOME}.line", ONLY),
        Row("address.postal_code", f"{_HOME}.postalCode"),
        Row("address.city", f"{_HOME}.city"),
        Row("contact_address.street", f"{_CONTACT}.line", ONLY),
        Row("contact_address.postal_code", f"{_CONTACT}.postalCode"),
        Row("contact_address.city", f"{_CONTACT}.city"),
        Row("telecom[].system", "telecom[].system"),
        Row("telecom[].value", "telecom[].value"),
        Row("native_language", _language("native-language")),
        Row("contact_language", _language("contact-language")),
        Row("interpreter.required", f"extension[url={INTERPRETER}].valueBoolean"),
        Row("guardians[].name", "contact[].name.text"),
        *period("guardians[].period", "contact[].period"),
    ),
    dress={
        "guardians[]": {"relationship": [GUARDIAN]},
        "communication[id=contact-language]": {"preferred": True},
    },
    required=("telecom[*].system", "contact[*].name!"),
    finish=_finish,
    prepare=_prepare,
    singleton_id=_patient_id,
)

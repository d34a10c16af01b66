"""Clients that strangers wrote, with their own idioms, against a server on a socket: nothing is told them about us."""

from collections.abc import Iterator
from typing import Any

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.codeableconcept import CodeableConcept
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.humanname import HumanName
from fhirclient.models.identifier import Identifier
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound
from fhirpy.lib import SyncFHIRResource

from fhir_face.live import served
from worlds.web import token

SYSTEM = "https://kunta.example/asiakas"
SCORE = {
    "coding": [
        {"system": "https://kunta.example/mittarit", "code": "tyokyky", "display": "Työkykypistemäärä"}
    ]
}


@pytest.fixture
def base(sqlite_url: str) -> Iterator[str]:
    with served(sqlite_url) as url:
        yield url


def fhirpy(base: str, **claims: Any) -> SyncFHIRClient:
    """The client as its manual has it, for a registration that may update without If-Match."""
    return SyncFHIRClient(base, authorization=f"Bearer {token(fhir_versioning='versioned', **claims)}")


def somebody(client: SyncFHIRClient, number: int = 1) -> SyncFHIRResource:
    """A person whom the hub knows nothing else of."""
    return client.resource(
        "Patient",
        identifier=[{"system": SYSTEM, "value": f"A-{number:03}"}],
        name=[{"family": "Mallikas", "given": ["Maija"]}],
        birthDate="1980-02",
    )


class TestFhirpy:
    def test_a_patient_is_created_read_found_changed_and_deleted(self, base):
        client = fhirpy(base)
        patient = somebody(client)
        patient.save()
        first = patient["meta"]["versionId"]

        patient["name"][0]["family"] = "Mallikas-Koe"
        patient.save()
        again = client.reference("Patient", patient.id).to_resource()
        found = client.resources("Patient").search(family__exact="Mallikas-Koe").fetch_all()

        assert again["name"][0]["family"] == "Mallikas-Koe"
        assert again["birthDate"] == "1980-02"
        assert again["meta"]["versionId"] != first
        assert [each.id for each in found] == [patient.id]
        patient.delete()
        with pytest.raises(ResourceNotFound, match="deleted"):
            client.reference("Patient", patient.id).to_resource()
        assert client.resources("Patient").fetch_all() == []

    def test_a_score_hangs_on_the_patient_and_is_found_with_it(self, base):
        client = fhirpy(base)
        patient = somebody(client)
        patient.save()
        score = client.resource(
            "Observation",
            status="final",
            code=SCORE,
            subject=patient.to_reference(),
            effectiveDateTime="2026-03-02",
            valueQuantity={"value": 6.5, "unit": "pistettä"},
        )
        score.save()

        found = (
            client.resources("Observation").search(patient=patient.id, code="tyokyky", date__ge="2026").get()
        )
        both = client.resources("Observation").include("Observation", "patient").fetch_raw()

        assert found["valueQuantity"]["value"] == 6.5
        assert found["subject"].to_resource().id == patient.id
        assert {each["resource"]["resourceType"]: each["search"]["mode"] for each in both["entry"]} == {
            "Observation": "match",
            "Patient": "include",
        }

    def test_every_page_is_fetched_and_nothing_twice(self, base):
        client = fhirpy(base)
        made = set()
        for number in range(23):
            patient = somebody(client, number)
            patient.save()
            made.add(patient.id)

        found = [each.id for each in client.resources("Patient").sort("identifier").limit(5)]

        assert len(found) == 23
        assert set(found) == made

    def test_get_or_create_without_the_header_of_fhir_is_told_which_header_it_is(self, base):
        client = fhirpy(base)

        for _ in range(2):
            with pytest.raises(OperationOutcome, match="If-None-Exist"):
                client.resources("Patient").search(identifier=f"{SYSTEM}|A-001").get_or_create(
                    somebody(client)
                )

        assert client.resources("Patient").fetch_all() == []

    def test_the_header_of_fhir_creates_once(self, base):
        client = SyncFHIRClient(
            base,
            authorization=f"Bearer {token()}",
            extra_headers={"If-None-Exist": f"identifier={SYSTEM}|A-001"},
        )

        made = [somebody(client) for _ in range(3)]
        for each in made:
            each.save()

        assert len({each.id for each in made}) == 1
        assert len(fhirpy(base).resources("Patient").fetch_all()) == 1

    def test_a_conditional_update_makes_and_then_changes_one_resource(self, base):
        client = fhirpy(base)
        where = client.resources("Patient").search(identifier=f"{SYSTEM}|A-001")

        made, new = where.update(somebody(client))
        changed, newer = where.update(client.resource("Patient", **{**made, "gender": "female"}))

        assert (new, newer) == (True, False)
        assert changed.id == made.id
        assert changed["gender"] == "female"

    def test_an_update_without_if_match_is_refused_where_the_registration_does_not_allow_it(self, base):
        client = SyncFHIRClient(base, authorization=f"Bearer {token()}")
        patient = somebody(client)
        patient.save()

        with pytest.raises(OperationOutcome, match="If-Match"):
            patient.save()
        client.extra_headers = {"If-Match": f'W/"{patient["meta"]["versionId"]}"'}
        patient["gender"] = "male"
        patient.save()
        with pytest.raises(MultipleResourcesFound, match="not in the state"):
            patient.save()

    def test_a_merge_patch_is_refused_with_what_is_taken_instead(self, base):
        client = fhirpy(base)
        patient = somebody(client)
        patient.save()

        with pytest.raises(OperationOutcome, match="json-patch"):
            patient.patch(gender="other")

    def test_a_parameter_that_nobody_knows_is_refused_unless_the_client_is_lenient(self, base):
        client = fhirpy(base)
        somebody(client).save()
        lenient = SyncFHIRClient(
            base, authorization=f"Bearer {token()}", extra_headers={"Prefer": "handling=lenient"}
        )

        with pytest.raises(OperationOutcome, match="_totalMethod"):
            client.resources("Patient").count()
        assert lenient.resources("Patient").count() == 1

    def test_validity_is_asked_without_a_trace(self, base):
        client = fhirpy(base)

        assert somebody(client).is_valid()
        assert not client.resource("Patient", gender="mies").is_valid()
        assert client.resources("Patient").fetch_all() == []

    def test_a_stranger_of_another_party_sees_nothing_of_it(self, base):
        mine = fhirpy(base)
        patient = somebody(mine)
        patient.save()
        other = fhirpy(base, party="lrha-social")

        assert other.resources("Patient").fetch_all() == []
        with pytest.raises(ResourceNotFound):
            other.reference("Patient", patient.id).to_resource()


@pytest.fixture
def smart(base: str) -> FHIRClient:
    """The client of the SMART project, with a token that somebody else got for it."""
    client = FHIRClient(settings={"app_id": "tyoterveys", "api_base": base})
    client.server.session.headers["Authorization"] = f"Bearer {token(fhir_versioning='versioned')}"
    return client


class TestFhirclient:
    def test_it_reads_what_the_server_can_do(self, smart):
        statement = smart.server.capabilityStatement

        assert statement.fhirVersion == "4.0.1"
        assert {"Patient", "CarePlan", "Observation"} <= {each.type for each in statement.rest[0].resource}

    def test_a_patient_and_a_score_live_their_whole_life(self, smart):
        patient = Patient()
        patient.name = [HumanName({"family": "Mallikas", "given": ["Maija"]})]
        patient.identifier = [Identifier({"system": SYSTEM, "value": "A-001"})]
        made = Patient.read_from(f"Patient/{patient.create(smart.server)['id']}", smart.server)
        score = Observation()
        score.status, score.code = "final", CodeableConcept(SCORE)
        score.subject = FHIRReference({"reference": f"Patient/{made.id}"})
        score.valueInteger = 6
        kept = score.create(smart.server)

        made.name[0].family = "Mallikas-Koe"
        made.update(smart.server)
        patients = list(Patient.where({"family": "mallikas-koe"}).perform_resources_iter(smart.server))
        scores = list(
            Observation.where({"subject": f"Patient/{made.id}"}).perform_resources_iter(smart.server)
        )

        assert [each.id for each in patients] == [made.id]
        assert [(each.id, each.valueInteger) for each in scores] == [(kept["id"], 6)]
        Observation.read(kept["id"], smart.server).delete()
        made.delete()
        assert list(Patient.where({}).perform_resources_iter(smart.server)) == []

    def test_it_follows_the_pages(self, smart):
        for number in range(12):
            patient = Patient()
            patient.identifier = [Identifier({"system": SYSTEM, "value": f"A-{number:03}"})]
            patient.create(smart.server)

        found = list(Patient.where({"_count": "5"}).perform_resources_iter(smart.server))

        assert len({each.id for each in found}) == len(found) == 12

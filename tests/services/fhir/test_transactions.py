"""Bundles: all or nothing in one transaction, every reference resolved, a plan that comes in one piece."""

import base64

import orjson
import pytest

from tyokyky_bridge.domain.authority import REGISTER_OF, SET_BY_HUB
from tyokyky_bridge.domain.items import FIELDS, leaves_of, pattern_of
from tyokyky_bridge.fhir.wire.issues import Invalid
from tyokyky_bridge.fhir.wire.text import render
from tyokyky_bridge.services import clients, plans
from tyokyky_bridge.services.callers import NotForRole
from tyokyky_bridge.services.fhir import bundles
from tyokyky_bridge.services.fhir.refusals import BadRequest, EntryRefused, NotFound, Stale
from tyokyky_bridge.services.shape import shaped
from worlds.fhir import BASE, Client, a_face, ask, post, put
from worlds.hub import DPO, HELMI, HETU, SATAMA, TWIN, a_case, a_hub, y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.plans import rich_plan

pytestmark = pytest.mark.anyio

PIC = "urn:oid:1.2.246.21"
ANNA, TAVOITE, TIIMI = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))


@pytest.fixture
def hub(store):
    return a_hub(store)


def anna(**members):
    return {
        "resourceType": "Patient",
        "identifier": [{"system": PIC, "value": HETU}],
        "name": [{"family": "Esimerkki", "given": ["Anna"]}],
        "birthDate": "1985-03-12",
        **members,
    }


def about(kind, subject=ANNA, **members):
    said = {
        "CarePlan": {"status": "active", "intent": "plan"},
        "Goal": {"lifecycleStatus": "active", "description": {"text": "Osa-aikatyö."}},
        "CareTeam": {
            "participant": [
                {
                    "role": [{"coding": [{"system": ROLES, "code": "coordinator"}]}],
                    "onBehalfOf": {"reference": f"Organization/{HEALTH}"},
                    "member": {"display": "Helmi Virta"},
                }
            ]
        },
        "Observation": {"status": "final", "code": {"text": "paino"}},
    }[kind]
    return {"resourceType": kind, "subject": {"reference": subject}, **said, **members}


ROLES = "https://tyokyky-bridge.example/fhir/CodeSystem/care-team-role"


def ids(answers):
    return [tuple(each["response"]["location"].removeprefix(f"{BASE}/").split("/")[:2]) for each in answers]


async def everything(hub, who=HELMI):
    client = Client(hub, who)
    kinds = ("Patient", "CarePlan", "CareTeam", "EpisodeOfCare", "Goal", "Observation", "Task")
    return {kind: await client.search(kind) for kind in kinds}


async def plan_leaves(hub, plan_id):
    row = await hub.store.read(lambda tx: tx.plans.latest(plans.UUID(plan_id)))
    return row.leaves


async def test_a_plan_comes_in_one_piece(hub):
    answers = await Client(hub, HELMI).transact(
        post(about("Goal"), url=TAVOITE),
        post(about("CarePlan", goal=[{"reference": TAVOITE}])),
        post(about("CareTeam"), url=TIIMI),
        post(anna(), url=ANNA),
    )
    assert [each["response"]["status"] for each in answers] == ["201"] * 4
    kinds = ids(answers)
    assert [kind for kind, _ in kinds] == ["Goal", "CarePlan", "CareTeam", "Patient"]
    plan_id = kinds[1][1]
    leaves = await plan_leaves(hub, plan_id)
    assert leaves["client.family_name"] == "Esimerkki"
    assert leaves["care_team.coordinator.worker.name"] == "Helmi Virta"
    assert [v for p, v in leaves.items() if p.endswith(".text_client")] == ["Osa-aikatyö."]
    assert kinds[3][1] == leaves["client.client_id"]
    rows = await hub.store.read(lambda tx: tx.plans.history(plans.UUID(plan_id)))
    assert len(rows) == 1
    read = await Client(hub, HELMI).read("CarePlan", plan_id)
    assert read["goal"] == [{"reference": f"Goal/{kinds[0][1]}"}]
    assert (await hub.store.read(lambda tx: tx.links.of_plan(plans.UUID(plan_id)))) != ()


async def test_a_plan_by_fhir_is_the_plan_by_the_own_interface(hub):
    """Every leaf that /v1 records comes out of a transaction of the same content, for another client."""
    leaves = dict(rich_plan_leaves())
    client_id = await clients.register_client(hub, HELMI, HETU)
    content = shaped({p: v for p, v in leaves.items() if p not in SET_BY_HUB})
    first = await plans.create_plan(hub, HELMI, client_id, content)
    helmi = Client(hub, HELMI)
    documents = [
        document
        for kind in KINDS
        for document in await helmi.search(kind)
        if str(first.plan_id) in document["id"] or first.plan_id.hex in document["id"] or kind in SINGLE
    ]
    bundle = [as_new(document) for document in documents]
    answers = await helmi.transact(*bundle)
    assert {each["response"]["status"] for each in answers} == {"201"}
    plan_id = next(id_ for kind, id_ in ids(answers) if kind == "CarePlan")
    one = await plan_leaves(hub, str(first.plan_id))
    other = await plan_leaves(hub, plan_id)
    assert contents(other) == contents(one)
    assert len(one) > 300


KINDS = (
    *("Patient", "CarePlan", "CareTeam", "EpisodeOfCare", "Goal", "ServiceRequest", "Task", "Observation"),
    *("Condition", "DocumentReference", "Appointment", "Communication"),
)
SINGLE = frozenset({"Patient", "CarePlan", "CareTeam", "EpisodeOfCare"})


def rich_plan_leaves():
    """A plan with every pattern filled, as a caller may send it."""

    found = {
        path: value
        for path, value in leaves_of(rich_plan()).items()
        if (letters := FIELDS[pattern_of(path)].authority)
        and (None in {REGISTER_OF.get(each) for each in letters} or "H" in letters)
    } | {"header.status": "active", "client.non_disclosure.active": False}
    return {p: HETU if p.startswith("client.hetu[") and p.endswith(".value") else v for p, v in found.items()}


def as_new(document):
    """A document as somebody would send it who has it from elsewhere, of the twin of the client."""
    text = render({k: v for k, v in document.items() if k not in {"id", "meta"}}).decode()
    made = orjson.loads(text.replace(HETU, TWIN))
    return post(made, url=f"http://elsewhere.test/fhir/{document['resourceType']}/{document['id']}")


def contents(leaves):
    """What a plan says, without what the hub sets and whose it is."""
    skipped = SET_BY_HUB | {"client.hetu[].value"}
    return {path: value for path, value in leaves.items() if pattern_of(path) not in skipped}


async def test_entries_about_one_plan_are_one_revision(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.only("Goal")
    goal["description"]["text"] = "Kokoaikatyö."
    score = (await helmi.search("Observation"))[0]
    subject = f"Patient/{case.client_id}"
    answers = await helmi.transact(
        put(goal), post(about("Goal", subject)), ask("DELETE", f"Observation/{score['id']}")
    )
    assert [each["response"]["status"] for each in answers] == ["200", "201", "204"]
    rows = await hub.store.read(lambda tx: tx.plans.history(case.plan_id))
    assert len(rows) == 2
    assert "Kokoaikatyö." in str(answers[0]["resource"])
    assert len(await helmi.search("Goal")) == 2
    assert score["id"] not in {each["id"] for each in await helmi.search("Observation")}


@pytest.mark.parametrize(
    "failing",
    [
        ask("DELETE", "Goal/ei-ole"),
        ask("GET", "Goal/ei-ole"),
        post({"resourceType": "Observation", "status": "valmis", "code": {"text": "x"}}),
        post(about("Goal", "Patient/x"), ifNoneExist="shoe=42"),
        put({**about("Goal", "Patient/x"), "id": "g"}, ifMatch='W/"9"'),
        post({"resourceType": "Organization", "name": "Uusi"}),
        post(about("Observation", "urn:uuid:00000000-0000-4000-8000-0000000000ff")),
        post(about("Observation", "Patient?family=Kukaan")),
    ],
)
async def test_one_entry_that_fails_undoes_all(hub, failing):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    before = await everything(hub)
    goal = await helmi.only("Goal")
    goal["description"]["text"] = "Kokoaikatyö."
    entries = [
        put(goal),
        post(about("Goal", f"Patient/{case.client_id}")),
        post(about("Observation", "Patient/x")),
    ]
    with pytest.raises((EntryRefused, Invalid)) as refused:
        await helmi.transact(*entries, failing)
    if isinstance(refused.value, EntryRefused):
        assert refused.value.index == 3
    assert await everything(hub) == before


async def test_a_plan_that_cannot_be_leaves_nobody_registered_and_nothing_kept(hub):
    unnamed = anna()
    del unnamed["birthDate"]
    with pytest.raises(EntryRefused) as refused:
        await Client(hub, HELMI).transact(
            post(about("CarePlan")), post(unnamed, url=ANNA), post(about("Observation"))
        )
    assert refused.value.index == 1
    assert refused.value.cause.issues[0].expression == "Patient.birthDate"
    with pytest.raises(clients.ClientNotFound):
        await clients.find_client(hub, HELMI, HETU)
    assert not any((await everything(hub)).values())


async def test_a_plan_that_may_not_be_is_refused_at_its_entry(hub):
    case = await a_case(hub)
    await case.change({"header.status": "closed"})
    helmi = Client(hub, HELMI)
    goal = await helmi.only("Goal")
    goal["description"]["text"] = "Kokoaikatyö."
    with pytest.raises(EntryRefused) as refused:
        await helmi.transact(post({"resourceType": "Patient", "gender": "male"}), put(goal))
    assert (refused.value.index, refused.value.cause.code) == (1, "plan/closed")


async def test_references_are_resolved_wherever_they_stand(hub):
    first, second = ANNA, TAVOITE
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "for": {"reference": first},
        "basedOn": [{"reference": second}, {"reference": "ServiceRequest/x"}],
        "input": [{"type": {"text": "x"}, "valueReference": {"reference": second}}],
        "extension": [
            {"url": "urn:x", "valueReference": {"reference": first}},
            {"url": "urn:y", "extension": [{"url": "urn:z", "valueUri": second}]},
            {"url": "urn:t", "valueString": first},
        ],
        "text": {
            "status": "additional",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{first}">hän</a> {second}</div>',
        },
        "contained": [{"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
                       "subject": {"reference": first}}],
        "partOf": [{"reference": "#o"}],
    }  # fmt: skip
    del task["partOf"]
    task["reasonReference"] = {"reference": "#o"}
    answers = await Client(hub, SATAMA).transact(
        post(task),
        post({"resourceType": "Patient", "name": [{"family": "Vieras"}]}, url=first),
        post({"resourceType": "ServiceRequest", "status": "active", "intent": "order",
              "subject": {"reference": first}}, url=second),
    )  # fmt: skip
    (_, (_, patient), (_, request)) = ids(answers)
    made = answers[0]["resource"]
    assert made["for"]["reference"] == f"Patient/{patient}"
    assert [each["reference"] for each in made["basedOn"]] == [
        f"ServiceRequest/{request}",
        "ServiceRequest/x",
    ]
    assert made["input"][0]["valueReference"]["reference"] == f"ServiceRequest/{request}"
    assert made["extension"][0]["valueReference"]["reference"] == f"Patient/{patient}"
    assert made["extension"][1]["extension"][0]["valueUri"] == f"ServiceRequest/{request}"
    assert made["extension"][2]["valueString"] == first
    assert f'href="Patient/{patient}"' in made["text"]["div"]
    assert f"> {second}<" in made["text"]["div"].replace("</a>", ">")
    assert made["contained"][0]["subject"]["reference"] == f"Patient/{patient}"


async def test_references_beside_a_foreign_full_url_are_resolved_too(hub):
    patient = {"resourceType": "Patient", "name": [{"family": "Vieras"}]}
    answers = await Client(hub, SATAMA).transact(
        post(about("Observation", "Patient/7"), url="http://elsewhere.test/fhir/Observation/8"),
        post(patient, url="http://elsewhere.test/fhir/Patient/7"),
    )
    assert answers[0]["resource"]["subject"]["reference"] == "/".join(ids(answers)[1])


async def test_conditional_references_find_one_or_the_bundle_fails(hub):
    ngo = Client(hub, SATAMA)
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]}
    made = await ngo.create(patient)
    observation = about("Observation", "Patient?identifier=urn:x|1")
    (answer,) = await ngo.transact(post(observation))
    assert answer["resource"]["subject"]["reference"] == f"Patient/{made.version.id}"
    await ngo.create(patient)
    for criteria, code in (("urn:x|1", "multiple-matches"), ("urn:x|2", "not-found")):
        with pytest.raises(EntryRefused) as refused:
            await ngo.transact(post(patient), post(about("Observation", f"Patient?identifier={criteria}")))
        assert refused.value.index == 1
        (issue,) = refused.value.cause.issues
        assert (issue.code, issue.expression) == (code, "Observation.subject.reference")
        assert criteria not in issue.text


async def test_references_to_what_is_created_or_updated_by_criteria_are_resolved(hub):
    ngo = Client(hub, SATAMA)
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]}
    by_criteria = {
        "fullUrl": ANNA,
        "resource": patient,
        "request": {"method": "PUT", "url": "Patient?identifier=urn:x|1"},
    }
    first = await ngo.transact(by_criteria, post(about("Observation")))
    assert first[1]["resource"]["subject"]["reference"] == "/".join(ids(first)[0])
    again = await ngo.transact(
        post(patient, url=ANNA, ifNoneExist="identifier=urn:x|1"), post(about("Observation"))
    )
    assert [each["response"]["status"] for each in again] == ["200", "201"]
    assert again[1]["resource"]["subject"] == first[1]["resource"]["subject"]
    coming = await ngo.transact(
        post({**patient, "identifier": [{"system": "urn:x", "value": "3"}]}, url=ANNA),
        post(about("Observation", "Patient?identifier=urn:x|3")),
    )
    assert coming[1]["resource"]["subject"]["reference"] == "/".join(ids(coming)[0])


async def test_the_same_condition_twice_makes_one(hub):
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]}
    answers = await Client(hub, SATAMA).transact(
        post(patient, ifNoneExist="identifier=urn:x|1"), post(patient, ifNoneExist="identifier=urn:x|1")
    )
    assert [each["response"]["status"] for each in answers] == ["201", "200"]
    assert len(set(ids(answers))) == 1


async def test_two_entries_about_the_same_resource_are_refused(hub):
    await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.only("Goal")
    by_criteria = {"resource": goal, "request": {"method": "PUT", "url": f"Goal?_id={goal['id']}"}}
    for other in (put(goal), ask("DELETE", f"Goal/{goal['id']}"), by_criteria):
        with pytest.raises(BadRequest) as refused:
            await helmi.transact(put(goal), other)
        assert refused.value.issues[0].expression == "Bundle.entry[1]"


async def test_deletes_come_first_reads_come_last_and_answers_in_the_order_of_the_request(hub):
    ngo = Client(hub, SATAMA)
    old = await ngo.create({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]})
    new = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}], "gender": "male"}
    answers = await ngo.transact(
        ask("GET", "Patient?identifier=urn:x|1"),
        post(new, ifNoneExist="identifier=urn:x|1"),
        ask("DELETE", f"Patient/{old.version.id}"),
        ask("GET", f"Patient/{old.version.id}/_history"),
    )
    assert [each["response"]["status"] for each in answers] == ["200", "201", "204", "200"]
    assert answers[0]["resource"]["total"] == 1
    assert answers[0]["resource"]["entry"][0]["resource"]["gender"] == "male"
    assert answers[3]["resource"]["total"] == 2
    assert answers[2]["response"]["etag"] == 'W/"2"'


async def test_a_read_in_a_bundle_is_short_where_the_version_is_known(hub):
    ngo = Client(hub, SATAMA)
    made = await ngo.create({"resourceType": "Patient", "gender": "male"})
    url = f"Patient/{made.version.id}"
    known, new = await ngo.transact(
        ask("GET", url, ifNoneMatch='W/"1"'), ask("GET", url, ifNoneMatch='W/"2"')
    )
    assert (known["response"]["status"], "resource" in known) == ("304", False)
    assert (new["response"]["status"], new["resource"]) == ("200", made.version.document)


async def test_who_only_reads_may_send_a_bundle_that_only_reads(hub):
    case = await a_case(hub)
    goal = f"Goal/{case.plan_id.hex}.go-g-1"
    (answer,) = await Client(hub, DPO).transact(ask("GET", goal))
    assert answer["response"]["status"] == "200"
    with pytest.raises(NotForRole):
        await Client(hub, DPO).transact(ask("GET", goal), ask("DELETE", goal))


async def test_a_patch_travels_in_a_binary(hub):
    await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.only("Goal")
    operations = [{"op": "replace", "path": "/description/text", "value": "Kokoaikatyö."}]
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(orjson.dumps(operations)).decode(),
    }
    match = f'W/"{goal["meta"]["versionId"]}"'
    entry = {
        "fullUrl": f"{BASE}/Goal/{goal['id']}",
        "resource": binary,
        "request": {"method": "PATCH", "url": f"Goal/{goal['id']}", "ifMatch": match},
    }
    (answer,) = await helmi.transact(entry)
    assert answer["resource"]["description"]["text"] == "Kokoaikatyö."
    with pytest.raises(EntryRefused) as refused:
        await helmi.transact(entry)
    assert isinstance(refused.value.cause, Stale)


@pytest.mark.parametrize(
    "entry",
    [
        {"request": {"method": "POST", "url": "Goal"}},
        {"request": {"method": "HEAD", "url": "Goal"}},
        {"resource": about("Goal", "Patient/x")},
        ask("DELETE", "Goal"),
        ask("GET", "Goal/x/y/z/å"),
        ask("GET", "Basic/x"),
        {"resource": about("Goal", "Patient/x"), "request": {"method": "POST", "url": "Goal/x"}},
        {"resource": about("Goal", "Patient/x"), "request": {"method": "PUT", "url": "Goal"}},
    ],
)
async def test_an_entry_that_asks_for_nothing_sensible_is_refused(hub, entry):
    with pytest.raises((EntryRefused, Invalid)):
        await Client(hub, HELMI).transact(entry)


async def test_in_a_batch_every_entry_answers_for_itself(hub):
    await a_case(hub, HELMI, y100((HEALTH, EMPLOYMENT)))
    helmi = Client(hub, HELMI)
    goal = await helmi.only("Goal")
    goal["description"]["text"] = "Kokoaikatyö."
    answers = await helmi.batch(
        ask("GET", f"Goal/{goal['id']}"),
        put(goal),
        put(goal),
        ask("DELETE", "Consent/x"),
        ask("GET", "Goal?shoe=42"),
        ask("GET", "Goal?_summary=count"),
        post({"resourceType": "Patient", "name": [{"family": "Vieras"}]}),
    )
    told = [each["response"]["status"] for each in answers]
    assert told == ["200", "200", "400", "400", "400", "200", "201"]
    codes = [each["response"].get("outcome", {}).get("issue", [{}])[0].get("diagnostics") for each in answers]
    assert codes == [None, None, "fhir/stale", "fhir/not-allowed", "fhir/query", None, None]


async def test_a_bundle_of_another_type_is_refused(hub):

    for bundle in ({"resourceType": "Bundle", "type": "collection"}, {"resourceType": "Patient"}):
        with pytest.raises(BadRequest):
            await bundles.transact(hub, HELMI, bundle, a_face())
    crowd = {"resourceType": "Bundle", "type": "transaction", "entry": [ask("GET", "Goal/x")] * 501}
    with pytest.raises(BadRequest):
        await bundles.transact(hub, HELMI, crowd, a_face())


async def test_a_caller_sees_nothing_of_others_through_a_bundle(hub):
    case = await a_case(hub)
    entries = (
        ask("GET", f"Goal/{case.plan_id.hex}.go-g-1"),
        ask("DELETE", f"Goal/{case.plan_id.hex}.go-g-1"),
    )
    for entry in entries:
        with pytest.raises(EntryRefused) as refused:
            await Client(hub, SATAMA).transact(entry)
        assert isinstance(refused.value.cause, NotFound)

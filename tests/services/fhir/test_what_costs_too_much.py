"""One request cannot make the hub search for minutes, nor hold everybody else's writes while it does."""

import pytest

from tyokyky_bridge.fhir.wire.issues import Invalid
from tyokyky_bridge.services.fhir.asked import MAX_SEARCHES
from tyokyky_bridge.services.fhir.refusals import BadRequest, EntryRefused
from tyokyky_bridge.services.fhir.sight import Sighting
from worlds.fhir import Client, ask, post
from worlds.hub import SATAMA, a_hub

pytestmark = pytest.mark.anyio

VIERAS = {"resourceType": "Patient", "name": [{"family": "Vieras"}]}


@pytest.fixture
def ngo(store):
    return Client(a_hub(store), SATAMA)


def conditional(number):
    entry = post(VIERAS)
    return {**entry, "request": {**entry["request"], "ifNoneExist": f"family=Vieras{number}"}}


STORMS = {
    "searches": [ask("GET", f"Patient?family=x{n}") for n in range(MAX_SEARCHES + 1)],
    "conditional creates": [conditional(n) for n in range(MAX_SEARCHES + 1)],
    "deletes by criteria": [ask("DELETE", f"Patient?family=x{n}") for n in range(MAX_SEARCHES + 1)],
}


@pytest.mark.parametrize("name", STORMS)
async def test_a_bundle_of_many_searches_is_refused_before_any_of_them(ngo, name):
    for send in (ngo.transact, ngo.batch):
        with pytest.raises(BadRequest, match=f"at most {MAX_SEARCHES}"):
            await send(*STORMS[name])
    assert await ngo.search("Patient") == []


async def test_as_many_as_are_allowed_work(ngo):
    assert len(await ngo.transact(*STORMS["conditional creates"][:MAX_SEARCHES])) == MAX_SEARCHES
    assert len(await ngo.batch(*STORMS["searches"][:MAX_SEARCHES])) == MAX_SEARCHES


def about(number):
    subject = {"reference": f"Patient?family=Vieras{number}"}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "paino"}, "subject": subject}


async def test_references_by_different_criteria_are_counted_too(ngo):
    await ngo.create({**VIERAS, "name": [{"family": "Vieras0"}]})
    many = [{"reference": f"Patient?family=Vieras0&_id:not=x{n}"} for n in range(MAX_SEARCHES)]
    assert len(await ngo.transact(post({**about(0), "subject": many[0], "performer": many}))) == 1
    with pytest.raises(EntryRefused) as refused:
        await ngo.transact(post({**about(0), "performer": many}))
    assert isinstance(refused.value.cause, Invalid)
    assert refused.value.cause.issues[0].code == "too-costly"


async def test_the_same_criteria_are_looked_up_once_in_a_bundle(ngo, monkeypatch):
    await ngo.create({**VIERAS, "name": [{"family": "Vieras0"}]})
    looked = []
    standing = Sighting.standing

    def counted(self, type_, **more):
        looked.append(type_)
        return standing(self, type_, **more)

    monkeypatch.setattr(Sighting, "standing", counted)
    await ngo.transact(*(post(about(0)) for _ in range(200)))
    assert looked.count("Patient") == 1

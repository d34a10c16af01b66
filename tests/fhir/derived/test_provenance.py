"""Provenance of a version."""

from datetime import UTC, date, datetime

import pytest

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.fhir.derived.provenance import Event, provenance
from worlds.fhir_oracle import codes, reads
from worlds.parties import DIRECTORY, NOW

HEALTH, NGO, KELA = (DIRECTORY.party(i, on=date(2026, 3, 2)) for i in ("lrha-health", "satamapaja", "kela"))


def of(method="PUT", *, custodians=(HEALTH,), author=HEALTH, previous="1-aaaaaaaa", version="2-bbbbbbbb"):
    event = Event("Goal", "g.go-1", version, NOW, method, previous)
    return provenance(event, custodians=custodians, author=author, labels=frozenset({Category.PLAN_GOALS}))[1]


def test_it_points_at_the_version_and_says_when():
    document = of()
    reads(document)
    assert document["target"] == [{"reference": "Goal/g.go-1/_history/2-bbbbbbbb"}]
    assert document["recorded"] == "2026-03-02T09:00:00+00:00"


@pytest.mark.parametrize(
    ("method", "activity", "role"),
    [("POST", "CREATE", None), ("PUT", "UPDATE", "revision"), ("DELETE", "DELETE", "removal")],
)
def test_the_activity_is_what_was_done_and_the_version_before_is_an_entity(method, activity, role):
    document = of(method, previous=None if method == "POST" else "1-aaaaaaaa")
    reads(document)
    assert codes(document["activity"]) == [activity]
    before = [e for e in document["entity"] if e["role"] != "source"]
    assert [e["role"] for e in before] == ([role] if role else [])
    assert all(e["what"] == {"reference": "Goal/g.go-1/_history/1-aaaaaaaa"} for e in before)


@pytest.mark.parametrize(("party", "kind"), [(HEALTH, "1"), (KELA, "1"), (NGO, "2")])
def test_the_custodian_has_the_form_of_the_finnish_base_profile(party, kind):
    document = of(custodians=(party,))
    reads(document)
    agent = document["agent"][0]
    assert codes(agent["type"]) == ["CST"]
    assert agent["role"][0]["coding"] == [{"system": "urn:oid:1.2.246.537.5.40172", "code": kind}]
    assert codes(agent["who"]["identifier"]["type"]) == ["PRN"]
    assert agent["who"]["identifier"]["value"] == party.controller
    assert [tag["code"] for tag in document["meta"]["tag"]] == [party.register.value]


def test_health_care_names_the_national_id_of_its_register():
    sources = [e["what"]["identifier"] for e in of()["entity"] if e["role"] == "source"]
    assert sources == [{"system": "urn:oid:1.2.246.537.5.40150", "value": "2"}]
    assert "entity" not in of("POST", custodians=(NGO,), previous=None)


def test_the_author_is_an_agent_only_where_the_reader_may_know():
    assert [codes(a["type"]) for a in of()["agent"]] == [["CST"], ["author"]]
    assert [codes(a["type"]) for a in of(author=None)["agent"]] == [["CST"]]


def test_it_carries_the_labels_of_its_target():
    assert [s["code"] for s in of()["meta"]["security"]] == ["plan.goals"]


def test_every_version_has_a_provenance_of_its_own():
    assert of()["id"] == of()["id"] != of(version="3-cccccccc")["id"]


def test_neither_a_custodian_nor_a_zone_may_be_missing():
    naive = Event("Goal", "g", "1", datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None), "POST")
    with pytest.raises(ValueError, match="custodian"):
        of(custodians=())
    with pytest.raises(ValueError, match="aware"):
        provenance(naive, custodians=[HEALTH], author=None, labels=frozenset())

"""What was parsed from a row is given again only while the row says the same."""

from dataclasses import dataclass, replace

import pytest

from tyokyky_bridge.services.loading import consent_of, revision_of
from tyokyky_bridge.services.remembered import Remembered
from worlds.hub import HELMI, a_case, a_hub, y100
from worlds.parties import EMPLOYMENT, HEALTH


@dataclass(frozen=True)
class Row:
    text: str
    at: int = 0


@pytest.fixture
def worked_out():
    return []


@pytest.fixture
def lengths(worked_out):
    def work_out(row):
        worked_out.append(row)
        return len(row.text)

    return Remembered(work_out, most=2)


def test_the_same_row_is_worked_out_once(lengths, worked_out):
    assert [lengths("a", Row("one")), lengths("a", Row("one"))] == [3, 3]
    assert worked_out == [Row("one")]


def test_a_row_that_differs_in_anything_is_worked_out_anew(lengths, worked_out):
    lengths("a", Row("one"))
    assert lengths("a", Row("three")) == 5
    lengths("a", Row("three", at=1))
    assert worked_out == [Row("one"), Row("three"), Row("three", at=1)]


def test_no_more_is_kept_than_asked_for_and_the_oldest_goes(lengths, worked_out):
    for key in ("a", "b", "c"):
        lengths(key, Row(key))
    worked_out.clear()
    for key in ("c", "b", "a"):
        lengths(key, Row(key))
    assert worked_out == [Row("a")]


def test_what_fails_is_not_remembered(lengths):
    with pytest.raises(AttributeError):
        lengths("a", None)
    assert lengths("a", Row("one")) == 3


@pytest.mark.anyio
async def test_a_revision_that_was_rolled_back_is_not_taken_for_the_one_that_came_to_stay(store):
    case = await a_case(a_hub(store))
    stays = await store.read(lambda tx: tx.plans.latest(case.plan_id))
    undone = replace(stays, leaves={**stays.leaves, "header.status": "closed"})
    assert revision_of(undone).leaves["header.status"] == "closed"
    assert revision_of(stays).leaves["header.status"] == "active"
    again = await store.read(lambda tx: tx.plans.latest(case.plan_id))
    assert revision_of(again) is revision_of(stays)


@pytest.mark.anyio
async def test_a_consent_is_what_its_row_says_now(store):
    case = await a_case(a_hub(store), HELMI, y100((HEALTH, EMPLOYMENT)))
    (row,) = await store.read(lambda tx: tx.consents.of_client(case.client_id))
    assert consent_of(row).status.value == "active"
    assert consent_of(replace(row, doc={**row.doc, "status": "draft"})).status.value == "draft"

"""A revision knows where every item comes from."""

from datetime import UTC, datetime

import pytest

from tyokyky_bridge.domain.items import leaves_of
from tyokyky_bridge.domain.revision import Origin, OriginsDoNotMatch, Revision, all_from
from worlds.plans import a_plan, rich_plan

AT = datetime(2026, 2, 10, 12, 0, tzinfo=UTC)
LIFECARE = Origin(
    party="lrha-health",
    at=AT,
    role="public_health_nurse",
    system="lifecare-1",
    record="77120",
    record_version="v3",
)


def revision(plan, origins):
    return Revision(plan=plan, version=1, origins=origins, recorded_at=AT, recorded_by="HVIRTA")


def test_a_revision_holds_an_origin_for_every_item():
    plan = rich_plan()

    made = revision(plan, all_from(leaves_of(plan), LIFECARE))

    assert made.leaves == leaves_of(plan)
    assert set(made.origins) == set(made.leaves)


def test_an_item_without_origin_or_an_origin_without_item_is_refused():
    plan = a_plan()
    origins = all_from(leaves_of(plan), LIFECARE)
    without = {p: o for p, o in origins.items() if p != "header.status"}

    with pytest.raises(OriginsDoNotMatch) as missing:
        revision(plan, without)
    with pytest.raises(OriginsDoNotMatch) as stray:
        revision(plan, {**origins, "goals[g].text_client": LIFECARE})

    assert (missing.value.without_origin, missing.value.without_item) == (1, 0)
    assert (stray.value.without_origin, stray.value.without_item) == (0, 1)


@pytest.mark.parametrize("origin", [LIFECARE, Origin(party="kela", at=AT, role="kela_expert")])
def test_an_origin_survives_json(origin):
    assert Origin.from_json(origin.to_json()) == origin


def test_naive_moments_are_refused():
    with pytest.raises(ValueError, match="timezone-aware"):
        Origin(party="kela", at=datetime(2026, 2, 10), role="kela_expert")  # noqa: DTZ001  the point of the test

"""``/disclosures``: every item of a plan exactly once for oversight, and for others exactly the items that they see."""

from collections.abc import Iterator

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tyokyky_bridge.domain.items import leaves_of
from tyokyky_bridge.services import consents, plans, trace
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.shape import shaped
from tyokyky_bridge.storage import open_store
from worlds.hub import DPO, HELMI, KAISA, OLLI, TEEMU, Case, a_case, a_hub, member, y100
from worlds.parties import EMPLOYMENT, HEALTH, KELA, SOCIAL
from worlds.plans import plans as any_plan

CATEGORIES = ("admin.case", "plan.goals", "plan.services", "health.conclusion", "self.b4", "health.substance")
TOO = {"header", "client", "care_team", "network", "necessity_marks"}


@pytest.fixture
def portal() -> Iterator[anyio.from_thread.BlockingPortal]:
    with anyio.from_thread.start_blocking_portal() as opened:
        yield opened


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=any_plan(),
    named=st.sets(st.sampled_from(CATEGORIES), min_size=1),
    taker=st.sampled_from([EMPLOYMENT, KELA, SOCIAL]),
    data=st.data(),
)
def test_every_item_once_for_oversight_and_what_one_sees_for_others(
    portal, sqlite_url, content, named, taker, data
):
    async def story() -> None:
        store = open_store(sqlite_url, index_key=b"a key for made-up people only....")
        case = await _case(store, content, [y100((HEALTH, taker), categories=sorted(named))])
        row = await store.read(lambda tx: tx.plans.latest(case.plan_id))
        for system in ("lifecare", "ura"):
            whole = await trace.trace_disclosures(case.bridge, DPO, case.plan_id, system)
            assert sorted(item.path for item in whole.items) == sorted(row.leaves)
            for who in (HELMI, OLLI, TEEMU, KAISA):
                seen = set((await case.read(who)).disclosure.view.leaves)
                part = await trace.trace_disclosures(case.bridge, who, case.plan_id, system)
                assert sorted(item.path for item in part.items) == sorted(seen)
                if who is not HELMI:
                    assert seen < set(row.leaves)
        await case.change({"header.status": "closed"})
        await consents.withdraw_consent(case.bridge, HELMI, case.forms[0], at=case.seen.revision.recorded_at)
        await store.aclose()

    portal.call(story)


async def _case(store, content, forms) -> Case:
    members = [member(EMPLOYMENT, "employment"), member(KELA, "kela"), member(SOCIAL, "social")]
    case = await a_case(a_hub(store), HELMI, *forms, network={"members": members})
    given = [Change(name, part) for name, part in shaped(leaves_of(content)).items() if name not in TOO]
    for change in given:
        try:
            await plans.revise_plan(case.bridge, HELMI, case.plan_id, [change], if_match="*")
        except Exception as refusal:  # noqa: BLE001  # another register's field: the section stays out
            assert getattr(refusal, "code", "").startswith("plan/"), refusal  # noqa: PT017
    return case

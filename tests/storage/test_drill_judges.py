"""The drill's own judges: they see what a drill is there to find, and the proxy cuts where it says."""

import random
from types import SimpleNamespace

import pytest

from drill.proxy import PHASES, DatabaseProxy
from drill.verdict import out_of_order
from tyokyky_bridge.services.ports import StoreUnavailable
from tyokyky_bridge.storage import open_store
from worlds.rows import a_plan

KEY = b"a key for made-up people only...."


def entry(step, *effects, plan=7):
    return SimpleNamespace(body=f"<t>Askel{plan:03d}x{step:05d}x</t>".encode(), effects=effects, at="now")


def test_a_journal_in_order_is_passed():
    journal = [entry(1, "asiakirja A v1"), entry(2, "asiakirja A v2"), entry(1, "asiakirja B v1", plan=8)]
    assert out_of_order("lifecare", journal) == []
    assert out_of_order("lifecare", [*journal, entry(2)]) == []  # sent again without an effect


@pytest.mark.parametrize(("step", "word"), [(2, "twice"), (1, "late")])
def test_a_step_that_took_effect_again_or_late_is_told(step, word):
    journal = [entry(1, "asiakirja A v1"), entry(2, "asiakirja A v2"), entry(step, "asiakirja A v3")]
    (told,) = out_of_order("lifecare", journal)
    assert f"step {step} {word} in asiakirja A" in told


@pytest.mark.anyio
@pytest.mark.postgres
@pytest.mark.parametrize("phase", PHASES)
async def test_a_transaction_cut_in_any_phase_is_made_once_or_not_at_all_and_said_so(
    phase, postgres_server, postgres_url
):
    name = postgres_url.removeprefix("postgresql://postgres@/").partition("?")[0]
    with DatabaseProxy(f"{postgres_server.folder}/.s.PGSQL.5432", random.Random(1)) as proxy:
        store = open_store(f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}", index_key=KEY)
        await store.write(a_plan)
        after_commit = phase in {"half a commit", "before commit", "commit's answer"}
        to_come = [phase]
        proxy.chooses = lambda: to_come.pop() if to_come else None
        if after_commit:  # nobody here can know whether it was committed, so it is not run again
            with pytest.raises(StoreUnavailable):
                await store.write(a_plan)
        else:  # nothing was committed, so it was run again
            await store.write(a_plan)
        plans = await store.read(lambda tx: tx.plans.page(limit=10))
        assert len(plans) == (1 if phase in {"half a commit", "before commit"} else 2)
        assert proxy.cuts == {phase: 1}
        await store.aclose()

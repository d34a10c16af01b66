"""Guards of the engine, each taken away alone: the simulation has to notice every one, or it proves nothing.

A plant is a context in which exactly one thing is different. Only this suite uses them.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import bindparam, case, func

from simulation import client, world
from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.domain.findings import Verdict
from tyokyky_bridge.services import (
    attempt,
    consents,
    deciding,
    delivery,
    looking,
    merging,
    ours,
    outcomes,
    plans,
    revising,
    withdrawing,
)
from tyokyky_bridge.services.incoming import Source
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import Ack, Park
from tyokyky_bridge.storage.repositories import link_rows, link_statements
from tyokyky_bridge.storage.repositories.clients import ClientTable
from tyokyky_bridge.storage.repositories.links import LinkTable
from tyokyky_bridge.storage.tables import link

Context = AbstractContextManager[Any]


@dataclass(frozen=True)
class Planted:
    """A guard, and how to take it away. *words* say what is different then."""

    guard: str
    words: str
    plant: Callable[[], Context]


@contextmanager
def _all(*contexts: Context) -> Iterator[None]:
    if not contexts:
        yield
        return
    with contexts[0], _all(*contexts[1:]):
        yield


def _unfenced() -> Context:
    """The statements that end a lease, for any lease epoch, and also when nobody holds the link."""
    anybody = bindparam("epoch") == bindparam("epoch")

    def free(statement: Any) -> Any:
        freed = statement._generate()
        rest = statement._where_criteria[1:]
        freed._where_criteria = (link.c.id == bindparam("of"), anybody, *rest)
        return freed

    return _all(
        *(
            patch.object(link_rows, name, free(getattr(link_statements, name)))
            for name in ("ACKNOWLEDGE", "FAIL", "GIVE_BACK")
        )
    )


def _intent_without_lease() -> Context:
    return patch.object(LinkTable, "set_intent", lambda *_: True)


def _licence_for_ever() -> Context:
    return patch.object(Licence, "check", lambda _self: None)


async def _at_once(*_args: Any) -> None:
    """A barrier that lets everybody through."""


def _no_barrier() -> Context:
    return _all(
        patch.object(consents, "no_more_starts", _at_once), patch.object(plans, "no_more_starts", _at_once)
    )


def _barrier_asks_leases() -> Context:
    def leased(tx: Tx, client_id: UUID) -> bool:
        return any(each.state == "leased" for each in tx.links.of_client(client_id))

    async def no_more_starts(bridge: Any, client_id: UUID) -> None:
        for _ in range(40):
            if not await bridge.store.read(lambda tx: leased(tx, client_id)):
                return
            await asyncio.sleep(0.5)

    return _all(
        patch.object(consents, "no_more_starts", no_more_starts),
        patch.object(plans, "no_more_starts", no_more_starts),
    )


def _stale_facts() -> Context:
    """The decision is made by the facts that the attempt had read before it asked the partner."""
    known: dict[int, Any] = {}
    fresh = looking.facts_of

    def remember(tx: Tx, bridge: Any, client_id: UUID, *, retrying: int | None = None) -> Any:
        known[retrying or 0] = fresh(tx, bridge, client_id, retrying=retrying)
        return known[retrying or 0]

    def recall(tx: Tx, bridge: Any, client_id: UUID, *, retrying: int | None = None) -> Any:
        return known.get(retrying or 0) or fresh(tx, bridge, client_id, retrying=retrying)

    return _all(patch.object(looking, "facts_of", remember), patch.object(deciding, "facts_of", recall))


def _acks_the_newest() -> Context:
    """An acknowledgement counts for whatever generation is wanted by then."""
    finish = LinkTable.finish

    def generous(self: LinkTable, link_id: int, lease_epoch: int, result: Any, **rest: Any) -> bool:
        row = self.get(link_id)
        if isinstance(result, Ack) and row is not None and row.desired_kind == result.kind:
            result = replace(result, gen=row.desired_gen)
        return finish(self, link_id, lease_epoch, result, **rest)

    return patch.object(LinkTable, "finish", generous)


def _unknown_outcomes_forgotten() -> Context:
    return patch.object(ours, "_unsettled", lambda _tx, _link: iter(()))


def _key_of_the_body() -> Context:
    real = deciding._key
    return patch.object(deciding, "_key", lambda row, _, written: real(row, 0, written.partition("|")[0]))


def _key_by_chance() -> Context:
    real, turns = deciding._key, count()
    return patch.object(deciding, "_key", lambda row, gen, sha: real(row, gen, f"{sha}{next(turns)}"))


def _writes_blindly() -> Context:
    return patch.object(client, "SENDS_IF_MATCH", False)


def _no_read_back() -> Context:
    manifest_of = world.manifest_of
    return patch.object(
        world, "manifest_of", lambda p: manifest_of(p).model_copy(update={"read_back": False})
    )


def _epoch_stays() -> Context:
    def read_only(self: ClientTable, client_id: UUID) -> int:
        row = self.get(client_id)
        return 0 if row is None else row.epoch

    return patch.object(ClientTable, "bump_epoch", read_only)


def _plan_does_not_mark() -> Context:
    return patch.object(revising, "refresh_links", lambda *_args, **_rest: ())


def _consent_does_not_mark() -> Context:
    return patch.object(withdrawing, "refresh_links", lambda *_args, **_rest: ())


def _waits_its_turn() -> Context:
    want = LinkTable.want
    return patch.object(LinkTable, "want", lambda self, **given: want(self, **{**given, "overtake": False}))


def _clears_theirs() -> Context:
    """What the hub once wrote a value to is taken back whatever stands there now."""
    return patch.object(
        ours.Ours,
        "standing",
        lambda self, reading, _partner: {p for layer in self.layers for p in layer if p in reading.leaves},
    )


def _parks_in_silence() -> Context:
    real = outcomes.Ended.__init__

    def silent(self: outcomes.Ended, result: Any, *rest: Any, **named: Any) -> None:
        real(self, replace(result, reason="") if isinstance(result, Park) else result, *rest, **named)

    return patch.object(outcomes.Ended, "__init__", silent)


def _hint_during_lease_lost() -> Context:
    newer = link.c.desired_gen > bindparam("gen")
    now = bindparam("now", type_=link.c.due_at.type)
    forgets = link_statements.ACKNOWLEDGE.values(
        due_at=case((newer, now)),
        due_since=case((newer, func.coalesce(link.c.leased_at, now))),
        want=0,
    )
    return patch.object(link_rows, "ACKNOWLEDGE", forgets)


def _judged_as(verdict: Verdict, instead: Verdict) -> Context:
    """The merge gives one verdict for another."""
    real = merging.merge

    def merge(*given: Any, **named: Any) -> Any:
        merged = real(*given, **named)
        found = {
            p: replace(f, verdict=instead) if f.verdict is verdict else f for p, f in merged.found.items()
        }
        return replace(merged, found=found)

    return patch.object(merging, "merge", merge)


def _echo_taken() -> Context:
    """What the hub wrote without hearing of it counts as an edit of theirs."""
    real = attempt.bases_of
    return patch.object(
        attempt,
        "bases_of",
        lambda row, mine, reading, partner: real(
            row, replace(mine, layers=(), unsettled=()), reading, partner
        ),
    )


def _every_word_is_an_echo() -> Context:
    real, credulous = delivery.settle_echoes, SimpleNamespace(matches=lambda *_: True)

    def settle(tx: Tx, partner: Any, row: Any, now_at: Any) -> None:
        real(tx, replace(partner, adapter=credulous), row, now_at)

    return patch.object(delivery, "settle_echoes", settle)


def _kept_nothing() -> Context:
    real = attempt.take_in
    return patch.object(attempt, "take_in", lambda *given: replace(real(*given), kept=frozenset()))


def _takes_nothing_in() -> Context:
    async def nothing(self: attempt.Attempt, _look: Any, met: Any) -> Any:
        return attempt.Taken(met.bases)

    return patch.object(attempt.Attempt, "_take_in", nothing)


def _keeps_what_nobody_may_have() -> Context:
    return patch.object(Source, "receivable", lambda _self, brought, _plan=None: frozenset(brought))


def _never_gives_up() -> Context:
    return patch.object(merging, "TUG_LIMIT", 1000)


PLANTED = (
    Planted("lease fence when a result is recorded", "a result counts under any lease epoch", _unfenced),
    Planted(
        "lease fence when the intent is stored",
        "a worker that lost its lease decides and sends",
        _intent_without_lease,
    ),
    Planted("licence before the first byte", "a decision is good for ever", _licence_for_ever),
    Planted("barrier of a withdrawal", "a withdrawal is answered at once", _no_barrier),
    Planted("barrier asks decisions", "it asks the leases instead", _barrier_asks_leases),
    Planted("facts read in the deciding transaction", "decided by what was read before", _stale_facts),
    Planted("epoch raised by a withdrawal", "it stays", _epoch_stays),
    Planted("acknowledgement of the generation sent", "it counts for the newest one", _acks_the_newest),
    Planted("writes of unknown outcome are ours", "they are forgotten", _unknown_outcomes_forgotten),
    Planted(
        "generation and version in the idempotency key", "the key is of the body alone", _key_of_the_body
    ),
    Planted("idempotency key stays the same", "each attempt has a new one", _key_by_chance),
    Planted("conditional write", "the adapter writes whatever stands there", _writes_blindly),
    Planted("read-back", "an acknowledgement is believed", _no_read_back),
    Planted("links marked with the plan", "a revision marks no link", _plan_does_not_mark),
    Planted("links marked with the consent", "a consent marks no link", _consent_does_not_mark),
    Planted("withdrawals overtake", "they wait their turn", _waits_its_turn),
    Planted("only what is ours is taken back", "the partner's own edit is cleared too", _clears_theirs),
    Planted("parked with a reason", "the reason is empty", _parks_in_silence),
    Planted(
        "a hint during the work is kept", "it is forgotten with the acknowledgement", _hint_during_lease_lost
    ),
    Planted("echo is recognised", "our own write whose answer was lost is taken for an edit", _echo_taken),
    Planted(
        "only the version that a write made is its echo",
        "whatever is told meanwhile counts as one",
        _every_word_is_an_echo,
    ),
    Planted("undecided items are held back", "they are overwritten", _kept_nothing),
    Planted(
        "the hub's own fields",
        "a partner's edit of them is taken",
        lambda: _judged_as(Verdict.REJECT, Verdict.TAKE),
    ),
    Planted(
        "a conflict waits for a person",
        "the partner's value is taken",
        lambda: _judged_as(Verdict.CONFLICT, Verdict.TAKE),
    ),
    Planted("partners' edits are taken in", "they are overwritten", _takes_nothing_in),
    Planted("only what others may have is kept", "every edit is stored", _keeps_what_nobody_may_have),
    Planted("tug-of-war breaker", "the same edit is written back for ever", _never_gives_up),
)


def planted(guard: str) -> Planted:
    """The plant of that name."""
    return next(each for each in PLANTED if each.guard == guard)

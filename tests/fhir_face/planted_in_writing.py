"""Bugs of writing: conditions, transactions, and what a write does to what it should leave alone."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import Request

from tyokyky_bridge.api.fhir import ask, writing
from tyokyky_bridge.domain.items import leaves_of, plan_from_leaves
from tyokyky_bridge.services import plans
from tyokyky_bridge.services.fhir import bundles, references, targets, writeset
from tyokyky_bridge.services.fhir.refusals import BadRequest, EntryRefused, Stale


def stale_is_a_fault(patch: pytest.MonkeyPatch) -> None:
    """The server falls over a version that it does not expect."""
    inner = targets.check_match

    def check(*a: Any, **more: Any) -> None:
        try:
            inner(*a, **more)
        except Stale:
            raise RuntimeError from None

    patch.setattr(targets, "check_match", check)


def if_match_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """The last writer wins."""
    patch.setattr(targets, "check_match", lambda *a, **more: None)


def search_then_insert(patch: pytest.MonkeyPatch) -> None:
    """Looking and inserting are two transactions."""
    inner = writing.use.create

    async def create(bridge: Any, caller: Any, type_: str, document: Any, **more: Any) -> Any:
        if more.get("if_none_exist") is not None:
            found = await bridge.store.read(lambda tx: tx.documents.standing(caller.party, type_))
            await asyncio.sleep(0.05)
            more = {**more, "if_none_exist": more["if_none_exist"] if found else None}
        return await inner(bridge, caller, type_, document, **more)

    patch.setattr(writing.use, "create", create)


def create_updates_the_match(patch: pytest.MonkeyPatch) -> None:
    """The body of a conditional create replaces what matches."""

    async def create(bridge: Any, caller: Any, type_: str, document: Any, **more: Any) -> Any:
        where = more.pop("if_none_exist")
        if where is None:
            return await inner(bridge, caller, type_, document, **more)
        return await writing.use.update_where(bridge, caller, type_, where, document, **more)

    inner = writing.use.create
    patch.setattr(writing.use, "create", create)


def strange_criteria_match_nothing(patch: pytest.MonkeyPatch) -> None:
    """Criteria that nobody understands are taken for criteria that nothing meets."""
    inner = targets.only_match

    def only_match(*a: Any) -> str | None:
        try:
            return inner(*a)
        except BadRequest:
            return None

    patch.setattr(targets, "only_match", only_match)


def query_of_a_create_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """A create does not look at its own URL."""
    inner = writing.ask_of

    def ask_of(request: Request) -> ask.Ask:
        found = inner(request)
        if request.method == "POST":
            found.pairs = ()
        return found

    patch.setattr(writing, "ask_of", ask_of)


def write_back_erases(patch: pytest.MonkeyPatch) -> None:
    """A body replaces the plan: what it does not say is gone, hidden or not."""
    inner = plans.apply_changes

    def apply_changes(leaves: Any, changes: Any, sight: Any) -> Any:
        after = leaves_of(inner(leaves, changes, sight))
        hidden = {path for path in leaves if path.startswith("health.") and path not in sight.permitted}
        return plan_from_leaves({path: value for path, value in after.items() if path not in hidden})

    patch.setattr(plans, "apply_changes", apply_changes)


def part_is_taken_for_the_whole(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the SUBSETTED tag."""
    patch.setattr(writeset, "_refuse_part", lambda document: None)


def decimals_through_floats(patch: pytest.MonkeyPatch) -> None:
    """JSON is read as Python reads it."""
    patch.setattr(ask, "parse", json.loads)


def arrays_are_not_resolved(patch: pytest.MonkeyPatch) -> None:
    """References are looked for in objects only."""
    inner = references._walk

    def walk(value: Any, place: str, resolve: Any) -> Any:
        return value if isinstance(value, list) else inner(value, place, resolve)

    patch.setattr(references, "_walk", walk)


def transaction_entry_by_entry(patch: pytest.MonkeyPatch) -> None:
    """Each entry is a transaction of its own."""
    inner = bundles.commit

    async def commit(bridge: Any, caller: Any, entries: Any, *, then: Any, **more: Any) -> Any:
        done: list[Any] = []
        for entry in entries:
            try:
                done += await inner(bridge, caller, [entry], **more)
            except EntryRefused as refusal:
                raise EntryRefused(entry.index, refusal.cause) from refusal
        return await bridge.store.write(lambda tx: then(tx, done))

    patch.setattr(bundles, "commit", commit)

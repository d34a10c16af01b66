"""Bugs of searches and pages."""

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest

from tyokyky_bridge.api.fhir import bundling
from tyokyky_bridge.api.fhir.ask import Ask
from tyokyky_bridge.fhir.search.ordering import Position
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir import cursors, searching
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Version
from worlds.hub import HELMI, KAISA


def no_next_link(patch: pytest.MonkeyPatch) -> None:
    """A page does not say that there is another."""
    inner = bundling.searchset
    patch.setattr(bundling, "searchset", lambda *a, **more: inner(*a, **{**more, "following": None}))


def pages_overlap(patch: pytest.MonkeyPatch) -> None:
    """The next page starts with the last match of this one."""
    inner = searching.page

    def page(query: Any, documents: Any, *, after: Position | None = None) -> Any:
        held = list(documents)
        if after is None:
            return inner(query, held)
        again = [each for each in held if each["id"] == after.id]
        found = inner(query, held, after=after)
        return replace(found, matched=(*again, *found.matched)[: max(len(found.matched), 1)])

    patch.setattr(searching, "page", page)


def links_for_anybody(patch: pytest.MonkeyPatch) -> None:
    """A cursor is not bound to who got it; whose rows it gives is decided by who asked first."""
    patch.setattr(cursors.Cursors, "_caller", "anybody")
    patch.setattr(cursors, "epoch_of", lambda sighting: "")
    _on_later_pages(patch, HELMI)


def later_pages_without_consent(patch: pytest.MonkeyPatch) -> None:
    """What the first page was decided on counts for all."""
    patch.setattr(cursors, "epoch_of", lambda sighting: "")
    _on_later_pages(patch, HELMI)


def _on_later_pages(patch: pytest.MonkeyPatch, caller: Caller) -> None:
    later: ContextVar[bool] = ContextVar("later", default=False)
    inner_found, inner_candidates = searching.found, searching.candidates

    def found(sighting: Sighting, *a: Any, cursor: str | None, **more: Any) -> Any:
        token = later.set(cursor is not None)
        try:
            return inner_found(sighting, *a, cursor=cursor, **more)
        finally:
            later.reset(token)

    def candidates(sighting: Sighting, query: Any) -> tuple[Version, ...]:
        if later.get():
            sighting = Sighting(sighting.tx, sighting.bridge, caller)
        return inner_candidates(sighting, query)

    patch.setattr(searching, "found", found)
    patch.setattr(searching, "candidates", candidates)


def deleted_is_found(patch: pytest.MonkeyPatch) -> None:
    """The state before a deletion is still a match and an include."""

    def standing(self: Sighting, resource_type: str, *, clients: Any = None) -> tuple[Version, ...]:
        found = self.histories(resource_type, clients=clients)
        return tuple(
            next(each for each in reversed(past) if not each.deleted) for _, past in sorted(found.items())
        )

    def current(self: Sighting, key: tuple[str, str]) -> Version | None:
        return next((each for each in reversed(self.versions(key)) if not each.deleted), None)

    patch.setattr(Sighting, "standing", standing)
    patch.setattr(Sighting, "current", current)


def includes_of_anybody(patch: pytest.MonkeyPatch) -> None:
    """What matches point at is fetched without asking who may see it."""
    inner = searching._around

    def around(sighting: Sighting, query: Any, matched: Any) -> Iterator[Version]:
        for caller in (HELMI, KAISA):
            yield from inner(Sighting(sighting.tx, sighting.bridge, caller), query, matched)

    patch.setattr(searching, "_around", around)


def total_of_everybody(patch: pytest.MonkeyPatch) -> None:
    """The total is that of the table."""
    inner = searching.found

    def found(sighting: Sighting, resource_type: str, *a: Any, **more: Any) -> Any:
        every = [Sighting(sighting.tx, sighting.bridge, caller) for caller in (HELMI, KAISA)]
        total = len({v.key for each in every for v in each.standing(resource_type)})
        return replace(inner(sighting, resource_type, *a, **more), total=total)

    patch.setattr(searching, "found", found)


def silence_about_parameters(patch: pytest.MonkeyPatch) -> None:
    """What is not understood is left out without a word."""
    patch.setattr(Ask, "strict", False)
    inner = bundling.searchset
    patch.setattr(
        bundling,
        "searchset",
        lambda query, *a, **more: inner(replace(query, ignored=()), *a, **more),
    )

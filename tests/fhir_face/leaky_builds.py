"""Builds of the FHIR face that leak, one way each: whoever compares two hubs byte by byte has to notice.

Every leak is one that some server has had, or that this one would have with one line less. Source: FHIR report 1.5, 3.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.fhir.lens.projection import Sheet, Supposed, project
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.services.fhir import (
    conditions,
    cursors,
    derived_sight,
    plan_sight,
    reading,
    searching,
    targets,
)
from tyokyky_bridge.services.fhir.refusals import Gone
from tyokyky_bridge.services.fhir.states import Version, extended, stamped
from tyokyky_bridge.services.sight import Seen

Patch = pytest.MonkeyPatch
Whole = dict[tuple[str, str], dict[str, Any]]

_whole: WeakKeyDictionary[Any, Whole] = WeakKeyDictionary()


def _all_of_this_hub() -> Whole:
    """Every resource of every plan of the hub that is asked now, with nothing withheld."""
    return _whole.setdefault(plan_sight._SIGHTS, {})


def _projecting_all(patch: Patch) -> None:
    """Let the hub project whole plans beside the views, as a server that filters afterwards does."""
    sheet_of = plan_sight.sheet_of

    def leaky(seen: Seen, *rest: Any) -> Sheet:
        leaves = seen.revision.leaves
        view = Supposed(seen.disclosure.view.plan_id, leaves, frozenset(), non_disclosure=False)
        made = project(Sheet(view, seen.revision.labels, dict.fromkeys(leaves, "health")))
        at = {place: made[key] for key, place in LENS.places(view.plan_id, leaves).items()}
        named = LENS.places(view.plan_id, seen.disclosure.view.leaves)  # a hidden client has another id
        _all_of_this_hub().update(made | {key: at[place] for key, place in named.items()})
        return sheet_of(seen, *rest)

    patch.setattr(plan_sight, "sheet_of", leaky)


def search_on_whole_plans(patch: Patch) -> None:
    """What matches is asked of the whole resource, and what is answered is the view of it."""
    _projecting_all(patch)
    matches = searching.matches

    def leaky(query: Any, document: Mapping[str, Any], **more: Any) -> bool:
        key = (str(document["resourceType"]), str(document["id"]))
        return matches(query, _all_of_this_hub().get(key, document), **more)

    patch.setattr(searching, "matches", leaky)


def totals_before_the_view(patch: Patch) -> None:
    """The total counts what is hidden."""
    _projecting_all(patch)
    page = searching.page

    def leaky(query: Any, documents: Iterable[Any], **more: Any) -> Any:
        made = page(query, documents, **more)
        return replace(made, total=made.total + sum(type_ == query.type for type_, _ in _all_of_this_hub()))

    patch.setattr(searching, "page", leaky)


def versions_from_revisions(patch: Patch) -> None:
    """The version is the number of the revision, so that a hidden revision leaves a gap."""

    def leaky(runs: Any, states: Any) -> Any:
        told = list(states)
        numbers = {state.at: n for n, state in enumerate(told, 1)}
        return {
            key: tuple(_as_version(each, f"{numbers[each.at]}-{each.version[-8:]}") for each in past)
            for key, past in extended({}, told).items()
        }

    patch.setattr(plan_sight, "extended", leaky)


def updated_by_the_newest_revision(patch: Patch) -> None:
    """lastUpdated is that of the plan."""

    def leaky(runs: Any, states: Any) -> Any:
        told = list(states)
        found = extended(runs, told)
        if not told:
            return found
        return {
            key: (*past[:-1], _as_version(replace(past[-1], at=told[-1].at), past[-1].version))
            for key, past in found.items()
        }

    patch.setattr(plan_sight, "extended", leaky)


def _as_version(version: Version, name: str) -> Version:
    document = version.document and stamped(version.document, name, version.at)
    return replace(version, version=name, document=document)


def labels_of_hidden_items(patch: Patch) -> None:
    """meta.security names the categories of everything in the resource."""
    sheet_of = plan_sight.sheet_of

    def leaky(seen: Seen, *rest: Any) -> Sheet:
        sheet = sheet_of(seen, *rest)
        inside: dict[Any, frozenset[Category]] = {}
        for path, labels in seen.revision.labels.items():
            place = LENS.place(path)
            inside[place] = inside.get(place, frozenset()) | labels
        return replace(sheet, labels={path: inside[LENS.place(path)] for path in sheet.view.leaves})

    patch.setattr(plan_sight, "sheet_of", leaky)


def labels_by_hidden_values(patch: Patch) -> None:
    """A label hangs on a value that the caller does not see."""
    sheet_of = plan_sight.sheet_of

    def leaky(seen: Seen, *rest: Any) -> Sheet:
        sheet = sheet_of(seen, *rest)
        return replace(sheet, labels={path: seen.revision.labels[path] for path in sheet.view.leaves})

    patch.setattr(plan_sight, "sheet_of", leaky)


def gone_instead_of_unknown(patch: Patch) -> None:
    """What is hidden is refused in another way than what does not exist."""
    _projecting_all(patch)
    current_of = reading.current_of

    def leaky(sighting: Any, *key: str) -> Any:
        if key in _all_of_this_hub() and not sighting.versions(key):
            raise Gone
        return current_of(sighting, *key)

    patch.setattr(reading, "current_of", leaky)


def conditions_on_whole_plans(patch: Patch) -> None:
    """A condition of a create or a delete is asked of everything."""
    _projecting_all(patch)

    def leaky(_: Any, resource_type: str) -> Iterator[Any]:
        return ((key[1], each) for key, each in _all_of_this_hub().items() if key[0] == resource_type)

    patch.setattr(targets._Targets, "_standing", leaky)
    patch.setattr(conditions, "matches", searching.matches)


def pages_end_with_any_change(patch: Patch) -> None:
    """A cursor is good until anything changes for the client."""

    def leaky(sighting: Any) -> str:
        clients = [sighting.tx.clients.get(sight.plan.client_id) for sight in sighting.plans()]
        return "-".join(str(each.epoch) for each in clients if each is not None)

    patch.setattr(cursors, "epoch_of", leaky)


def consents_by_plans(patch: Patch) -> None:
    """A form is found only where its client has a plan."""

    def leaky(tx: Any) -> Iterator[Any]:
        for client_id in sorted({row.client_id for row in tx.plans.page(limit=500)}):
            yield from tx.consents.of_client(client_id)

    patch.setattr(derived_sight, "_all_consents", leaky)


LEAKS: Mapping[Callable[[Patch], None], str] = {
    search_on_whole_plans: "searches",
    totals_before_the_view: "searches",
    versions_from_revisions: "looks_closely",
    updated_by_the_newest_revision: "looks_closely",
    labels_of_hidden_items: "looks_closely",
    labels_by_hidden_values: "looks_closely",
    gone_instead_of_unknown: "guesses",
    conditions_on_whole_plans: "writes",
    pages_end_with_any_change: "looks_closely",
    consents_by_plans: "searches",
}
"""Every leak, with the part of the script that finds it at the latest."""

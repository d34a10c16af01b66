"""References of a write set resolved: to other entries, to what criteria find, and to this server's own address."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from tyokyky_bridge.fhir.conformance.registry import REGISTRY
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue
from tyokyky_bridge.services.fhir.asked import MAX_SEARCHES
from tyokyky_bridge.services.fhir.conditions import only_match
from tyokyky_bridge.services.fhir.homes import Homes, nested
from tyokyky_bridge.services.fhir.references import rewritten, spellings
from tyokyky_bridge.services.fhir.refusals import MultipleMatches
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Key
from tyokyky_bridge.services.fhir.steps import Step, entry_of

URN = ("urn:uuid:", "urn:oid:")


def link(sighting: Sighting, steps: Sequence[Step], homes: Homes) -> None:
    """
    Rewrite the references in every body, and give nested elements of a plan the place that theirs tell.

    Raises: EntryRefused, with Invalid (a reference that nothing answers) or MultipleMatches as its cause.
    """
    inside = nested(steps)
    for step in inside:
        with entry_of(step):
            step.document = _linked(sighting, step, steps, {}, strict=False)
            homes.place_inside(step)
    found: dict[str, str] = {}
    for step in steps:
        if step.document is not None and step.open:
            with entry_of(step):
                step.document = _linked(sighting, step, steps, found, strict=True)


def _linked(
    sighting: Sighting, step: Step, steps: Sequence[Step], found: dict[str, str], *, strict: bool
) -> Document:
    """The document with its references resolved; *found* remembers what conditional references have found."""
    known = targets(steps)
    several = len(steps) > 1

    def resolve(reference: str, place: str) -> str | None:
        for each in spellings(reference, step.entry.full_url):
            if each in known:
                return known[each]
        if not place.endswith(".reference"):
            return None
        if reference.startswith(URN) and several and strict:
            text = "no entry of the Bundle has this as its fullUrl"
            raise Invalid([Issue("error", "not-found", text, place)])
        resource_type, mark, query = reference.partition("?")
        if not mark or resource_type not in REGISTRY:
            return None
        if reference not in found:
            if len(found) >= MAX_SEARCHES:
                text = f"a request has at most {MAX_SEARCHES} different conditional references"
                raise Invalid([Issue("error", "too-costly", text, place)])
            found[reference] = _by_criteria(sighting, steps, resource_type, query, place)
        return found[reference]

    return rewritten(step.document or {}, resolve)


def targets(steps: Iterable[Step]) -> Mapping[str, str]:
    """What each ``fullUrl`` stands for."""
    found: dict[str, str] = {}
    for step in steps:
        key = key_of(step)
        if step.entry.full_url is not None and key is not None:
            found[step.entry.full_url] = "/".join(key)
    return found


def key_of(step: Step) -> Key | None:
    """What a step is about, in the end."""
    return step.shared.key if step.shared is not None else step.key


def _by_criteria(
    sighting: Sighting, steps: Sequence[Step], resource_type: str, query: str, place: str
) -> str:
    """The one resource that a conditional reference finds, among what stands and what this Bundle brings."""

    def standing(_: str) -> Iterable[tuple[str, Document]]:
        coming = {step.key: step.document for step in steps if step.open and step.key is not None}
        for version in sighting.standing(resource_type):
            if version.key not in coming and version.document is not None:
                yield version.id, version.document
        for (type_, id_), document in coming.items():
            if type_ == resource_type and document is not None:
                yield id_, document

    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    try:
        id_ = only_match(resource_type, pairs, standing)
    except MultipleMatches:
        text = f"the criteria of this reference match more than one {resource_type}"
        raise Invalid([Issue("error", "multiple-matches", text, place)]) from None
    if id_ is None:
        text = f"the criteria of this reference match no {resource_type}"
        raise Invalid([Issue("error", "not-found", text, place)])
    return f"{resource_type}/{id_}"

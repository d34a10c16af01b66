"""Resources that nobody writes, as one caller sees them: organizations, workers, consents, provenance."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from tyokyky_bridge.domain.calendar import finnish_day, finnish_midnight
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.fhir.derived.consent import Standing, consents
from tyokyky_bridge.fhir.derived.organization import organizations
from tyokyky_bridge.fhir.derived.practitioner import practitioners
from tyokyky_bridge.fhir.derived.provenance import Event, provenance
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.callers import Role
from tyokyky_bridge.services.consent_sight import is_on
from tyokyky_bridge.services.fhir.states import Key, State, Version, digest_of, extended, stamped
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import ConsentRow

if TYPE_CHECKING:
    from tyokyky_bridge.services.fhir.sight import Sighting

Past = tuple[Version, ...]

_PAGE: Final = 500
"""Consents that are read at a time."""

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When an organization that has no first day in the directory came to be, as far as a reader is told."""


def derived_versions(sighting: "Sighting", resource_type: str, resource_id: str | None) -> dict[Key, Past]:
    """The versions of one derived resource, or of all of its type."""
    return DERIVED[resource_type](sighting, resource_id)


def _organizations(sighting: "Sighting", resource_id: str | None) -> dict[Key, Past]:
    day = finnish_day(sighting.tx.now())
    directory = sighting.bridge.directory
    found: dict[Key, Past] = {}
    for key, document in organizations(directory, on=day).items():
        rows = directory.parties.get(key[1], ())
        days = [d for row in rows for d in (row.valid_from, row.valid_to) if d is not None and d <= day]
        at = max((finnish_midnight(d) for d in days), default=_LONG_AGO)
        found[key] = (_only(document, at, 1),)
    return {key: past for key, past in found.items() if resource_id in (None, key[1])}


def _workers(resource_type: str) -> Callable[["Sighting", str | None], dict[Key, Past]]:
    def workers(sighting: "Sighting", resource_id: str | None) -> dict[Key, Past]:
        """A worker of several plans is told of from all of them; of one plan, with that plan's history."""
        histories: dict[Key, list[Past]] = {}
        for sight in sighting.plans():
            for key, past in sight.runs.items():
                if key[0] == resource_type and resource_id in (None, key[1]):
                    histories.setdefault(key, []).append(past)
        if not any(len(each) > 1 for each in histories.values()):
            return {key: each[0] for key, each in histories.items()}
        day = finnish_day(sighting.tx.now())
        named = [sight.named for sight in sighting.plans()]
        joint = practitioners(named, directory=sighting.bridge.directory, on=day)
        return {key: _joined(each, joint.get(key)) for key, each in histories.items()}

    return workers


def _joined(histories: list[Past], document: Document | None) -> Past:
    last = max((past[-1] for past in histories), key=lambda version: version.at)
    if len(histories) == 1 or document is None:
        return next(past for past in histories if past[-1] is last)
    return (_only(document, last.at, sum(len(past) for past in histories)),)


def _consents(sighting: "Sighting", resource_id: str | None) -> dict[Key, Past]:
    tx = sighting.tx
    rows: Iterable[ConsentRow]
    if not sighting.bridge.in_force(sighting.caller.party, tx.now()):
        rows = ()
    elif resource_id is None:
        rows = _all_consents(tx)
    else:
        try:
            row = tx.consents.get(UUID(hex=resource_id.partition(".")[0]))
        except ValueError:
            row = None
        rows = () if row is None else (row,)
    found: dict[Key, Past] = {}
    for row in rows:
        found |= _directions(sighting, row)
    return {key: past for key, past in found.items() if resource_id in (None, key[1])}


def _all_consents(tx: Tx) -> Iterator[ConsentRow]:
    """Every form of every client: that a client has a plan must not show in whether a form of theirs is found."""
    after: UUID | None = None
    while page := tx.consents.page(after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def _directions(sighting: "Sighting", row: ConsentRow) -> dict[Key, Past]:
    caller, tx = sighting.caller, sighting.tx
    if not is_on(caller, Consent.model_validate(row.doc)):
        return {}
    party = None if caller.role is Role.OVERSIGHT else caller.party
    closed = [s.named.leaves.get("closing.closed_on") for s in sighting.plans_of(row.client_id)]
    events = tx.consents.events(row.id)
    used = any(use.consent_id == row.id for use in tx.consents.uses(row.client_id))
    states: list[State] = []
    for n, event in enumerate(events):
        newest = n == len(events) - 1
        standing = Standing(
            at=tx.now() if newest else event.at,
            directory=sighting.bridge.directory,
            oral_used=used and newest,
            cooperation_ended_on=closed[-1] if newest and closed else None,  # type: ignore[arg-type]
        )
        documents = consents(Consent.model_validate(event.doc), standing, party=party)
        states.append(State(event.at, event.actor, documents, lambda _, by=event.actor: (by,)))
    return extended({}, states)


def _provenances(sighting: "Sighting", resource_id: str | None) -> dict[Key, Past]:
    found: dict[Key, Past] = {}
    for past in sighting.pasts():
        found |= provenances_of(sighting, past)
    return {key: past for key, past in found.items() if resource_id in (None, key[1])}


def provenances_of(sighting: "Sighting", past: Past) -> dict[Key, Past]:
    """
    The Provenance of each version in the history of one resource; of what is derived there is none.

    A party that recorded a version is named where the content is from it, or is the caller's own: what it took away
    may have been all that the caller knew of it.
    """
    directory, day = sighting.bridge.directory, finnish_day(sighting.tx.now())
    found: dict[Key, Past] = {}
    before: Version | None = None
    for version in past:
        said = version if version.document is not None or before is None else before
        parties = [directory.holder(party, on=day) for party in said.custodians]
        custodians = [party for party in parties if party is not None]
        told = version.by is not None and version.by in {*said.custodians, sighting.caller.party}
        author = directory.holder(str(version.by), on=day) if told else None
        if custodians:
            event = Event(
                version.type, version.id, version.version, version.at, version.method,
                None if before is None else before.version,
            )  # fmt: skip
            labels = _labels(said.document)
            key, document = provenance(event, custodians=custodians, author=author, labels=labels)
            found[key] = (_only(document, version.at, 1),)
        before = version
    return found


def _labels(document: Document | None) -> frozenset[Category]:
    codings: Iterable[Document] = () if document is None else document.get("meta", {}).get("security", ())
    known = {category.value: category for category in Category}
    return frozenset(known[c["code"]] for c in codings if c.get("code") in known)


def _only(document: Document, at: datetime, number: int) -> Version:
    version = f"{number}-{digest_of(document)}"
    key = (document["resourceType"], document["id"])
    return Version(*key, version, at, "POST", stamped(document, version, at))


DERIVED: Final[Mapping[str, Callable[["Sighting", str | None], dict[Key, Past]]]] = {
    "Organization": _organizations,
    "Practitioner": _workers("Practitioner"),
    "PractitionerRole": _workers("PractitionerRole"),
    "Consent": _consents,
    "Provenance": _provenances,
}
"""The types that are derived from more than one plan, or from none. A party may keep own ones of some beside them."""

"""Search and ``$everything``: evaluated on the documents of one caller, narrowed first to those that can match."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from tyokyky_bridge.fhir.search.criteria import Criterion
from tyokyky_bridge.fhir.search.including import included
from tyokyky_bridge.fhir.search.matching import matches
from tyokyky_bridge.fhir.search.paging import CursorGone, page
from tyokyky_bridge.fhir.search.parameters import PARAMETERS, follows
from tyokyky_bridge.fhir.search.query import Query, parse_query
from tyokyky_bridge.fhir.search.shaping import Include
from tyokyky_bridge.fhir.search.values import Target
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.cursors import Cursors
from tyokyky_bridge.services.fhir.derived_sight import provenances_of
from tyokyky_bridge.services.fhir.kept import ID
from tyokyky_bridge.services.fhir.listing import Found, changed_since, page_of
from tyokyky_bridge.services.fhir.references import LINKS, local, subjects
from tyokyky_bridge.services.fhir.sight import Sighting, as_uuid, plan_of
from tyokyky_bridge.services.fhir.states import Key, Version

OF_A_CLIENT: Final = frozenset({"patient", "subject"})
"""Parameters by which a search is about one client."""


def found(
    sighting: Sighting,
    resource_type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    strict: bool,
    cursor: str | None,
    key: bytes,
    base: str = "",
    in_url: bool = False,
) -> Found:
    """A page of a search; see `services.fhir.reading.search`. Raises: BadQuery, CursorGone."""
    after = None
    if cursor is None:
        query = parse_query(resource_type, pairs, strict=strict, base=base, in_url=in_url)
    else:
        opened = Cursors(sighting, resource_type, (), key).read(cursor)
        query = parse_query(resource_type, opened.pairs, base=base)
        again = parse_query(resource_type, pairs, strict=strict, base=base, in_url=in_url) if pairs else query
        if again.pairs != query.pairs:
            raise CursorGone
        after = opened.after
    cursors = Cursors(sighting, resource_type, query.pairs, key)
    by_id = {version.id: version for version in candidates(sighting, query)}
    find = _finder(sighting)
    documents = (_document(version) for version in by_id.values())
    held = page(query, [each for each in documents if matches(query, each, find=find)], after=after)
    around = {v.key: v for v in _around(sighting, query, held.matched)} if query.includes else {}
    more = included(query, held.matched, map(_document, around.values()))
    return Found(
        query=query,
        matched=tuple(by_id[each["id"]] for each in held.matched),
        included=tuple(around[each["resourceType"], each["id"]] for each in more),
        total=held.total,
        this=cursor if cursor is not None else cursors.sealed(None) if query.guarded else None,
        next=None if held.after is None else cursors.sealed(held.after),
    )


def candidates(sighting: Sighting, query: Query) -> tuple[Version, ...]:
    """What can match *query*, by id: the criteria that name resources or a client are used to load no more."""
    if query.ids is not None:
        # What is no id cannot be there, and need not be one that a database can be asked for.
        ids = sorted(id_ for id_ in query.ids if ID.fullmatch(id_))
        named = (sighting.current((query.type, id_)) for id_ in ids)
        return tuple(version for version in named if version is not None)
    targets = targets_asked(query)
    if targets is not None:
        pasts = (sighting.versions(key) for key in sorted(targets))
        found = {key: past[-1] for past in pasts for key, past in provenances_of(sighting, past).items()}
        return tuple(found[key] for key in sorted(found))
    clients = clients_asked(query)
    return sighting.standing(query.type, clients=clients)


def targets_asked(query: Query) -> frozenset[Key] | None:
    """The only resources whose Provenance can match; ``None`` where any can, and for every other type."""
    for criterion in query.criteria if query.type == "Provenance" else ():
        keys = [value.key for value in criterion.values if isinstance(value, Target)]
        if criterion.parameter.name == "target" and criterion.modifier is None and keys and None not in keys:
            return frozenset(key for key in keys if key is not None)
    return None


def clients_asked(query: Query) -> frozenset[UUID] | None:
    """The only clients whose plans can hold a match; ``None`` where any can."""
    asked = [_clients(each) for each in query.criteria if each.parameter.name in OF_A_CLIENT]
    known = [each for each in asked if each is not None]
    return frozenset[UUID].intersection(*known) if known else None


def _clients(criterion: Criterion) -> frozenset[UUID] | None:
    if criterion.modifier is not None or criterion.chained is not None or criterion.missing is not None:
        return None
    clients: set[UUID] = set()
    for value in criterion.values:
        id_ = value.id if isinstance(value, Target) else None
        client = None if id_ is None else as_uuid(id_)
        if id_ is None or (client is None and plan_of(id_) is not None):
            return None
        clients |= set() if client is None else {client}
    return frozenset(clients)


def everything(
    sighting: Sighting,
    about: Key,
    *,
    since: datetime | None,
    types: Collection[str],
    count: int | None,
    cursor: str | None,
    key: bytes,
) -> Found:
    """A page of everything about *about*; see `services.fhir.reading.everything`. Raises: CursorGone."""
    told = {version.key: version for version in _about(sighting, about)}
    for version in list(told.values()):
        for target in _links(version.document):
            if target not in told:
                linked = sighting.current(target)
                told |= {} if linked is None else {target: linked}
    wanted = changed_since(since, types)
    said = (("_since", "" if since is None else since.isoformat()), ("_type", ",".join(sorted(types))))
    cursors = Cursors(sighting, f"{about[0]}/{about[1]}/$everything", said, key)
    held, total, following = page_of(filter(wanted, told.values()), cursors, count=count, cursor=cursor)
    return Found(None, held, total=total, this=cursor, next=following)


def _about(sighting: Sighting, about: Key) -> Iterator[Version]:
    """The resource itself, its plans (all of a client, else its own), and what the party keeps about it."""
    itself = sighting.current(about)
    if itself is not None:
        yield itself
    client = as_uuid(about[1]) if about[0] == "Patient" else None
    holder = sighting.holder(about)
    sights = sighting.plans_of(client) if client is not None else (holder,) if holder is not None else ()
    for sight in sights:
        yield from (past[-1] for past in sight.runs.values() if not past[-1].deleted)
    patient = about if about[0] == "Patient" else _patient(itself)
    if patient is None:
        return
    for resource_type in PARAMETERS:
        if resource_type == "Consent":
            own: Iterable[Version] = sighting.standing(resource_type)
        else:
            own = sighting.kept(resource_type)
        yield from (version for version in own if patient in map(_local, subjects(version.document or {})))


def _patient(version: Version | None) -> Key | None:
    document = {} if version is None or version.document is None else version.document
    keys = (key for key in map(_local, subjects(document)) if key is not None)
    return next((key for key in keys if key[0] == "Patient"), None)


def _local(reference: str) -> Key | None:
    return local(reference, "")


def _links(value: Any) -> Iterator[Key]:
    """Every resource of this server that a document refers to."""
    if isinstance(value, dict):
        for name, member in cast("Document", value).items():
            target = local(member, "") if name in LINKS else None
            if target is not None:
                yield target
            else:
                yield from _links(member)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _links(each)


def _finder(sighting: Sighting):
    def find(key: Key) -> Document | None:
        version = sighting.current(key)
        return None if version is None else version.document

    return find


def _document(version: Version) -> Document:
    return version.document or {}


def _around(sighting: Sighting, query: Query, matched: Iterable[Document]) -> Iterator[Version]:
    """All that the includes of *query* can reach, asked for only when there are any."""
    types = {resource_type for include in query.includes for resource_type in _types(include)} | {query.type}
    for resource_type in sorted(types):
        if resource_type == "Provenance" and query.type != "Provenance":
            runs = (sighting.versions((each["resourceType"], each["id"])) for each in matched)
            yield from (past[-1] for run in runs for past in provenances_of(sighting, run).values())
        else:
            yield from sighting.standing(resource_type)


def _types(include: Include) -> set[str]:
    targets = {include.to} if include.to is not None else set(follows(include.parameter))
    return targets | {include.source}

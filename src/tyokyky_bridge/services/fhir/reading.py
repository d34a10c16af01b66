"""Reading as FHIR: one resource, one version, history, search, and everything about a plan or a person.

All of it is made from what the caller may see today; each interaction leaves a row in the audit, without content.
The functions that end in ``_in`` are part of somebody else's transaction.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from tyokyky_bridge.fhir.search.dates import Span
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir import listing, searching
from tyokyky_bridge.services.fhir.auditing import Shown, looked, need_reader, record, shown_of
from tyokyky_bridge.services.fhir.listing import Found, Past
from tyokyky_bridge.services.fhir.refusals import Gone, NotFound
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Version
from tyokyky_bridge.services.ports import Tx

L = TypeVar("L")


async def read(bridge: Bridge, caller: Caller, resource_type: str, resource_id: str) -> Version:
    """The resource as the caller sees it now. Raises: NotFound, Gone, NotForRole."""
    need_reader(caller)
    return await bridge.store.write(
        lambda tx: read_in(Sighting(tx, bridge, caller), resource_type, resource_id)
    )


def read_in(sighting: Sighting, resource_type: str, resource_id: str) -> Version:
    """As `read`."""
    version = current_of(sighting, resource_type, resource_id)
    looked(sighting, "read", (version,))
    return version


def current_of(sighting: Sighting, resource_type: str, resource_id: str) -> Version:
    """The newest version that the caller may see; nothing is written. Raises: NotFound, Gone."""
    version = sighting.newest((resource_type, resource_id))
    if version is None:
        raise NotFound
    if version.deleted:
        raise Gone
    return version


async def vread(
    bridge: Bridge, caller: Caller, resource_type: str, resource_id: str, version_id: str
) -> Version:
    """One version, by today's decisions. Raises: NotFound, Gone (that version is the deletion), NotForRole."""
    need_reader(caller)
    return await bridge.store.write(
        lambda tx: vread_in(Sighting(tx, bridge, caller), resource_type, resource_id, version_id)
    )


def vread_in(sighting: Sighting, resource_type: str, resource_id: str, version_id: str) -> Version:
    """As `vread`."""
    past = sighting.versions((resource_type, resource_id))
    version = next((each for each in past if each.version == version_id), None)
    if version is None:
        raise NotFound
    if version.deleted:
        raise Gone
    looked(sighting, "vread", (version,))
    return version


async def history(  # noqa: PLR0913  each is a parameter of the request
    bridge: Bridge,
    caller: Caller,
    resource_type: str,
    resource_id: str | None = None,
    *,
    since: datetime | None = None,
    at: Span | None = None,
    count: int = listing.PAGE,
    cursor: str | None = None,
    key: bytes,
) -> Past:
    """
    The versions of one resource or of a type, newest first, deletions among them, by today's decisions.

    Args:
        since: Versions from that moment on (inclusive).
        at: Versions that were current at some moment of it (`listing.range_of`).
        count: Most entries of this page.
        cursor: Where the page before it ended, as `Past.next` said.
        key: Signs and checks cursors.

    Raises: NotFound (nothing of that resource was ever to be seen), CursorGone, NotForRole.
    """
    need_reader(caller)
    asked = listing.PastAsked(resource_type, resource_id, since, at, count, cursor)
    return await _listed(
        bridge,
        caller,
        "history",
        lambda sighting: listing.past(sighting, asked, key=key),
        lambda past: past.versions,
    )


def history_in(sighting: Sighting, asked: listing.PastAsked, *, key: bytes) -> Past:
    """As `history`."""
    past = listing.past(sighting, asked, key=key)
    looked(sighting, "history", past.versions)
    return past


async def search(  # noqa: PLR0913  each is a part of the request
    bridge: Bridge,
    caller: Caller,
    resource_type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    strict: bool = True,
    cursor: str | None = None,
    key: bytes,
    base: str = "",
    in_url: bool = False,
) -> Found:
    """
    The resources of a type that match, evaluated on what the caller may see.

    Args:
        pairs: The parameters in their order, decoded, without those of the interface itself (``_format``, ``_pretty``).
        strict: Refuse unknown parameters; else they are left out and named in ``Found.query.ignored``.
        cursor: Where the page before it ended, as `Found.next` said.
        key: Signs and checks cursors.
        base: Where this server is, so that absolute references to it count as its own.
        in_url: The parameters stood in a URL, where an identity number is refused.

    Raises: BadQuery (a parameter), CursorGone, NotForRole.
    """
    need_reader(caller)
    return await _listed(
        bridge,
        caller,
        "search",
        lambda sighting: searching.found(
            sighting,
            resource_type,
            pairs,
            strict=strict,
            cursor=cursor,
            key=key,
            base=base,
            in_url=in_url,
        ),
        lambda found: (*found.matched, *found.included),
    )


def search_in(
    sighting: Sighting,
    resource_type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    strict: bool,
    cursor: str | None,
    key: bytes,
    base: str,
    in_url: bool,
) -> Found:
    """As `search`."""
    found = searching.found(
        sighting,
        resource_type,
        pairs,
        strict=strict,
        cursor=cursor,
        key=key,
        base=base,
        in_url=in_url,
    )
    looked(sighting, "search", (*found.matched, *found.included))
    return found


async def everything(  # noqa: PLR0913  each is a parameter of the operation
    bridge: Bridge,
    caller: Caller,
    resource_type: str,
    resource_id: str,
    *,
    since: datetime | None = None,
    types: Collection[str] = (),
    count: int | None = None,
    cursor: str | None = None,
    key: bytes,
) -> Found:
    """
    ``$everything`` of a CarePlan or a Patient: it, what belongs to it, and what those refer to.

    Args:
        since: Only what was changed from that moment on (inclusive).
        types: Only these types; all when empty.
        count: Most resources of this page.
        cursor: Where the page before it ended, as `Found.next` said.
        key: Signs and checks cursors.

    Raises: NotFound, Gone, CursorGone, NotForRole.
    """
    need_reader(caller)

    def act(sighting: Sighting) -> Found:
        current_of(sighting, resource_type, resource_id)
        return searching.everything(
            sighting,
            (resource_type, resource_id),
            since=since,
            types=types,
            count=count,
            cursor=cursor,
            key=key,
        )

    return await _listed(bridge, caller, "everything", act, lambda found: found.matched)


async def _listed(
    bridge: Bridge,
    caller: Caller,
    interaction: str,
    act: Callable[[Sighting], L],
    shown: Callable[[L], Sequence[Version]],
) -> L:
    """
    Make a list in a transaction that only reads, and give it out when what it shows has been recorded.

    Lists look at many plans, and whoever writes should not have to wait for that.
    """

    def look(tx: Tx) -> tuple[L, Shown]:
        sighting = Sighting(tx, bridge, caller)
        found = act(sighting)
        return found, shown_of(sighting, shown(found))

    found, told = await bridge.store.read(look)
    await bridge.store.write(lambda tx: record(tx, caller, interaction, told))
    return found

"""Writing as FHIR, one resource at a time: create, update, patch, delete, and the conditional forms of them.

Each is a write set of one entry, so that a single request and a transaction cannot come to differ. A body is validated
here; who calls has only parsed it.
"""

from collections.abc import Sequence
from typing import Any

from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir.entries import Entry, Pairs, Written
from tyokyky_bridge.services.fhir.refusals import EntryRefused
from tyokyky_bridge.services.fhir.writeset import commit


async def create(
    bridge: Bridge,
    caller: Caller,
    resource_type: str,
    document: Document,
    *,
    if_none_exist: Pairs | None = None,
    base: str = "",
) -> Written:
    """
    Create a resource. With *if_none_exist* (decoded criteria) only when nothing matches them.

    Args:
        base: Where this server is, so that absolute references to it count as its own.

    Raises: Invalid, MultipleMatches, BadRequest (criteria that say nothing), NotAllowed, Conflict, InvalidPlan,
        NotYourField, CategoryWithheld, InvalidHetu, NotForRole.
    """
    return await _one(
        bridge,
        caller,
        Entry(0, "POST", resource_type, document=document, if_none_exist=if_none_exist),
        base=base,
    )


async def update(  # noqa: PLR0913  each is a part of the request
    bridge: Bridge,
    caller: Caller,
    resource_type: str,
    resource_id: str,
    document: Document,
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    versioned: bool = True,
    base: str = "",
) -> Written:
    """
    Replace what the caller sees of a resource by *document*; what it does not see stays. Creates it where it may.

    Args:
        if_match: The header: ETags, or ``*`` for any state of what is there.
        if_none_match: The header; only ``*`` has a meaning: create, and touch nothing that is there.
        versioned: Whether an update without If-Match is refused.

    Raises: as `create`; Stale, PreconditionRequired, PlanClosed.
    """
    entry = Entry(
        0,
        "PUT",
        resource_type,
        resource_id,
        document=document,
        if_match=if_match,
        if_none_match=if_none_match,
    )
    return await _one(bridge, caller, entry, versioned=versioned, base=base)


async def update_where(
    bridge: Bridge,
    caller: Caller,
    resource_type: str,
    where: Pairs,
    document: Document,
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    base: str = "",
) -> Written:
    """Update the one resource that matches *where*, or create it. Raises: as `update`, MultipleMatches."""
    entry = Entry(
        0,
        "PUT",
        resource_type,
        document=document,
        where=where,
        if_match=if_match,
        if_none_match=if_none_match,
    )
    return await _one(bridge, caller, entry, versioned=False, base=base)


async def patch(
    bridge: Bridge,
    caller: Caller,
    resource_type: str,
    resource_id: str,
    operations: Sequence[Any],
    *,
    if_match: str | None = None,
    versioned: bool = True,
    base: str = "",
) -> Written:
    """Apply a JSON Patch (RFC 6902) to what the caller sees. Raises: as `update`, NotFound, Gone."""
    entry = Entry(0, "PATCH", resource_type, resource_id, operations=operations, if_match=if_match)
    return await _one(bridge, caller, entry, versioned=versioned, base=base)


async def delete(
    bridge: Bridge, caller: Caller, resource_type: str, resource_id: str, *, if_match: str | None = None
) -> Written:
    """
    Delete what the caller sees of a resource. Deleting what is gone already does nothing.

    Raises: NotFound, NotAllowed (a plan and a client stay; what the hub derives is not deleted), Stale, NotForRole.
    """
    return await _one(bridge, caller, Entry(0, "DELETE", resource_type, resource_id, if_match=if_match))


async def delete_where(
    bridge: Bridge, caller: Caller, resource_type: str, where: Pairs, *, if_match: str | None = None
) -> Written:
    """Delete the one resource that matches *where*; nothing when none does. Raises: as `delete`, MultipleMatches."""
    return await _one(bridge, caller, Entry(0, "DELETE", resource_type, where=where, if_match=if_match))


async def _one(
    bridge: Bridge, caller: Caller, entry: Entry, *, versioned: bool = False, base: str = ""
) -> Written:
    try:
        (outcome,) = await commit(bridge, caller, (entry,), versioned=versioned, base=base)
    except EntryRefused as refusal:
        raise refusal.cause from None
    return outcome

"""Resources that belong to no plan: kept whole, version by version, as the own documents of the caller's party.

All of it is part of a transaction that others open. Nobody but the party meets its documents: to others they are not
there. What is stored is the resource as it goes out, so that numbers keep their digits, and unknown extensions stay.
"""

import re
from collections.abc import Callable
from datetime import datetime

from tyokyky_bridge.domain.hetu import InvalidHetu, parse_hetu
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue
from tyokyky_bridge.fhir.wire.text import parse, render
from tyokyky_bridge.services.callers import Caller, NotForRole
from tyokyky_bridge.services.fhir.ports import Mark
from tyokyky_bridge.services.fhir.records import DocumentMethod, DocumentVersion
from tyokyky_bridge.services.fhir.refusals import Gone, NotFound
from tyokyky_bridge.services.fhir.states import Version, stamped
from tyokyky_bridge.services.plans import EDITORS
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry
from tyokyky_bridge.services.remembered import Remembered

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
LIKE_HETU = re.compile(r"(?<![0-9A-Za-z])\d{6}[-A-FU-Ya-fu-y]\d{3}[0-9A-Ya-y](?![0-9A-Za-z])")

Check = Callable[[Version | None], None]
"""Asked about what stands (``None``: nothing, or a deletion) while nobody else can change it; refuses by raising."""


def anything(_: Version | None) -> None:
    """No condition."""


def create(
    tx: Tx, caller: Caller, type_: str, document: Document, *, id_: str | None = None, returns: bool = False
) -> Version:
    """Keep a new resource under an id that the hub gives: *id_*, where it was given before.

    *returns*: the same id may have been there and deleted; its version numbers go on. Raises: NotForRole.
    """
    _need_editor(caller)
    given = str(tx.new_id()) if id_ is None else id_
    newest = tx.documents.newest(caller.party, type_, given, lock="update") if returns else None
    return _write(tx, caller, (type_, given), newest, "POST", document)


def update(
    tx: Tx, caller: Caller, type_: str, id_: str, document: Document, *, check: Check = anything
) -> tuple[Version, bool]:
    """
    Replace a resource, or bring it under an id of the caller's choice; says which (``True``: it is new).

    After a deletion it is new, and its version numbers go on.

    Raises: NotForRole, Invalid (the id), and what *check* raises.
    """
    _need_editor(caller)
    _check_id(type_, id_)
    newest = tx.documents.newest(caller.party, type_, id_, lock="update")
    standing = _standing(newest)
    check(standing)
    return _write(tx, caller, (type_, id_), newest, "PUT", document), standing is None


def delete(
    tx: Tx, caller: Caller, type_: str, id_: str, *, check: Check | None = None
) -> tuple[Version, bool] | None:
    """
    Delete a resource: the deletion, and whether it is new; ``None`` when there never was such a resource.

    Deleting again does nothing; *check* is asked in every case when there is one.

    Raises: NotForRole, and what *check* raises.
    """
    _need_editor(caller)
    newest = tx.documents.newest(caller.party, type_, id_, lock="update")
    standing = _standing(newest)
    if check is not None:
        check(standing)
    if newest is None:
        return None
    if standing is None:
        return version_of(newest), False
    return _write(tx, caller, (type_, id_), newest, "DELETE", None), True


def current(tx: Tx, caller: Caller, type_: str, id_: str) -> Version:
    """The resource as it stands. Raises: NotFound, Gone."""
    return _there(tx.documents.newest(caller.party, type_, id_))


def version(tx: Tx, caller: Caller, type_: str, id_: str, named: str) -> Version:
    """One version by its ``versionId``. Raises: NotFound, Gone (it is a deletion)."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", named):
        raise NotFound
    return _there(tx.documents.version(caller.party, type_, id_, int(named)))


def standing(
    tx: Tx, caller: Caller, type_: str, *, after: str | None = None, limit: int | None = None
) -> tuple[Version, ...]:
    """All resources of a type that stand, by id; or a page of them from the one after *after*."""
    found = tx.documents.standing(caller.party, type_, after=after, limit=limit)
    return tuple(version_of(each) for each in found)


def history(
    tx: Tx,
    caller: Caller,
    type_: str | None = None,
    id_: str | None = None,
    *,
    since: datetime | None = None,
    after: Mark | None = None,
    limit: int | None = None,
) -> tuple[DocumentVersion, ...]:
    """
    The versions of a resource, of a type, or of all; newest first, deletions among them without a body.

    They are as stored: `version_of` reads one, and its ``at`` and ``seq`` are the mark to go on *after*.
    """
    return tx.documents.history(caller.party, type_, id_, since=since, after=after, limit=limit)


def version_of(row: DocumentVersion) -> Version:
    """A stored version as readers know it, with its document read."""
    return _versions(row.seq, row)


def _read(row: DocumentVersion) -> Version:
    return Version(
        type=row.type,
        id=row.id,
        version=str(row.version),
        at=row.at,
        method=row.method,
        document=None if row.body is None else parse(row.body),
        by=row.party,
        custodians=(row.party,),
        stored=row.body,
    )


_versions = Remembered(_read, most=2048)


def _standing(newest: DocumentVersion | None) -> Version | None:
    return None if newest is None or newest.deleted else version_of(newest)


def _there(found: DocumentVersion | None) -> Version:
    if found is None:
        raise NotFound
    if found.deleted:
        raise Gone
    return version_of(found)


def _write(
    tx: Tx,
    caller: Caller,
    of: tuple[str, str],
    newest: DocumentVersion | None,
    method: DocumentMethod,
    document: Document | None,
) -> Version:
    type_, id_ = of
    number = newest.version + 1 if newest else 1
    at = _moment(tx, newest)
    body = None
    if document is not None:
        body = render(stamped({**document, "resourceType": type_, "id": id_}, str(number), at))
    row = tx.documents.append(caller.party, type_, id_, version=number, at=at, method=method, body=body)
    _audit(tx, caller, newest, row)
    return version_of(row)


def _moment(tx: Tx, newest: DocumentVersion | None) -> datetime:
    """Now, as precise as it is told; a clock that was set back does not turn the order of versions round."""
    now = tx.now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return now if newest is None else max(now, newest.at)


def _check_id(type_: str, id_: str) -> None:
    """An id stands in URLs and in the audit, where identity numbers have no place. Source: R4, datatype ``id``."""
    if not ID.fullmatch(id_):
        rule = "an id has 1 to 64 letters, digits, hyphens and dots"
        raise Invalid([Issue("error", "value", rule, f"{type_}.id")])
    if any(_is_hetu(each) for each in LIKE_HETU.findall(id_)):
        rule = "an identity number cannot be an id"
        raise Invalid([Issue("error", "business-rule", rule, f"{type_}.id")])


def _is_hetu(text: str) -> bool:
    try:
        parse_hetu(text)
    except InvalidHetu:
        return False
    return True


def _need_editor(caller: Caller) -> None:
    if caller.role not in EDITORS:
        raise NotForRole(" or ".join(sorted(EDITORS)))


def _audit(tx: Tx, caller: Caller, before: DocumentVersion | None, row: DocumentVersion) -> None:
    new = before is None or before.deleted
    act = "deleted" if row.deleted else "created" if new else "updated"
    tx.audit.add(
        AuditEntry(
            event=f"document/{act}",
            outcome="ok",
            actor_party=caller.party,
            actor_role=caller.role.value,
            actor_sub=caller.subject,
            what={"type": row.type, "id": row.id, "version": row.version},
        )
    )

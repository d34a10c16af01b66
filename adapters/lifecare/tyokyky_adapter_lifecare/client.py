"""The adapter of Lifecare: what the engine's contract means in its documents, versions and signatures."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

import httpx
from pydantic import BaseModel, ValidationError

from tyokyky_adapter_lifecare import notices
from tyokyky_adapter_lifecare.records import (
    KIND,
    DocumentHead,
    Hits,
    Versions,
    content_of,
    document_of,
    empty_form,
    number_of,
    person_of,
)
from tyokyky_adapter_lifecare.session import Session, Tell, fault_of, raise_for_fault
from tyokyky_bridge.adapterkit.contract import (
    Adapter,
    Changes,
    Found,
    Health,
    Licence,
    Native,
    Notice,
    Standing,
    SystemConfig,
    Written,
)
from tyokyky_bridge.adapterkit.errors import ChangedUnderneath, PartnerError, TryLater
from tyokyky_bridge.adapterkit.http import json_object, segment

DRAFT, VOIDED = "LUONNOS", "MITATOITY"
_UNREADABLE = "-"
_Model = TypeVar("_Model", bound=BaseModel)


class Lifecare:
    """One Lifecare installation.

    It reads only versions that somebody signed or that the hub itself wrote; a user's open draft is nobody's
    word yet, and while one is open nothing is written over it. The version token joins the ETags of the document
    and of the patient, since both stand in the content.
    """

    def __init__(self, config: SystemConfig) -> None:
        self._session = Session(config)
        named = ("notify_secret", "notify_secret_next")
        self._notify_secrets = tuple(config.options.get(name, "") for name in named)

    async def find(self, hetu: str) -> Found:
        """See `Adapter.find`."""
        async with self._session.http.one_call():
            person, _ = await self._read("/potilaat/haku", {"hetu": hetu})
            person_id = _text(person, "potilasId")
            head = await self._plan_of(person_id)
            return Found(person_id=person_id, record_id=head.asiakirjaId if head else None)

    async def fetch(self, found: Found) -> Standing:
        """See `Adapter.fetch`."""
        async with self._session.http.one_call():
            person, person_tag = await self._read(f"/potilaat/{segment(found.person_id)}")
            form = empty_form(person_of(person))
            if found.record_id is None:
                return Standing(form)
            path = f"/asiakirjat/{segment(found.record_id)}"
            document, tag = await self._read(path)
            if document.get("tila") == VOIDED:
                return Standing(form)
            if document.get("tila") == DRAFT and not self._ours(document):
                number = await self._last_readable(path)
                if number is None:
                    return Standing(form, found.record_id, f"{_UNREADABLE};{person_tag}")
                document, tag = await self._read(f"{path}/versiot/{number}")
            return Standing(content_of(document, person_of(person)), found.record_id, f"{tag};{person_tag}")

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        """See `Adapter.write`. The document goes first, then the person block, each only when it differs."""
        tell = Tell(self._session, key=key, licence=licence)
        async with self._session.http.one_call():
            if standing.version is None:
                person_tag = await self._person_as_read(found, standing)
                record_id, tag = await self._create(found, content, tell)
            else:
                record_id = standing.record_id or ""
                tag, _, person_tag = standing.version.partition(";")
                if document_of(content) != document_of(standing.content):
                    tag = await self._replace(record_id, content, tag, tell)
            if content.get("potilas") != standing.content.get("potilas"):
                person_tag = await self._replace_person(found, content, person_tag, tell)
            return Written(record_id, f"{tag};{person_tag}")

    async def retract(  # noqa: RET503  # raise_for_fault never returns
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        """See `Adapter.retract`. What a user of Lifecare created is theirs to void, so it is retained."""
        del found  # a document's id says whose it is
        if standing.record_id is None:
            return "voided"
        tell = Tell(self._session, key=key, licence=licence)
        path = f"/asiakirjat/{segment(standing.record_id)}"
        async with self._session.http.one_call():
            tag = (standing.version or "").partition(";")[0]
            answer = await tell("POST", f"{path}/mitatointi", None, version=tag)
            if answer.status_code == 200:
                return "voided"
            if fault_of(answer)[0] == "LC-4031":
                return "retained"
            if answer.status_code == 412:
                self._wait_for_user((await self._read(path))[0])
            raise_for_fault(answer)

    async def changes(self, cursor: str | None) -> Changes:
        """See `Adapter.changes`. Lifecare only pushes."""
        return Changes((), cursor or "")

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """See `Adapter.read_notice`."""
        notices.prove(headers, body, secrets=self._notify_secrets, now=now)
        return notices.read(headers, body)

    def matches(self, version: str, told: str) -> bool:
        """See `Adapter.matches`: the document's part of the token. A message names no version of a person."""
        return version.partition(";")[0] == told

    async def number_of(self, person_id: str) -> str | None:
        """See `Adapter.number_of`. Raises NotThere for a patient who was merged into another."""
        async with self._session.http.one_call():
            patient, _ = await self._read(f"/potilaat/{segment(person_id)}")
            return number_of(patient)

    async def health(self) -> Health:
        """See `Adapter.health`; proves the credentials too."""
        began = time.monotonic()
        try:
            async with self._session.http.one_call():
                answer = await self._session.ask("GET", "/tila")
        except PartnerError as wrong:
            return Health(ok=False, detail=wrong.code)
        detail = "" if answer.status_code == 200 else fault_of(answer)[0]
        return Health(ok=not detail, detail=detail, milliseconds=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Close connections."""
        await self._session.http.aclose()

    async def _plan_of(self, person_id: str) -> DocumentHead | None:
        """The person's plan document that is not voided; Lifecare keeps at most one."""
        given = {"potilasId": person_id, "laji": KIND}
        hits, _ = await self._read("/asiakirjat/haku", given)
        found = _parsed(Hits, hits).asiakirjat
        return found[0] if found else None

    async def _read(self, path: str, query: dict[str, Any] | None = None) -> tuple[dict[str, Any], str]:
        answer = await self._session.ask("GET" if query is None else "POST", path, query)
        if answer.status_code != 200:
            raise_for_fault(answer)
        return json_object(answer, wrote=False), _tag(answer)

    async def _last_readable(self, path: str) -> int | None:
        """The newest version that was ever signed or that we wrote; our draft may have been edited since."""
        heads = _parsed(Versions, (await self._read(f"{path}/versiot"))[0]).versiot
        own = self._session.client_id
        return max((h.versio for h in heads if h.allekirjoitettu or h.kirjaaja == own), default=None)

    def _ours(self, document: dict[str, Any]) -> bool:
        author: Any = document.get("kirjaaja")
        return isinstance(author, dict) and cast("Any", author).get("tunnus") == self._session.client_id

    def _wait_for_user(self, current: dict[str, Any]) -> None:
        """Fetching again would not help while a user holds a draft open: what we read stays the same."""
        if current.get("tila") == DRAFT and not self._ours(current):
            raise TryLater(reason="open-draft", record_only=True)

    async def _person_as_read(self, found: Found, standing: Standing) -> str:
        person, tag = await self._read(f"/potilaat/{segment(found.person_id)}")
        if person_of(person) != standing.content.get("potilas"):
            raise ChangedUnderneath(native_code="potilas")
        return tag

    async def _create(self, found: Found, content: Native, tell: Tell) -> tuple[str, str]:
        head = await self._plan_of(found.person_id)
        if head is not None:
            if head.viite != tell.key:
                raise ChangedUnderneath(native_code="LC-4090")
            return head.asiakirjaId, (await self._read(f"/asiakirjat/{segment(head.asiakirjaId)}"))[1]
        body = {"potilasId": found.person_id, **document_of(content)}
        answer = await tell("POST", "/asiakirjat", body)
        if answer.status_code not in {200, 201}:
            raise_for_fault(answer)
        return _text(json_object(answer, wrote=True), "asiakirjaId"), _tag(answer)

    async def _replace(  # noqa: RET503
        self, record_id: str, content: Native, tag: str, tell: Tell
    ) -> str:
        if tag == _UNREADABLE:
            raise TryLater(reason="open-draft", record_only=True)
        path = f"/asiakirjat/{segment(record_id)}"
        answer = await tell("PUT", path, document_of(content), version=tag)
        if answer.status_code == 200:
            return _tag(answer)
        if answer.status_code == 412:
            current, landed = await self._read(path)
            if current.get("viite") == tell.key and self._ours(current):
                return landed
            self._wait_for_user(current)
        raise_for_fault(answer)

    async def _replace_person(  # noqa: RET503
        self, found: Found, content: Native, tag: str, tell: Tell
    ) -> str:
        path = f"/potilaat/{segment(found.person_id)}"
        answer = await tell("PUT", path, content.get("potilas", {}), version=tag)
        if answer.status_code == 200:
            return _tag(answer)
        if answer.status_code == 412:
            current, landed = await self._read(path)
            if current.get("viite") == tell.key:
                return landed
        raise_for_fault(answer)


def connect(config: SystemConfig) -> Adapter:
    """Make the adapter of one Lifecare; its options stand in the README."""
    return Lifecare(config)


def _tag(answer: httpx.Response) -> str:
    """The ETag as it came. It is weak (``W/"7"``), but Lifecare takes it in If-Match; see the README."""
    return answer.headers.get("etag", "")


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise TryLater(reason="malformed-answer")
    return value


def _parsed(model: type[_Model], document: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(document)
    except ValidationError:
        raise TryLater(reason="malformed-answer") from None

"""The TYPPI adapter: one plan in eight sections, each written on its own condition."""

import copy
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from tyokyky_adapter_typpi import feed
from tyokyky_adapter_typpi.assertion import Signer
from tyokyky_adapter_typpi.problems import cursor_is_lost, raise_for_problem
from tyokyky_adapter_typpi.records import (
    EMPTY,
    ClientRecord,
    PlanRecord,
    content_of,
    sections_of,
)
from tyokyky_adapter_typpi.session import Session, parsed
from tyokyky_bridge.adapterkit.contract import (
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
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    ChangedUnderneath,
    NotAuthentic,
    OutcomeUnknown,
    PartnerError,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp, json_object, segment
from tyokyky_bridge.adapterkit.manifest import Manifest

_MALFORMED = "malformed-answer"
_NO_VERSION = "section-without-version"
_NO_MESSAGES = "typpi pushes no messages"
_LONGEST_WAIT_S = 25


class Typpi:
    """One installed TYPPI. The version of a record is the opaque JSON of its sections' entity tags."""

    def __init__(self, session: Session, *, feed_wait_s: int) -> None:
        self._session = session
        self._feed_wait_s = feed_wait_s

    @classmethod
    def of(cls, config: SystemConfig) -> "Typpi":
        """Make it from the system's configuration. Raises `ValueError` for options that cannot work."""
        http = PartnerHttp.of(config, Manifest.of("tyokyky_adapter_typpi"))
        wait_s = int(config.options.get("feed_wait_s", "1"))
        if not 0 <= wait_s <= _LONGEST_WAIT_S:
            msg = f"feed_wait_s must be from 0 to {_LONGEST_WAIT_S}"
            raise ValueError(msg)
        # Half of the deadline is left for a login and for the answer itself.
        return cls(Session(http, Signer.of(config)), feed_wait_s=min(wait_s, int(http.deadline_s / 2)))

    async def find(self, hetu: str) -> Found:
        """Find the client and their plan. A person without a TYP customership is not there."""
        async with self._session.http.one_call():
            answer = await self._session.call("POST", "/typpi/asiakkaat/haku", {"hetu": hetu})
            client = parsed(ClientRecord, json_object(answer, wrote=False), wrote=False)
            return Found(client.asiakasId, client.plan_id)

    async def fetch(self, found: Found) -> Standing:
        """Fetch all sections, their text unescaped."""
        if found.record_id is None:
            return Standing(copy.deepcopy(EMPTY))
        async with self._session.http.one_call():
            answer = await self._session.call("GET", f"/typpi/suunnitelmat/{segment(found.record_id)}")
            return _standing(json_object(answer, wrote=False), wrote=False)

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        """Write the sections whose content differs from *standing*, one after the other.

        A plan that does not exist is opened with all its sections in one request. When a later section
        fails, the earlier ones stay written; after a fresh fetch they no longer differ, so calling again
        does only the rest.
        """
        _only_sections_differ(content, standing.content)
        before, after = sections_of(standing.content), sections_of(content)
        changed = {name: fields for name, fields in after.items() if fields != before.get(name, {})}
        async with self._session.http.one_call():
            if standing.record_id is None:
                return await self._open(found, changed, key=key, licence=licence)
            return await self._replace(standing, changed, key=key, licence=licence)

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        """A plan in the joint register is not ours to take away: always ``retained``.

        What the hub wrote is emptied field by field instead (manifest: ``blank``), which is a `write`.
        """
        _ = (found, standing, key, licence)
        return "retained"

    async def changes(self, cursor: str | None) -> Changes:
        """Read one page of the feed, waiting a moment for the first row when there is none.

        A cursor that TYPPI no longer takes (too old, or another installation's) is lost: the answer then holds a
        fresh one that begins at the present.
        """
        async with self._session.http.one_call():
            answer = await self._session.ask("GET", feed.place(cursor, wait_s=self._feed_wait_s))
            lost = cursor is not None and cursor_is_lost(answer)
            if lost:
                answer = await self._session.ask("GET", feed.place(None, wait_s=0))
            try:
                raise_for_problem(answer, wrote=False)
            except (TryLater, Blocked):
                raise
            except PartnerError as odd:  # says something of a record, and no record was asked for
                raise TryLater(odd.code) from odd
            return parsed(feed.Page, json_object(answer, wrote=False), wrote=False).changes(
                us=self._session.client_id, lost=lost
            )

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """TYPPI sends no messages, so none can be authentic."""
        _ = (headers, body, now)
        raise NotAuthentic(_NO_MESSAGES)

    def matches(self, version: str, told: str) -> bool:
        """See `Adapter.matches`: every section that the hint tells of stands at the entity tag that we know."""
        return feed.is_known(told, json.loads(version))

    async def number_of(self, person_id: str) -> str | None:
        """The number in the client resource. Raises also NotThere, when the client is not readable any more."""
        async with self._session.http.one_call():
            answer = await self._session.call("GET", f"/typpi/asiakkaat/{segment(person_id)}")
            return parsed(ClientRecord, json_object(answer, wrote=False), wrote=False).hetu

    async def health(self) -> Health:
        """Log in and open the front page."""
        began = time.monotonic()
        try:
            async with self._session.http.one_call():
                await self._session.call("GET", "/typpi")
        except PartnerError as wrong:
            return Health(ok=False, detail=wrong.code)
        return Health(ok=True, milliseconds=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Close connections."""
        await self._session.http.aclose()

    async def _open(
        self, found: Found, sections: Mapping[str, Any], *, key: str, licence: Licence
    ) -> Written:
        body = {
            "asiakasId": found.person_id,
            "osiot": [{"osio": name, "tiedot": fields} for name, fields in sections.items()],
        }
        answer = await self._session.call("POST", "/typpi/suunnitelmat", body, key=key, licence=licence)
        opened = _standing(json_object(answer, wrote=True), wrote=True)
        if opened.record_id is None:
            raise OutcomeUnknown(_MALFORMED)
        return Written(opened.record_id, opened.version)

    async def _replace(
        self, standing: Standing, sections: Mapping[str, Any], *, key: str, licence: Licence
    ) -> Written:
        record_id = standing.record_id or ""
        tags: dict[str, str | None] = json.loads(standing.version or "{}")
        for name, fields in sections.items():
            tag = tags.get(name)
            if tag is None:
                raise ChangedUnderneath(_NO_VERSION)
            path = f"/typpi/suunnitelmat/{segment(record_id)}/osiot/{segment(name)}"
            answer = await self._session.call(
                "PUT", path, {"tiedot": fields}, key=f"{key}-{name}", if_match=tag, licence=licence
            )
            tags[name] = answer.headers.get("etag")
        # Without every tag the next write could not be conditional: the engine then fetches again.
        complete = all(tag is not None for tag in tags.values())
        return Written(record_id, _version(tags) if complete else None)


def _standing(document: dict[str, Any], *, wrote: bool) -> Standing:
    record = parsed(PlanRecord, document, wrote=wrote)
    tags = {section.osio: section.etag for section in record.embedded.osiot}
    return Standing(content_of(document), record.suunnitelmaId, _version(tags))


def _version(tags: Mapping[str, str | None]) -> str:
    return json.dumps(tags, sort_keys=True, separators=(",", ":"))


def _only_sections_differ(content: Native, standing: Native) -> None:
    """TYPPI takes sections only; anything else that a mapping changed would never become true."""
    outside = sorted(
        name for name in {*content, *standing} - {"osiot"} if content.get(name) != standing.get(name)
    )
    if outside:
        raise Refused(tuple(Refusal("vain-osiot", name, "only sections can be written") for name in outside))

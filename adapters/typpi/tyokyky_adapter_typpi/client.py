"""The TYPPI adapter: one plan in eight sections, each written on its own condition."""

import asyncio
import copy
import json
import time
from collections.abc import Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import httpx
import orjson
from pydantic import BaseModel, ValidationError

from tyokyky_adapter_typpi.assertion import Signer
from tyokyky_adapter_typpi.problems import raise_for_problem
from tyokyky_adapter_typpi.records import (
    EMPTY,
    ClientRecord,
    PlanRecord,
    content_of,
    sections_of,
)
from tyokyky_bridge.adapterkit.contract import (
    Found,
    Health,
    Licence,
    Native,
    Standing,
    SystemConfig,
    Written,
)
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    ChangedUnderneath,
    OutcomeUnknown,
    PartnerError,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp, json_object, raise_for_outage, segment
from tyokyky_bridge.adapterkit.manifest import Manifest

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RENEW_BEFORE_S = 10.0
_MALFORMED = "malformed-answer"
_NO_VERSION = "section-without-version"
_LOGIN_REFUSED = "login-refused"

M = TypeVar("M", bound=BaseModel)


class Typpi:
    """One installed TYPPI. The version of a record is the opaque JSON of its sections' entity tags."""

    def __init__(self, http: PartnerHttp, signer: Signer) -> None:
        self._http = http
        self._signer = signer
        self._token = ""
        self._token_until = 0.0
        self._login = asyncio.Lock()

    @classmethod
    def of(cls, config: SystemConfig) -> "Typpi":
        """Make it from the system's configuration. Raises `ValueError` for options that cannot work."""
        manifest = Manifest.of("tyokyky_adapter_typpi")
        return cls(PartnerHttp.of(config, manifest), Signer.of(config))

    async def find(self, hetu: str) -> Found:
        """Find the client and their plan. A person without a TYP customership is not there."""
        async with self._http.one_call():
            answer = await self._call("POST", "/typpi/asiakkaat/haku", {"hetu": hetu})
            client = _parsed(ClientRecord, json_object(answer, wrote=False), wrote=False)
            return Found(client.asiakasId, client.plan_id)

    async def fetch(self, found: Found) -> Standing:
        """Fetch all sections, their text unescaped."""
        if found.record_id is None:
            return Standing(copy.deepcopy(EMPTY))
        async with self._http.one_call():
            answer = await self._call("GET", f"/typpi/suunnitelmat/{segment(found.record_id)}")
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
        async with self._http.one_call():
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

    async def health(self) -> Health:
        """Log in and open the front page."""
        began = time.monotonic()
        try:
            async with self._http.one_call():
                await self._call("GET", "/typpi")
        except PartnerError as wrong:
            return Health(ok=False, detail=wrong.code)
        return Health(ok=True, milliseconds=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _open(
        self, found: Found, sections: Mapping[str, Any], *, key: str, licence: Licence
    ) -> Written:
        body = {
            "asiakasId": found.person_id,
            "osiot": [{"osio": name, "tiedot": fields} for name, fields in sections.items()],
        }
        answer = await self._call("POST", "/typpi/suunnitelmat", body, key=key, licence=licence)
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
            answer = await self._call(
                "PUT", path, {"tiedot": fields}, key=f"{key}-{name}", if_match=tag, licence=licence
            )
            tags[name] = answer.headers.get("etag")
        # Without every tag the next write could not be conditional: the engine then fetches again.
        complete = all(tag is not None for tag in tags.values())
        return Written(record_id, _version(tags) if complete else None)

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        licence: Licence | None = None,
    ) -> httpx.Response:
        """Send one request as somebody who is logged in; a token that is no longer good is renewed once."""
        headers = {"accept": "application/hal+json, application/problem+json"}
        if body is not None:
            headers["content-type"] = "application/json"
        if key is not None:
            headers["idempotency-key"] = key
        if if_match is not None:
            headers["if-match"] = if_match
        content = orjson.dumps(body) if body is not None else None
        for attempt in (1, 2):
            token = await self._bearer()
            answer = await self._http.send(
                method,
                path,
                content=content,
                headers={**headers, "authorization": f"Bearer {token}"},
                licence=licence,
            )
            if answer.status_code != 401 or attempt == 2:
                break
            if self._token == token:
                self._token = ""
        raise_for_problem(answer, wrote=licence is not None)
        return answer

    async def _bearer(self) -> str:
        async with self._login:
            if not self._token or time.monotonic() >= self._token_until:
                await self._log_in()
            return self._token

    async def _log_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._signer.assertion(),
        }
        answer = await self._http.send(
            "POST",
            "/typpi/token",
            content=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
        )
        raise_for_outage(answer, wrote=False)
        if not answer.is_success:
            raise Blocked(_LOGIN_REFUSED)
        granted = _parsed(_Granted, json_object(answer, wrote=False), wrote=False)
        self._token = granted.access_token
        # A token too short-lived to be renewed early is used until TYPPI refuses it.
        self._token_until = time.monotonic() + max(granted.expires_in - _RENEW_BEFORE_S, 1.0)


class _Granted(BaseModel):
    access_token: str
    expires_in: float = 60.0


def _standing(document: dict[str, Any], *, wrote: bool) -> Standing:
    record = _parsed(PlanRecord, document, wrote=wrote)
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


def _parsed(model: type[M], document: dict[str, Any], *, wrote: bool) -> M:
    try:
        return model.model_validate(document)
    except ValidationError:
        pass
    if wrote:
        raise OutcomeUnknown(_MALFORMED)
    raise TryLater(_MALFORMED)

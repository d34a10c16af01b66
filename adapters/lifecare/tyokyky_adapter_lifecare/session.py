"""Logged-in requests to Lifecare: token, customer header, one new login when the token has run out."""

import asyncio
import time
from typing import Any, NoReturn
from urllib.parse import urlencode

import httpx
import orjson

from tyokyky_bridge.adapterkit.contract import Licence, SystemConfig
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    NotThere,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp, json_object, raise_for_outage
from tyokyky_bridge.adapterkit.manifest import Manifest

API = "/lifecare/api/v2"
SCOPES = "tyokyky.luku tyokyky.kirjoitus"

RULES = {
    "LC-4221": "text is longer than 8000 characters",
    "LC-4222": "text has a control character",
    "LC-4223": "structure is not accepted",
}
"""Our own words: theirs could repeat content."""


class Session:
    """Everything that all requests share.

    Args:
        config: Options ``client_id``, ``client_secret`` and ``customer_id`` are required.
    """

    def __init__(self, config: SystemConfig) -> None:
        self.client_id = config.options["client_id"]
        self._secret = config.options["client_secret"]
        self.http = PartnerHttp.of(
            config,
            Manifest.of("tyokyky_adapter_lifecare"),
            headers={"x-customer-id": config.options["customer_id"], "accept": "application/json"},
        )
        self._token: tuple[str, float] | None = None
        self._login = asyncio.Lock()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """A request that changes nothing."""
        return await self._send(method, path, body, headers={}, licence=None)

    async def tell(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        *,
        key: str,
        licence: Licence,
        version: str | None = None,
    ) -> httpx.Response:
        """A request that changes something: *key* becomes Lifecare's reference, *version* its condition."""
        headers = {"x-viite": key} if version is None else {"x-viite": key, "if-match": version}
        return await self._send(method, path, body, headers=headers, licence=licence)

    async def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        *,
        headers: dict[str, str],
        licence: Licence | None,
    ) -> httpx.Response:
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            headers = {**headers, "content-type": "application/json"}
        async with self.http.one_call():
            for attempt in ("with the token we have", "with a new one"):
                token = await self._bearer(new=attempt == "with a new one")
                answer = await self.http.send(
                    method,
                    API + path,
                    content=content,
                    headers={**headers, "authorization": f"Bearer {token}"},
                    licence=licence,
                )
                if answer.status_code != 401:
                    break
            raise_for_outage(answer, wrote=licence is not None)
            if answer.status_code in {401, 403}:
                code, _ = fault_of(answer)
                if code != "LC-4031":
                    raise Blocked(code)
            return answer

    async def _bearer(self, *, new: bool) -> str:
        before = self._token
        async with self._login:
            if self._token is not None and (self._token is not before or not new):
                token, until = self._token
                if time.monotonic() < until:
                    return token
            self._token = await self._log_in()
            return self._token[0]

    async def _log_in(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self._secret,
            "scope": SCOPES,
        }
        answer = await self.http.send(
            "POST",
            "/lifecare/oauth2/token",
            content=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        raise_for_outage(answer, wrote=False)
        if answer.status_code != 200:
            reason = f"oauth-{answer.status_code}"
            raise Blocked(reason)
        given = json_object(answer, wrote=False)
        token, life_s = given.get("access_token"), given.get("expires_in", 0)
        if not isinstance(token, str) or not isinstance(life_s, int | float):
            raise TryLater(reason="malformed-token")
        # Half a minute early, so that a token does not run out on its way.
        return token, time.monotonic() + max(0.0, life_s - 30)


class Tell:
    """The changing requests of one write: all under its key and its licence."""

    def __init__(self, session: Session, *, key: str, licence: Licence) -> None:
        self.key = key
        self._session = session
        self._licence = licence

    async def __call__(
        self, method: str, path: str, body: dict[str, Any] | None, *, version: str | None = None
    ) -> httpx.Response:
        """See `Session.tell`."""
        return await self._session.tell(
            method, path, body, key=self.key, licence=self._licence, version=version
        )


def fault_of(answer: httpx.Response) -> tuple[str, dict[str, Any]]:
    """Lifecare's error code and envelope; ``http-<status>`` when the answer is not theirs."""
    try:
        fault: Any = orjson.loads(answer.content)["virhe"]
        return str(fault["koodi"])[:20], dict(fault)
    except (ValueError, KeyError, TypeError):
        return f"http-{answer.status_code}", {}


def raise_for_fault(answer: httpx.Response) -> NoReturn:
    """Turn an error answer into what the engine does next."""
    code, fault = fault_of(answer)
    if code == "LC-2009":
        raise AmbiguousIdentity(len(fault.get("potilasIdt", ())) or 2)
    if answer.status_code == 404:
        raise NotThere(code)
    if answer.status_code in {409, 412} or code == "LC-4224":
        raise ChangedUnderneath(code)
    field = fault.get("kentta")
    raise Refused((Refusal(code, str(field)[:100] if field else None, RULES.get(code, "")),))

"""Talking to TYPPI as somebody who is logged in: signed assertion for a token, token on every request."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
import orjson
from pydantic import BaseModel, ValidationError

from tyokyky_adapter_typpi.assertion import Signer
from tyokyky_adapter_typpi.problems import raise_for_problem
from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.adapterkit.errors import Blocked, OutcomeUnknown, TryLater
from tyokyky_bridge.adapterkit.http import PartnerHttp, json_object, raise_for_outage

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RENEW_BEFORE_S = 10.0
_LOGIN_REFUSED = "login-refused"
_MALFORMED = "malformed-answer"

M = TypeVar("M", bound=BaseModel)


class Session:
    """Requests with a bearer token, which is fetched when needed and renewed once when TYPPI refuses it."""

    def __init__(self, http: PartnerHttp, signer: Signer) -> None:
        self.http = http
        self._signer = signer
        self._token = ""
        self._token_until = 0.0
        self._login = asyncio.Lock()

    @property
    def client_id(self) -> str:
        """Who the hub is to TYPPI."""
        return self._signer.client_id

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        licence: Licence | None = None,
    ) -> httpx.Response:
        """Send one request; whatever is not a success is raised (see `raise_for_problem`)."""
        answer = await self.ask(method, path, body, key=key, if_match=if_match, licence=licence)
        raise_for_problem(answer, wrote=licence is not None)
        return answer

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        licence: Licence | None = None,
    ) -> httpx.Response:
        """Send one request and take whatever the answer is."""
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
            answer = await self.http.send(
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
        answer = await self.http.send(
            "POST",
            "/typpi/token",
            content=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
        )
        raise_for_outage(answer, wrote=False)
        if not answer.is_success:
            raise Blocked(_LOGIN_REFUSED)
        granted = parsed(_Granted, json_object(answer, wrote=False), wrote=False)
        self._token = granted.access_token
        # A token too short-lived to be renewed early is used until TYPPI refuses it.
        self._token_until = time.monotonic() + max(granted.expires_in - _RENEW_BEFORE_S, 1.0)


class _Granted(BaseModel):
    access_token: str
    expires_in: float = 60.0


def parsed(model: type[M], document: dict[str, Any], *, wrote: bool) -> M:
    """Read an answer as *model*. Raises: OutcomeUnknown when the request *wrote*, else TryLater."""
    try:
        return model.model_validate(document)
    except ValidationError:
        pass
    if wrote:
        raise OutcomeUnknown(_MALFORMED)
    raise TryLater(_MALFORMED)

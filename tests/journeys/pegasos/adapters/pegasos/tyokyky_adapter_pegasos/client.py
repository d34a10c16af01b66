"""The adapter of Pegasos: one text record for each patient, written whole against its version."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import httpx
import orjson

from tyokyky_adapter_pegasos.records import content_of, empty_form
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
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    NotAuthentic,
    NotThere,
    PartnerError,
    Refusal,
    Refused,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp, json_object, raise_for_outage, segment
from tyokyky_bridge.adapterkit.manifest import Manifest

NEW = "0"
"""The version to write against when there is no record yet."""


class Pegasos:
    """One Pegasos installation. Option: ``api_key``."""

    def __init__(self, config: SystemConfig) -> None:
        headers = {"X-Api-Key": config.options["api_key"], "Content-Type": "application/json"}
        self._http = PartnerHttp.of(config, Manifest.of(__package__ or ""), headers=headers)

    async def find(self, hetu: str) -> Found:
        """See `Adapter.find`."""
        async with self._http.one_call():
            answer = await self._http.send("POST", "/potilaat/haku", content=orjson.dumps({"hetu": hetu}))
            hits = _object(answer)["potilaat"]
            if not hits:
                raise NotThere
            if len(hits) > 1:
                raise AmbiguousIdentity(len(hits))
            return Found(hits[0]["potilas"], hits[0]["suunnitelma"])

    async def fetch(self, found: Found) -> Standing:
        """See `Adapter.fetch`."""
        if found.record_id is None:
            return Standing(empty_form())
        async with self._http.one_call():
            text = _object(await self._http.send("GET", _path(found)))
            return Standing(content_of(text), found.record_id, str(text["versio"]))

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        """See `Adapter.write`."""
        async with self._http.one_call():
            answer = await self._http.send(
                "PUT",
                _path(found),
                content=orjson.dumps(content),
                headers={"If-Match": standing.version or NEW, "X-Viite": key},
                licence=licence,
            )
            written = _object(answer, wrote=True)
            return Written(written["suunnitelma"], str(written["versio"]))

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        """See `Adapter.retract`. Pegasos takes nothing away; the hub blanks its own lines before."""
        return "retained"

    async def changes(self, cursor: str | None) -> Changes:
        """See `Adapter.changes`. Pegasos keeps no log of changes; the hub finds out when it looks."""
        return Changes((), "0")

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """See `Adapter.read_notice`. Pegasos sends no messages."""
        raise NotAuthentic("no-notices")

    def matches(self, version: str, told: str) -> bool:
        """See `Adapter.matches`. Pegasos tells of nothing."""
        return False

    async def number_of(self, person_id: str) -> str | None:
        """See `Adapter.number_of`. Pegasos does not tell."""
        return None

    async def health(self) -> Health:
        """See `Adapter.health`."""
        began = time.monotonic()
        try:
            _object(await self._http.send("GET", "/tila"))
        except PartnerError as wrong:
            return Health(ok=False, detail=wrong.code)
        return Health(ok=True, milliseconds=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()


def connect(config: SystemConfig) -> Adapter:
    """Make the adapter of one Pegasos."""
    return Pegasos(config)


def _path(found: Found) -> str:
    return f"/potilaat/{segment(found.person_id)}/suunnitelma"


def _object(answer: httpx.Response, *, wrote: bool = False) -> dict[str, Any]:
    raise_for_outage(answer, wrote=wrote)
    match answer.status_code:
        case 401:
            raise Blocked("api-key")
        case 404:
            raise NotThere
        case 409:
            raise ChangedUnderneath("versio")
        case 200:
            return json_object(answer, wrote=wrote)
        case status:
            raise Refused((Refusal(f"http-{status}"),))

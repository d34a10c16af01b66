"""The part of an adapter for a partner that never tells anything by itself."""

from collections.abc import Mapping
from datetime import datetime

from tyokyky_bridge.adapterkit.contract import Changes, Health, Notice
from tyokyky_bridge.adapterkit.errors import NotAuthentic


class Silent:
    """No news, no notices, nobody renumbered; always well."""

    async def changes(self, cursor: str | None) -> Changes:
        return Changes((), "0")

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        msg = "nobody sends notices"
        raise NotAuthentic(msg)

    def matches(self, version: str, told: str) -> bool:
        return version == told

    async def number_of(self, person_id: str) -> str | None:
        return None

    async def health(self) -> Health:
        return Health(ok=True)

    async def aclose(self) -> None:
        return None

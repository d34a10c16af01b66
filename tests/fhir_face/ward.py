"""A small client of the FHIR face for checks: who calls is an argument, and URLs are as the server writes them."""

import json
from collections.abc import Iterable
from typing import Any

import httpx

from tyokyky_bridge.services.ports import Store
from worlds.hub import y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.web import Recorded, a_web

ADDRESS = "http://hub.test"
FHIR_JSON = "application/fhir+json"
SYSTEM = "https://kunta.example/asiakas"
Document = dict[str, Any]


class Ward:
    """Health care's worker at the FHIR face of a fresh hub, and whoever else is named."""

    def __init__(self, store: Store) -> None:
        self.web = a_web(store, observe=False)

    async def ask(
        self, method: str, url: str, body: Any = None, *, headers: dict[str, str] | None = None, **who: Any
    ) -> httpx.Response:
        """One request below ``/fhir``, or to a URL that the server gave."""
        path = url.removeprefix(ADDRESS) if url.startswith(ADDRESS) else f"/fhir/{url}".rstrip("/")
        raw = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": FHIR_JSON, **(headers or {})} if raw is not None else headers
        return await self.web.call(method, path, raw=raw, headers=sent, **who)

    async def good(self, method: str, url: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request that has to succeed."""
        answer = await self.ask(method, url, body, **more)
        assert answer.status_code < 300, answer.text
        return answer

    async def read(self, url: str, **more: Any) -> Document:
        """The document behind a URL."""
        return (await self.good("GET", url, **more)).json()

    async def found(self, url: str, **more: Any) -> list[Document]:
        """The resources of one page of a search."""
        return [each["resource"] for each in (await self.read(url, **more)).get("entry", [])]

    async def pages(self, url: str, **more: Any) -> list[Document]:
        """The entries of all pages."""
        entries: list[Document] = []
        following: str | None = url
        while following is not None:
            bundle = await self.read(following, **more)
            entries += bundle.get("entry", [])
            following = link(bundle, "next")
        return entries

    async def somebody(self, number: int = 1, *, who: dict[str, Any] | None = None, **more: Any) -> Document:
        """A Patient of whom the hub has no plan."""
        return (await self.good("POST", "Patient", somebody(number, **more), **(who or {}))).json()

    async def disclosed(self, *categories: str, party: str = EMPLOYMENT, **sections: Any) -> Recorded:
        """A plan of health care's, of which another party may have these categories."""
        plan = await self.web.plan(**sections)
        pairs = [(HEALTH, party), (party, HEALTH)]
        await self.web.consent(plan.client_id, y100(*pairs, categories=categories))
        return plan


def somebody(number: int = 1, **more: Any) -> Document:
    """A Patient as a stranger's client sends one."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": f"A-{number:03}"}],
        "name": [{"family": "Mallikas", "given": ["Maija"]}],
        **more,
    }


def score(patient: str, **more: Any) -> Document:
    """An Observation of a work-ability score."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "https://kunta.example/mittarit", "code": "tyokyky"}]},
        "subject": {"reference": patient},
        "valueInteger": 6,
        **more,
    }


def transaction(*entries: tuple[str, str, str | None, Document | None]) -> Document:
    """A transaction of (method, url, fullUrl, resource)."""
    made: list[Document] = []
    for method, url, full_url, resource in entries:
        entry: Document = {"request": {"method": method, "url": url}}
        if full_url is not None:
            entry["fullUrl"] = full_url
        if resource is not None:
            entry["resource"] = resource
        made.append(entry)
    return {"resourceType": "Bundle", "type": "transaction", "entry": made}


def link(bundle: Document, relation: str) -> str | None:
    """The URL of a link of a Bundle."""
    return next((each["url"] for each in bundle.get("link", []) if each["relation"] == relation), None)


def ids(documents: Iterable[Document]) -> list[str]:
    """Their ids, in their order."""
    return [each["id"] for each in documents]

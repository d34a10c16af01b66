"""What a FHIR client does with the use cases, in few words: read, edit, write back, send a transaction."""

import copy
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.search.bundle import searchset
from tyokyky_bridge.fhir.search.paging import Page
from tyokyky_bridge.fhir.wire.issues import outcome
from tyokyky_bridge.fhir.wire.text import parse
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir import bundles, reading, writing
from tyokyky_bridge.services.fhir.bundles import Face
from tyokyky_bridge.services.fhir.entries import Written
from tyokyky_bridge.services.fhir.listing import Found, Past
from tyokyky_bridge.services.fhir.states import Version

BASE = "https://hub.test/fhir"
KEY = b"a key for cursors of made-up people"
Doc = dict[str, Any]


def a_searchset(_: str, found: Found) -> Doc:
    """The Bundle of a search, as the interface makes it."""
    assert found.query is not None
    held = Page(tuple(v.document or {} for v in found.matched), found.total)
    return searchset(found.query, held, [v.document or {} for v in found.included])


def a_history(resource_type: str, resource_id: str | None, past: Past) -> Doc:
    """A history Bundle, far enough for a test."""
    del resource_type, resource_id
    return {"resourceType": "Bundle", "type": "history", "total": past.total}


def a_refusal(error: BridgeError) -> tuple[int, Doc]:
    """An outcome that tells the code of the error."""
    return 400, outcome(getattr(error, "issues", ()), diagnostics=error.code)


def a_face(**members: Any) -> Face:
    """What the interface gives to a Bundle."""
    said: dict[str, Any] = {
        "base": BASE,
        "key": KEY,
        "searchset": a_searchset,
        "history": a_history,
        "refusal": a_refusal,
        "representation": True,
    }
    return Face(**{**said, **members})


@dataclass(frozen=True)
class Client:
    """Somebody who speaks FHIR to a hub."""

    bridge: Bridge
    who: Caller

    async def version(self, resource_type: str, id_: str) -> Version:
        """The current version."""
        return await reading.read(self.bridge, self.who, resource_type, str(id_))

    async def read(self, resource_type: str, id_: str) -> Doc:
        """The current document, to be edited at will."""
        return copy.deepcopy((await self.version(resource_type, id_)).document or {})

    async def search(self, resource_type: str, **criteria: str) -> list[Doc]:
        """All that match; an underscore at the end of a name stands for one at its start."""
        pairs = [(f"_{n[:-1]}" if n.endswith("_") else n, v) for n, v in criteria.items()]
        found = await reading.search(
            self.bridge, self.who, resource_type, [*pairs, ("_count", "100")], key=KEY, base=BASE
        )
        return [version.document or {} for version in found.matched]

    async def only(self, resource_type: str, **criteria: str) -> Doc:
        """The only one that matches."""
        (found,) = await self.search(resource_type, **criteria)
        return copy.deepcopy(found)

    async def history(self, resource_type: str, id_: str | None = None, **asked: Any) -> Past:
        """A history, newest first."""
        return await reading.history(self.bridge, self.who, resource_type, id_, key=KEY, **asked)

    async def create(self, document: Doc, **asked: Any) -> Written:
        """POST."""
        return await writing.create(
            self.bridge, self.who, document["resourceType"], document, base=BASE, **asked
        )

    async def put(self, document: Doc, **asked: Any) -> Written:
        """PUT of what was read, with its own ETag unless another is given."""
        version = document.get("meta", {}).get("versionId")
        match = {} if version is None else {"if_match": f'W/"{version}"'}
        return await writing.update(
            self.bridge,
            self.who,
            document["resourceType"],
            document["id"],
            document,
            base=BASE,
            **{**match, **asked},
        )

    async def patch(self, document: Doc, *operations: Doc, **asked: Any) -> Written:
        """PATCH of what was read, with its own ETag."""
        said = {"if_match": f'W/"{document["meta"]["versionId"]}"', **asked}
        return await writing.patch(
            self.bridge, self.who, document["resourceType"], document["id"], list(operations), **said
        )

    async def delete(self, resource_type: str, id_: str, **asked: Any) -> Written:
        """DELETE."""
        return await writing.delete(self.bridge, self.who, resource_type, id_, **asked)

    async def transact(self, *entries: Doc, **members: Any) -> list[Doc]:
        """A transaction; the entries of the answer."""
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
        answer = await bundles.transact(self.bridge, self.who, bundle, a_face(**members))
        return answer.get("entry", [])

    async def batch(self, *entries: Doc, **members: Any) -> list[Doc]:
        """A batch; the entries of the answer."""
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}
        return (await bundles.batch(self.bridge, self.who, bundle, a_face(**members)))["entry"]


def post(document: Doc, *, url: str | None = None, **request: str) -> Doc:
    """An entry that creates; its ``fullUrl`` is *url* or made up."""
    return {
        "fullUrl": url or f"urn:uuid:{uuid4()}",
        "resource": document,
        "request": {"method": "POST", "url": document["resourceType"], **request},
    }


def put(document: Doc, **request: str) -> Doc:
    """An entry that updates."""
    url = f"{document['resourceType']}/{document['id']}"
    version = document.get("meta", {}).get("versionId")
    match = {} if version is None else {"ifMatch": f'W/"{version}"'}
    return {
        "fullUrl": f"{BASE}/{url}",
        "resource": document,
        "request": {"method": "PUT", "url": url, **match, **request},
    }


def ask(method: str, url: str, **request: str) -> Doc:
    """An entry without a body."""
    return {"request": {"method": method, "url": url, **request}}


def as_read(text: str) -> Doc:
    """A document as it comes off the wire."""
    return parse(text.encode())

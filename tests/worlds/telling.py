"""A partner in memory that tells what changed: by a log of changes, or by signed messages."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tyokyky_bridge.adapterkit.contract import Changes, Hint, Notice
from tyokyky_bridge.adapterkit.errors import NotAuthentic, NotThere, Unreadable
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.ports import Store, Tx
from tyokyky_bridge.services.records import Ack, LinkRow, Remote, Retry
from worlds.hub import LEASE, LENS, Case, FakePartner, a_hub, manifest
from worlds.parties import DIRECTORY

AT = Remote(person="p-1", record="r-1", version="3")
"""Where a settled link's record is."""
SIGNED = {"x-signed": "yes", "content-type": "application/json"}


class TellingPartner(FakePartner):
    """A `FakePartner` with a change log of *pages*, numbers of its persons, and messages that prove themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: deque[Changes | BaseException] = deque()
        self.cursors: list[str | None] = []
        self.numbers: dict[str, str | BaseException | None] = {}
        self.before_answer: Any = None

    async def changes(self, cursor: str | None) -> Changes:
        self.cursors.append(cursor)
        if self.before_answer is not None:
            await self.before_answer()
        page = self.pages.popleft() if self.pages else Changes((), cursor or "0")
        if isinstance(page, BaseException):
            raise page
        return page

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        if headers.get("x-signed") != "yes":
            raise NotAuthentic(rule="no signature")
        try:
            said = json.loads(body)
        except ValueError:
            raise Unreadable(rule="not JSON") from None
        return Notice(said["event"], tuple(Hint(**hint) for hint in said["hints"]))

    async def number_of(self, person_id: str) -> str | None:
        self.asked.append("number_of")
        if person_id not in self.numbers:
            raise NotThere
        number = self.numbers[person_id]
        if isinstance(number, BaseException):
            raise number
        return number


def message(event: str, *hints: Mapping[str, Any]) -> bytes:
    """A message as this partner would push it."""
    return json.dumps({"event": event, "hints": hints}).encode()


def a_telling_hub(store: Store, **feeds: Any) -> Bridge:
    """A hub whose partners tell: *feeds* names systems of the demo directory and how each is heard of."""
    partners = {
        name: Partner(DIRECTORY.systems[name][-1], manifest(feed=feed), LENS, TellingPartner())
        for name, feed in (feeds or {"lifecare": "push", "ura": "poll"}).items()
    }
    return replace(a_hub(store, {}), partners=partners)


async def settled(case: Case, system: str, *, remote: Remote = AT, worker: str = "w-0") -> LinkRow:
    """The link of a case to *system*, finished at its desired generation with its record at *remote*."""

    def finish(tx: Tx) -> LinkRow:
        (link,) = tx.links.of_plan(case.plan_id, system=system)
        claimed = tx.links.claim(system, limit=100, worker=worker, lease=LEASE)
        for each in claimed:
            base = {} if each.desired_kind == "present" else None
            ack = Ack(each.desired_gen, each.desired_kind, base, drift="D0", base_hub=base, base_remote=base)
            if each.id == link.id:
                tx.links.finish(each.id, each.lease_epoch, ack, remote=remote)
            else:
                tx.links.finish(each.id, each.lease_epoch, Retry(timedelta(0), counts=False))
        found = tx.links.get(link.id)
        assert found is not None
        assert found.state == "in_sync", "it was not due"
        return found

    return await case.bridge.store.write(finish)

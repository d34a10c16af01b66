"""Hearing what a partner tells of changes, for tests: by asking or by reading what it pushed."""

# ruff: noqa: S101  # a test suite asserts

import asyncio
import time
from datetime import datetime
from typing import cast

from tyokyky_bridge.adapterkit.contract import Adapter, Changes, Found, Hint, Notice
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.adapterkit.testing_case import Desk, PushingCase

PUSHED_WITHIN_S = 5.0
MOST_PAGES = 200


def about(found: Found, hints: list[Hint]) -> list[Hint]:
    """Those of *hints* that name this person or this record."""
    return [
        hint
        for hint in hints
        if hint.person_id == found.person_id
        or (hint.record_id is not None and hint.record_id == found.record_id)
    ]


async def asked(adapter: Adapter, cursor: str | None) -> Changes:
    """All pages from *cursor* as one."""
    page = await adapter.changes(cursor)
    hints, lost = page.hints, page.lost
    for _ in range(MOST_PAGES):
        if not page.more:
            return Changes(hints, page.cursor, lost=lost)
        page = await adapter.changes(page.cursor)
        hints, lost = hints + page.hints, lost or page.lost
    msg = f"more than {MOST_PAGES} pages: the cursor does not move on"
    raise AssertionError(msg)


class Ear:
    """Hears what a partner tells from now on, each hint once, whichever way its manifest says it tells.

    Attributes:
        fresh: Everything new in the last `hear`, whomever it is about.
    """

    def __init__(self, desk: Desk, adapter: Adapter) -> None:
        self._desk = desk
        self._adapter = adapter
        self._pushes = Manifest.of(desk.case.package).feed == "push"
        self._heard: set[Hint] = set()
        self._cursor: str | None = None
        self.fresh: list[Hint] = []

    @classmethod
    async def open(cls, desk: Desk, adapter: Adapter, cursor: str | None = None) -> "Ear":
        """Begin at the present moment (or at *cursor*); what is told already is not heard again."""
        ear = cls(desk, adapter)
        ear._cursor = cursor if cursor is not None else (await adapter.changes(None)).cursor
        await ear._round()
        return ear

    async def hear(self, found: Found) -> list[Hint]:
        """What is new about *found*: in one round of asking, or in the messages that come within a few seconds."""
        until = time.monotonic() + PUSHED_WITHIN_S
        self.fresh = await self._round()
        while self._pushes and not about(found, self.fresh) and time.monotonic() < until:
            await asyncio.sleep(0.02)
            self.fresh += await self._round()
        return about(found, self.fresh)

    async def _round(self) -> list[Hint]:
        if self._pushes:
            told = [hint for notice in notices(self._desk, self._adapter) for hint in notice.hints]
        else:
            page = await asked(self._adapter, self._cursor)
            assert not page.lost
            self._cursor, told = page.cursor, list(page.hints)
        fresh = [hint for hint in dict.fromkeys(told) if hint not in self._heard]
        self._heard.update(fresh)
        return fresh


def notices(desk: Desk, adapter: Adapter) -> list[Notice]:
    """Every message pushed so far, read at the partner's own time."""
    now = datetime.fromisoformat(desk.simulator.clock())
    messages = cast("PushingCase", desk.case).pushed(desk.simulator)
    return [adapter.read_notice(headers, body, now=now) for headers, body in messages]

"""The adapter of a simulated partner, as one process has it: the contract's promises over a wire that keeps none."""

import asyncio
import copy
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from simulation.partner import Answer, PartnerSystem, Request
from simulation.process import Process
from tyokyky_bridge.adapterkit.contract import (
    Changes,
    Found,
    Health,
    Hint,
    Licence,
    Native,
    Notice,
    Standing,
    Written,
)
from tyokyky_bridge.adapterkit.errors import (
    ChangedUnderneath,
    NotAuthentic,
    NotThere,
    OutcomeUnknown,
    Refusal,
    Refused,
    TryLater,
)

SENDS_IF_MATCH = True
"""Whether writes are conditional (a planted bug says no)."""
FEED_PAGE = 10


class PartnerClient:
    """`adapterkit.contract.Adapter` for one `PartnerSystem`."""

    def __init__(self, process: Process, partner: PartnerSystem) -> None:
        self._process, self._partner, self._world = process, partner, process.world

    async def find(self, hetu: str) -> Found:
        person = self._world.person_of(hetu)
        answer = await self._ask(lambda: self._find(person))
        if answer.status == 404:
            raise NotThere
        return Found(person, answer.record)

    async def fetch(self, found: Found) -> Standing:
        if found.record_id is None:
            return Standing({})
        record = found.record_id
        answer = await self._ask(lambda: self._partner.get(record))
        if answer.status == 404:
            raise NotThere
        return Standing(answer.content or {}, answer.record, answer.version)

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        server = self._partner
        holder = f"{key}/{self._world.draw_number()}"
        if_match = standing.version if SENDS_IF_MATCH else self._current(found.person_id)
        if server.kind == "locked":
            await self._lock(found, standing, holder)
        request = await self._start(found, copy.deepcopy(content), standing, key, licence)
        if server.kind == "locked":
            answer = await self._ask(
                lambda: server.put_locked(request, holder, if_match=if_match, create_once=SENDS_IF_MATCH),
                items=True,
            )
            if not self._world.chance(server.weather.lock_left):
                await self._ask(lambda: server.unlock(found.person_id, holder), quietly=True)
        else:
            answer = await self._ask(
                lambda: server.put(request, if_match=if_match, create_once=SENDS_IF_MATCH), items=True
            )
        match answer.status:
            case 412:
                code = "412"
                raise ChangedUnderneath(code)
            case 422:
                raise Refused((Refusal("422", rule="not today"),))
            case _:
                return Written(str(answer.record), answer.version)

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        request = await self._start(found, None, standing, key, licence)
        record = str(standing.record_id)
        answer = await self._ask(
            lambda: self._partner.void(request, record=record, if_match=standing.version), items=True
        )
        if answer.status == 412:
            code = "412"
            raise ChangedUnderneath(code)
        return "voided"

    async def changes(self, cursor: str | None) -> Changes:
        log = self._partner.log
        if cursor is None:
            return Changes((), str(len(log)))
        await self._ask(lambda: Answer(200))
        start = max(0, int(cursor) - 2)
        page = log[start : start + FEED_PAGE]
        hints = tuple(Hint("changed", record_id=record, version=str(version)) for record, version in page)
        return Changes(hints, str(start + len(page)), more=start + len(page) < len(log))

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        rule = "nobody sends notices"
        raise NotAuthentic(rule)

    def matches(self, version: str, told: str) -> bool:
        return version == told

    async def number_of(self, person_id: str) -> str | None:
        return None

    async def health(self) -> Health:
        return Health(ok=True)

    async def aclose(self) -> None:
        """Nothing to close."""

    def _find(self, person: str) -> Answer:
        sheet = self._partner.sheet_of(person)
        return Answer(200, None if sheet is None else sheet.id)

    def _current(self, person: str) -> str | None:
        sheet = self._partner.sheet_of(person)
        return None if sheet is None else str(sheet.version)

    async def _lock(self, found: Found, standing: Standing, holder: str) -> None:
        """Lock, and see that the record is still what it was."""
        server = self._partner
        if (await self._ask(lambda: server.lock(found.person_id, holder))).status == 423:
            reason = "in use"
            raise TryLater(reason, record_only=True)
        there = await self._ask(lambda: self._find(found.person_id))
        version = None
        if there.record is not None:
            record = there.record
            version = (await self._ask(lambda: server.get(record))).version
        if SENDS_IF_MATCH and (there.record, version) != (standing.record_id, standing.version):
            await self._ask(lambda: server.unlock(found.person_id, holder), quietly=True)
            code = "moved"
            raise ChangedUnderneath(code)

    async def _start(
        self, found: Found, content: Native | None, standing: Standing, key: str, licence: Licence
    ) -> Request:
        """The moment before the first byte: the licence is asked, and the request has started."""
        await self._process.point("send")
        licence.check()
        world = self._world
        request = Request(
            world.draw_number(),
            found.person_id,
            licence.decision_id,
            key,
            content,
            world.now_s,
            standing.content,
            standing.version,
        )
        world.note(f"{self._process.name} -> {self._partner.id} {request.number} of {found.person_id}")
        world.invariants.started(self._partner, request)
        return request

    async def _ask(self, act: Callable[[], Answer], *, items: bool = False, quietly: bool = False) -> Answer:
        """One exchange. What is on the wire goes on without us: we may die, or stop waiting."""
        world, weather = self._world, self._partner.weather
        if not items:  # a request with items has its place to die before the licence is asked
            await self._process.point("ask")
        if weather.shut_until_s > world.now_s:
            reason = "closed for the night"
            raise TryLater(reason, after=timedelta(seconds=weather.shut_until_s - world.now_s + 0.5))
        if world.chance(weather.error):
            reason = "503"
            raise TryLater(reason)
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        lost_request, lost_answer = world.chance(weather.lost_request), world.chance(weather.lost_answer)
        there_s, back_s = world.tick(), world.tick()
        if world.chance(weather.slow):
            there_s, back_s = world.draw(0.5, 9.0), world.draw(0.5, 15.0)
        twice = items and world.chance(weather.twice)

        async def carry() -> None:
            await asyncio.sleep(there_s)
            answer = act()
            if twice:
                await asyncio.sleep(world.draw(0.0, 3.0))
                act()
            await asyncio.sleep(back_s)
            if not answered.done() and not lost_answer:
                answered.set_result(answer)

        if not lost_request:
            world.spawn(carry())
        try:
            async with asyncio.timeout(12.0):
                answer = await answered
        except TimeoutError:
            if items:
                raise OutcomeUnknown from None
            if quietly:
                return Answer(0)
            reason = "no answer"
            raise TryLater(reason) from None
        await self._process.point("answered")
        return answer

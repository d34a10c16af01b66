"""``GET /typpi/muutokset``: the change feed as clients see it, with a long poll."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tyokyky_adapter_typpi.simulator.feed import Document, Feed, Page
from tyokyky_adapter_typpi.simulator.login import Caller
from tyokyky_adapter_typpi.simulator.rules import ProblemAnswer

LONGEST_WAIT_S = 25
_LOOK_EVERY_S = 0.05
_PLACE = "/typpi/muutokset"


@dataclass(frozen=True)
class ChangeDoor:
    """The way in to the feed."""

    feed: Feed

    async def changes(self, request: Request, caller: Caller) -> Response:
        """Rows after the cursor ``jatko``; without one no rows, and a cursor that begins at the present.

        With ``odota`` (whole seconds, at most 25) an answer without rows waits for the first one.
        """
        cursor, wait_s = request.query_params.get("jatko"), _wait(request)
        self.feed.catch_up()
        if cursor is None:
            page = Page([], self.feed.newest(), more=False)
        else:
            page = await self._rows(caller, self.feed.read(caller, cursor), wait_s)
        fresh = self.feed.cursor(caller, page.last)
        onward = {"href": f"{_PLACE}?{urlencode({'jatko': fresh})}"}
        query = f"?{request.url.query}" if request.url.query else ""
        links: Document = {"self": {"href": _PLACE + query}, "jatko": onward}
        body: Document = {
            "_links": {**links, "next": onward} if page.more else links,
            "jatko": fresh,
            "_embedded": {"muutokset": [_row(row) for row in page.rows]},
        }
        return JSONResponse(body, media_type="application/hal+json")

    async def _rows(self, caller: Caller, after: int, wait_s: float) -> Page:
        clock = asyncio.get_running_loop()  # real time: moving the simulated clock shortens no wait
        until = clock.time() + wait_s
        limit = int(self.feed.sim.chaos["feed_page"])
        while True:
            page = self.feed.page(caller, after, limit=limit)
            if page.rows or clock.time() >= until:
                return page
            after = page.last
            await asyncio.sleep(_LOOK_EVERY_S)
            self.feed.catch_up()


def _wait(request: Request) -> int:
    given = request.query_params.get("odota", "0")
    if not (given.isascii() and given.isdigit()):
        raise ProblemAnswer(400, "virheellinen-pyynto", "Pyyntö on virheellinen", kentta="odota")
    return min(int(given[:9]), LONGEST_WAIT_S)


def _row(row: Document) -> Document:
    links = {"asiakas": {"href": f"/typpi/asiakkaat/{row['asiakasId']}"}}
    if row["suunnitelmaId"] is not None:
        links["suunnitelma"] = {"href": f"/typpi/suunnitelmat/{row['suunnitelmaId']}"}
    return {"_links": links, **row}

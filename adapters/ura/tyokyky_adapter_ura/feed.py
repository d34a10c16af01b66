"""Following Ura's change numbers: the cursor, and what a row of the feed hints at. Pure: `client` does the asking.

Change numbers grow strictly over the whole of Ura and leave gaps, because other things in Ura take numbers too. So
nothing can be said of a number that is not there: it belongs to something else, or its row comes late. A number is
taken when a save begins and its row shows when the save is committed, so that rows with later numbers may show before
it. The reader therefore pages by the last number it got, never by counting, and takes rows for complete only up to
*overlap* numbers behind the newest number that Ura has given out.

Source: domain report 8.4 (invented), sync report 8.10.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from tyokyky_adapter_ura.records import row_of
from tyokyky_bridge.adapterkit.contract import Hint

OVERLAP = 50
"""How many later numbers may be given out before a row shows. One that is later still is found by verifying."""
PAGE = 200

_CURSOR = re.compile(r"(\d{1,15})\.(\d{1,15})\.(\d{1,15})", re.ASCII)


class Row(BaseModel):
    """One row of the feed: *laji* ``asiakas``, ``suunnitelma`` or ``palaute``, and *tunnus* its number among those.

    A newer release may feed rows of other kinds, which belong to a person or to nobody.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    muutosnumero: int = Field(ge=1)
    laji: str
    tunnus: str | None = None
    asiakasnro: str | None = None
    poistettu: bool = False


class Page(BaseModel):
    """An answer of ``muutokset/hae``. *viimeisin* is the newest number that Ura has given to anything."""

    model_config = ConfigDict(extra="allow", strict=True)

    muutokset: list[Row]
    viimeisin: int = Field(ge=0)
    lisaa: bool


@dataclass(frozen=True)
class Cursor:
    """Where reading stands: no row up to *safe* is missing any more, and the next page begins after *at*.

    *at* is ahead of *safe* only while a round of several pages goes on inside the overlap. *newest* is the newest
    number that Ura has told of: an Ura that tells a lower one was set back, and gives the same numbers out anew.
    """

    safe: int
    at: int
    newest: int

    @classmethod
    def start(cls, newest: int, *, overlap: int = OVERLAP) -> "Cursor":
        """Begin at the present moment, when *newest* is the newest number: what is under way now is not missed."""
        safe = max(0, newest - overlap)
        return cls(safe, safe, newest)

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Read what ``str`` made; ``None`` for anything else."""
        parts = _CURSOR.fullmatch(text)
        if parts is None:
            return None
        safe, at, newest = (int(part) for part in parts.groups())
        return cls(safe, at, newest) if safe <= at <= newest else None

    def __str__(self) -> str:
        return f"{self.safe}.{self.at}.{self.newest}"

    def after(
        self, numbers: Sequence[int], *, newest: int, more: bool, overlap: int = OVERLAP
    ) -> "Cursor | None":
        """The cursor after a page with these numbers; ``None`` when that page leads nowhere.

        A page that begins after *safe* says nothing of rows that came late between the two, so *safe* stands still
        until a round begins from there again.
        """
        seen = max(numbers, default=self.at) if more else newest
        if more and seen <= self.at:
            return None
        safe = max(self.safe, min(seen, newest - overlap)) if self.at == self.safe else self.safe
        return Cursor(safe, seen if more else safe, newest)


def hints_of(rows: Sequence[Row]) -> tuple[Hint, ...]:
    """Where to look, in order of the rows. Kind and change number tell one hint from the next.

    A plan's own row names the plan. Person rows and feedback forms belong to whatever record the person has; a form
    that was taken away is a change of that record, while a plan or a person taken away is gone. Rows of nobody are
    left out.
    """
    return tuple(_hint(row) for row in rows if row.asiakasnro is not None)


def _hint(row: Row) -> Hint:
    gone = row.poistettu and row.laji in {"asiakas", "suunnitelma"}
    return Hint(
        kind="gone" if gone else "changed",
        person_id=row.asiakasnro,
        record_id=row.tunnus if row.laji == "suunnitelma" else None,
        version=row_of(row.laji, row.muutosnumero),
    )

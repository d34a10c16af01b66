"""TYPPI's change feed: where a page of it is asked for, and what its rows say to the engine."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from tyokyky_adapter_typpi.records import Link
from tyokyky_bridge.adapterkit.contract import Changes, Hint

_ROW_OF_A_SECTION = "osio"


class Row(BaseModel):
    """One row of the feed: something happened to a section, a plan or a customership (``kohde``).

    *tapahtuma* is opaque and the same when the row is shown again. *poistettu*: what *kohde* names is no more.
    *lahde*: the client id of whoever did it.
    """

    model_config = ConfigDict(extra="allow")

    tapahtuma: str | None = None
    kohde: str | None = None
    asiakasId: str | None = None  # noqa: N815  TYPPI's own name
    suunnitelmaId: str | None = None  # noqa: N815
    poistettu: bool = False
    lahde: str | None = None

    def hint(self, us: str) -> Hint:
        """What it means: a removed section is a change of the plan that it was in. *us*: the client id of the hub."""
        kind = "gone" if self.poistettu and self.kohde != _ROW_OF_A_SECTION else "changed"
        reference = us if self.lahde == us else None
        return Hint(kind, self.asiakasId, self.suunnitelmaId, self.tapahtuma, reference=reference)


class Rows(BaseModel):
    """The HAL envelope's embedded part."""

    model_config = ConfigDict(extra="allow")

    muutokset: tuple[Row, ...]


class Page(BaseModel):
    """A page as ``GET /typpi/muutokset`` sends it. *jatko* is opaque; a link ``next`` means that more is there."""

    model_config = ConfigDict(extra="allow")

    jatko: str = Field(min_length=1)
    links: dict[str, Link] = Field(default_factory=dict[str, Link], alias="_links")
    embedded: Rows = Field(alias="_embedded")

    def changes(self, *, us: str, lost: bool) -> Changes:
        """The page in the engine's words: one hint for each record, the newest, in the order of the feed.

        TYPPI hands out row and cursor from one committed order, so that nothing can appear behind a cursor and no
        overlap is needed. Rows of our own writes are there too: the engine knows them by what it finds (sync.md 8.10).
        """
        newest: dict[tuple[str | None, str | None], Hint] = {}
        for row in self.embedded.muutokset:
            if row.asiakasId is not None or row.suunnitelmaId is not None:
                of = (row.asiakasId, row.suunnitelmaId)
                earlier, hint = newest.pop(of, None), row.hint(us)
                ours = hint.reference or (earlier and earlier.reference)
                newest[of] = replace(hint, reference=ours)
        return Changes(tuple(newest.values()), self.jatko, more="next" in self.links, lost=lost)


def place(cursor: str | None, *, wait_s: int) -> str:
    """Path and query of the page after *cursor*.

    Every byte of the cursor is percent-encoded: it is somebody else's text, and one that by chance looks like an
    identity number must not make the address unsendable.
    """
    if cursor is None:
        return "/typpi/muutokset"
    quoted = "".join(f"%{byte:02X}" for byte in cursor.encode())
    return f"/typpi/muutokset?jatko={quoted}" + (f"&odota={wait_s}" if wait_s else "")

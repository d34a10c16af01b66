"""TYPPI's change feed: where a page of it is asked for, and what its rows say to the engine."""

import json
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tyokyky_adapter_typpi.records import Link
from tyokyky_bridge.adapterkit.contract import Changes, Hint

_ROW_OF_A_SECTION = "osio"
_LONGEST_VERSION = 256
_WITH_SECTIONS = TypeAdapter(tuple[str, dict[str, str]])


class Row(BaseModel):
    """One row of the feed: something happened to a section, a plan or a customership (``kohde``).

    *tapahtuma* is opaque and the same when the row is shown again. *poistettu*: what *kohde* names is no more.
    *lahde*: the client id of whoever did it. *osio* and *etag*: the section and its entity tag since.
    """

    model_config = ConfigDict(extra="allow")

    tapahtuma: str | None = None
    kohde: str | None = None
    asiakasId: str | None = None  # noqa: N815  TYPPI's own name
    suunnitelmaId: str | None = None  # noqa: N815
    poistettu: bool = False
    lahde: str | None = None
    osio: str | None = None
    etag: str | None = None

    @property
    def section(self) -> tuple[str, str] | None:
        """The section and its tag, where the row tells of a section's content and of nothing else."""
        if self.kohde != _ROW_OF_A_SECTION or self.poistettu or self.osio is None or self.etag is None:
            return None
        return self.osio, self.etag


def hint_of(rows: Sequence[Row], us: str) -> Hint:
    """What these rows about one record mean together. *us*: the client id of the hub.

    The last one says what happened; a removed section is a change of the plan that it was in. The version holds what
    became of the sections in all of them, so that no row of another party hides behind one of ours.
    """
    last = rows[-1]
    kind = "gone" if last.poistettu and last.kohde != _ROW_OF_A_SECTION else "changed"
    reference = us if any(row.lahde == us for row in rows) else None
    return Hint(kind, last.asiakasId, last.suunnitelmaId, _version(rows), reference=reference)


def _version(rows: Sequence[Row]) -> str | None:
    """The last row's number, with the sections' tags where every row tells of one."""
    number, sections = rows[-1].tapahtuma, [row.section for row in rows]
    known = [section for section in sections if section is not None]
    if number is None or len(known) < len(sections):
        return number
    whole = json.dumps([number, dict(known)], sort_keys=True, separators=(",", ":"))
    return whole if len(whole) <= _LONGEST_VERSION else number


def is_known(told: str, tags: Mapping[str, str | None]) -> bool:
    """Whether a hint's version tells of sections only, and of each of them as it stands at *tags*."""
    try:
        _, sections = _WITH_SECTIONS.validate_json(told)
    except ValueError:
        return False
    return bool(sections) and sections.items() <= tags.items()


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
        records: dict[tuple[str | None, str | None], list[Row]] = {}
        for row in self.embedded.muutokset:
            if row.asiakasId is not None or row.suunnitelmaId is not None:
                of = (row.asiakasId, row.suunnitelmaId)
                records[of] = [*records.pop(of, []), row]
        hints = tuple(hint_of(rows, us) for rows in records.values())
        return Changes(hints, self.jatko, more="next" in self.links, lost=lost)


def place(cursor: str | None, *, wait_s: int) -> str:
    """Path and query of the page after *cursor*.

    Every byte of the cursor is percent-encoded: it is somebody else's text, and one that by chance looks like an
    identity number must not make the address unsendable.
    """
    if cursor is None:
        return "/typpi/muutokset"
    quoted = "".join(f"%{byte:02X}" for byte in cursor.encode())
    return f"/typpi/muutokset?jatko={quoted}" + (f"&odota={wait_s}" if wait_s else "")

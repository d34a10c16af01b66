"""What Ura takes and refuses: integer dates, two-digit codes, line arrays, the ISO-8859-1 repertoire, lengths.

A field is checked by its name, wherever it stands, so that the whole rule book is the table below. Fields that the
table does not know are kept as they came (a newer release may know more than we do).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast

from tyokyky_adapter_ura.simulator.codes import CODED, LISTS

Row = dict[str, Any]

MAX_LINES = 20
LINE_WIDTH = 70
OPEN_ENDED = 99991231

LINES = frozenset(
    {
        "tavoite",
        "tavoitetiedot",
        "seurantatiedot",
        "ammatilliset_suunnitelmat",
        "asiakkaan_nakemys",
        "terveystiedot",
        "kela",
        "lisatiedot",
        "tyokokemus",
        "erityistaidot",
        "huomautus",
        "kuvaus",
        "perustelu",
        "merkinta",
        "yhteenveto",
        "ohjaushuomiot",
        "heratteet",
        "syyteksti",
        "kysymysteksti",
        "vastausteksti",
    }
)
FLAGS = frozenset({"tulkki", "turvakielto", "terveysrajoite", "suostuvainen", "voimassa"})
DATES = frozenset(
    {
        "syntaika",
        "alku",
        "loppu",
        "tot_alku",
        "tot_loppu",
        "laadittu",
        "tarkistettava",
        "sovittu",
        "tyottomyys_alkaen",
        "turvakielto_alkaen",
        "typ_alku",
        "typ_loppu",
        "saapunut",
        "palaute_annettu",
        "annettu_pvm",
        "pvm",
        "enintaan",
        "alkaen",
    }
)
MOMENTS = frozenset({"alkaa", "paattyy", "annettu", "toimitettu", "kuitattu"})
"""Local time of Finland as an integer ``vvvvkkpphhmm``."""
LENGTHS = {"rajoitteen_kuvaus": 200, "teksti": 2000}
DEFAULT_LENGTH = 200
IDENTITY = ("syntaika", "loppuosa", "vuosisata")
MULTI_LINE = frozenset({"teksti", "rajoitteen_kuvaus"})
"""Fields that take a line break; everywhere else it is a control character."""

_POSITION = re.compile(r"\[[0-9]+\]", re.ASCII)


@dataclass(frozen=True)
class Error:
    """One entry of ``virheet``."""

    nro: int
    selite: str
    kentta: str | None = None
    merkki: str | None = None

    def as_json(self) -> Row:
        """The wire form."""
        extra = {"merkki": self.merkki} if self.merkki else {}
        return {"nro": self.nro, "selite": self.selite, "kentta": self.kentta, **extra}


def check(row: Row, *, standing: Row | None, at: str) -> list[Error]:
    """Every fault of a row that somebody wants to save, in reading order.

    Args:
        row: The row as it came.
        standing: The row as it stands. A code that Ura itself put there may stay, though this release cannot enter it.
        at: Where the row stands, for the field names of the errors.
    """
    kept = {(name, value) for _, name, value in _leaves(standing or {}, at) if isinstance(value, str)}
    errors: list[Error] = []
    for path, name, value in _leaves(row, at):
        errors.extend(_faults(path, name, value, kept))
    return errors


def _faults(path: str, name: str, value: object, kept: set[tuple[str, str]]) -> Iterator[Error]:
    if value is None:
        return
    if name in LINES:
        yield from _lines_faults(path, value)
    elif name in DATES or name in MOMENTS:
        if not _is_time(value, "moment" if name in MOMENTS else "date"):
            yield Error(51, "PÄIVÄMÄÄRÄ VIRHEELLINEN", path)
    elif name in FLAGS:
        if value not in ("K", "E", ""):
            yield Error(71, "ARVON OLTAVA K TAI E", path)
    elif (table := CODED.get(_POSITION.sub("", path))) is not None:
        if value != "" and (name, value) not in kept and value not in LISTS[table]:
            yield Error(71, "KOODI TUNTEMATON", path)
    elif isinstance(value, str):
        yield from _text_faults(path, name, value)


def _lines_faults(path: str, value: object) -> Iterator[Error]:
    lines = cast("list[Any]", value) if isinstance(value, list) else None
    if lines is None or not all(isinstance(line, str) for line in lines):
        yield Error(60, "TEKSTI ON RIVITAULUKKO", path)
        return
    if len(lines) > MAX_LINES or any(len(line) > LINE_WIDTH for line in lines):
        yield Error(61, f"TEKSTI LIIAN PITKÄ, ENINTÄÄN {MAX_LINES} RIVIÄ À {LINE_WIDTH} MERKKIÄ", path)
    for line in lines:
        yield from _character_faults(path, line, allowed="")


def _text_faults(path: str, name: str, value: str) -> Iterator[Error]:
    limit = LENGTHS.get(name, DEFAULT_LENGTH)
    if len(value) > limit:
        yield Error(61, f"TEKSTI LIIAN PITKÄ, ENINTÄÄN {limit} MERKKIÄ", path)
    yield from _character_faults(path, value, allowed="\n" if name in MULTI_LINE else "")


def _character_faults(path: str, text: str, *, allowed: str) -> Iterator[Error]:
    for character in text:
        point = ord(character)
        if point > 0xFF:
            yield Error(63, "MERKKI EI KUULU MERKISTÖÖN ISO-8859-1", path, f"U+{point:04X}")
            return
        if (point < 0x20 or 0x7F <= point < 0xA0) and character not in allowed:
            yield Error(62, "OHJAUSMERKKI EI SALLITTU", path, f"U+{point:04X}")
            return


def _is_time(value: object, kind: Literal["date", "moment"]) -> bool:
    """0 is "none", 99991231 "open-ended"; month and day 00 stand for "not known more exactly"."""
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    if value in (0, OPEN_ENDED):
        return True
    if kind == "moment":
        value, hour, minute = value // 10000, value // 100 % 100, value % 100
        if hour > 23 or minute > 59:
            return False
    year, month, day = value // 10000, value // 100 % 100, value % 100
    if not 1800 <= year <= 9999 or (month == 0 and day != 0):
        return False
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return False
    return True


def _leaves(row: Row, path: str) -> Iterator[tuple[str, str, object]]:
    for name, value in row.items():
        where = f"{path}.{name}"
        if isinstance(value, dict):
            yield from _leaves(cast("Row", value), where)
        elif isinstance(value, list) and name not in LINES:
            for index, element in enumerate(cast("list[Any]", value)):
                if isinstance(element, dict):
                    yield from _leaves(cast("Row", element), f"{where}[{index}]")
                else:
                    yield f"{where}[{index}]", name, element
        else:
            yield where, name, value

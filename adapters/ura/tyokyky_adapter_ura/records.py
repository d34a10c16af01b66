"""Ura's records as the lens sees them, and the small translations between them and the wire.

On the wire the identity number is split in three, change numbers stand inside every row and each kind of row is saved
by a call of its own. The lens gets one dict, ``{"asiakas": …, "suunnitelma": …, "palautteet": […]}``, with the number
joined and the change numbers taken out (they travel in the version token instead), so that equal content is equal.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tyokyky_bridge.adapterkit.contract import Native

EMPTY: Native = {
    "asiakas": {
        "asiakasnro": "",
        "sukunimi": "",
        "etunimet": "",
        "kieli": "",
        "tyohistoria": [],
        "tutkinnot": [],
        "keskeytyneet_opinnot": [],
        "kielitaito": [],
        "ajokortit": [],
        "yhteystiedot": [],
    },
    "suunnitelma": {
        "laji": "TT",
        "tavoite": [],
        "palvelut": [],
        "palveluhistoria": [],
        "lahetteet": [],
        "lausunnot": [],
        "tapaamiset": [],
        "etuudet": [],
    },
    "palautteet": [],
}
"""The form of a client who has no plan in Ura yet, without a single value: a value would look like a statement."""

CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
"""Century signs of the identity number and the century they stand for. Source: domain report 5.1."""

_NOT_FOR_THE_LENS = frozenset({"muutosnumero", "loppuosa", "vuosisata"})
_HETU = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])([0-9]{3}[0-9A-Y])", re.ASCII)


class CenturyUnknown(ValueError):
    """A legacy row that lacks the century sign, or has one that contradicts its birth date: it may be anybody."""


class MalformedNumber(ValueError):
    """Not an identity number. The message never holds the value."""


@dataclass(frozen=True)
class SplitHetu:
    """An identity number as Ura keeps it: integer birth date, end part, and the century sign in a field of its own."""

    syntaika: int
    loppuosa: str
    vuosisata: str

    @classmethod
    def of(cls, hetu: str) -> "SplitHetu":
        """Split a normalised number. Raises `MalformedNumber`, which never repeats the value."""
        parts = _HETU.fullmatch(hetu)
        if parts is None:
            msg = "not an identity number of eleven characters with a known century sign"
            raise MalformedNumber(msg)
        day, month, year, sign, end = parts.groups()
        try:
            born = date(CENTURIES[sign] + int(year), int(month), int(day))
        except ValueError:
            msg = "the birth date of the identity number does not exist"
            raise MalformedNumber(msg) from None
        return cls(born.year * 10000 + born.month * 100 + born.day, end, sign)

    @classmethod
    def of_row(cls, row: Native) -> "SplitHetu":
        """Read the three fields of a person row.

        Raises: CenturyUnknown (a legacy row: two people may share all that is left, domain report 5.2 rule 3).
        """
        sign = row.get("vuosisata")
        born = row.get("syntaika")
        end = row.get("loppuosa")
        if not isinstance(sign, str) or not isinstance(born, int) or not isinstance(end, str):
            raise CenturyUnknown
        if sign not in CENTURIES or born // 1000000 * 100 != CENTURIES[sign]:
            raise CenturyUnknown
        return cls(born, end, sign)

    @property
    def joined(self) -> str:
        """The number in its usual form."""
        year, month, day = self.syntaika // 10000, self.syntaika // 100 % 100, self.syntaika % 100
        return f"{day:02}{month:02}{year % 100:02}{self.vuosisata}{self.loppuosa}"

    def fields(self) -> dict[str, int | str]:
        """The three wire fields."""
        return {"syntaika": self.syntaika, "loppuosa": self.loppuosa, "vuosisata": self.vuosisata}


class Virhe(BaseModel):
    """One entry of ``virheet``: number, Ura's own wording, and the field where it names one."""

    model_config = ConfigDict(extra="allow")

    nro: int
    selite: str = ""
    kentta: str | None = None
    merkki: str | None = None


class Vastaus(BaseModel):
    """The envelope around every answer: ``paluukoodi`` 0 fine, H done with remarks, E refused."""

    model_config = ConfigDict(extra="allow")

    paluukoodi: str
    virheet: list[Virhe] = Field(default_factory=list[Virhe])
    data: Any = None


@dataclass(frozen=True)
class Version:
    """Which change numbers a record was read at: person, plan (0 = none yet) and the newest feedback form.

    The newest form may be one that has been taken back since.

    Change numbers grow over the whole of Ura, so that any change to any of the three changes the token.
    """

    asiakas: int
    suunnitelma: int
    palautteet: int

    @classmethod
    def parse(cls, token: str) -> "Version":
        """Read a token made by ``str``."""
        person, plan, forms = (int(part) for part in token.split("."))
        return cls(person, plan, forms)

    def __str__(self) -> str:
        return f"{self.asiakas}.{self.suunnitelma}.{self.palautteet}"

    @property
    def rows(self) -> frozenset[str]:
        """The three rows as the feed tells of them. An older form is not among them: another's may lie before ours."""
        return frozenset(
            row_of(kind, number)
            for kind, number in (
                ("asiakas", self.asiakas),
                ("suunnitelma", self.suunnitelma),
                ("palaute", self.palautteet),
            )
        )


def row_of(kind: str, number: int) -> str:
    """What tells one saved row from the next: change numbers are unique, the kind says which part of a record it is."""
    return f"{kind} {number}"


def number_of(row: Native) -> int:
    """The change number of a row; 0 where it has none."""
    number = row.get("muutosnumero")
    return number if isinstance(number, int) else 0


def from_wire(
    person: Native, plan: Native | None, forms: list[Native], *, newest_form: int = 0
) -> tuple[Native, Version]:
    """Put the rows of three calls together into the record of the lens.

    *newest_form*: the newest change number of any form, also of those that are gone.

    Raises: CenturyUnknown.
    """
    split = SplitHetu.of_row(person)
    own = {key: copy.deepcopy(value) for key, value in person.items() if key not in _NOT_FOR_THE_LENS}
    content: Native = {
        "asiakas": own | {"henkilotunnus": split.joined},
        "suunnitelma": copy.deepcopy(EMPTY["suunnitelma"]) if plan is None else _body(plan),
        "palautteet": [_body(form) for form in forms],
    }
    version = Version(
        number_of(person),
        number_of(plan) if plan is not None else 0,
        max((newest_form, *(number_of(form) for form in forms))),
    )
    return content, version


def sign_of(row: Native) -> SplitHetu | None:
    """The whole identity number of a person row; ``None`` on a legacy row."""
    try:
        return SplitHetu.of_row(row)
    except CenturyUnknown:
        return None


def person_to_wire(person: Native) -> Native:
    """The person row as Ura takes it: the number split again. Raises `MalformedNumber`."""
    row = {key: copy.deepcopy(value) for key, value in person.items() if key != "henkilotunnus"}
    joined = person.get("henkilotunnus")
    if not isinstance(joined, str):
        msg = "the record carries no identity number"
        raise MalformedNumber(msg)
    split = SplitHetu.of(joined)
    return row | {"loppuosa": split.loppuosa, "vuosisata": split.vuosisata}


def changed_forms(was: list[Native], now: list[Native]) -> Iterator[Native]:
    """The forms to post: new ones, corrected ones, and those that were taken away as ``poistettu``."""
    standing = {form.get("viite"): form for form in was}
    for form in now:
        if standing.pop(form.get("viite"), None) != form:
            yield form
    for viite in standing:
        yield {"viite": viite, "poistettu": True}


def _body(row: Native) -> Native:
    return {
        key: copy.deepcopy(value) for key, value in row.items() if key not in {"muutosnumero", "asiakasnro"}
    }

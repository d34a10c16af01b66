"""What Effica looks at before it keeps a document of type 17: dates, codes and points, by element name."""

import re
from collections.abc import Callable
from datetime import date

from tyokyky_adapter_sosiaali_effica.soap import EFF, Element, local_name

DATES = frozenset({"Pvm", "Alku", "Loppu", "Seuranta", "Laatimispaiva", "Syntymaaika"})
"""Elements that hold pp.kk.vvvv, beside every name that ends in ``Pvm``."""
PARTIAL_DATES = frozenset({"Tavoitepaiva"})
"""Elements that hold pp.kk.vvvv, kk.vvvv or vvvv."""
TIMES = frozenset({"Alkuaika", "Loppuaika", "Luotu", "Annettu", "Toimitettu", "Kuitattu"})
"""Elements that hold pp.kk.vvvv hh.mm on the Finnish wall clock."""

_POINTS = re.compile(r"\d|10")
_CODE = re.compile(r"\d{1,3}")
_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")


def objections(document: Element) -> list[str]:
    """Names of the elements whose text Effica would not take. An empty element is always taken."""
    return [
        name
        for inner in document.iter()
        if str(inner.tag).startswith(f"{{{EFF}}}")
        for name, text in [(local_name(inner), (inner.text or "").strip())]
        if text and not _rule(name)(text)
    ]


def _rule(name: str) -> Callable[[str], bool]:
    if name in DATES or name.endswith("Pvm"):
        return _is_date
    if name in PARTIAL_DATES:
        return lambda text: _is_date(("01." * (2 - text.count("."))) + text)
    if name in TIMES:
        return _is_time
    if name == "Pisteet":
        return lambda text: _POINTS.fullmatch(text) is not None
    if name.endswith("Koodi") or name in {"Asuminen"}:
        return lambda text: _CODE.fullmatch(text) is not None
    return lambda _: True


def _is_date(text: str) -> bool:
    parts = _DATE.fullmatch(text)
    try:
        return parts is not None and bool(date(int(parts[3]), int(parts[2]), int(parts[1])))
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    day, _, clock = text.partition(" ")
    return _is_date(day) and re.fullmatch(r"([01]\d|2[0-3])\.[0-5]\d", clock) is not None

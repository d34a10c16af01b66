"""What Lifecare takes as text, headings and measurements, and how it says no."""

import unicodedata
from typing import Any, cast

from tyokyky_adapter_lifecare.records import HEADINGS, KIND

LONGEST_TEXT = 8000

MESSAGES = {
    "LC-1001": "Käyttöoikeustunniste on vanhentunut tai puuttuu",
    "LC-1002": "Käyttöoikeus ei riitä",
    "LC-1003": "Asiakkuustunnus puuttuu tai on väärä",
    "LC-2004": "Potilasta ei löydy",
    "LC-2005": "Asiakirjaa ei löydy",
    "LC-2009": "Henkilötunnuksella löytyy useita potilaita",
    "LC-4000": "Pyyntö ei ole luettavissa",
    "LC-4031": "Asiakirjan voi mitätöidä vain sen luoja",
    "LC-4090": "Potilaalla on jo avoin suunnitelma",
    "LC-4120": "Asiakirja on muuttunut",
    "LC-4221": "Teksti on liian pitkä",
    "LC-4222": "Tekstissä on kielletty merkki",
    "LC-4223": "Rakenne ei kelpaa",
    "LC-4224": "Asiakirja on mitätöity",
    "LC-4280": "If-Match puuttuu",
}


class LifecareFault(Exception):  # the fact, not the word error
    """An error envelope on its way to the client."""

    def __init__(self, status: int, code: str, *, field: str | None = None, **extra: Any) -> None:
        self.status = status
        self.code = code
        self.field = field
        self.extra = extra
        super().__init__(code)

    def envelope(self, request_id: str) -> dict[str, Any]:
        """``{"virhe": {…}}`` as clients see it."""
        return {
            "virhe": {
                "koodi": self.code,
                "viesti": MESSAGES[self.code],
                "kentta": self.field,
                "pyyntoId": request_id,
                **self.extra,
            }
        }


def stored_text(text: str, *, field: str) -> str:
    """Text as Lifecare keeps it: NFC, ``\\r\\n``, tabs as four spaces, no trailing spaces."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", "    ").split("\n")
    if any(unicodedata.category(c) in {"Cc", "Cs"} for line in lines for c in line):
        raise LifecareFault(422, "LC-4222", field=field)
    kept = "\r\n".join(line.rstrip(" ") for line in lines)
    if len(kept) > LONGEST_TEXT:
        raise LifecareFault(422, "LC-4221", field=field)
    return kept


def stored_content(given: dict[str, Any], *, new_id: Any) -> dict[str, Any]:
    """A document's content as it will stand: headings complete and in order, elements with a ``tunniste``."""
    if given.get("laji") != KIND:
        raise LifecareFault(422, "LC-4223", field="laji")
    content = cast("dict[str, Any]", _tidied({k: v for k, v in given.items() if k != "otsikot"}, "", new_id))
    content["otsikot"] = _headings(given.get("otsikot", []))
    for measure in content.setdefault("mittaukset", []):
        if not isinstance(measure, dict) or not isinstance(cast("Any", measure).get("arvo", ""), str):
            raise LifecareFault(422, "LC-4223", field="mittaukset.arvo")
    content.setdefault("viitteet", [])
    return content


def stored_person(given: dict[str, Any], *, new_id: Any) -> dict[str, Any]:
    """A person block as it will stand."""
    return cast("dict[str, Any]", _tidied(given, "potilas", new_id))


def _headings(given: Any) -> list[dict[str, Any]]:
    texts: dict[str, dict[str, Any]] = {}
    for heading in given:
        name = heading.get("otsikko")
        if name not in HEADINGS or name in texts:
            raise LifecareFault(422, "LC-4223", field="otsikot.otsikko")
        texts[name] = {
            **heading,
            "teksti": stored_text(heading.get("teksti", ""), field=f"otsikot.{name}.teksti"),
        }
    return [texts.get(name, {"otsikko": name, "teksti": ""}) for name in HEADINGS]


def _tidied(value: Any, field: str, new_id: Any) -> Any:
    if isinstance(value, str):
        return stored_text(value, field=field)
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {name: _tidied(inner, f"{field}.{name}".lstrip("."), new_id) for name, inner in pairs.items()}
    if isinstance(value, list):
        elements = [_tidied(element, field, new_id) for element in cast("list[Any]", value)]
        for element in elements:
            if isinstance(element, dict) and not cast("dict[str, Any]", element).get("tunniste"):
                cast("dict[str, Any]", element)["tunniste"] = new_id()
        return elements
    return value

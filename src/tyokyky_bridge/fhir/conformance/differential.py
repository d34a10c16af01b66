"""Elements of a StructureDefinition's differential."""

from collections.abc import Mapping
from typing import Any

from tyokyky_bridge.fhir.wire.issues import Document


def element(id_: str, **said: Any) -> Document:
    """
    One element by its id, from which its path and the name of its slice follow.

    Names given with an underscore at their end lose it (``type_``, ``min_``); what is ``None`` is left out.
    """
    steps = id_.split(".")
    first: Document = {"id": id_, "path": ".".join(step.partition(":")[0] for step in steps)}
    slice_name = steps[-1].partition(":")[2]
    if slice_name:
        first["sliceName"] = slice_name
    return first | {name.rstrip("_"): value for name, value in said.items() if value is not None}


def sliced(id_: str, by: str) -> Document:
    """The element whose slices are told apart by the value of *by*; others may stand beside them."""
    slicing = {"discriminator": [{"type": "value", "path": by}], "rules": "open"}
    return element(id_, slicing=slicing)


def bound(value_set: str) -> Document:
    """A required binding."""
    return {"strength": "required", "valueSet": value_set}


def typed(code: str, *, profile: str | None = None) -> list[Document]:
    """The one type of an element."""
    said: Document = {"code": code}
    if profile is not None:
        said["profile"] = [profile]
    return [said]


def translated(titles: Mapping[str, str]) -> Document:
    """What stands beside a text (``_title``) to say it in other languages."""
    return {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/translation",
                "extension": [
                    {"url": "lang", "valueCode": language},
                    {"url": "content", "valueString": text},
                ],
            }
            for language, text in titles.items()
        ]
    }

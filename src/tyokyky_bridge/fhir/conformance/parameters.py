"""Building Parameters documents."""

from collections.abc import Iterable
from typing import Any

from tyokyky_bridge.fhir.wire.issues import Document


def parameter(name: str, type_: str, value: Any) -> Document:
    """One parameter with a value: ``parameter("result", "Boolean", True)``."""
    return {"name": name, f"value{type_}": value}


def answer(*, holds: bool) -> Document:
    """The parameter that every yes-or-no question is answered with."""
    return parameter("result", "Boolean", holds)


def parts(name: str, held: Iterable[Document]) -> Document:
    """One parameter made of parts."""
    return {"name": name, "part": list(held)}


def parameters(held: Iterable[Document | None]) -> Document:
    """A Parameters resource of those that are there."""
    return {"resourceType": "Parameters", "parameter": [each for each in held if each is not None]}

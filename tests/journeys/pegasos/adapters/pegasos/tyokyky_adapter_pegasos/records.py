"""The plan text of Pegasos as the lens sees it: the eight headings of the skeleton, each with free text."""

from typing import Any

from tyokyky_bridge.adapterkit.contract import Native

HEADINGS = ("OHJ", "AMM", "AIK", "TER", "SOS", "KEL", "VER", "SUU")

EMPTY: Native = {"otsikot": [{"otsikko": heading, "teksti": ""} for heading in HEADINGS]}
"""The empty form. Copy before changing; `empty_form` does."""


def empty_form() -> Native:
    """The form of a client who has no plan text yet."""
    return {"otsikot": [dict(heading) for heading in EMPTY["otsikot"]]}


def content_of(text: dict[str, Any]) -> Native:
    """What the lens works on: the record without its version."""
    return {name: value for name, value in text.items() if name != "versio"}

"""Every shipped mapping, found as the product finds it: by entry point and manifest."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from mapping.toy import toy_lens
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.mapping.catalogue import load
from tyokyky_bridge.mapping.lens import Lens

SHIPPED = sorted(point.name for point in entry_points(group="tyokyky_bridge.adapters"))
"""Names of the installed adapters."""


@cache
def shipped(name: str) -> tuple[Lens, Mapping[str, Any]]:
    """The lens of a system and its partner's empty form; the toy is one too."""
    if name == "toy":
        return toy_lens(), {}
    package = next(
        point.module for point in entry_points(group="tyokyky_bridge.adapters") if point.name == name
    )
    codecs = getattr(import_module(package), "CODECS", None)
    lens = load(Manifest.of(package).mapping, codecs)
    return lens, import_module(f"{package}.records").EMPTY

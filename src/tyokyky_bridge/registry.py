"""Finds installed adapters by entry point, with their manifests and compiled mappings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, cast

from tyokyky_bridge.adapterkit.codec import Codec
from tyokyky_bridge.adapterkit.contract import Adapter, SystemConfig
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.mapping.catalogue import load
from tyokyky_bridge.mapping.lens import Lens

GROUP = "tyokyky_bridge.adapters"


@dataclass(frozen=True)
class InstalledAdapter:
    """One adapter as installed: what it says of itself, how to connect, and the lens into its records."""

    manifest: Manifest
    connect: Callable[[SystemConfig], Adapter]
    lens: Lens


def find_adapters() -> Mapping[str, InstalledAdapter]:
    """Load every installed adapter, by name.

    Raises: MappingBroken when a mapping has a broken row (file, row and reason); the start then stops.
    """
    return {
        point.name: load_adapter(point.value)
        for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)
    }


def load_adapter(package: str) -> InstalledAdapter:
    """Load one adapter package: its manifest, its ``connect`` and its mapping."""
    module: Any = import_module(package)
    manifest = Manifest.of(package)
    codecs = cast("Mapping[str, Codec]", getattr(module, "CODECS", {}))
    return InstalledAdapter(manifest, module.connect, load(manifest.mapping, codecs))

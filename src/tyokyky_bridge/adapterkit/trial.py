"""How an adapter is tried out without a real partner: demo and journeys start its simulator from this.

An adapter with a simulator has a module ``trial`` beside its manifest with ``prepare(folder: Path) -> Trial``.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from tyokyky_bridge.adapterkit.manifest import Manifest


@dataclass(frozen=True)
class Trial:
    """What a simulator has to be started with, and what an adapter needs to log in to it.

    *options* are the adapter's `SystemConfig.options`; *calm* are fault knobs that make it quick, for tests, and
    *calm_options* what the hub is told of it then.
    """

    simulator_args: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    client_tls: ssl.SSLContext | None = None
    calm: Mapping[str, Any] = field(default_factory=dict[str, Any])
    calm_options: Mapping[str, str] = field(default_factory=dict[str, str])


def prepare(package: str, folder: Path) -> tuple[str, Trial]:
    """The simulator module of an adapter package and its trial, with keys and certificates made under *folder*.

    Raises: ValueError when the adapter has no simulator.
    """
    manifest = Manifest.of(package)
    if manifest.simulator is None:
        msg = f"{package} has no simulator"
        raise ValueError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    module: Any = import_module(f"{package}.trial")
    return manifest.simulator, module.prepare(folder)

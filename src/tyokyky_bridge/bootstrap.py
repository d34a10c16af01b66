"""Every concrete choice of the hub, top to bottom."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from tyokyky_bridge.adapterkit.contract import SystemConfig
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.directory_document import load_directory
from tyokyky_bridge.domain.legal_basis import LegalBases, load_legal_bases
from tyokyky_bridge.domain.parties import Directory
from tyokyky_bridge.mapping.catalogue import SAFE_LOADER
from tyokyky_bridge.registry import InstalledAdapter, find_adapters
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.settings import Settings
from tyokyky_bridge.storage import open_store


class AdapterMissing(Exception):
    """The directory names an adapter that is not installed."""

    def __init__(self, system: str, adapter: str, installed: list[str]) -> None:
        super().__init__(
            f"system {system} needs the adapter {adapter}; installed: {', '.join(installed) or 'none'}"
        )


def wire(settings: Settings) -> Bridge:
    """The hub as configured. Raises what a broken file raises, naming file, row and reason."""
    directory = load_directory(_document(settings.directory_file))
    return Bridge(
        store=open_store(settings.database_url, index_key=settings.index_key.get_secret_value().encode()),
        directory=directory,
        legal_bases=legal_bases(settings),
        partners=_partners(directory, find_adapters()),
        synthetic_only=settings.synthetic_only,
    )


def legal_bases(settings: Settings) -> LegalBases:
    """The dated rows of law: the configured file, else the shipped one."""
    if settings.legal_bases_file is None:
        return shipped_legal_bases()
    return load_legal_bases(_document(settings.legal_bases_file))


def shipped_legal_bases() -> LegalBases:
    """The rows that come with the product; drafts are marked as such."""
    return load_legal_bases(_document(files("tyokyky_mappings").joinpath("canonical/legal_bases.yaml")))


def _document(file: Traversable) -> Any:
    return yaml.load(file.read_text("utf-8"), Loader=SAFE_LOADER)  # noqa: S506  # safe by its name


def _partners(directory: Directory, adapters: Mapping[str, InstalledAdapter]) -> dict[str, Partner]:
    """Each system as it is today; one that is not in force yet, or any more, as its last row says."""
    partners: dict[str, Partner] = {}
    today = {system.id: system for system in directory.systems_on(finnish_day(datetime.now(UTC)))}
    for id_, rows in directory.systems.items():
        system = today.get(id_, rows[-1])
        if system.adapter not in adapters:
            raise AdapterMissing(id_, system.adapter, sorted(adapters))
        installed = adapters[system.adapter]
        config = SystemConfig(id=id_, base_url=system.base_url, options=system.options)
        manifest = _as_configured(installed.manifest, config)
        partners[id_] = Partner(system, manifest, installed.lens, installed.connect(config))
    return partners


def _as_configured(manifest: Manifest, config: SystemConfig) -> Manifest:
    """The manifest with the rate that was agreed for this installation: ``requests_per_min``, 0 for no limit."""
    agreed = config.options.get("requests_per_min")
    if agreed is None:
        return manifest
    if not (agreed.isascii() and agreed.isdigit()):
        msg = f"system {config.id}: requests_per_min must be a whole number, 0 for no limit"
        raise ValueError(msg)
    limits = manifest.limits.model_copy(update={"requests_per_min": int(agreed) or None})
    return manifest.model_copy(update={"limits": limits})

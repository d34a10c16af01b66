"""TYPPI, the joint register of the multi-sector joint service: adapter, native records and simulator."""

from tyokyky_adapter_typpi.client import Typpi
from tyokyky_adapter_typpi.codecs import CODECS
from tyokyky_bridge.adapterkit.contract import Adapter, SystemConfig

__all__ = ["CODECS", "connect"]


def connect(config: SystemConfig) -> Adapter:
    """Connect to one TYPPI.

    Options: ``client_id``; ``private_key`` (PEM) or ``private_key_file``; ``audience`` where the
    installation's differs from the default.

    Raises:
        ValueError: an option is missing or the key is not usable.
    """
    return Typpi.of(config)

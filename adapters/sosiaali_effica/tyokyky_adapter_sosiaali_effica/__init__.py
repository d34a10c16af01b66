"""Sosiaali Effica: adapter, native records and simulator."""

from tyokyky_adapter_sosiaali_effica.client import SosiaaliEffica, connect
from tyokyky_adapter_sosiaali_effica.codecs import CODECS

__all__ = ["CODECS", "SosiaaliEffica", "connect"]

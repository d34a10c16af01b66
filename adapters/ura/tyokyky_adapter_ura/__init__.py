"""Ura: adapter, native records, codecs and simulator."""

from tyokyky_adapter_ura.client import connect
from tyokyky_adapter_ura.codecs import CODECS

__all__ = ["CODECS", "connect"]

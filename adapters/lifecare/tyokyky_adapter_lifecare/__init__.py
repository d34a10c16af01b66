"""Lifecare: adapter, native records and simulator."""

from tyokyky_adapter_lifecare.client import Lifecare, connect
from tyokyky_adapter_lifecare.codecs import CODECS

__all__ = ["CODECS", "Lifecare", "connect"]

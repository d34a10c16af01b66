"""Pegasos: adapter, native records and simulator; thrown away after the test that a fifth system can be added."""

from tyokyky_adapter_pegasos.client import Pegasos, connect

__all__ = ["Pegasos", "connect"]

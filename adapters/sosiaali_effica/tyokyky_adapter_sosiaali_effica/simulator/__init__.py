"""Simulator of Sosiaali Effica: run with ``python -m tyokyky_adapter_sosiaali_effica.simulator``."""

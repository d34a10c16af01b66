"""Entry of ``python -m tyokyky_adapter_lifecare.simulator``."""

from tyokyky_adapter_lifecare.simulator.server import main

main()

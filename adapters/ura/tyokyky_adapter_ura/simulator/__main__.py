"""``python -m tyokyky_adapter_ura.simulator --port 0 --state ura.db --allow-sim-control``."""

from tyokyky_adapter_ura.simulator import KNOBS, arguments, make
from tyokyky_bridge.adapterkit.simulation import run

if __name__ == "__main__":
    run("ura", make, knobs=KNOBS, arguments=arguments)

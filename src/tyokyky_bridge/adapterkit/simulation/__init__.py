"""What every simulator shares: durable state, a clock of its own, faults on demand, and a byte-exact journal.

A simulator builds a Starlette (or any ASGI) application and hands it to `run`::

    def make(sim: Simulation, args: argparse.Namespace) -> Made:
        return Made(app=Starlette(routes=[...]), seed=..., records=..., acts={"sign": ...})

    if __name__ == "__main__":
        run("lifecare", make)
"""

from tyokyky_bridge.adapterkit.simulation.chaos import Chaos, Knob
from tyokyky_bridge.adapterkit.simulation.clock import HELSINKI, Clock
from tyokyky_bridge.adapterkit.simulation.journal import Journal
from tyokyky_bridge.adapterkit.simulation.outbox import OUTBOX_KNOBS, Outbox
from tyokyky_bridge.adapterkit.simulation.server import run
from tyokyky_bridge.adapterkit.simulation.state import SimState
from tyokyky_bridge.adapterkit.simulation.surface import ControlError, Made, Simulation, control_surface

__all__ = [
    "HELSINKI",
    "OUTBOX_KNOBS",
    "Chaos",
    "Clock",
    "ControlError",
    "Journal",
    "Knob",
    "Made",
    "Outbox",
    "SimState",
    "Simulation",
    "control_surface",
    "run",
]

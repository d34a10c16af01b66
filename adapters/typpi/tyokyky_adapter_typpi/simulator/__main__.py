"""``python -m tyokyky_adapter_typpi.simulator --clients FILE``: serve the simulated TYPPI on loopback."""

import argparse
from functools import partial
from pathlib import Path

from tyokyky_adapter_typpi.assertion import AUDIENCE
from tyokyky_adapter_typpi.simulator.acts import edit, end_customership, remove_section
from tyokyky_adapter_typpi.simulator.app import Door
from tyokyky_adapter_typpi.simulator.feed import CURSOR_LIFE_S, Feed
from tyokyky_adapter_typpi.simulator.login import Registered, TokenDesk
from tyokyky_adapter_typpi.simulator.register import Register
from tyokyky_adapter_typpi.simulator.world import records, seed
from tyokyky_bridge.adapterkit.simulation import Made, Simulation, run

KNOBS = {"rate_per_min": 60, "token_life_s": 300.0, "cursor_life_s": CURSOR_LIFE_S, "feed_page": 100}


def make(sim: Simulation, args: argparse.Namespace) -> Made:
    """Build the simulator over its state."""
    register = Register(sim, Feed(sim))
    desk = TokenDesk(Registered.read(args.clients), sim.state, audience=args.audience)
    return Made(
        app=Door(sim, desk, register).app(),
        seed=partial(seed, register),
        records=partial(records, register),
        acts={act.__name__: partial(act, register) for act in (edit, remove_section, end_customership)},
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    """Our own options."""
    parser.add_argument("--clients", type=Path, required=True, help="JSON file of registered client systems")
    parser.add_argument("--audience", default=AUDIENCE, help="who assertions have to be for")


if __name__ == "__main__":
    run("typpi", make, knobs=KNOBS, arguments=arguments)

"""Simulator of Ura's interface. README.md beside the package says what is public and what is invented."""

import argparse

from tyokyky_adapter_ura.simulator import changelog
from tyokyky_adapter_ura.simulator.app import Gateway
from tyokyky_adapter_ura.simulator.changelog import ChangeLog
from tyokyky_adapter_ura.simulator.control import Desk
from tyokyky_adapter_ura.simulator.register import Register
from tyokyky_bridge.adapterkit.simulation import Knob, Made, Simulation

DEFAULT_KEY = "sim-kipa-key"
DEFAULT_YTUNNUS = "9000001-1"
KNOBS: dict[str, Knob] = {"night_window": None, **changelog.KNOBS}
"""``night_window``: whether writing closes from 22.00 to 05.00 Finnish time; null leaves it to ``--open-at-night``."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The simulator's own options."""
    parser.add_argument(
        "--subscription-key", default=DEFAULT_KEY, help="the only KIPA-Subscription-Key let in"
    )
    parser.add_argument(
        "--ytunnus", action="append", help=f"a Y-tunnus with access, repeatable; default {DEFAULT_YTUNNUS}"
    )
    parser.add_argument("--open-at-night", action="store_true", help="take writes from 22.00 to 05.00 too")


def make(sim: Simulation, args: argparse.Namespace) -> Made:
    """Put gateway, register and desk together."""
    log = ChangeLog(sim)
    register = Register(sim, log)
    desk = Desk(sim, register)
    allowed = frozenset(args.ytunnus or [DEFAULT_YTUNNUS])
    gateway = Gateway(
        sim, register, log, key=args.subscription_key, ytunnukset=allowed, closes=not args.open_at_night
    )
    return Made(
        app=gateway.app(),
        seed=desk.seed,
        records=desk.records,
        acts={
            "edit": desk.edit,
            "edit_lines": desk.edit_lines,
            "delete": desk.delete,
            "send_form": desk.send_form,
        },
    )

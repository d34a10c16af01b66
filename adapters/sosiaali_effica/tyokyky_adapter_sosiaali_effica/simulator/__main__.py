"""Command line of the simulator: certificates first, then the shared server."""

import argparse
import sys
from pathlib import Path

from tyokyky_adapter_sosiaali_effica.simulator import certificates
from tyokyky_adapter_sosiaali_effica.simulator.application import KNOBS, make
from tyokyky_bridge.adapterkit.simulation import run


def main(argv: list[str]) -> None:
    """Serve over mutual TLS until stopped."""
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument("--tls-dir", type=Path, default=Path("effica-tls"))
    known, rest = early.parse_known_args(argv)
    tls = certificates.ensure(known.tls_dir)
    ours = ["--ssl-certfile", "server.pem", "--ssl-keyfile", "server.key", "--ssl-ca-certs", "ca.pem"]
    rest += [str(tls / word) if word.endswith((".pem", ".key")) else word for word in ours]
    run("sosiaali_effica", make, arguments=_arguments, knobs=KNOBS, argv=rest)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tls-dir", type=Path, help="certificates of server and client; made when missing")
    parser.add_argument("--user", default="TKYSILTA", help="the account that may log in")
    parser.add_argument("--password", default="vain-simulaattoriin", help="its password")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The contract suite on TYPPI, over real HTTP."""

import copy
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tyokyky_adapter_typpi import connect
from tyokyky_adapter_typpi.assertion import make_key
from tyokyky_adapter_typpi.records import EMPTY
from tyokyky_bridge.adapterkit.contract import Adapter, Native, SystemConfig
from tyokyky_bridge.adapterkit.simulation import HELSINKI
from tyokyky_bridge.adapterkit.testing import SimulatorProcess, adapter_contract


class TyppiCase:
    """TYPPI as the contract suite needs to know it."""

    package = "tyokyky_adapter_typpi"
    known = "030278-958K"
    other = "250791Y946S"
    unknown = "171268X9339"
    twin = "120385-921T"
    empty = EMPTY
    write_path = r"(POST /typpi/suunnitelmat$|PUT )"

    def __init__(self) -> None:
        self._pem, self._jwks = make_key()

    def simulator(self, folder: Path) -> SimulatorProcess:
        """Register us with TYPPI, the way an office would: by public key."""
        us = {"client_id": "hub", "osapuoli": "hyvinvointialue", "rooli": "jarjestelma", "jwks": self._jwks}
        clients = folder / "clients.json"
        clients.write_text(json.dumps({"clients": [us]}), "utf-8")
        return SimulatorProcess(
            "tyokyky_adapter_typpi.simulator",
            state=folder / "typpi.sqlite3",
            args=["--clients", str(clients)],
        )

    def seed(self, simulator: SimulatorProcess) -> None:
        """Two clients, and one number twice."""
        simulator.chaos(rate_per_min=None)
        persons = [self.known, self.other, self.twin, self.twin]
        simulator.seed(persons=[{"hetu": hetu} for hetu in persons])

    def config(self, simulator: SimulatorProcess, **options: str) -> SystemConfig:
        """Our registration."""
        return SystemConfig(
            "typpi", simulator.base_url, {"client_id": "hub", "private_key": self._pem, **options}
        )

    def wrong_credentials(self) -> dict[str, str]:
        """A key that TYPPI has never seen."""
        return {"private_key": make_key()[0]}

    def connect(self, config: SystemConfig) -> Adapter:
        """The adapter's own."""
        return connect(config)

    def fill(self, content: Native, text: str) -> Native:
        """Put *text* into the section on competence."""
        filled = copy.deepcopy(content)
        section(filled)["tyokokemus"] = text
        return filled

    def text_of(self, content: Native) -> str | None:
        """Read it back."""
        return section(content).get("tyokokemus")

    def overfill(self, content: Native) -> Native:
        """One character too many."""
        return self.fill(content, "x" * 3001)

    def change_behind(self, simulator: SimulatorProcess, record_id: str) -> None:
        """A worker writes into the same section."""
        simulator.act("edit", suunnitelmaId=record_id, osio="osaaminen", tiedot={"tyokokemus": "by a user"})

    def add_unknown(self, simulator: SimulatorProcess, record_id: str) -> None:
        """A field of a later TYPPI."""
        simulator.act(
            "edit", suunnitelmaId=record_id, osio="osaaminen", tiedot={"tulevaKentta": {"a": [1, "ä<"]}}
        )

    def unknown_of(self, content: Native) -> Any:
        """Read it from what was fetched."""
        return section(content).get("tulevaKentta")

    def edit(self, simulator: SimulatorProcess, hetu: str, content: Native) -> None:
        """A worker saves the plan, or opens one."""
        simulator.act("edit", hetu=hetu, content=content)

    def remove(self, simulator: SimulatorProcess, hetu: str) -> None:
        """No user removes a plan: it is gone because the customership ended thirty days ago."""
        today = datetime.fromisoformat(simulator.clock()).astimezone(HELSINKI).date()
        ended = (today - timedelta(days=30)).isoformat()
        simulator.act("end_customership", hetu=hetu, paattyen=ended)


def section(content: Native) -> dict[str, Any]:
    """The content of the section on competence."""
    return next(s["tiedot"] for s in content["osiot"] if s["osio"] == "osaaminen")


TestTyppi = adapter_contract(TyppiCase())

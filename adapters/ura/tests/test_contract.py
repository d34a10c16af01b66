"""The shared contract suite on Ura, over real HTTP."""

import copy
from pathlib import Path
from typing import Any

from tyokyky_adapter_ura import connect
from tyokyky_adapter_ura.records import EMPTY
from tyokyky_bridge.adapterkit.contract import Adapter, Native, SystemConfig
from tyokyky_bridge.adapterkit.testing import SimulatorProcess, adapter_contract

OPENING_HOURS = "2026-02-03T10:15:00+02:00"


class UraCase:
    package = "tyokyky_adapter_ura"
    known = "030278-958K"
    other = "171268X9339"
    unknown = "230599-9878"
    twin = "120385-921T"
    empty: Native = EMPTY
    write_path = r"POST /ura/v2/\w+/tallenna"

    def simulator(self, folder: Path) -> SimulatorProcess:
        return SimulatorProcess("tyokyky_adapter_ura.simulator", state=folder / "ura.db")

    def seed(self, simulator: SimulatorProcess) -> None:
        simulator.clock(set=OPENING_HOURS)
        simulator.seed(
            persons=[
                {"hetu": self.known, "family_name": "Malliviite", "given_names": "Sanna"},
                {"hetu": self.other, "family_name": "Koeajo", "given_names": "Pekka"},
                {
                    "hetu": "120385-921T",
                    "family_name": "Esimerkki",
                    "given_names": "Tuulikki",
                    "legacy": True,
                },
            ]
        )

    def config(self, simulator: SimulatorProcess, **options: str) -> SystemConfig:
        right = {"subscription_key": "sim-kipa-key", "ytunnus": "9000001-1"}
        return SystemConfig("ura", simulator.base_url, right | options)

    def wrong_credentials(self) -> dict[str, str]:
        return {"subscription_key": "somebody-elses"}

    def connect(self, config: SystemConfig) -> Adapter:
        return connect(config)

    def fill(self, content: Native, text: str) -> Native:
        filled = copy.deepcopy(content)
        filled["suunnitelma"]["tavoite"] = [text]
        return filled

    def text_of(self, content: Native) -> str | None:
        lines = content["suunnitelma"].get("tavoite")
        return lines[0] if lines else None

    def overfill(self, content: Native) -> Native:
        return self.fill(content, "x" * 71)

    def change_behind(self, simulator: SimulatorProcess, record_id: str) -> None:
        simulator.act("edit", suunnitelmanro=record_id, fields={"vastuuhlo": "OLINDQ"})

    def add_unknown(self, simulator: SimulatorProcess, record_id: str) -> None:
        simulator.act("edit", suunnitelmanro=record_id, fields={"uusi_kentta": {"arvo": 7}})

    def unknown_of(self, content: Native) -> Any:
        return content["suunnitelma"].get("uusi_kentta")

    def edit(self, simulator: SimulatorProcess, hetu: str, content: Native) -> None:
        simulator.act("edit", hetu=hetu, content=content)

    def remove(self, simulator: SimulatorProcess, hetu: str) -> None:
        simulator.act("delete", hetu=hetu)


TestContract = adapter_contract(UraCase())

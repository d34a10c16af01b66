"""Lifecare under the contract that every adapter keeps."""

import copy
from pathlib import Path
from typing import Any

import tyokyky_adapter_lifecare
from tyokyky_adapter_lifecare.records import EMPTY
from tyokyky_bridge.adapterkit.contract import Adapter, Native, SystemConfig
from tyokyky_bridge.adapterkit.testing import Letterbox, SimulatorProcess, adapter_contract


class LifecareCase:
    package = "tyokyky_adapter_lifecare"
    known = "120385-921T"
    other = "030278-958K"
    unknown = "290204A912S"
    twin = "230599-9878"
    empty = EMPTY
    write_path = "^(PUT|POST) /lifecare/api/v2/asiakirjat(/LC-[0-9A-F]+)?$"

    def __init__(self) -> None:
        self._letterbox = Letterbox()

    def simulator(self, folder: Path) -> SimulatorProcess:
        return SimulatorProcess(
            "tyokyky_adapter_lifecare.simulator",
            state=folder / "lifecare.sqlite",
            args=["--notify-url", self._letterbox.url],
        )

    def seed(self, simulator: SimulatorProcess) -> None:
        names = {"family_name": "Esimerkki", "given_names": "Tuulikki Anna", "language": "fi"}
        hetus = (self.known, self.other, self.twin, self.twin)
        simulator.seed(persons=[{"hetu": hetu, **names} for hetu in hetus])
        self._letterbox.empty()

    def config(self, simulator: SimulatorProcess, **options: str) -> SystemConfig:
        right = {
            "client_id": "tyokyky-bridge",
            "client_secret": "lifecare-sim-secret",
            "customer_id": "LRHA",
            "notify_secret": "lifecare-sim-notices",
        }
        return SystemConfig("lifecare", simulator.base_url, {**right, **options})

    def wrong_credentials(self) -> dict[str, str]:
        return {"client_secret": "wrong"}

    def connect(self, config: SystemConfig) -> Adapter:
        return tyokyky_adapter_lifecare.connect(config)

    def fill(self, content: Native, text: str) -> Native:
        filled = copy.deepcopy(content)
        filled["otsikot"][7]["teksti"] = text
        return filled

    def text_of(self, content: Native) -> str | None:
        return content["otsikot"][7]["teksti"]

    def overfill(self, content: Native) -> Native:
        return self.fill(content, "x" * 8001)

    def change_behind(self, simulator: SimulatorProcess, record_id: str) -> None:
        simulator.act("edit_heading", asiakirjaId=record_id, otsikko="TER", teksti="Käyttäjän teksti")

    def add_unknown(self, simulator: SimulatorProcess, record_id: str) -> None:
        simulator.act("edit_fields", asiakirjaId=record_id, fields={"uusiKentta": {"a": [1, {"b": "ä"}]}})

    def unknown_of(self, content: Native) -> Any:
        return content.get("uusiKentta")

    def edit(self, simulator: SimulatorProcess, hetu: str, content: Native) -> None:
        simulator.act("edit", hetu=hetu, content=content)

    def remove(self, simulator: SimulatorProcess, hetu: str) -> None:
        simulator.act("void", hetu=hetu)

    def pushed(self, simulator: SimulatorProcess) -> list[tuple[dict[str, str], bytes]]:
        del simulator  # it sends to the letterbox
        return list(self._letterbox.messages)


TestLifecare = adapter_contract(LifecareCase())

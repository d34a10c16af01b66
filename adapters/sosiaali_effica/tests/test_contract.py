"""The shared contract suite on Sosiaali Effica, over mutual TLS."""

import copy
from pathlib import Path

from tyokyky_adapter_sosiaali_effica import connect
from tyokyky_adapter_sosiaali_effica.records import EMPTY
from tyokyky_adapter_sosiaali_effica.simulator import certificates
from tyokyky_bridge.adapterkit.contract import SystemConfig
from tyokyky_bridge.adapterkit.testing import SimulatorProcess, adapter_contract


class EfficaCase:
    package = "tyokyky_adapter_sosiaali_effica"
    known = "120385-921T"
    other = "030278-958K"
    unknown = "290204A912S"
    twin = "250791Y946S"
    empty = EMPTY
    write_path = "TallennaAsiakirja|MitatoiAsiakirja"

    def simulator(self, folder: Path) -> SimulatorProcess:
        self.tls = certificates.ensure(folder / "tls")
        return SimulatorProcess(
            "tyokyky_adapter_sosiaali_effica.simulator",
            state=folder / "state.db",
            args=("--tls-dir", str(self.tls)),
            client_tls=certificates.client_context(self.tls),
        )

    def seed(self, simulator):
        simulator.chaos(latency_ms=[0, 0])
        simulator.seed(
            persons=[
                {"hetu": self.known, "family_name": "Esimerkki", "given_names": "Tuulikki"},
                {"hetu": self.other, "family_name": "Malli", "given_names": "Maija"},
                {"hetu": self.twin, "family_name": "Przykladowa", "given_names": "Lucja"},
                {
                    "hetu": "250791-946S",
                    "family_name": "Toinen",
                    "given_names": "Terttu",
                    "sign_missing": True,
                },
            ]
        )

    def config(self, simulator, **options):
        account = {"user": "TKYSILTA", "password": "vain-simulaattoriin"}
        return SystemConfig(
            "effica-lr", simulator.base_url, certificates.options(self.tls) | account | options
        )

    def wrong_credentials(self):
        return {"password": "väärä"}

    def connect(self, config):
        return connect(config)

    def fill(self, content, text):
        filled = copy.deepcopy(content)
        filled.setdefault("Sosiaalinentilanne", {})["Paivarytmi"] = text
        return filled

    def text_of(self, content):
        return content.get("Sosiaalinentilanne", {}).get("Paivarytmi")

    def overfill(self, content):
        return self.fill(content, "x" * 4001)

    def change_behind(self, simulator, record_id):
        simulator.act("edit", oid=record_id, set={"Sosiaalinentilanne.Paivarytmi": "their words"})

    def add_unknown(self, simulator, record_id):
        odd = ["eka", {"@taso": "2", "Selite": "oma kenttä"}]
        simulator.act("edit", oid=record_id, set={"Kuntakohtainen": odd})

    def unknown_of(self, content):
        return content.get("Kuntakohtainen")

    def edit(self, simulator, hetu, content):
        simulator.act("edit", hetu=hetu, content=content)

    def remove(self, simulator, hetu):
        simulator.act("void", hetu=hetu)


TestContract = adapter_contract(EfficaCase())

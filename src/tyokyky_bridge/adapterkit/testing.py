"""All that tests an adapter against its simulator over real HTTP: the process and the contract suite."""

from tyokyky_bridge.adapterkit.testing_case import ContractCase, PushingCase
from tyokyky_bridge.adapterkit.testing_contract import adapter_contract
from tyokyky_bridge.adapterkit.testing_letterbox import Letterbox
from tyokyky_bridge.adapterkit.testing_process import Entry, SimulatorProcess

__all__ = ["ContractCase", "Entry", "Letterbox", "PushingCase", "SimulatorProcess", "adapter_contract"]

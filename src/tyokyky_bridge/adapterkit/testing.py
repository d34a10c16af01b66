"""All that tests an adapter against its simulator over real HTTP: the process and the contract suite."""

from tyokyky_bridge.adapterkit.testing_contract import ContractCase, adapter_contract
from tyokyky_bridge.adapterkit.testing_process import Entry, SimulatorProcess

__all__ = ["ContractCase", "Entry", "SimulatorProcess", "adapter_contract"]

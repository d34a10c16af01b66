"""One simulated TYPPI for the tests beside the contract suite: two registered client systems, real HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tyokyky_adapter_typpi import connect
from tyokyky_adapter_typpi.assertion import Signer, make_key
from tyokyky_bridge.adapterkit.contract import Adapter, Hint, SystemConfig
from tyokyky_bridge.adapterkit.testing import SimulatorProcess

SANNA = "030278-958K"
PARTIES = {"hub": "hyvinvointialue", "te": "tyovoimaviranomainen"}


@dataclass
class Office:
    """TYPPI with one client, Sanna, and two systems that may come in."""

    simulator: SimulatorProcess
    keys: dict[str, str]

    def config(self, client_id: str = "hub", **options: str) -> SystemConfig:
        """How one of the registered systems reaches it."""
        return SystemConfig(
            "typpi",
            self.simulator.base_url,
            {"client_id": client_id, "private_key": self.keys[client_id], **options},
        )

    def tell(self, story: Callable[[Adapter], Awaitable[Any]], client_id: str = "hub") -> Any:
        """Run *story* with a connected adapter."""

        async def told() -> Any:
            adapter = connect(self.config(client_id))
            try:
                return await story(adapter)
            finally:
                await adapter.aclose()

        return asyncio.run(told())

    def hears(self, happens: Callable[[Adapter], Any], **options: str) -> list[Hint]:
        """What the hub is told of what *happens*, asking without waiting."""

        async def told() -> list[Hint]:
            adapter = connect(self.config(**{"feed_wait_s": "0", **options}))
            try:
                cursor = (await adapter.changes(None)).cursor
                happened = happens(adapter)
                if asyncio.iscoroutine(happened):
                    await happened
                return await hints_since(adapter, cursor)
            finally:
                await adapter.aclose()

        return asyncio.run(told())

    def edit(self, section: str = "kela", text: str = "x", hetu: str = SANNA) -> None:
        """Let a worker type something into a section."""
        self.simulator.act("edit", hetu=hetu, osio=section, tiedot={"lisatiedot": text})

    def rows(self) -> list[dict[str, Any]]:
        """All rows that the feed has shown so far, as they stood on the wire."""
        told = [e for e in self.simulator.journal() if e.path.startswith("/typpi/muutokset")]
        return [row for e in told for row in json.loads(e.response)["_embedded"]["muutokset"]]

    def plan_id(self, **sections: dict[str, Any]) -> str:
        """Seed Sanna's plan with these contents, as a worker would have written them."""
        seeded = self.simulator.seed(records=[{"hetu": SANNA, "osiot": sections}])
        return seeded["suunnitelmat"][0]

    def stored(self, section: str) -> dict[str, Any]:
        """One section of Sanna's plan as TYPPI holds it."""
        return next(s for s in self.simulator.records()[0]["osiot"] if s["osio"] == section)

    def browser(self, client_id: str = "hub") -> httpx.Client:
        """A bare HTTP client that is logged in, for requests the adapter would never make."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": Signer.of(self.config(client_id)).assertion(),
        }
        base = self.simulator.base_url
        token = httpx.post(f"{base}/typpi/token", data=form, trust_env=False).json()["access_token"]
        return httpx.Client(base_url=base, trust_env=False, headers={"authorization": f"Bearer {token}"})


async def hints_since(adapter: Adapter, cursor: str) -> list[Hint]:
    """All hints since *cursor*, page by page."""
    page = await adapter.changes(cursor)
    hints = [*page.hints]
    while page.more:
        page = await adapter.changes(page.cursor)
        hints += page.hints
    assert not page.lost
    return hints


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The process, started once."""
    folder = tmp_path_factory.mktemp("typpi")
    pairs = {client_id: make_key() for client_id in PARTIES}
    clients = [
        {"client_id": name, "osapuoli": PARTIES[name], "rooli": "jarjestelma", "jwks": jwks}
        for name, (_, jwks) in pairs.items()
    ]
    file = folder / "clients.json"
    file.write_text(json.dumps({"clients": clients}), "utf-8")
    simulator = SimulatorProcess(
        "tyokyky_adapter_typpi.simulator", state=folder / "state.sqlite3", args=["--clients", str(file)]
    )
    with simulator:
        yield Office(simulator, {name: pem for name, (pem, _) in pairs.items()})


@pytest.fixture
def office(running: Office) -> Office:
    """A fresh TYPPI in which Sanna is a client of the joint service."""
    running.simulator.reset()
    running.simulator.chaos(rate_per_min=None)
    running.simulator.seed(persons=[{"hetu": SANNA, "family_name": "Malliviite", "given_names": "Sanna"}])
    return running

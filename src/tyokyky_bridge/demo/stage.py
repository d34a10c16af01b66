"""A whole installation as real processes on loopback: hub, worker, and a simulator for each installed system.

The demo tells its story on one; the journeys and the crash drills in the tests run on the same.
"""

import asyncio
import json
import os
import secrets
import socket
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import yaml
from joserfc import jwt
from joserfc.jwk import ECKey

from tyokyky_bridge.adapterkit.http import Carrier
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.adapterkit.testing import SimulatorProcess
from tyokyky_bridge.adapterkit.trial import Trial, prepare
from tyokyky_bridge.demo.child import Child
from tyokyky_bridge.registry import GROUP
from tyokyky_bridge.storage import migrate

ISSUER = "https://issuer.demo.tyokyky-bridge.example"
AUDIENCE = "tyokyky-bridge"
TOKEN_LIFE_S = 3600
CALM_POLL_S = (0.2, 0.4)
"""How often change logs are read on a calm stage: between two looks at the fastest, and at the slowest."""


class Stage:
    """Start with ``with Stage(folder) as stage``; everything ends with the block.

    Args:
        folder: For keys, certificates, databases and logs; private.
        database_url: Of an empty database; a SQLite file under *folder* when not given.
        systems: Which systems of the demo directory to start; all when not given.
        calm: Whether simulators answer at once and without a rate limit and are listened to all the time (tests),
            or everybody keeps their own pace (demo).
        directory: A directory document instead of the shipped demo one.
        carrier: What carries the hub's requests to the systems.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        systems: Iterable[str] | None = None,
        calm: bool = False,
        directory: Mapping[str, Any] | None = None,
        carrier: Carrier = "httpx",
    ) -> None:
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{folder / 'hub.db'}"
        self.simulators: dict[str, SimulatorProcess] = {}
        self.port = _free_port()
        self._packages = {point.name: point.value for point in entry_points(group=GROUP)}
        self._calm = calm
        self._carrier: Carrier = carrier
        self._directory = dict(directory or _demo_directory())
        if systems is not None:
            wanted = set(systems)
            self._directory["systems"] = [s for s in self._directory["systems"] if s["id"] in wanted]
        self._key = ECKey.generate_key("P-256", {"kid": "demo-1"}, private=True)
        self._stack = ExitStack()
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    @property
    def url(self) -> str:
        """Where the hub answers."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Stage":
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        try:
            with ThreadPoolExecutor() as pool:
                migrated = pool.submit(lambda: asyncio.run(migrate(self.database_url)))
                self._start_simulators(pool)
                migrated.result()
            environment = {**_clean_environment(), **self._settings()}
            self.hub = Child(("serve",), environment, self.folder / "hub.log")
            self.worker = Child(("work",), environment, self.folder / "worker.log")
            for child in (self.hub, self.worker):
                self._stack.callback(child.end)
                child.start()
            self.wait_ready()
            self._subscribe()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        self._stack.close()

    def token(
        self,
        party: str,
        *,
        role: str = "professional",
        purpose: str = "work_ability_support",
        client: str | None = None,
    ) -> str:
        """A bearer token as the issuer would give it to a caller of *party*, or to a *client* at its portal."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + TOKEN_LIFE_S,
            "sub": f"{role}@{party}",
            "party": party,
            "role": role,
            "purpose": purpose,
            **({} if client is None else {"client": client}),
        }
        return jwt.encode({"alg": "ES256", "kid": "demo-1"}, claims, self._key)

    def call(
        self, method: str, path: str, *, party: str, body: Any = None, etag: str | None = None, **claims: str
    ) -> httpx.Response:
        """One request to the hub in the name of *party*."""
        headers = {"Authorization": f"Bearer {self.token(party, **claims)}"}
        if etag is not None:
            headers["If-Match"] = etag
        content = None if body is None else json.dumps(body, default=str).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        return self.http.request(method, path, content=content, headers=headers)

    def wait_ready(self, *, wait_s: float = 30) -> None:
        """Wait until the hub is ready. Raises `RuntimeError` with the end of its log."""
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            try:
                if self.http.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if self.hub.process is not None and self.hub.process.poll() is not None:
                break
            time.sleep(0.05)
        msg = f"the hub did not become ready: {self.hub.log.read_text(errors='replace')[-2000:]}"
        raise RuntimeError(msg)

    def settle(self, plan_id: str, *, wait_s: float = 30) -> dict[str, Any]:
        """Wait until no link of the plan has anything to do; returns the links by system."""
        until = time.monotonic() + wait_s
        links: dict[str, Any] = {}
        while time.monotonic() < until:
            answer = self.call("GET", f"/v1/plans/{plan_id}/links", party="lrha-health", role="oversight")
            links = {link["system"]: link for link in answer.json()}
            if all(link["state"] in {"in_sync", "parked"} for link in links.values()):
                return links
            time.sleep(0.05)
        states = {system: (link["state"], link["last_error"]) for system, link in links.items()}
        msg = f"links did not settle in {wait_s} s: {states}"
        raise TimeoutError(msg)

    def _subscribe(self) -> None:
        """Have each system that pushes send its messages to the hub."""
        for system in self._directory["systems"]:
            name, package = system["id"], self._packages[system["adapter"]]
            if Manifest.of(package).feed == "push":
                self.simulators[name].act("subscribe", url=f"{self.url}/v1/systems/{name}/notices")

    def _start_simulators(self, pool: Executor) -> None:
        trials: dict[str, Trial] = {}
        for system in self._directory["systems"]:
            name = system["id"]
            module, trials[name] = prepare(self._packages[system["adapter"]], self.folder / name)
            self.simulators[name] = simulator = SimulatorProcess(
                module,
                state=self.folder / name / "state.db",
                args=trials[name].simulator_args,
                client_tls=trials[name].client_tls,
            )
            self._stack.push(simulator)
        list(pool.map(SimulatorProcess.start, self.simulators.values()))
        for system in self._directory["systems"]:
            simulator, trial = self.simulators[system["id"]], trials[system["id"]]
            if self._calm:
                simulator.chaos(**trial.calm)
            system["base_url"] = simulator.base_url
            told = {
                "transport": self._carrier,
                **trial.options,
                **(trial.calm_options if self._calm else {}),
            }
            system["options"] = {**told, **system.get("options", {}), **trial.options}

    def _settings(self) -> dict[str, str]:
        directory, keys = self.folder / "directory.yaml", self.folder / "issuer.jwks.json"
        for private in (directory, keys):
            private.touch(mode=0o600)
        directory.write_text(yaml.safe_dump(self._directory, allow_unicode=True), "utf-8")
        keys.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}), "utf-8")
        fastest_s, slowest_s = CALM_POLL_S
        pace = {"TYOKYKY_POLL_FASTEST_S": str(fastest_s), "TYOKYKY_POLL_SLOWEST_S": str(slowest_s)}
        return {
            **(pace if self._calm else {}),
            "TYOKYKY_DATABASE_URL": self.database_url,
            "TYOKYKY_DIRECTORY_FILE": str(directory),
            "TYOKYKY_INDEX_KEY": secrets.token_hex(32),
            "TYOKYKY_TOKEN_KEYS_FILE": str(keys),
            "TYOKYKY_TOKEN_ISSUER": ISSUER,
            "TYOKYKY_TOKEN_AUDIENCE": AUDIENCE,
            "TYOKYKY_PORT": str(self.port),
            "TYOKYKY_SYNTHETIC_ONLY": "true",
        }


def _demo_directory() -> dict[str, Any]:
    return yaml.safe_load(
        files("tyokyky_mappings").joinpath("canonical/demo_directory.yaml").read_text("utf-8")
    )


def _clean_environment() -> dict[str, str]:
    """The process environment without settings of another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TYOKYKY_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

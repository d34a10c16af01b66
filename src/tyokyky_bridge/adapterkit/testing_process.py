"""A simulator as a real process that tests and the demo start, steer, kill and start again."""

import base64
import contextlib
import select
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx


@dataclass(frozen=True)
class Entry:
    """One journalled request. *outcome* is ``answered``, ``dropped``, ``lost``, ``error`` or ``open``."""

    seq: int
    at: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int | None
    response: bytes
    outcome: str
    effects: tuple[str, ...]


class SimulatorProcess:
    """One simulator on a port that it keeps over restarts.

    Args:
        module: Run with ``python -m``.
        state: The simulator's file; survives `kill`.
        args: Further command line options of the simulator.
        port: 0 picks a free one at the first start.
        client_tls: For simulators that demand a client certificate: the context control calls use.
    """

    def __init__(
        self,
        module: str,
        *,
        state: Path,
        args: Sequence[str] = (),
        port: int = 0,
        client_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.module = module
        self.port = port
        self.client_tls = client_tls
        self._state = state
        self._args = tuple(args)
        self._process: subprocess.Popen[bytes] | None = None
        self._base_url = ""
        self._control = httpx.Client(
            verify=client_tls if client_tls is not None else True, trust_env=False, timeout=20
        )

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT`` (https when the simulator runs TLS)."""
        return self._base_url

    def start(self, *, wait_s: float = 30) -> "SimulatorProcess":
        """Start and wait until it listens. Raises `RuntimeError` with the simulator's own complaint."""
        command = [sys.executable, "-m", self.module, "--port", str(self.port), "--state", str(self._state)]
        command += ["--allow-sim-control", "--exit-with-stdin", *self._args]
        complaints = tempfile.TemporaryFile()  # noqa: SIM115  # read after a failed start, else dropped
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints
        )
        assert self._process.stdout is not None  # noqa: S101
        ready, _, _ = select.select([self._process.stdout], [], [], wait_s)
        line = self._process.stdout.readline().decode() if ready else ""
        if not line.startswith("listening on "):
            self._process.kill()
            self._process.wait()
            complaints.seek(0)
            msg = f"{self.module} did not start: {complaints.read().decode(errors='replace')[-2000:]}"
            raise RuntimeError(msg)
        self._base_url = line.removeprefix("listening on ").strip()
        self.port = int(self._base_url.rsplit(":", 1)[1])
        return self

    def stop(self) -> None:
        """Ask it to end and wait; does nothing when it is not running."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without warning (kill -9)."""
        self._end(signal.SIGKILL)

    def restart(self) -> "SimulatorProcess":
        """Start again on the same port with the same state."""
        self.stop()
        return self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> "SimulatorProcess":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._control.close()

    def reset(self) -> None:
        """Forget all persons, records, faults and journal entries; real time again."""
        self._post("reset", {})

    def seed(self, **content: Any) -> Any:
        """Give it persons and records: ``persons=[…], records=[…]``."""
        return self._post("seed", content)

    def act(self, name: str, /, **how: Any) -> Any:
        """Let a user of the partner system do something."""
        return self._post("act", {"act": name, **how})

    def clock(self, **how: Any) -> str:
        """``set="2026-02-10T22:30:00+02:00"`` or ``advance_s=600``; returns the simulator's time."""
        return self._post("clock", how)["now"]

    def chaos(self, **knobs: Any) -> None:
        """Turn fault knobs; ``calm=True`` turns all back first."""
        self._post("chaos", knobs)

    def records(self) -> list[dict[str, Any]]:
        """The native records as they stand."""
        return self._get("records")["records"]

    def journal(self, *, since: int = 0) -> list[Entry]:
        """What came in after entry *since*, byte for byte."""
        return [
            Entry(
                seq=e["seq"],
                at=e["at"],
                method=e["method"],
                path=e["path"],
                headers=tuple((name, value) for name, value in e["headers"]),
                body=base64.b64decode(e["body_base64"]),
                status=e["status"],
                response=base64.b64decode(e["response_base64"]),
                outcome=e["outcome"],
                effects=tuple(e["effects"]),
            )
            for e in self._get(f"journal?since={since}")["entries"]
        ]

    def effects(self, *, since: int = 0) -> list[str]:
        """Every effective change of a record, in order."""
        return [effect for entry in self.journal(since=since) for effect in entry.effects]

    def wait_idle(self, *, wait_s: float = 5) -> None:
        """Wait until no journalled request is still being handled."""
        until = time.monotonic() + wait_s
        while any(entry.outcome == "open" for entry in self.journal()) and time.monotonic() < until:
            time.sleep(0.02)

    def _post(self, what: str, body: dict[str, Any]) -> Any:
        return self._read(self._control.post(f"{self._base_url}/__sim/{what}", json=body))

    def _get(self, what: str) -> Any:
        return self._read(self._control.get(f"{self._base_url}/__sim/{what}"))

    def _read(self, answer: httpx.Response) -> Any:
        if answer.status_code != 200:
            msg = f"control refused: {answer.status_code} {answer.text[:500]}"
            raise RuntimeError(msg)
        return answer.json()

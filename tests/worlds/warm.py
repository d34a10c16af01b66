"""Real processes that start at once: forked from one that has imported everything.

Importing the hub takes seconds and forking takes a millisecond, so a drill that kills a process fifty times, or
twenty tests that each want a whole installation, would do little but import. What is forked is an ordinary process
in every other way: its own pid, memory, sockets and files, killed with any signal.

`WarmProcesses` stands in for the module ``subprocess`` where a stage and its simulators start theirs.
"""

import contextlib
import ctypes
import functools
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

TESTS = Path(__file__).parents[1]
_SOURCE = "from worlds.warm import breed; breed()"
_PR_SET_PDEATHSIG = 1


class WarmProcesses:
    """The part of ``subprocess`` that starts Python modules; ``close`` ends all that is left of them.

    Args:
        environment: Of the one that is forked, e.g. with another ``PYTHONPATH``; this process's own if not given.
    """

    PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = dict(os.environ if environment is None else environment)
        path = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = f"{TESTS}{os.pathsep}{path}" if path else str(TESTS)
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self._path = path
        with theirs:
            self._mother = subprocess.Popen(
                [sys.executable, "-c", _SOURCE, str(theirs.fileno())],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  # else a killed test run would leave all of them behind
            )

    def close(self) -> None:
        """End the one that is forked, and with it all of its children."""
        self._ours.close()
        self._mother.kill()
        self._mother.wait()

    def Popen(  # noqa: N802  # the name it stands in for
        self, args: Sequence[str], **how: Any
    ) -> "WarmProcess | subprocess.Popen[bytes]":
        """Fork ``python -m MODULE …``; whoever wants to import other packages is started in the ordinary way."""
        environment: Mapping[str, str] = os.environ if how.get("env") is None else how["env"]
        if list(args[:2]) != [sys.executable, "-m"] or environment.get("PYTHONPATH", "") != self._path:
            return subprocess.Popen(args, **how)
        return WarmProcess(self, args, **how)

    def fork(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        """Ask for a child; returns its pid."""
        with self._lock:
            socket.send_fds(self._ours, [json.dumps(request).encode()], list(descriptors))
            answer = self._ours.recv(64)
        if not answer:
            msg = "the process that is forked has died"
            raise RuntimeError(msg)
        return int(answer)


class WarmProcess:
    """A forked process, with the part of ``Popen`` that a stage uses."""

    def __init__(
        self,
        warm: WarmProcesses,
        args: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: int | IO[Any] | None = None,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
        start_new_session: bool = False,
        preexec_fn: Callable[[], object] | None = None,
    ) -> None:
        del preexec_fn  # to end with its parent, which every child does here
        self.args = list(args)
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.returncode: int | None = None
        handed: list[int] = []
        opened: list[int] = []
        if stdin == subprocess.PIPE:
            reading, writing = os.pipe()
            self.stdin = os.fdopen(writing, "wb", buffering=0)
            handed.append(reading)
        else:
            handed.append(os.open(os.devnull, os.O_RDONLY))
        opened.append(handed[0])
        for stream in (stdout, stderr):
            if stream == subprocess.PIPE:
                reading, writing = os.pipe()
                self.stdout = os.fdopen(reading, "rb", buffering=0)
                opened.append(writing)
                handed.append(writing)
            elif stream is None or isinstance(stream, int):
                handed.append(os.open(os.devnull, os.O_WRONLY))
                opened.append(handed[-1])
            else:
                handed.append(stream.fileno())
        reading, writing = os.pipe()
        self._last_word = reading
        opened.append(writing)
        handed.append(writing)
        request = {
            "argv": self.args[2:],
            "env": dict(os.environ if env is None else env),
            "session": start_new_session,
        }
        try:
            self.pid = warm.fork(request, handed)
        finally:
            for descriptor in opened:
                os.close(descriptor)
        try:
            self._watch: int | None = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self._watch = None

    def poll(self) -> int | None:
        """``None`` while it lives, then its exit code; -9 when it was killed."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises ``subprocess.TimeoutExpired``."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Signal it, unless it is gone."""
        if self._watch is not None and self.poll() is None:
            signal.pidfd_send_signal(self._watch, number)

    def kill(self) -> None:
        """Kill -9."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _ended(self, timeout_s: float | None) -> int | None:
        if self._watch is not None:
            ready, _, _ = select.select([self._watch], [], [], timeout_s)
            if not ready:
                return None
            os.close(self._watch)
            self._watch = None
        if self.returncode is None:
            said = os.read(self._last_word, 1)
            os.close(self._last_word)
            self.returncode = said[0] if said else -signal.SIGKILL
        return self.returncode


def breed() -> None:
    """In the process that is forked: import everything, then fork a child for each request until the far end closes."""
    door = socket.socket(fileno=int(sys.argv[1]))
    _import_everything()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: the kernel buries them
    while True:
        message, descriptors, _, _ = socket.recv_fds(door, 1 << 20, 4)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            door.close()
            _become(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        door.send(str(pid).encode())


def _import_everything() -> None:
    registry = import_module("tyokyky_bridge.registry")
    bootstrap = import_module("tyokyky_bridge.bootstrap")
    for module in ("cli", "processes.embedded", "demo.child"):
        import_module(f"tyokyky_bridge.{module}")
    for name in ("asyncpg", "uvicorn.lifespan.off", "uvicorn.protocols.http.auto", "uvicorn.loops.auto"):
        import_module(name)
    # A lens and the law do not change once they are read, so the children may share the mother's.
    registry.load_adapter = functools.cache(registry.load_adapter)
    bootstrap.shipped_legal_bases = functools.cache(bootstrap.shipped_legal_bases)
    bootstrap.shipped_legal_bases()
    for adapter in registry.find_adapters().values():
        if adapter.manifest.simulator is not None:
            import_module(f"{adapter.manifest.simulator.partition('.')[0]}.trial")
            import_module(adapter.manifest.simulator)


def _become(request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """In the child: be ``python -m MODULE …``; never returns."""
    code = 1
    last_word = descriptors[-1]
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _die_with_parent()
        if request["session"]:
            os.setsid()
        *streams, _ = descriptors
        for wanted, descriptor in enumerate(streams):
            os.dup2(descriptor, wanted)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = list(request["argv"])
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  # for the life of the process
        sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
        runpy.run_module(request["argv"][0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter would
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os.write(last_word, bytes([code & 0xFF]))
        os._exit(code)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(what: Callable[[], bool], *, wait_s: float = 30, every_s: float = 0.05) -> None:
    """Wait until ``what()`` is true. Raises ``TimeoutError``."""
    until = time.monotonic() + wait_s
    while not what():
        if time.monotonic() > until:
            msg = f"not within {wait_s} s"
            raise TimeoutError(msg)
        time.sleep(every_s)

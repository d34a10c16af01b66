"""One process for each role and SQLite file (ADR 0005)."""

import fcntl
import os
from pathlib import Path
from typing import Literal

Role = Literal["serve", "work"]
_DOES = {"serve": "serves", "work": "works on"}


class RoleTaken(Exception):
    """Another living process has the role on this file."""

    def __init__(self, path: Path, role: Role, holder: str) -> None:
        who = f"another process ({holder})" if holder else "another process"
        super().__init__(
            f"{who} already {_DOES[role]} {path}: a SQLite file takes one '{role}' process, more need PostgreSQL"
        )


class RoleLock:
    """Held until `release` or the end of the process, however it ends.

    The lock file stays behind: removing it would let two processes lock two different files of one name.

    Raises: RoleTaken at once; nobody waits.
    """

    def __init__(self, path: Path, role: Role) -> None:
        self._file = os.open(f"{path}.{role}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise RoleTaken(path, role, holder) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"pid {os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process have the role."""
        os.close(self._file)

"""What was worked out from a stored row, kept for as long as the row says the same."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

R = TypeVar("R")
V = TypeVar("V")


class Remembered(Generic[R, V]):
    """A pure function of one row, with its last answers: parsing a plan costs more than reading it.

    An answer is given again only for a row that is equal in everything, so that neither a changed row nor one whose
    transaction was rolled back is ever taken for another. Safe between threads.

    Args:
        work_out: The function; its answers must not be changed by whoever gets them.
        most: Answers kept; the oldest goes first.
    """

    def __init__(self, work_out: Callable[[R], V], *, most: int) -> None:
        self._work_out = work_out
        self._most = most
        self._kept: dict[Hashable, tuple[R, V]] = {}
        self._lock = threading.Lock()

    def __call__(self, key: Hashable, row: R) -> V:
        """The answer for *row*, which is the newest known state of what *key* names."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == row:
            return kept[1]
        value = self._work_out(row)
        with self._lock:
            self._kept.pop(key, None)
            while len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (row, value)
        return value

"""What a run of the lens books: leaves carried, lost, left out or refused; and where it is writing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.mapping.binding import Value
from tyokyky_bridge.mapping.codes import Unmatched
from tyokyky_bridge.mapping.native_path import Box
from tyokyky_bridge.mapping.reading import same

UNREADABLE = "the standing value cannot be read: left as it is"
TAKEN_KEY = "another native element has this key"
READ_ONLY = "this field is only read there"
NO_CODE = "no code for it in table {table}"
UNDECLARED = "would come back changed and no loss is declared"

Lists = dict[str, dict[str, dict[str, Any]]]
"""Leaves grouped by list and element: ``{"goals": {"g-7": {"text_client": …}}}``."""


@dataclass(frozen=True)
class Fault:
    """One thing that makes a write impossible: row, plan path and rule, never the value."""

    row: str
    path: str
    rule: str


class LensRefusal(BridgeError):
    """The view cannot be written as it is: over-long text, a letter or code that the partner has no place
    for.

    Nothing was written. *faults* holds every reason; *row*, *path* and *rule* are the first one's.
    """

    code = "mapping/refused"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        self.row, self.path, self.rule = faults[0].row, faults[0].path, faults[0].rule
        super().__init__("; ".join(f"{fault.row} {fault.path}: {fault.rule}" for fault in faults))


@dataclass(slots=True)
class Writing:
    """One run of the lens: what was asked and what came of it."""

    overwrite: Collection[str] = ()
    carried: set[str] = field(default_factory=set[str])
    expected: dict[str, Any] = field(default_factory=dict[str, Any])
    losses: dict[str, str] = field(default_factory=dict[str, str])
    not_carried: dict[str, str] = field(default_factory=dict[str, str])
    faults: list[Fault] = field(default_factory=list[Fault])

    def settle(self, row: str, path: str, value: Any, back: Any, loss: str | None) -> bool:
        """Book one leaf as carried, with its loss; an undeclared loss is a fault."""
        if not same(back, value):
            if loss is None:
                self.faults.append(Fault(row, path, UNDECLARED))
                return False
            self.losses[path] = loss
        self.carried.add(path)
        if back is not None:
            self.expected[path] = back
        return True

    def fault(self, row: str, path: str, rule: str) -> None:
        """Book a reason for which nothing can be written."""
        self.faults.append(Fault(row, path, rule))


@dataclass(slots=True)
class Site:
    """Where the lens is writing: an object that is ours to change, and what is asked for it, relative to
    *prefix*."""

    box: Box
    prefix: str
    wanted: Mapping[str, Any]
    clear: Mapping[str, Any]
    run: Writing


@dataclass(slots=True)
class ListSite:
    """The same for the lists of an object: leaves grouped by list and element."""

    box: Box
    prefix: str
    wanted: "Lists"
    clear: "Lists"
    run: Writing


def grouped(leaves: Mapping[str, Any]) -> Lists:
    """Group the leaves that stand in lists by list and element id; nested lists stay inside as paths."""
    out: Lists = {}
    for path, value in leaves.items():
        if "[" not in path:
            continue
        head, known, rest = _first_step(path)
        elements = out.get(head)
        if elements is None:
            elements = out[head] = {}
        element = elements.get(known)
        if element is None:
            element = elements[known] = {}
        element[rest] = value
    return out


@lru_cache(maxsize=65536)
def _first_step(path: str) -> tuple[str, str, str]:
    """The list, the element id and the rest of a path."""
    head, _, tail = path.partition("[")
    known, _, rest = tail.partition("]")
    return head, known, rest.removeprefix(".")


def projected(value: Any, rule: Value, row: str, path: str, run: Writing) -> tuple[Any, Any] | None:
    """Encode a value and read it back; ``None`` when it cannot be carried (the reason is booked)."""
    try:
        target = rule.encode(value)
        return target, value if rule.trusted else rule.decode(target)
    except (Unmatched, CodecRefusal) as refusal:
        refused(refusal, row, path, run)
    return None


def refused(refusal: Unmatched | CodecRefusal, row: str, path: str, run: Writing) -> None:
    """A code that the table calls unmatched is not carried; anything else makes the write impossible."""
    if isinstance(refusal, Unmatched):
        run.not_carried[path] = NO_CODE.format(table=refusal)
    else:
        run.fault(row, path, refusal.rule)

"""The lens: reads a partner's record into plan leaves, and puts a view into it, by rows compiled once.

Laws, proved on every shipped mapping: writing back what was read changes nothing; what is written reads back,
but for declared losses; fields that no row names survive; what a view withholds is left alone; elements are
matched by key.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.adapterkit.codec import Codec
from tyokyky_bridge.domain.disclosure import View
from tyokyky_bridge.mapping.booking import Fault, LensRefusal, Site, Writing
from tyokyky_bridge.mapping.codecs import GENERIC
from tyokyky_bridge.mapping.codes import CodeMap
from tyokyky_bridge.mapping.compiled import Compiler, MappingBroken, split_path
from tyokyky_bridge.mapping.native_path import Box, copied
from tyokyky_bridge.mapping.patterns import never_reason, patterns_of
from tyokyky_bridge.mapping.reading import Note, Readings, read_scope
from tyokyky_bridge.mapping.spec import Spec
from tyokyky_bridge.mapping.textblock import TextBlock
from tyokyky_bridge.mapping.writing import write_scope

__all__ = ["Fault", "Lens", "LensRefusal", "MappingBroken", "Note", "Put", "Reading"]

_NOT_HERE = "no section of this mapping takes this element"


@dataclass(frozen=True)
class Reading:
    """What a partner's record says: plan leaves, and notes on what a row could not read."""

    leaves: dict[str, Any]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Put:
    """What came of a put: the new native record, and what became of every leaf of the view.

    *expected* is what `Lens.get` gives for the carried leaves of *native*: the projection to compare with
    what the partner holds. *losses* names the carried leaves that read back changed, *not_carried* why the
    others are not there; *cleared* are the leaves asked to be cleared that are now absent.
    """

    native: Box
    carried: frozenset[str]
    not_carried: dict[str, str]
    losses: dict[str, str]
    cleared: frozenset[str]
    expected: dict[str, Any]


class Lens:
    """One system's mapping, compiled. Immutable and safe to share between threads."""

    def __init__(
        self,
        spec: Spec,
        *,
        codecs: Mapping[str, Codec] | None = None,
        maps: Mapping[str, CodeMap] | None = None,
        file: str = "plan.yaml",
    ) -> None:
        """Compile *spec*. Raises: MappingBroken."""
        self.spec = spec
        self.system = spec.system
        self.version = str(spec.version)
        self.maps = dict(maps or {})
        self.codecs = {**GENERIC, **(codecs or {})}
        self._scope = Compiler(file, self.codecs, self.maps, TextBlock).scope(spec)
        self._patterns = frozenset(patterns_of(spec))

    def get(self, native: Box) -> Reading:
        """Read a partner's record. Never raises for what the record holds: what cannot be read becomes a
        note."""
        out = Readings()
        read_scope(self._scope, native, "", out)
        return Reading(out.leaves, tuple(out.notes))

    def put(
        self, native: Box, view: View, clear: Collection[str] = (), *, overwrite: Collection[str] = ()
    ) -> Put:
        """Put what *view* permits into a copy of *native*.

        A leaf that the record already reads back as is left alone to the byte; a leaf outside the view is
        left alone unless *clear* lists it. A standing value that cannot be read is left alone too, and told
        in ``not_carried``, unless *overwrite* lists its path.

        Raises: LensRefusal with every reason; nothing is written then.
        """
        if view.__class__ is not View:
            msg = "the lens puts views, never plans or plain leaves"
            raise TypeError(msg)
        return self.put_leaves(native, view.leaves, clear, overwrite=overwrite)

    def put_leaves(
        self,
        native: Box,
        leaves: Mapping[str, Any],
        clear: Collection[str] = (),
        *,
        overwrite: Collection[str] = (),
    ) -> Put:
        """The same from plain leaves, for laws and tests: anything that leaves the hub goes through `put` and
        a view."""
        run = Writing(overwrite=overwrite)
        box = copied(native)
        write_scope(self._scope, Site(box, "", leaves, dict.fromkeys(clear), run))
        if run.faults:
            raise LensRefusal(tuple(run.faults))
        not_carried = {path: self._why(path, run) for path in leaves if path not in run.carried}
        cleared: frozenset[str] = frozenset()
        if clear:
            left = self.get(box).leaves
            unread = run.not_carried.keys() - leaves.keys()
            cleared = frozenset(
                path
                for path in clear
                if path not in leaves and path not in left and path not in unread and self.names(path)
            )
            not_carried.update((path, run.not_carried[path]) for path in unread)
        return Put(box, frozenset(run.carried), not_carried, run.losses, cleared, run.expected)

    def names(self, path: str) -> bool:
        """Say whether some row names this leaf's pattern."""
        return split_path(path)[0] in self._patterns

    def _why(self, path: str, run: Writing) -> str:
        reason = run.not_carried.get(path)
        if reason is None:
            reason = (
                _NOT_HERE if self.names(path) else f"never: {never_reason(self.spec, split_path(path)[0])}"
            )
        return reason

"""Cursors of one list: good for the caller, the list, and the decisions that it was made under, for an hour."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tyokyky_bridge.fhir.search.ordering import Position
from tyokyky_bridge.fhir.search.paging import Cursor, CursorGone, seal, unseal
from tyokyky_bridge.services.fhir.sight import Sighting

GOOD_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Cursors:
    """Seals and opens the cursors of the list that *name* and *pairs* stand for."""

    sighting: Sighting
    name: str
    pairs: tuple[tuple[str, str], ...]
    key: bytes

    def sealed(self, after: Position | None) -> str:
        """The cursor of the page behind *after*, or of the first page."""
        return seal(
            Cursor(self.name, self.pairs, after),
            key=self.key,
            caller=self._caller,
            epoch=epoch_of(self.sighting),
            expires=self.sighting.tx.now() + GOOD_FOR,
        )

    def opened(self, text: str | None) -> Position | None:
        """Where the page starts; ``None`` is the first. Raises: CursorGone, also for a cursor of another list."""
        if text is None:
            return None
        found = self.read(text)
        if found.pairs != self.pairs:
            raise CursorGone
        return found.after

    def read(self, text: str) -> Cursor:
        """A cursor of a list of this name, whatever its pairs are. Raises: CursorGone."""
        found = unseal(
            text,
            key=self.key,
            caller=self._caller,
            epoch=epoch_of(self.sighting),
            now=self.sighting.tx.now(),
        )
        if found.type != self.name:
            raise CursorGone
        return found

    @property
    def _caller(self) -> str:
        caller = self.sighting.caller
        return _joined((caller.party, caller.role, caller.purpose, caller.subject))


def epoch_of(sighting: Sighting) -> str:
    """
    What decides over the caller's sight, as far as the caller can tell: which plans it knows and what is closed to it.

    A decision that takes something from the caller or gives it more makes another epoch; one about others does not, for
    a cursor that ends would tell of it.
    """
    told: list[str] = []
    for sight in sighting.plans():
        if sight.seen is not None:
            view = sight.seen.disclosure.view
            told += [str(sight.plan.id), ",".join(sorted(view.withheld)), str(view.non_disclosure)]
    return hashlib.sha256(_joined(told).encode()).hexdigest()


def _joined(parts: Sequence[str]) -> str:
    return "".join(f"{len(part)}:{part}" for part in parts)

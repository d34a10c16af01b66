"""The entries of a write set on their way: what each is about, what stands there, and where it belongs."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.lens.rows import Place, Unit
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.entries import Entry, Written
from tyokyky_bridge.services.fhir.refusals import EntryRefused
from tyokyky_bridge.services.fhir.states import Key, Version
from tyokyky_bridge.services.ports import StoreError

ORDER: Final = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 3, "GET": 4}
"""In which order a transaction is carried out. Source: hl7.org/fhir/R4/http.html#trules."""


@dataclass(frozen=True)
class InPlan:
    """A resource belongs to a plan: as *unit*, at *place* once that is known. *new*: the plan comes with it."""

    plan_id: UUID
    client_id: UUID
    unit: Unit
    place: Place | None = None
    new: bool = False


@dataclass
class Step:
    """
    One entry on its way through a write set.

    *key* is what it is about, *standing* what the caller sees there now (``None``: nothing, or a deletion). *document*
    is the body as it will be written. *home* is ``None`` for what is kept whole. *outcome* is set early where there is
    nothing to write; *shared* is the step whose outcome is also this one's.
    """

    entry: Entry
    key: Key | None = None
    standing: Version | None = None
    document: Document | None = None
    home: InPlan | None = None
    outcome: Written | None = None
    shared: "Step | None" = None

    @property
    def creates(self) -> bool:
        """Whether there is nothing yet that the caller could see."""
        return self.standing is None and self.outcome is None and self.shared is None

    @property
    def named_by_us(self) -> bool:
        """Whether it is for the server to give the id."""
        return self.creates and (self.entry.method == "POST" or self.key is None)

    @property
    def open(self) -> bool:
        """Whether there is still something to be written."""
        return self.outcome is None and self.shared is None


@contextmanager
def entry_of(step: Step) -> Generator[None]:
    """Say of a refusal which entry it is about; trouble of the store is about none."""
    try:
        yield
    except (StoreError, EntryRefused):
        raise
    except BridgeError as refusal:
        raise EntryRefused(step.entry.index, refusal) from refusal


def groups(steps: Iterable[Step]) -> list[list[Step]]:
    """The steps that are about a plan, by plan, in the order in which plans are locked."""
    found: dict[UUID, list[Step]] = {}
    for step in steps:
        if step.open and step.home is not None:
            found.setdefault(step.home.plan_id, []).append(step)
    return [found[plan_id] for plan_id in sorted(found)]

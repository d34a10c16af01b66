"""A revision: one immutable state of a plan, with the origin of every item."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.items import Leaves, labels_of, leaves_of
from tyokyky_bridge.domain.labels import Labels
from tyokyky_bridge.domain.plan.support_plan import SupportPlan


class OriginsDoNotMatch(BridgeError):
    """A revision must know the origin of every item of its plan and of nothing else."""

    code = "plan/origins-do-not-match"

    def __init__(self, *, without_origin: int, without_item: int) -> None:
        self.without_origin = without_origin
        self.without_item = without_item
        super().__init__(f"{without_origin} items have no origin, {without_item} origins have no item")


@dataclass(frozen=True)
class Origin:
    """Where the value of an item comes from: its *party* is the one that discloses it.

    *system*, *record* and *record_version* name the native record; they are ``None`` for what was recorded in
    the hub. *at* is the moment of recording there, aware; *role* a care-team role (CL-27) or ``bridge``.
    """

    party: str
    at: datetime
    role: str
    system: str | None = None
    record: str | None = None
    record_version: str | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            msg = "an origin needs a timezone-aware moment"
            raise ValueError(msg)

    def to_json(self) -> dict[str, Any]:
        """The origin as a JSON object, without its empty members."""
        members = {
            "party": self.party,
            "at": self.at.astimezone(UTC).isoformat(),
            "role": self.role,
            "system": self.system,
            "record": self.record,
            "record_version": self.record_version,
        }
        return {name: value for name, value in members.items() if value is not None}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Origin":
        """The inverse of `to_json`."""
        members: dict[str, Any] = {**document, "at": datetime.fromisoformat(document["at"])}
        return cls(**members)


@dataclass(frozen=True)
class Revision:
    """One immutable state of a plan. *version* counts from 1; the latest revision is the plan.

    Raises:
        OriginsDoNotMatch: an item has no origin, or an origin no item.
    """

    plan: SupportPlan
    version: int
    origins: Mapping[str, Origin]
    recorded_at: datetime
    recorded_by: str

    def __post_init__(self) -> None:
        if self.recorded_at.tzinfo is None:
            msg = "a revision needs a timezone-aware moment"
            raise ValueError(msg)
        if self.origins.keys() != self.leaves.keys():
            raise OriginsDoNotMatch(
                without_origin=len(self.leaves.keys() - self.origins.keys()),
                without_item=len(self.origins.keys() - self.leaves.keys()),
            )

    @cached_property
    def leaves(self) -> Leaves:
        """The items of the plan."""
        return leaves_of(self.plan)

    @cached_property
    def labels(self) -> Mapping[str, Labels]:
        """The information categories of every item: asked for every recipient, so worked out once."""
        leaves = self.leaves
        return {path: labels_of(path, leaves) for path in leaves}


def all_from(paths: Iterable[str], origin: Origin) -> dict[str, Origin]:
    """Give every path the same origin."""
    return dict.fromkeys(paths, origin)

"""What an adapter says of itself: `manifest.toml` beside its package, read at start."""

import tomllib
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Limits(BaseModel):
    """How gently a partner has to be treated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deadline_s: float = 20.0
    """Seconds for one engine attempt, all its requests together; below the lease."""
    slots: int = 8
    """Requests in flight at once."""
    requests_per_min: int | None = None
    """Requests in any minute that all workers together stay below; not limited when not given."""
    requests_per_attempt: int = 4
    """What one attempt usually needs, charged to that rate when it begins. The difference is settled when it ends."""


class Manifest(BaseModel):
    """One adapter. *mapping* names package and folder of its rows, e.g. ``tyokyky_mappings:typpi``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    title: str
    contract: Literal[1]
    mapping: str
    simulator: str | None = None
    """Module to run with ``python -m`` for the simulator."""
    read_back: bool = False
    """Whether the partner may store something other than it acknowledged, so that every write is read back."""
    retract: Literal["void", "blank", "retained"]
    """What becomes of what the hub wrote when its basis ends: the whole record voided, our fields blanked, or kept by
    the partner and a notice given."""
    feed: Literal["poll", "push", "none"] = "none"
    """How the hub hears of changes: it asks the change log, is told by messages, or finds out when it looks."""
    finds_others: bool = False
    """Whether `find` shows further records of the person that carry the hub's mark (`Found.others`)."""
    limits: Limits = Limits()

    @classmethod
    def of(cls, package: str) -> "Manifest":
        """Read the manifest of an adapter package. Raises `pydantic.ValidationError` naming the wrong key."""
        return cls.model_validate(tomllib.loads(files(package).joinpath("manifest.toml").read_text("utf-8")))

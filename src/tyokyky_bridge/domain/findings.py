"""What a merge is given and what it finds: plain values, so that the engine and a person's screen can hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tyokyky_bridge.domain.items import Leaves, Scalar


@dataclass(frozen=True)
class Sides:
    """What a merge looks at, each a mapping from path to value; a path that is missing has no value.

    *ours* are the leaves of *plan* that the partner may see and its mapping names, carried or only read. A path that
    *plan* has and *ours* lacks is therefore **withheld** from the partner. *projected* is what *ours* reads back as
    from the partner when its mapping loses something; paths that lose nothing may be left out.
    """

    base_hub: Leaves
    base_remote: Leaves
    ours: Leaves
    theirs: Leaves
    plan: Leaves
    projected: Leaves = field(default_factory=dict[str, Scalar])

    def agree_on(self, path: str) -> bool:
        """Whether both sides hold the same, apart from what the mapping loses."""
        theirs = self.theirs.get(path)
        if theirs == self.ours.get(path):
            return True
        return path in self.ours and path in self.projected and theirs == self.projected[path]

    def withholds(self, path: str) -> bool:
        """Whether the plan has a value there that the partner may not see."""
        return path not in self.ours and path in self.plan


class Verdict(StrEnum):
    """What becomes of a path that somebody changed."""

    TAKE = "taken"
    """The plan gets their value (or their deletion); if we had changed it too, ours is in the plan's history."""
    AGREE = "agreed"
    """Both hold the same: nothing to take and nothing to send."""
    REJECT = "rejected"
    """The hub's word stands; theirs is overwritten by ours."""
    CONFLICT = "conflict"
    """A person decides; until then neither side is overwritten."""
    PUSH = "push"
    """Only we changed it."""
    HIDDEN = "hidden"
    """They may not see it any more, or have let go of what they may not see: the plan stays as it is, and getting
    their copy away is the withdrawal's work."""


@dataclass(frozen=True)
class Found:
    """One path that somebody changed, with the three values a person needs; ``None`` is a missing value.

    *withheld* marks that *ours* is the plan's value which the partner may not see: nothing of it, nor that it exists,
    may be told to the partner, not even by a notice of rejection.
    """

    path: str
    verdict: Verdict
    base: Scalar | None
    ours: Scalar | None
    theirs: Scalar | None
    withheld: bool = False


@dataclass(frozen=True)
class Merged:
    """What came of a merge.

    *found* has exactly the paths that somebody changed, and those with an open conflict. *gone_elements* are the
    elements (``"goals[g-1]."``) of which something was read there before and nothing is left. *settled* are the open
    conflicts that are none any more. What the plan holds of a gone element beyond *ours* is not judged here.
    """

    found: Mapping[str, Found]
    gone_elements: frozenset[str]
    settled: frozenset[str]

    def of(self, verdict: Verdict) -> dict[str, Found]:
        """The findings with that verdict, by path."""
        return {path: each for path, each in self.found.items() if each.verdict is verdict}

    @property
    def taken(self) -> dict[str, Scalar | None]:
        """What the plan gets from them; ``None`` removes the path."""
        return {path: each.theirs for path, each in self.of(Verdict.TAKE).items()}

    @property
    def conflicts(self) -> dict[str, Found]:
        """What a person decides."""
        return self.of(Verdict.CONFLICT)

    @property
    def rejected(self) -> dict[str, Found]:
        """What does not stand."""
        return self.of(Verdict.REJECT)

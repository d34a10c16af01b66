"""The objects of a unit's resource as a tree, and the values that stand in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tyokyky_bridge.fhir.lens.codecs import Codec
from tyokyky_bridge.fhir.lens.paths import Step


@dataclass(frozen=True)
class Spot:
    """A value of an object: the leaf in *member*, or what is *shown* of it there."""

    pattern: str
    member: str
    codec: Codec
    shown: Mapping[str, str] | None = None
    back: Mapping[str, str] = field(default_factory=dict[str, str])
    element: str = ""


@dataclass(eq=False)
class Node:
    """An object of the resource, how it is reached from the one around it, and what stands in it.

    *keys* says how many lists it is in, *by_url* has its extensions, *of_set* that it is made for each member of a set.
    """

    number: int
    step: Step
    parent: "Node | None"
    keys: int
    spots: list[Spot] = field(default_factory=list[Spot])
    members: dict[str, "Node"] = field(default_factory=dict[str, "Node"])
    entries: dict[str, list["Node"]] = field(default_factory=dict[str, list["Node"]])
    by_url: dict[str, list["Node"]] = field(default_factory=dict[str, list["Node"]])
    is_period: bool = False
    of_set: bool = False

    def below(self) -> Iterator["Node"]:
        """The objects directly inside."""
        yield from self.members.values()
        for nodes in self.entries.values():
            yield from nodes

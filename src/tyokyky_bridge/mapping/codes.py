"""Code tables: FHIR R4 ConceptMaps read into two total functions with an explicit "unmatched" (design 5).

The first group goes from the canonical code system to the native one. Back again, a native code means the
canonical code that calls it ``equal`` or ``equivalent``. Where no source does, or more than one, a second
group with source and target exchanged has to say what the native code means (or that it is ``unmatched``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.domain.errors import BridgeError

_SAME = frozenset({"equal", "equivalent"})
_LOSSY = frozenset({"relatedto", "wider", "subsumes", "narrower", "specializes", "inexact"})


class BrokenConceptMap(BridgeError):
    """A ConceptMap that is not total, not clear or not FHIR R4."""


class Unmatched(BridgeError):
    """A canonical code for which the table says that the partner has no word."""


@dataclass(frozen=True)
class CodeMap:
    """One code table, both ways."""

    name: str
    forward: Mapping[str, str]
    backward: Mapping[str, str]
    unmatched: frozenset[str] = frozenset()
    """Canonical codes without a native one."""
    native_unmatched: frozenset[str] = frozenset()
    """Native codes that are known and mean nothing canonical."""

    def to_native(self, code: object) -> str:
        """Raises: Unmatched (the table says so), CodecRefusal (the table does not know the code)."""
        try:
            return self.forward[cast("str", code)]
        except KeyError:
            if code in self.unmatched:
                raise Unmatched(self.name) from None
            rule = f"code is not in table {self.name}"
            raise CodecRefusal(rule) from None

    def to_canonical(self, raw: object) -> str:
        """Raises: CodecRefusal for a code that the table does not know, or knows to have no canonical
        equal."""
        try:
            return self.backward[cast("str", raw)]
        except (KeyError, TypeError):
            rule = "no canonical code" if raw in tuple(self.native_unmatched) else "unknown code"
            msg = f"{rule} in table {self.name}"
            raise CodecRefusal(msg) from None

    @property
    def changed_by_round_trip(self) -> frozenset[str]:
        """Canonical codes that do not come back as themselves: a row that uses them must declare a loss."""
        return frozenset(code for code, native in self.forward.items() if self.backward.get(native) != code)


def _members(resource: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    found: object = resource.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in cast("list[object]", found)):
        msg = f"{where}: {name} is not a list of objects"
        raise BrokenConceptMap(msg)
    return cast("list[Mapping[str, Any]]", found)


def _targets(group: Mapping[str, Any]) -> dict[str, tuple[str, str] | None]:
    """Each source code with its target and equivalence, or ``None`` where it is unmatched."""
    out: dict[str, tuple[str, str] | None] = {}
    for element in _members(group, "element", "group"):
        code = element.get("code")
        if not isinstance(code, str):
            msg = "an element has no code (a text in quotes)"
            raise BrokenConceptMap(msg)
        targets = _members(element, "target", f"code {code}")
        if code in out or len(targets) != 1:
            msg = f"code {code} needs exactly one element with exactly one target"
            raise BrokenConceptMap(msg)
        target, equivalence = targets[0].get("code"), targets[0].get("equivalence")
        if equivalence == "unmatched" and target is None:
            out[code] = None
        elif isinstance(target, str) and isinstance(equivalence, str) and equivalence in _SAME | _LOSSY:
            out[code] = (target, equivalence)
        else:
            msg = f"code {code}: target code and equivalence do not make a FHIR R4 mapping"
            raise BrokenConceptMap(msg)
    return out


def _inferred(forward: Mapping[str, tuple[str, str] | None]) -> dict[str, str]:
    back: dict[str, str] = {}
    for code, found in forward.items():
        if found is not None and found[1] in _SAME:
            if found[0] in back:
                msg = f"native code {found[0]} has two equivalents: say in a second group what it means"
                raise BrokenConceptMap(msg)
            back[found[0]] = code
    for code, found in forward.items():
        if found is not None and found[0] not in back:
            msg = (
                f"native code {found[0]} has no way back: call it equivalent to {code}, "
                "or say in a second group what it means"
            )
            raise BrokenConceptMap(msg)
    return back


def code_map(name: str, resource: Mapping[str, Any]) -> CodeMap:
    """Read one ConceptMap.

    Raises: BrokenConceptMap, naming the code and the rule.
    Source: HL7 FHIR R4 ConceptMap.
    """
    if resource.get("resourceType") != "ConceptMap":
        msg = "resourceType is not ConceptMap"
        raise BrokenConceptMap(msg)
    groups = _members(resource, "group", "ConceptMap")
    if not 1 <= len(groups) <= 2:
        msg = "a code table has one group, or one for each direction"
        raise BrokenConceptMap(msg)
    if len(groups) == 2 and (groups[0].get("source"), groups[0].get("target")) != (
        groups[1].get("target"),
        groups[1].get("source"),
    ):
        msg = "the second group must exchange source and target of the first"
        raise BrokenConceptMap(msg)
    forward = _targets(groups[0])
    native_unmatched: frozenset[str] = frozenset()
    if len(groups) == 1:
        backward = _inferred(forward)
    else:
        said = _targets(groups[1])
        native_unmatched = frozenset(code for code, found in said.items() if found is None)
        backward = {code: found[0] for code, found in said.items() if found is not None}
        silent = sorted({found[0] for found in forward.values() if found is not None} - said.keys())
        astray = sorted({code for code in backward.values() if code not in forward})
        if silent or astray:
            msg = f"the second group is silent about {silent} or leads to unknown {astray}"
            raise BrokenConceptMap(msg)
    return CodeMap(
        name=name,
        forward={code: found[0] for code, found in forward.items() if found is not None},
        backward=backward,
        unmatched=frozenset(code for code, found in forward.items() if found is None),
        native_unmatched=native_unmatched,
    )

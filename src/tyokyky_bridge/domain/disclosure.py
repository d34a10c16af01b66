"""The one choke point: what of a plan one recipient may have, decided item by item, and the View that holds
it.

Adapters, interfaces, exports and notices take a `View` and never a plan, and a View is made nowhere else.
Source: design 4, domain report 6.6, 5.6.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NoReturn

from tyokyky_bridge.domain.case_facts import in_network
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.decision import BasisKind, Decision, Facts
from tyokyky_bridge.domain.item_decisions import decide_items, grounds_of
from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.domain.parties import PartyId, Purpose
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.revision import Revision

__all__ = ["Disclosure", "View", "disclose", "in_network", "is_address_like"]

_SEAL: Final = object()


class View:
    """A plan with only the items that one recipient may have. Made by `disclose` alone.

    *leaves* are the permitted items after the non-disclosure filter. *withheld* are the categories closed
    to this recipient, told from the facts and never from content: an item that is missing under a withheld
    category may or may not exist. A category that is not withheld can still lack single items (from another
    discloser, too old for the form, forbidden one by one), so that absence never proves anything.
    *non_disclosure*: addresses, municipality, contact points and meeting places are kept back by a
    non-disclosure order.
    """

    __slots__ = ("leaves", "non_disclosure", "plan_id", "recipient", "version", "withheld")

    plan_id: str
    version: int
    recipient: PartyId
    leaves: Mapping[str, Scalar]
    withheld: frozenset[Category]
    non_disclosure: bool

    def __init__(self, seal: object, **members: Any) -> None:
        """Refuse everybody but `disclose`. Raises TypeError."""
        if seal is not _SEAL:
            msg = "a View is made by disclose() alone"
            raise TypeError(msg)
        for name in self.__slots__:
            object.__setattr__(self, name, members[name])

    def __setattr__(self, name: str, value: object) -> NoReturn:
        msg = "a View does not change"
        raise AttributeError(msg)

    def __delattr__(self, name: str) -> NoReturn:
        msg = "a View does not change"
        raise AttributeError(msg)

    def __reduce__(self) -> NoReturn:
        msg = "a View is neither copied nor stored: disclose again"
        raise TypeError(msg)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, View):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say whose view it is and how much it holds; never what."""
        return f"View(version {self.version} for {self.recipient}, {len(self.leaves)} items)"

    def without(self, paths: Collection[str]) -> "View":
        """A narrower view of the same plan: these items are left alone as if they were withheld."""
        members = {name: getattr(self, name) for name in self.__slots__}
        kept = {path: value for path, value in self.leaves.items() if path not in paths}
        return View(_SEAL, **members | {"leaves": MappingProxyType(kept)})

    def within(self, other: "View") -> "View":
        """What both views of the same plan hold; what either keeps back is kept back."""
        members = {name: getattr(self, name) for name in self.__slots__}
        kept = {path: value for path, value in self.leaves.items() if path in other.leaves}
        narrowed = {
            "leaves": MappingProxyType(kept),
            "withheld": self.withheld | other.withheld,
            "non_disclosure": self.non_disclosure or other.non_disclosure,
        }
        return View(_SEAL, **members | narrowed)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all may go, so that the record over there ought not to exist."""
        return not self.leaves


@dataclass(frozen=True)
class Disclosure:
    """
    One decision for every item of the plan, and the View that came of it.

    *filtered* are permitted items that the non-disclosure order kept back all the same.
    *oral_consents_used* are the spoken consents that this disclosure rests on: whoever carries it out has
    to record them as used up, in the same transaction, because each covers one transaction only.
    """

    recipient: PartyId
    purpose: Purpose
    channel: str
    at: datetime
    decisions: Mapping[str, Decision]
    view: View
    filtered: frozenset[str]
    oral_consents_used: frozenset[str]

    @cached_property
    def permitted(self) -> frozenset[str]:
        """The paths that may leave: permitted and not filtered."""
        return frozenset(self.view.leaves)

    @cached_property
    def by_reason(self) -> Mapping[str, tuple[str, ...]]:
        """The paths that may not leave, by the headline of their refusal."""
        found: dict[str, list[str]] = {}
        for path, decision in self.decisions.items():
            if not decision.permits:
                found.setdefault(decision.code, []).append(path)
        return MappingProxyType({code: tuple(paths) for code, paths in found.items()})


def disclose(
    revision: Revision,
    *,
    recipient: PartyId,
    purpose: Purpose,
    channel: str,
    facts: Facts,
    at: datetime,
    standing: SupportPlan | None = None,
) -> Disclosure:
    """
    Decide on every item of *revision* for one recipient: exactly one decision each, default deny.

    The discloser of an item is the party of its origin. Network, TYP customership, necessity marks and the
    non-disclosure order are those of the plan; the rest are *facts*.

    Args:
        revision: The revision about to be sent or shown.
        recipient: The receiving party.
        purpose: What it is sent for or asked for.
        channel: ``"typpi"`` for the joint register, else the system's id, or the hub's own interface.
        facts: What is on file.
        at: The moment of disclosure, aware. Days are Finnish calendar days.
        standing: The plan as it stands now, where *revision* is an older one: the network, marks and the order are
            then asked of it, and not of *revision*.

    Raises:
        ValueError: *at* is naive.
        UnknownParty, NotInForce: the recipient is no party on that day.

    Source: domain report 6.6; docs/legal-basis.md.
    """
    plan = revision.plan if standing is None else standing
    leaves = revision.leaves
    grounds = grounds_of(plan, recipient=recipient, purpose=purpose, channel=channel, facts=facts, at=at)
    decisions = decide_items(grounds, revision, revision.labels, plan=plan, facts=facts, at=at)
    shielded = facts.non_disclosure or plan.client.non_disclosure.active is True
    permitted = {path: value for path, value in leaves.items() if decisions[path].basis is not None}
    filtered = frozenset(filter(is_address_like, permitted)) if shielded else _NOTHING
    view = View(
        _SEAL,
        plan_id=revision.plan.header.plan_id,
        version=revision.version,
        recipient=recipient,
        leaves=MappingProxyType(
            {path: value for path, value in permitted.items() if path not in filtered}
            if filtered
            else permitted
        ),
        withheld=grounds.closed_categories(),
        non_disclosure=shielded,
    )
    oral = frozenset(
        decision.basis.id
        for decision in decisions.values()
        if decision.basis is not None and decision.basis.kind is BasisKind.CONSENT_ORAL_ONCE
    )
    return Disclosure(
        recipient=recipient,
        purpose=purpose,
        channel=channel,
        at=at,
        decisions=MappingProxyType(decisions),
        view=view,
        filtered=filtered,
        oral_consents_used=oral,
    )


def is_address_like(path: str) -> bool:
    """Say whether a non-disclosure order keeps this item back: address, municipality, contact point,
    meeting place.

    The way of a meeting (``mode``) stays, so that a recipient sees that it is held, and that it is remote.
    """
    return path.startswith(_ADDRESSES) or (path.startswith("meetings[") and path.endswith("].place"))


_ADDRESSES: Final = (
    "client.address.",
    "client.contact_address.",
    "client.telecom[",
    "client.home_municipality",
)
_NOTHING: Final = frozenset[str]()

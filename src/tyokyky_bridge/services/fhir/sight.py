"""Everything that one caller may see as FHIR: of the plans, of its party's own documents, and what is derived.

Whatever is read, searched, counted or compared comes from here, so that nothing a caller may not see can show in
an answer. Source: FHIR report 1.5; issue of the FHIR face, non-interference.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir import kept
from tyokyky_bridge.services.fhir.derived_sight import DERIVED, derived_versions
from tyokyky_bridge.services.fhir.plan_sight import PlanSight, plan_sight
from tyokyky_bridge.services.fhir.states import Key, Version
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import PlanRow

PAGE: Final = 500
"""Plans that are read at a time."""

Histories = Mapping[Key, tuple[Version, ...]]


class Sighting:
    """
    What one caller may see, in one transaction.

    Args:
        changed: Plans that this transaction has changed: what it sees of them is kept for nobody else.
    """

    def __init__(self, tx: Tx, bridge: Bridge, caller: Caller, *, changed: Collection[UUID] = ()) -> None:
        self.tx = tx
        self.bridge = bridge
        self.caller = caller
        self._changed = frozenset(changed)
        self._in_force = bridge.in_force(caller.party, tx.now())
        self._seen: dict[UUID, PlanSight] = {}
        self._heads: dict[UUID, PlanRow | None] = {}
        self._kept: dict[str, tuple[Version, ...]] = {}
        self._everywhere: tuple[PlanSight, ...] | None = None

    def plan(self, plan_id: UUID) -> PlanSight | None:
        """One plan, if the caller may know it."""
        if not self._in_force:
            return None
        if plan_id not in self._heads:
            self._heads[plan_id] = self.tx.plans.get(plan_id)
        row = self._heads[plan_id]
        return None if row is None else self._known(row)

    def plans_of(self, client_id: UUID) -> tuple[PlanSight, ...]:
        """The plans of a client that the caller may know, oldest first."""
        rows = self.tx.plans.of_client(client_id) if self._in_force else ()
        found = (self._known(row) for row in sorted(rows, key=lambda row: (row.created_at, row.id)))
        return tuple(sight for sight in found if sight is not None)

    def plans(self) -> tuple[PlanSight, ...]:
        """Every plan that the caller may know, oldest first."""
        if self._everywhere is None:
            known = (sight for row in self._rows() if (sight := self._known(row)) is not None)
            found = sorted(known, key=lambda sight: (sight.plan.created_at, sight.plan.id))
            self._everywhere = tuple(found)
        return self._everywhere

    def versions(self, key: Key) -> tuple[Version, ...]:
        """All versions of one resource, oldest first; empty where the caller may not know of it."""
        if key[0] in DERIVED:
            found = derived_versions(self, key[0], key[1]).get(key)
            if found is not None:
                return found
        own = self._own(key)
        for sight in self._candidates(key):
            own = follow(own, sight.runs.get(key, ()))
        return own

    def histories(self, resource_type: str, *, clients: Collection[UUID] | None = None) -> Histories:
        """
        The versions of every resource of a type, oldest first.

        Args:
            clients: Look at the plans of these clients only; all when ``None``.
        """
        found: dict[Key, tuple[Version, ...]] = {}
        for row in reversed(kept.history(self.tx, self.caller, resource_type)):
            key = (row.type, row.id)
            found[key] = (*found.get(key, ()), kept.version_of(row))
        plans = self.plans() if clients is None else [p for c in sorted(clients) for p in self.plans_of(c)]
        for sight in plans:
            for key, past in sight.runs.items():
                if key[0] == resource_type:
                    found[key] = follow(found.get(key, ()), past)
        if resource_type in DERIVED:
            found |= derived_versions(self, resource_type, None)
        return found

    def standing(self, resource_type: str, *, clients: Collection[UUID] | None = None) -> tuple[Version, ...]:
        """What there is of a type now, by id; *clients* as in `histories`."""
        found: dict[Key, Version] = {version.key: version for version in self.kept(resource_type)}
        plans = self.plans() if clients is None else [p for c in sorted(clients) for p in self.plans_of(c)]
        for sight in plans:
            for key, past in sight.runs.items():
                if key[0] == resource_type:
                    found[key] = past[-1]
        if resource_type in DERIVED:
            found |= {key: past[-1] for key, past in derived_versions(self, resource_type, None).items()}
        return tuple(found[key] for key in sorted(found) if not found[key].deleted)

    def pasts(self) -> Iterator[tuple[Version, ...]]:
        """The versions of every resource of the plans and of the party, each oldest first; not of what is derived."""
        own: dict[Key, tuple[Version, ...]] = {}
        for row in reversed(kept.history(self.tx, self.caller)):
            own[row.type, row.id] = (*own.get((row.type, row.id), ()), kept.version_of(row))
        for sight in self.plans():
            for key, past in sight.runs.items():
                own[key] = follow(own.get(key, ()), past)
        yield from own.values()

    def kept(self, resource_type: str) -> tuple[Version, ...]:
        """The own documents of the caller's party, by id."""
        if resource_type not in self._kept:  # a Bundle may ask a hundred times
            self._kept[resource_type] = kept.standing(self.tx, self.caller, resource_type)
        return self._kept[resource_type]

    def newest(self, key: Key) -> Version | None:
        """The newest version of one resource, which may be a deletion; the last of `versions`."""
        if key[0] in DERIVED:
            past = self.versions(key)
            return past[-1] if past else None
        holder = self.holder(key)
        if holder is not None:
            return holder.runs[key][-1]
        if plan_of(key[1]) is not None:
            return None
        row = self.tx.documents.newest(self.caller.party, *key)
        return None if row is None else kept.version_of(row)

    def current(self, key: Key) -> Version | None:
        """The newest version of one resource, unless it is a deletion or not to be seen."""
        version = self.newest(key)
        return None if version is None or version.deleted else version

    def holder(self, key: Key) -> PlanSight | None:
        """The plan that a resource stands in now, if it stands in one: the newest one that has it."""
        found = [sight for sight in self._candidates(key) if key in sight.runs]
        return found[-1] if found else None

    def about(self, key: Key) -> tuple[UUID | None, UUID | None]:
        """Whom a resource is about, for the audit: client and plan, as far as its id tells."""
        sight = self.holder(key) if key[0] not in DERIVED else None
        return (None, None) if sight is None else (sight.plan.client_id, sight.plan.id)

    def _own(self, key: Key) -> tuple[Version, ...]:
        if plan_of(key[1]) is not None:  # nobody may bring an id of that form
            return ()
        rows = kept.history(self.tx, self.caller, *key)
        return tuple(kept.version_of(row) for row in reversed(rows))

    def _candidates(self, key: Key) -> tuple[PlanSight, ...]:
        """The plans whose resource this may be, by the form of its id."""
        resource_type, id_ = key
        plan_id = plan_of(id_)
        if plan_id is not None:
            sight = self.plan(plan_id)
            return () if sight is None else (sight,)
        named = as_uuid(id_)
        if named is None:
            return ()
        if resource_type == "Patient":
            return self.plans_of(named)
        if resource_type == "EpisodeOfCare":
            rows = [row for row in self._rows() if row.case_id == named]
            return tuple(sight for row in rows if (sight := self._known(row)) is not None)
        sight = self.plan(named)
        return () if sight is None else (sight,)

    def _rows(self) -> Iterator[PlanRow]:
        after: UUID | None = None
        while self._in_force and (page := self.tx.plans.page(after=after, limit=PAGE)):
            yield from page
            after = page[-1].id

    def _known(self, row: PlanRow) -> PlanSight | None:
        sight = self._seen.get(row.id)
        if sight is None:
            keep = row.id not in self._changed
            sight = plan_sight(self.tx, self.bridge, self.caller, row, keep=keep)
            self._seen[row.id] = sight
        return sight if sight.known else None


def follow(before: tuple[Version, ...], after: tuple[Version, ...]) -> tuple[Version, ...]:
    """
    One history out of two of the same resource: the later one takes over where it begins.

    A client's Patient goes from plan to plan, and a party's own document of a person from its record into a plan. What
    both plans say alike at the same point has one name, and so is one version: a name must not stand for two.
    """
    if not before or not after:
        return before or after
    named = {version.version for version in after}
    earlier = (each for each in before if each.at < after[0].at and each.version not in named)
    return (*earlier, *after)


def plan_of(id_: str) -> UUID | None:
    """The plan that the id of an element names: ``<32 hex digits>.<rest>``."""
    head, dot, _ = id_.partition(".")
    if not dot or len(head) != 32:
        return None
    with suppress(ValueError):
        return UUID(hex=head)
    return None


def as_uuid(id_: str) -> UUID | None:
    """The id as a UUID, if it is written as one."""
    with suppress(ValueError):
        found = UUID(id_)
        return found if str(found) == id_ else None
    return None

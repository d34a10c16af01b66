"""What must hold of the plan's revisions, and of everything once faults and edits have stopped (sync.md 9)."""

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from simulation.native import HOUSE, leaves_in, lens_of, marks_in, path_at
from simulation.partner import Edit, PartnerSystem
from simulation.process import Process
from tyokyky_bridge.domain.authority import Authority, authority_of
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.items import pattern_of
from tyokyky_bridge.mapping.lens import LensRefusal
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.incoming import may_bring
from tyokyky_bridge.services.linking import Desired, desired_for
from tyokyky_bridge.services.loading import facts_of, latest_revision
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import LinkRow
from worlds.parties import HEALTH

if TYPE_CHECKING:
    from simulation.world import World

TUG_LIMIT = 3
_SPECIAL = {"health.conclusion", "health.functioning", "social.situation"}
_REVISIONS = (
    "SELECT rowid, plan_id, version, leaves, cause, actor FROM plan_revision WHERE rowid > ? ORDER BY rowid"
)


@dataclass(frozen=True)
class Written:
    """A value of the plan, and the revision that brought it."""

    plan: str
    version: int
    cause: str


class History:
    """Follows the revisions of all plans."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._seen = 0
        self.count = 0
        self._latest: dict[str, dict[str, Any]] = {}
        self.values: dict[tuple[str, Any], Written] = {}
        self._carried: dict[int, frozenset[str]] = {}
        self._let_go: set[tuple[str, int]] = set()
        self.deleted: set[tuple[str, str]] = set()

    @cached_property
    def bridge(self) -> Bridge:
        """The hub as an onlooker sees it."""
        return self._world.bridge(Process(self._world, "onlooker"))

    def value(self, plan: UUID, path: str) -> Any:
        """What the newest revision has there."""
        return self._latest[plan.hex].get(path)

    def look(self, who: str, *, withdrawn: bool) -> None:
        """After a commit that changed a plan or a consent, perhaps by the end of one."""
        for row, plan, version, leaves, cause, actor in self._world.database.rows(_REVISIONS, self._seen):
            self._seen = row
            self.count += 1
            self._revised(plan, version, json.loads(leaves), cause, actor)
        links = self._world.database.read(self._links)
        self._look_for_letting_go(links)
        for link, desired in links:
            lost = self._carried.get(link.id, frozenset()) - desired.carried.keys()
            takes_back = bool(lost & (link.base or {}).keys())
            if withdrawn and takes_back and link.state == "due" and not link.urgent:
                self._world.found("I2", f"the taking back at link {link.id} waits its turn")
            self._carried[link.id] = frozenset(desired.carried)
            if link.state != "in_sync":
                continue
            sha = desired.sha if desired.kind == "present" else link.projection_sha
            if (link.acked_kind, link.projection_sha) != (desired.kind, sha):
                self._world.found(
                    "I3", f"{who} changed what {link.system} ought to hold and did not mark link {link.id}"
                )

    def _revised(self, plan: str, version: int, leaves: dict[str, Any], cause: str, actor: str) -> None:
        before = self._latest.get(plan, {})
        self._latest[plan] = leaves
        for path in sorted({*before, *leaves}):
            value = leaves.get(path)
            if before.get(path) == value:
                continue
            if value is None:
                self.deleted.add((plan, path))
            else:
                self.values[path, value] = Written(plan, version, cause)
            if cause == "merge":
                self._merged(plan, path, before.get(path), value, actor)
            for mark in marks_in(value):
                known = self._world.marks[mark]
                if cause != "merge":
                    known.parties.add(actor)
                elif known.system is None or self._world.partners[known.system].party != actor:
                    self._world.found("I9", f"{mark}, written by the hub, came back from {actor} as an edit")

    def _merged(self, plan: str, path: str, before: Any, value: Any, actor: str) -> None:
        """A partner's edit changed the plan: it had to be its business, and to be told of what it replaced."""
        world = self._world
        partner = next(p for p in world.partners.values() if p.party == actor)
        register = self.bridge.directory.party(actor, on=finnish_day(world.now)).register
        owner = authority_of(pattern_of(path), register, coordinates=actor == HEALTH)
        if owner is Authority.HUB:
            world.found("I7", f"{path} is not {actor}'s to change")
        for mark in marks_in(before):
            if owner is Authority.SHARED and not self._has_stood(plan, path, partner, mark):
                world.found("I8", f"{mark} was replaced by {value!r} of {actor}, who had never seen it")
        for mark in marks_in(value):
            known = world.marks[mark]
            if known.category in _SPECIAL and not world.invariants.may_be_kept(
                known.client, actor, known.category
            ):
                world.found("I1", f"{mark} of {actor} is kept although nobody else may have it")

    def _has_stood(self, plan: str, path: str, partner: PartnerSystem, mark: str) -> bool:
        """Whether a value was ever in the partner's record, or is what both last agreed on."""
        agreed = (
            s.base_hub
            for s in self._world.invariants.before.values()
            if (s.plan_id, s.system) == (plan, partner.id)
        )
        if any(json.loads(base or "{}").get(path) == mark for base in agreed):
            return True
        return any(mark in set(marks_in(content)) for s in partner.sheets for _, _, content in s.past)

    def _links(self, tx: Tx) -> list[tuple[LinkRow, Desired]]:
        found: list[tuple[LinkRow, Desired]] = []
        for plan in tx.plans.page(limit=10):
            facts = facts_of(tx, self.bridge, plan.client_id)
            revision = latest_revision(tx, plan.id)
            for link in tx.links.of_plan(plan.id):
                partner = self.bridge.partners[link.system]
                found.append((link, desired_for(partner, revision, facts, tx.now())))
        return found

    # When all is quiet

    def unsettled(self) -> list[str]:
        """The links that are not in sync, by a word on each."""
        return [
            f"link {s.id}: {s.state}" for s in self._world.invariants.links.values() if s.state != "in sync"
        ]

    def settled(self) -> None:
        """What every link and every partner's record must look like in the end (I6)."""
        world = self._world
        for given in world.invariants.given.values():
            given.answered_s = given.withdrawn_s if given.answered_s is None else given.answered_s
        for link, desired in world.database.read(self._links):
            partner = world.partners[link.system]
            person = world.person_of_client(link.client_id)
            sheet = partner.sheet_of(person)
            content = {} if sheet is None else sheet.content
            if desired.kind == "present" and sheet is None:
                world.found("I6", f"{partner.id} has no record of {person}")
            lens = lens_of(partner.id)
            try:
                expected = lens.put(content, desired.disclosure.view).expected
            except LensRefusal as refusal:
                world.found("I6", f"{partner.id} cannot hold {refusal.path}")
                continue
            reading = lens.get(content).leaves
            excused = self._held_back(link.id)
            for path, value in expected.items():
                if reading.get(path) != value and path not in excused:
                    world.found("I6", f"{partner.id} has {reading.get(path)!r} for {path}, not {value!r}")
            for mark in sorted(set(marks_in(content))):
                if not world.invariants.may_have(partner, person, mark, world.now_s, standing=content):
                    world.found("I6", f"{partner.id} still has {mark}, which was taken back")

    def kept(self, marks: list[str]) -> None:
        """Every acknowledged value is in the history (I13)."""
        known = {value for _, value in self.values}
        for mark in marks:
            if mark not in known:
                self._world.found("I13", f"{mark} was acknowledged and is nowhere")

    def no_tug_of_war(self) -> None:
        """After three times written back in a day a person is asked (sync.md 8.11)."""
        times: Counter[tuple[int, str]] = Counter()
        for link, items in self._world.database.rows("SELECT link_id, items FROM intake"):
            times.update((link, item["path"]) for item in json.loads(items) if item["state"] == "rejected")
        for (link, path), often in times.items():
            if often > TUG_LIMIT:
                self._world.found("I8", f"{path} of link {link} was written back {often} times")

    def nothing_vanished(self, partner: PartnerSystem) -> None:
        """Every edit of a partner's user is in the plan, its history, a conflict, or an intake decision (I8)."""
        for edit in partner.edits:
            if not self._accounted_for(partner, edit):
                self._world.found("I8", f"{edit.after!r} in {edit.where} at {partner.id} has vanished")

    def _accounted_for(self, partner: PartnerSystem, edit: Edit) -> bool:
        path = path_at(edit.where)
        if path is None or self._overwritten_there(partner, edit):
            return True
        sheet = partner.sheet_of(edit.person)
        stands = sheet is not None and leaves_in(sheet.content).get(edit.where) == edit.after
        if stands and not self._is_looked_at(partner, edit.person):
            return True  # nobody else may have it, so the hub has no business there
        plan = self._world.plan_of_person(edit.person).hex
        if edit.after is None:
            known = (path, str(edit.before).removeprefix(HOUSE)) in self.values
            if not known or path not in self._latest[plan] or (plan, path) in self.deleted:
                return True
            if (partner.id, edit.number) in self._let_go:
                return True
        elif any(value == str(edit.after).removeprefix(HOUSE) for (p, value) in self.values if p == path):
            return True
        return path in self._on_record(partner, edit)

    def edited(self, partner: PartnerSystem, made: list[Edit]) -> None:
        """After a user of a partner changed something."""
        links = self._world.database.read(self._links)
        self._look_for_letting_go(links)
        for edit in made:
            # Deleted before the hub had heard that it arrived: that is like a write that never did.
            agreed = [link.base_remote or {} for link, _ in links if self._is_at(link, partner, edit.person)]
            if edit.after is None and not any(path_at(edit.where) in base for base in agreed):
                self._let_go.add((partner.id, edit.number))

    def _is_at(self, link: LinkRow, partner: PartnerSystem, person: str) -> bool:
        return link.system == partner.id and self._world.person_of_client(link.client_id) == person

    def _look_for_letting_go(self, links: list[tuple[LinkRow, Desired]]) -> None:
        """Whoever deletes what it may not have any more lets go of a copy, and tells the plan nothing."""
        for link, desired in links:
            partner, person = self._world.partners[link.system], self._world.person_of_client(link.client_id)
            deletions = [e for e in partner.edits if e.after is None and e.person == person]
            self._let_go |= {
                (partner.id, e.number) for e in deletions if path_at(e.where) not in desired.carried
            }

    def _is_looked_at(self, partner: PartnerSystem, person: str) -> bool:
        """Whether anything could be taken in from that partner."""
        plan = self._world.plan_of_person(person)

        def look(tx: Tx) -> bool:
            revision = latest_revision(tx, plan)
            facts = facts_of(tx, self.bridge, self._world.clients[self._world.plans.index(plan)])
            return may_bring(self.bridge.partners[partner.id], revision.plan, facts, tx.now())

        return self._world.database.read(look)

    def _overwritten_there(self, partner: PartnerSystem, edit: Edit) -> bool:
        """Whether the same leaf was edited there again before the hub had seen it."""
        later = [
            e
            for e in partner.edits
            if (e.person, e.where) == (edit.person, edit.where) and e.number > edit.number
        ]
        return bool(later) and later[0].before == edit.after

    def _on_record(self, partner: PartnerSystem, edit: Edit) -> set[str]:
        links = [
            s.id
            for s in self._world.invariants.links.values()
            if s.system == partner.id and UUID(s.plan_id) == self._world.plan_of_person(edit.person)
        ]
        found: set[str] = set()
        for link in links:
            found |= {
                row[0]
                for row in self._world.database.rows("SELECT path FROM conflict WHERE link_id = ?", link)
            }
            for (items,) in self._world.database.rows("SELECT items FROM intake WHERE link_id = ?", link):
                found |= {i["path"] for i in json.loads(items)}
        return found

    def _held_back(self, link: int) -> set[str]:
        """Items that are undecided, or that the partner keeps for itself."""
        rows = self._world.database.rows(
            "SELECT path FROM conflict WHERE link_id = ? AND state = 'open'", link
        )
        found = {row[0] for row in rows}
        newest = self._world.database.rows(
            "SELECT items FROM intake WHERE link_id = ? ORDER BY at DESC, id DESC LIMIT 1", link
        )
        for (items,) in newest:
            found |= {
                i["path"] for i in json.loads(items) if i["state"] in ("not_stored", "invalid", "unreadable")
            }
        return found

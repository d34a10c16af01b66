"""What must hold after every commit, at every start of a request, and at every arrival at a partner (sync.md 9)."""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson

from simulation.native import leaves_in, lens_of, marks_in
from simulation.partner import Arrival, PartnerSystem, Request
from tyokyky_bridge.services.ours import CREATES
from tyokyky_bridge.storage.repositories.link_rows import TOLD

if TYPE_CHECKING:
    from simulation.world import World

_LINKS = """
SELECT id, plan_id, system, desired_kind, desired_gen, acked_kind, acked_gen, lease_epoch, lease_by, due_at,
       parked_reason, parked_at, parked_detail, base, base_hub, want, priority, projection_sha,
       base_remote, retained, intent_key FROM link ORDER BY id
"""
_COUNTS = """
SELECT (SELECT count(*) FROM plan_revision), (SELECT count(*) FROM consent_event),
       (SELECT coalesce(max(rowid), 0) FROM decision), (SELECT count(*) FROM plan)
"""
_DECISIONS = """
SELECT id, link_id, gen, items, body_sha256, idem_key, worker, lease_epoch, system FROM decision WHERE rowid > ?
"""


_OPEN = "SELECT count(*) FROM inbox WHERE link_id = ? AND outcome IS NULL"
"""Hints that nobody has answered: a look that only hints asked for may go once they all are known to be echoes."""
_TOLD = """
SELECT event_id, told, lease_epoch FROM inbox JOIN link ON link.id = inbox.link_id WHERE told IS NOT NULL
"""
_ECHO = """
SELECT link.id, link.remote_version FROM inbox JOIN link ON link.id = inbox.link_id
WHERE inbox.event_id = ? AND inbox.outcome = 'echo' AND link.lease_epoch = ?
"""


class LinkState(NamedTuple):
    """A link as the tables have it."""

    id: int
    plan_id: str
    system: str
    desired_kind: str
    desired_gen: int
    acked_kind: str | None
    acked_gen: int
    lease_epoch: int
    lease_by: str | None
    due_at: str | None
    parked_reason: str | None
    parked_at: str | None
    parked_detail: str | None
    base: str | None
    base_hub: str | None
    want: int
    priority: int
    projection_sha: str | None
    base_remote: str | None
    retained: int
    intent_key: str | None

    @property
    def state(self) -> str:
        """In one word."""
        if self.parked_reason is not None:
            return f"parked({self.parked_reason})"
        if self.lease_by is not None:
            return f"leased({self.lease_by} #{self.lease_epoch})"
        return "in sync" if self.due_at is None else "due"


@dataclass(frozen=True)
class Decided:
    """A committed decision."""

    link: int
    gen: int
    items: dict[str, dict[str, Any]]
    sha: str | None
    key: str | None
    at_s: float


@dataclass
class Given:
    """A consent as the client gave it: who may tell whom what, and when it began and ended (seconds)."""

    client: int
    grants: frozenset[tuple[str, str, str]]
    begun_s: float
    withdrawn_s: float | None = None
    answered_s: float | None = None


class Invariants:
    """The checks; what they find goes to the world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.links: dict[int, LinkState] = {}
        self.before: dict[int, LinkState] = {}
        self.decisions: dict[str, Decided] = {}
        self.given: dict[str, Given] = {}
        self._claims: dict[tuple[int, int], str] = {}
        self._counts = (0, 0, 0, 0)
        self._keys: dict[int, dict[tuple[int, str | None, str | None], str]] = {}
        self._effective: dict[tuple[str, str], tuple[int, int]] = {}
        self._highest: dict[int, int] = {}
        self._told: dict[str, tuple[str, int]] = {}

    def committed(self, who: str) -> None:
        """After each commit."""
        world = self._world
        self.before = self.links
        states = {row[0]: LinkState(*row) for row in world.database.rows(_LINKS)}
        for number, state in states.items():
            before = self.links.get(number)
            if before != state:
                self._moved(who, before, state)
        self.links = states
        self._echoes()
        counts = world.database.rows(_COUNTS)[0]
        if len(states) > counts[3] * len(world.partners):
            world.found("I12", f"{len(states)} links of {counts[3]} plans")
        moved, withdrawn = counts[:2] != self._counts[:2], False
        if moved:
            world.note(f"{who} commits: {counts[0]} revisions, {counts[1]} consent events")
            withdrawn = self._consents()
        if counts[2] != self._counts[2]:
            for row in world.database.rows(_DECISIONS, self._counts[2]):
                self._decided(row)
        if moved:
            world.history.look(who, withdrawn=withdrawn)
        self._counts = counts

    def started(self, partner: PartnerSystem, request: Request) -> None:
        """Before the first byte of a request with items."""
        for mark in sorted(set(marks_in(request.content))):
            if not self.may_have(partner, request.person, mark, request.started_s, standing=request.based_on):
                self._world.found("I2", f"{mark} starts to {partner.id}, which may not have it")
        decided = self.decisions.get(request.decision)
        if decided is not None and request.key:
            keys, key = self._keys.setdefault(decided.link, {}), request.key.removeprefix(CREATES)
            again = (decided.gen, decided.sha, request.based_on_version)
            if keys.setdefault(again, key) != key:
                self._world.found("I5", f"the same write of link {decided.link} is sent under another key")

    def may_have(
        self, partner: PartnerSystem, person: str, mark: str, at_s: float, *, standing: Any = None
    ) -> bool:
        """Whether the partner may be sent a value at a moment, by what the client was told until then."""
        known = self._world.marks.get(mark)
        if known is None or known.system == partner.id or partner.party in known.parties:
            return True
        if partner.retract == "retained" and mark in set(marks_in(standing)):
            return True
        if f"person-{known.client + 1}" != person:
            return False
        wanted = {(party, partner.party, known.category) for party in known.parties}
        return any(
            given.client == known.client
            and given.begun_s <= at_s
            and (given.answered_s is None or given.answered_s > at_s)
            and given.grants & wanted
            for given in self.given.values()
        )

    def may_be_kept(self, client: int, party: str, category: str) -> bool:
        """Whether anybody else than *party* may have what it knows of that category now."""
        return any(
            given.client == client and given.withdrawn_s is None and party == giver and category == about
            for given in self.given.values()
            for giver, _, about in given.grants
        )

    def arrived(self, partner: PartnerSystem, arrival: Arrival) -> None:
        """When a request with items has been served, whatever the answer."""
        world, request = self._world, arrival.request
        decided = self.decisions.get(request.decision)
        if decided is None:
            world.found("I1", f"request {request.number} has no committed decision")
            return
        if request.content is not None:
            body = orjson.dumps(request.content, option=orjson.OPT_SORT_KEYS)
            if hashlib.sha256(body).hexdigest() != decided.sha or request.key != decided.key:
                world.found("I1", f"request {request.number} is not the body that was decided")
        if not arrival.effective:
            return
        self._only_what_was_permitted(partner, arrival, decided)
        self._once_and_in_order(partner, arrival, decided)
        self._nothing_unseen(partner, arrival, decided)

    def _consents(self) -> bool:
        """Whether one has ended."""
        world, ended = self._world, False
        for number, client, status, doc in world.database.rows(
            "SELECT id, client_id, status, doc FROM consent"
        ):
            consent = str(UUID(number))
            if consent not in self.given:
                grants = frozenset(
                    (grant["discloser"], grant["recipient"], category)
                    for grant in json.loads(doc)["grants"]
                    for category in grant["categories"]
                )
                self.given[consent] = Given(world.clients.index(UUID(client)), grants, world.now_s)
            if status != "active" and self.given[consent].withdrawn_s is None:
                self.given[consent].withdrawn_s = world.now_s
                ended = True
        return ended

    def _echoes(self) -> None:
        """What was told under a lease and settled before the next one, nobody looked at: it is what that lease left."""
        rows = self._world.database.rows(_TOLD)
        told = {event: self._told.get(event, (version, epoch)) for event, version, epoch in rows}
        for event in sorted(self._told.keys() - told.keys()):
            version, epoch = self._told[event]
            for number, known in self._world.database.rows(_ECHO, event, epoch):
                if version != known:
                    self._world.found("I8", f"link {number} takes news for the echo of its own write")
        self._told = told

    def _moved(self, who: str, before: LinkState | None, after: LinkState) -> None:
        found = self._world.found
        self._world.note(
            f"{who}: link {after.id} ({after.system}) {after.state}, gen {after.acked_gen}/{after.desired_gen}"
            f" {after.desired_kind}{' want ' + str(after.want) if after.want else ''}"
        )
        if after.acked_gen > after.desired_gen:
            found("I5", f"link {after.id} acknowledged {after.acked_gen} of {after.desired_gen}")
        if after.parked_reason is not None and not (
            after.parked_reason.strip() and after.parked_at and after.parked_detail is not None
        ):
            found("I11", f"link {after.id} is parked without reason or age")
        if after.parked_reason == "adapter_error":
            found("I10", f"link {after.id} was parked because the engine stumbled: {after.parked_detail}")
        if after.state == "in sync" and after.acked_kind == "absent" and not after.retained:
            kept = [
                m
                for m in marks_in([after.base, after.base_hub, after.base_remote])
                if not self._theirs(after, m)
            ]
            if kept:
                found("I14", f"link {after.id} is absent and keeps {kept}")
        if after.intent_key is None:  # how the last write ended is known: another one has a key of its own
            self._keys.pop(after.id, None)
        if before is not None:
            self._handed(who, before, after)

    def _handed(self, who: str, before: LinkState, after: LinkState) -> None:
        """Leases, and what is done under them."""
        found = self._world.found
        if after.lease_epoch < before.lease_epoch or after.desired_gen < before.desired_gen:
            found("I4", f"link {after.id} goes back in lease epoch or generation")
        forgets = before.want and after.due_at is None and after.parked_reason is None
        if forgets and not (before.want == TOLD and self._world.database.rows(_OPEN, after.id) == [(0,)]):
            found("I8", f"link {after.id} forgets that somebody asked for a look while it was worked on")
        if after.acked_gen < before.acked_gen:
            found("I5", f"link {after.id} takes an acknowledgement back")
        if after.lease_by is not None and (before.lease_by, before.lease_epoch) != (
            after.lease_by,
            after.lease_epoch,
        ):
            if after.lease_epoch == before.lease_epoch:
                found("I4", f"link {after.id} changes hands without a new epoch")
            self._claims[after.id, after.lease_epoch] = who
        acknowledged = (after.acked_gen, after.acked_kind) != (before.acked_gen, before.acked_kind)
        rewritten = after.base != before.base and who != "api"  # a person's decision moves it too
        if acknowledged or rewritten:
            holder = self._claims.get((after.id, before.lease_epoch))
            if before.lease_by is None or holder != who:
                found("I4", f"{who} acknowledges link {after.id}, which {holder} has")

    def _theirs(self, link: LinkState, mark: str) -> bool:
        """Whether the partner wrote a value itself."""
        return self._world.marks[mark].system == link.system

    def _decided(self, row: tuple[Any, ...]) -> None:
        number, link, gen, items, sha, key, worker, epoch, system = row
        world = self._world
        state = self.links[link]
        if sha is not None and (state.lease_epoch, state.lease_by) != (epoch, worker):
            world.found("I4", f"{worker} decides on link {link} under a lease that is not its own")
        found = {item["path"]: item for item in json.loads(items)}
        self.decisions[str(UUID(number))] = Decided(link, gen, found, sha, key, world.now_s)
        sent = [p for p, item in found.items() if item.get("written")]
        world.note(f"decision on link {link} ({system}) gen {gen}: {'body' if sha else 'nothing'} {sent}")
        for path, item in found.items():
            kind, _, basis = str(item.get("basis", "")).partition(":")
            given = self.given.get(basis)
            stands = given is not None and given.withdrawn_s is None
            if item["outcome"] == "PERMIT" and kind == "CONSENT_Y100" and not stands:
                world.found("I1", f"{path} is permitted to {system} on a consent that does not stand")

    def _only_what_was_permitted(self, partner: PartnerSystem, arrival: Arrival, decided: Decided) -> None:
        lens = lens_of(partner.id)
        old, new = lens.get(arrival.before or {}).leaves, lens.get(arrival.after or {}).leaves
        for path in sorted({*old, *new}):
            if old.get(path) == new.get(path):
                continue
            item = decided.items.get(path, {})
            if path in new and item.get("outcome") != "PERMIT":
                self._world.found("I1", f"{path} reached {partner.id} without a permit")
            if path not in new and arrival.request.content is not None and item.get("state") != "clear":
                self._world.found("I1", f"{path} was cleared at {partner.id} without a decision")

    def _once_and_in_order(self, partner: PartnerSystem, arrival: Arrival, decided: Decided) -> None:
        world, request = self._world, arrival.request
        already = self._effective.get((partner.id, request.key))
        sheet = partner.sheet_of(request.person)
        edits = sum(who != "hub" for _, who, _ in sheet.past) if sheet is not None else 0
        if already is not None and already[1] == edits:  # nobody undid it meanwhile
            world.found("I5", f"key {request.key[:12]} took effect twice ({already[0]}, {request.number})")
        self._effective[partner.id, request.key] = (request.number, edits)
        if decided.gen < self._highest.get(decided.link, 0):
            world.found(
                "I5",
                f"{partner.id} applies generation {decided.gen} of link {decided.link}"
                f" after {self._highest[decided.link]}",
            )
        self._highest[decided.link] = max(decided.gen, self._highest.get(decided.link, 0))
        if sum(s.person == request.person and not s.gone for s in partner.sheets) > 1:
            world.found("I5", f"{partner.id} has two records of {request.person}")

    def _nothing_unseen(self, partner: PartnerSystem, arrival: Arrival, decided: Decided) -> None:
        world = self._world
        seen = leaves_in(arrival.request.based_on)
        before, after = leaves_in(arrival.before or {}), leaves_in(arrival.after or {})
        for where, value in before.items():
            if after.get(where) != value and seen.get(where) != value:
                world.found("I7", f"{where} at {partner.id} was overwritten unseen")
        waiting = world.database.rows(
            "SELECT path FROM conflict WHERE link_id = ? AND state = 'open'", decided.link
        )
        if not waiting or arrival.request.content is None:
            return
        lens = lens_of(partner.id)
        old, new = lens.get(arrival.before or {}).leaves, lens.get(arrival.after or {}).leaves
        for (path,) in waiting:
            if old.get(path) != new.get(path):
                world.found("I7", f"{path} at {partner.id} was overwritten while undecided")

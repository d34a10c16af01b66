"""What is asked before and after a partner's record is met: what the link is about, and what the meeting means."""

from collections.abc import Mapping
from dataclasses import dataclass

from tyokyky_bridge.adapterkit.contract import Found, Standing
from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_from_json, leaves_to_json
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.deciding import Decided, Fenced, body_of
from tyokyky_bridge.services.incoming import may_bring
from tyokyky_bridge.services.linking import Desired, desired_for
from tyokyky_bridge.services.loading import facts_of, revision_of
from tyokyky_bridge.services.merging import Met, Taken
from tyokyky_bridge.services.ours import Ours, ever_ours, ours_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import Ack, Kind, LinkRow
from tyokyky_bridge.services.sync_records import Drift, HintOutcome


@dataclass(frozen=True)
class Look:
    """What a link is about, before the partner is asked anything."""

    hetu: str
    desired: Desired
    ours: Ours
    once: Ours
    """What we ever wrote there, where the record is looked at to find what came back."""
    brings: bool
    """Whether anything that stands there could be taken in."""
    theirs: frozenset[str]
    """The items of the plan that came from there."""

    @property
    def kind(self) -> Kind:
        """Whether anything of ours ought to be there."""
        return self.desired.kind

    @property
    def is_idle(self) -> bool:
        """Whether there is no reason to ask the partner: nothing goes there, may stand there or comes from there."""
        ours = self.ours.values or self.ours.created or self.once.layers
        return self.kind == "absent" and not ours and not self.brings


def look_at(tx: Tx, bridge: Bridge, partner: Partner, link: LinkRow) -> Look:
    """What a leased link is about now. Raises: Fenced (the plan is gone), NotInForce."""
    row = tx.plans.latest(link.plan_id)
    if row is None:
        raise Fenced
    partner = bridge.partner_on(partner.system.id, tx.now())
    revision = revision_of(row)
    facts = facts_of(tx, bridge, link.client_id, retrying=link.id)
    desired = desired_for(partner, revision, facts, tx.now())
    asked = "verify" in link.asked or bool(tx.withdrawals.of_link(link.id))
    watched = asked and partner.manifest.retract != "retained"
    return Look(
        current_hetu(revision.leaves),
        desired,
        ours_of(tx, link),
        ever_ours(tx, link) if watched else Ours((), created=False),
        desired.kind == "present" or may_bring(partner, revision.plan, facts, tx.now()),
        frozenset(path for path, origin in revision.origins.items() if origin.system == link.system),
    )


def current_hetu(leaves: Mapping[str, Scalar]) -> str:
    """The client's official identity number; empty without exactly one.

    A temporary number means somebody only to whoever gave it out, so no other organisation is asked by it.
    Source: domain report 5.3.
    """
    official = {str(leaves[p]) for p in leaves if _is_hetu(p) and _kind(leaves, p) == "official"}
    return official.pop() if len(official) == 1 else ""


def _kind(leaves: Mapping[str, Scalar], path: str) -> Scalar:
    return leaves[path.removesuffix("value") + "kind"]


def _is_hetu(path: str) -> bool:
    return path.startswith("client.hetu[") and path.endswith("].value")


def is_anothers(tx: Tx, link: LinkRow, found: Found) -> bool:
    """Whether the partner's person is another client's here: two persons were taken for one, there or in the hub."""
    links = tx.links.at_remote(link.system, person=found.person_id)
    return any(other.client_id != link.client_id for other in links)


def is_quiet(link: LinkRow, look: Look) -> bool:
    """Whether a look finds nothing to decide: what ought to stand there has been acknowledged already."""
    return (
        bool(link.asked)
        and link.acked_gen == link.desired_gen
        and link.acked_kind == look.kind
        and link.intent is None
        and (look.kind == "absent" or link.base_remote is not None)
        and link.projection_sha == (look.desired.sha if look.kind == "present" else None)
        and not _is_to_be_written_back(link, look)
    )


def _is_to_be_written_back(link: LinkRow, look: Look) -> bool:
    """Whether an edit was rejected and what we hold is not written over it yet: the base is theirs until then."""
    agreed, wanted = leaves_from_json(link.base_hub or {}), look.desired.carried
    return any(p in wanted and agreed.get(p) != wanted[p] for p in {*agreed, *(link.base or ())})


def as_before(link: LinkRow) -> Ack:
    """The acknowledgement that stood, seen to stand."""
    return Ack(
        link.acked_gen,
        link.acked_kind or "absent",
        link.base,
        projection_sha=link.projection_sha,
        retained=link.retained,
        base_hub=link.base_hub,
        base_remote=link.base_remote,
        drift="D0",
    )


def drift_of(link: LinkRow, met: Met, taken: Taken, *, vanished: bool, relapsed: bool) -> Drift:
    """The class of what a look found (sync.md 8.17); a change that a hint had told of is no drift."""
    if relapsed:
        return "D4"
    if met.restored:
        return "D2"
    if vanished:
        return "D3"
    return "D1" if taken.changed and "look" not in link.asked and "verify" in link.asked else "D0"


def is_older_of_ours(tx: Tx, link: LinkRow, standing: Standing) -> bool:
    """Whether the record is what we wrote before the newest acknowledged write, byte for byte and under the version of
    then. Somebody who undoes an edit by hand makes a new version, and is no backup; nor is what we left there last,
    where a newer generation had nothing to write.
    """
    if (standing.record_id, standing.version) == (link.remote.record, link.remote.version):
        return False
    decision = tx.decisions.with_body(link.id, body_of(standing.content)[1])
    if decision is None or decision.gen >= link.acked_gen or standing.version is None:
        return False
    attempt = tx.decisions.attempt(decision.id)
    return attempt is not None and attempt.remote_version == standing.version


def echo_of(link: LinkRow, standing: Standing, taken: Taken) -> HintOutcome:
    """A hint that led to the very version that we know was our own write coming back; and so was one that led to what
    a write of unknown outcome left there.
    """
    arrived = link.intent is not None and not taken.foreign
    return "echo" if arrived or standing.version == link.remote.version else "nothing"


def acknowledged(decided: Decided, held: Leaves, look: Look) -> Ack:
    """What the partner is now known to hold of ours, by the leaves that its record *held* at last."""
    bases = decided.bases(held)
    watched = look.brings or decided.desired.kind == "present"
    hub = leaves_to_json(bases.hub) if watched else None
    seen = leaves_to_json(bases.remote) if watched else None
    if decided.desired.kind == "absent":
        kept = bool(decided.ours)
        return Ack(decided.row.gen, "absent", None, retained=kept, base_hub=hub, base_remote=seen)
    base = {p: v for p, v in decided.ours.items() if p in held}
    return Ack(
        decided.row.gen,
        "present",
        leaves_to_json(base),
        projection_sha=decided.desired.sha,
        base_hub=hub,
        base_remote=seen,
    )

"""A person's identity number changed at a partner: the plan follows, by the partner's id of the person.

Only a health-care system that pushes is followed: with its messages come the changes of the population register (ADT
A31). Any other partner that says a number is another is looked at and not believed. No number is logged or audited, and
a number that another client has or ever had changes nothing: the link waits for a person. Source: domain report,
scenario 11.
"""

from collections.abc import Mapping
from datetime import date

import structlog

from tyokyky_bridge.adapterkit.errors import NotThere, PartnerError
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.hetu import InvalidHetu, parse_hetu
from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_to_json, plan_from_leaves
from tyokyky_bridge.domain.parties import Register
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.linking import refresh_links
from tyokyky_bridge.services.loading import latest_revision
from tyokyky_bridge.services.plans import CLOSED
from tyokyky_bridge.services.ports import StoreError, Tx
from tyokyky_bridge.services.records import AuditEntry, LinkRow, PlanRow
from tyokyky_bridge.services.sync_records import HintOutcome, InboxRow

log = structlog.get_logger()

_NUMBERS = "client.hetu["


def is_believed(bridge: Bridge, partner: Partner, day: date) -> bool:
    """Whether this partner's word on an identity number changes ours: health care, by pushed messages."""
    party = bridge.directory.party(partner.system.party, on=day)
    return party.register is Register.HEALTH and partner.manifest.feed == "push"


async def follow_waiting(bridge: Bridge, partner: Partner) -> int:
    """Follow the identity hints of a system that nobody has followed yet; returns how many are settled.

    One that cannot be followed now (the link is being worked on, one broken plan) stays and holds up no other.

    Raises: PartnerError, StoreError.
    """
    system = partner.system.id
    settled = 0
    for hint in await bridge.store.read(lambda tx: tx.inbox.identities(system)):
        try:
            settled += await _follow_hint(bridge, system, hint)
        except (PartnerError, StoreError):
            raise
        except Exception as error:  # noqa: BLE001  # one broken plan must not stop the others (I10)
            log.error("identity.broken", system=system, link=hint.link_id, error=type(error).__name__)  # noqa: TRY400
    return settled


async def follow_identity(bridge: Bridge, system: str, person_id: str) -> HintOutcome | None:
    """Ask *system* for the number of one of its persons and make it our client's; the old one becomes a former one.

    Returns:
        ``merged`` when plans were changed, ``nothing`` when there was nothing to change, ``not_ours`` when the partner
        is not believed or the number is another client's (the link is parked), ``None`` when it has to be tried again.

    Raises: PartnerError, StoreError.
    """
    now = await bridge.store.read(lambda tx: tx.now())
    partner = bridge.known_partner(system, now)
    if partner is None:
        return "nothing"
    if not is_believed(bridge, partner, finnish_day(now)):
        await bridge.store.write(lambda tx: _look_instead(tx, system, person_id))
        return "not_ours"
    try:
        told = await partner.adapter.number_of(person_id)
    except NotThere:  # merged into another person, of which another message tells
        return "nothing"
    if told is None:
        return "nothing"
    try:
        number = parse_hetu(told, synthetic_only=bridge.synthetic_only).value
    except InvalidHetu as error:
        rule = error.rule
        await bridge.store.write(lambda tx: _refuse(tx, system, _links_at(tx, system, person_id), rule))
        return "nothing"
    return await bridge.store.write(lambda tx: _follow(tx, bridge, partner, person_id, number))


async def _follow_hint(bridge: Bridge, system: str, hint: InboxRow) -> bool:
    link = await bridge.store.read(lambda tx: tx.links.get(hint.link_id))
    person = link.remote.person if link is not None else None
    outcome = "nothing" if person is None else await follow_identity(bridge, system, person)
    if outcome is None:
        return False
    return await bridge.store.write(lambda tx: tx.inbox.settle_one(system, hint.event_id, outcome=outcome))


def _follow(tx: Tx, bridge: Bridge, partner: Partner, person_id: str, number: str) -> HintOutcome | None:
    system = partner.system.id
    links = _links_at(tx, system, person_id)
    clients = {link.client_id for link in links}
    if not clients:
        return "nothing"
    for client_id in sorted(clients):
        tx.clients.get(client_id, lock="update")
    if len(clients) > 1 or set(tx.clients.holders(number)) - clients:
        return _park(tx, system, links)
    (client_id,) = clients
    plans = tx.plans.of_client(client_id, lock="update")
    before = {plan.id: latest_revision(tx, plan.id) for plan in plans}
    old = {value for revision in before.values() for value in _official(revision.leaves).values()} - {number}
    current = tx.clients.find(number)
    if current is None:
        tx.clients.add_identifier(client_id, number, kind="final")
    retired = [each for each in sorted(old) if tx.clients.retire_identifier(client_id, each)]
    changed = [
        plan
        for plan in plans
        if plan.status not in CLOSED and set(_official(before[plan.id].leaves).values()) != {number}
    ]
    for plan in changed:
        _revise(tx, bridge, partner, plan, before[plan.id], number)
    if current is not None and not retired and not changed:
        return "nothing"
    what = {"system": system, "plans": len(changed), "links": [link.id for link in links]}
    entry = AuditEntry("client/identity_followed", "ok", partner.system.party, client_id=client_id, what=what)
    tx.audit.add(entry)
    return "merged"


def _revise(tx: Tx, bridge: Bridge, partner: Partner, plan: PlanRow, before: Revision, number: str) -> None:
    now = tx.now()
    leaves = with_number(before.leaves, number, finnish_day(now))
    fresh = Origin(party=partner.system.party, at=now, role="bridge", system=partner.system.id)
    origins = {
        path: before.origins[path] if before.leaves.get(path) == value else fresh
        for path, value in leaves.items()
    }
    revision = Revision(plan_from_leaves(leaves), plan.version + 1, origins, now, partner.system.party)
    tx.plans.append(
        plan.id,
        expected=plan.version,
        status=plan.status,
        leaves=leaves_to_json(leaves),
        origins={path: origin.to_json() for path, origin in origins.items()},
        cause="identity",
        actor=partner.system.party,
    )
    refresh_links(tx, bridge, plan_id=plan.id, client_id=plan.client_id, revision=revision)


def with_number(leaves: Leaves, number: str, day: date) -> dict[str, Scalar]:
    """The items of a plan with *number* as the one official identity number from *day* on, the others former ones."""
    changed: dict[str, Scalar] = dict(leaves)
    for element, value in _official(leaves).items():
        if value != number:
            changed |= {f"{element}.kind": "former", f"{element}.period.end": day}
    known = [path.removesuffix(".value") for path in _values(leaves) if leaves[path] == number]
    element = known[0] if known else f"{_NUMBERS}{_free_id(leaves)}]"
    if changed.get(f"{element}.kind") != "official":
        changed |= {f"{element}.value": number, f"{element}.kind": "official", f"{element}.period.start": day}
        changed.pop(f"{element}.period.end", None)
    return changed


def _values(leaves: Leaves) -> list[str]:
    return [path for path in leaves if path.startswith(_NUMBERS) and path.endswith("].value")]


def _official(leaves: Leaves) -> Mapping[str, str]:
    """The official numbers by the path of their element."""
    elements = (path.removesuffix(".value") for path in _values(leaves))
    return {e: str(leaves[f"{e}.value"]) for e in elements if leaves.get(f"{e}.kind") == "official"}


def _free_id(leaves: Leaves) -> str:
    taken = {path.removeprefix(_NUMBERS).partition("]")[0] for path in _values(leaves)}
    return next(f"h-{n}" for n in range(1, len(taken) + 2) if f"h-{n}" not in taken)


def _links_at(tx: Tx, system: str, person_id: str) -> tuple[LinkRow, ...]:
    return tx.links.at_remote(system, person=person_id)


def _look_instead(tx: Tx, system: str, person_id: str) -> None:
    for link in _links_at(tx, system, person_id):
        tx.links.look(link.id)


def _park(tx: Tx, system: str, links: tuple[LinkRow, ...]) -> HintOutcome | None:
    """Nothing is exchanged until a person has decided who is who; one that is worked on now is parked next time."""
    rule = "the number is another client's"
    if any(link.state == "leased" for link in links):
        return None
    for link in links:
        if link.parked_reason == "identity":
            continue
        if link.state == "parked":
            tx.links.redrive(link_id=link.id)
        if not tx.links.park(link.id, "identity", {"rule": rule}):
            raise BridgeError(rule)
    _refuse(tx, system, links, rule)
    return "not_ours"


def _refuse(tx: Tx, system: str, links: tuple[LinkRow, ...], rule: str) -> None:
    for link in links:
        entry = AuditEntry(
            "client/identity_not_followed",
            "refused",
            client_id=link.client_id,
            plan_id=link.plan_id,
            what={"system": system, "link": link.id, "rule": rule},
        )
        tx.audit.add(entry)

"""What partners say of changes, taken in: where to look and nothing more (sync.md 8.10).

The engine fetches the state when it looks, so a hint that is lost, doubled, late or out of order does no harm. A hint
about a person who is no client of the hub is counted and forgotten: nobody is put on record by being talked of. Where
the log shows that the hub itself wrote there, the record's number is kept (`quarantine`).
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog

from tyokyky_bridge.adapterkit.contract import Changes, Hint, Marked
from tyokyky_bridge.adapterkit.errors import NotAuthentic, TryLater, Unreadable
from tyokyky_bridge.adapterkit.meter import start_meter
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.bridge import Bridge, Partner
from tyokyky_bridge.services.echoes import is_echo, told_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.quarantine import quarantine
from tyokyky_bridge.services.rate_gate import charge_sent, heed
from tyokyky_bridge.services.records import AuditEntry, GateRow, LinkRow
from tyokyky_bridge.services.sync_records import FeedRow

log = structlog.get_logger()

MOST_PAGES = 200
"""Pages that one poll reads before it gives others a turn."""

_UNKEPT = re.compile("[\0\ud800-\udfff]")
"""What a database keeps in no text: one hint that has it would hold up the whole log."""


class TakesNoMessages(BridgeError):
    """There is no such system, or it does not push."""

    code = "notice/no-such-system"

    def __init__(self) -> None:
        super().__init__("no such system sends messages here")


class NoticeNotAuthentic(BridgeError):
    """A pushed message that does not prove its origin and its time."""

    code = "notice/not-authentic"

    def __init__(self) -> None:
        super().__init__("origin and time of the message are not proved")


class NoticeUnreadable(BridgeError):
    """A pushed message that says nothing the hub knows."""

    code = "notice/unreadable"

    def __init__(self) -> None:
        super().__init__("the message says nothing the hub knows")


class FeedTakenOver(Exception):
    """Another worker reads this log now: what was just read is dropped, and read by the other one."""


@dataclass(frozen=True)
class Taken:
    """What became of hints. *unknown*: about nobody we know; *looks*: links that will be looked at for them, unless the
    work under way there leaves just what they tell.
    """

    hints: int = 0
    unknown: int = 0
    repeated: int = 0
    echoes: int = 0
    identities: int = 0
    looks: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        mine, theirs = asdict(self), asdict(other)
        return Taken(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True)
class Polled:
    """What one reading of a change log brought."""

    pages: int
    taken: Taken
    lost: bool


def take_hints(tx: Tx, partner: Partner, hints: Iterable[Hint], *, event: str | None = None) -> Taken:
    """Note hints about links we have and make those links due for a look.

    *event* is the id of the message that the hints came in. Without one, two hints that say the same of the same
    version are one; a hint that names no version is always news. One about nobody we know may be about a record that
    the hub is making just now, whose number it has not heard yet: those are looked at.
    """
    system, taken = partner.system.id, Taken()
    looks: dict[int, Hint] = {}
    beside: set[int] = set()
    news: set[int] = set()
    heard = tuple(hints)
    usable = _usable(heard)
    garbled = len(heard) - len(usable)
    taken += Taken(hints=garbled, unknown=garbled)
    # Before the hints are looked up: what is made by then is found by its number.
    making = tx.links.being_made(system) if usable else ()
    for hint in usable:
        links = _links_of(tx, system, hint)
        taken += Taken(hints=1, unknown=0 if links else 1)
        if not links and hint.reference is not None and hint.record_id is not None and hint.kind == "changed":
            quarantine(tx, system, [Marked(hint.record_id, hint.reference, hint.version)])
        beside |= {link.id for link in links if _is_beside(link, hint)}
        for link in links:
            echo = is_echo(partner, link, hint)
            told = told_of(link, hint) if link.state == "leased" and not echo else None
            if not tx.inbox.add(
                system,
                _event_id(tx, hint, link, event),
                link_id=link.id,
                kind=hint.kind,
                outcome="echo" if echo else None,
                told=told,
            ):
                taken += Taken(repeated=1)
            elif echo:
                taken += Taken(echoes=1)
            elif hint.kind == "identity":
                taken += Taken(identities=1)
            else:
                news |= {link.id} if told is None else set()
                if link.id not in looks or hint.kind == "merged":
                    looks[link.id] = hint
    if not taken.unknown:
        making = ()
    _make_due(tx, system, looks, news=news, beside=beside, making=making)
    tx.quarantine.clear_named(system)
    return taken + Taken(looks=len({*looks, *making}))


def _make_due(
    tx: Tx,
    system: str,
    looks: Mapping[int, Hint],
    *,
    news: Collection[int],
    beside: Collection[int],
    making: Collection[int],
) -> None:
    """Ask for the looks, in the order in which everybody locks links."""
    for link_id in sorted({*looks, *making}):
        hint = looks.get(link_id)
        if hint is not None and hint.kind == "merged":
            _follow_merger(tx, system, link_id, hint)
        else:
            tx.links.look(link_id, told=hint is not None and link_id not in news)
        if link_id in beside:  # a comparison searches, where a search shows more than one record
            tx.links.look(link_id, verify=True)


async def poll(
    bridge: Bridge, partner: Partner, *, worker: str, lease: timedelta, take_over: bool = False
) -> Polled | None:
    """Read a partner's change log from where it was left to its end.

    ``None`` when another worker has the reading or the partner is known to be down. Each page's hints are stored in one
    transaction with the place to go on from. The reading stays with *worker* until *lease* has passed or it is given
    back (`Feeds.release`); *take_over*: or until it is seen to be dead.

    Raises: PartnerError, StoreError.
    """
    system = partner.system.id
    begun, feed = await bridge.store.write(
        lambda tx: (tx.now(), hold(tx, system, worker=worker, lease=lease, take_over=take_over))
    )
    if feed is None:
        return None
    cursor, polled, meter = feed.cursor, Polled(0, Taken(), lost=False), start_meter()
    while polled.pages < MOST_PAGES:
        page = await _page(bridge, partner, cursor, begun)

        def keep(
            tx: Tx, page: Changes = page, cursor: str | None = cursor, sent: int = meter.taken()
        ) -> Taken:
            charge_sent(tx, partner, sent)
            return _keep(tx, partner, page, cursor, worker, lease)

        try:
            taken = await bridge.store.write(keep)
        except FeedTakenOver:
            return polled
        polled = Polled(polled.pages + 1, polled.taken + taken, polled.lost or page.lost)
        if not page.more:
            break
        cursor = page.cursor
    return polled


async def _page(bridge: Bridge, partner: Partner, cursor: str | None, begun: datetime) -> Changes:
    """Read one page; a 429 to that slows down the sends as well."""
    try:
        return await partner.adapter.changes(cursor)
    except TryLater as error:
        if error.throttled:
            after = error.after
            await bridge.store.write(lambda tx: heed(tx, partner, begun=begun, after=after))
        raise


async def receive_notice(
    bridge: Bridge, system: str, headers: Mapping[str, str], body: bytes, *, at: datetime
) -> Taken:
    """Prove and take in a message that a partner pushed. *at* is the moment of its arrival.

    Raises: TakesNoMessages, NoticeNotAuthentic, NoticeUnreadable.
    """
    partner = bridge.known_partner(system, at)
    if partner is None or partner.manifest.feed != "push":
        raise TakesNoMessages
    try:
        notice = partner.adapter.read_notice(headers, body, now=at)
    except NotAuthentic as error:
        log.warning("notice.refused", system=system, error=error.code)
        raise NoticeNotAuthentic from None
    except Unreadable as error:
        log.warning("notice.refused", system=system, error=error.code)
        raise NoticeUnreadable from None
    except Exception as error:  # noqa: BLE001
        # Anybody may send anything here: a reader that trips over it must not look like a fault worth a retry.
        log.error("notice.reader_failed", system=system, error=type(error).__name__)  # noqa: TRY400
        raise NoticeUnreadable from None
    return await bridge.store.write(lambda tx: take_hints(tx, partner, notice.hints, event=notice.event_id))


def is_down(gate: GateRow, now: datetime) -> bool:
    """Whether a system is to be left alone: its breaker is open, or it asked for patience (limit, night)."""
    return gate.paused_until is not None and gate.paused_until > now


def hold(tx: Tx, system: str, *, worker: str, lease: timedelta, take_over: bool = False) -> FeedRow | None:
    """Be the one who tends a system, for *lease* from now; ``None`` while another does or the partner is down.

    Taking over from one who lives after all does no harm: what it has read is dropped, and read again.
    """
    if is_down(tx.gates.get(system), tx.now()):
        return None
    held = tx.feeds.claim(system, worker=worker, lease=lease)
    other = tx.feeds.get(system) if held is None and take_over else None
    if other is None or other.lease_by is None or not tx.workers.gone(other.lease_by):
        return held
    tx.feeds.release(system, worker=other.lease_by)
    return tx.feeds.claim(system, worker=worker, lease=lease)


def _keep(
    tx: Tx, partner: Partner, page: Changes, cursor: str | None, worker: str, lease: timedelta
) -> Taken:
    """Store a page, unless the reading is no longer where this worker left it."""
    system = partner.system.id
    feed = tx.feeds.claim(system, worker=worker, lease=lease)
    if feed is None or feed.cursor != cursor:
        raise FeedTakenOver
    tx.feeds.advance(system, worker=worker, cursor=page.cursor, lost=page.lost)
    if page.lost:
        entry = AuditEntry("feed/lost", "hints are missing", what={"system": system})
        tx.audit.add(entry)
    return take_hints(tx, partner, page.hints)


def _links_of(tx: Tx, system: str, hint: Hint) -> tuple[LinkRow, ...]:
    """A merger and a number are about a person, whatever record is named beside."""
    record = hint.record_id if hint.kind in {"changed", "gone"} else None
    return tx.links.at_remote(system, person=hint.person_id, record=record)


def _usable(hints: Iterable[Hint]) -> tuple[Hint, ...]:
    """Those that can be about somebody: an id that is kept nowhere is nobody's, and such a version tells nothing."""
    return tuple(
        replace(hint, version=None) if _is_unkept(hint.version) else hint
        for hint in hints
        if not _is_unkept(hint.person_id, hint.record_id, hint.merged_into, hint.reference)
    )


def _is_unkept(*texts: str | None) -> bool:
    return any(text is not None and _UNKEPT.search(text) for text in texts)


def _is_beside(link: LinkRow, hint: Hint) -> bool:
    """Whether the hint is about another record of the person than the one we know."""
    return (
        hint.kind == "changed"
        and None not in (hint.record_id, link.remote.record)
        and hint.record_id != link.remote.record
    )


def _event_id(tx: Tx, hint: Hint, link: LinkRow, event: str | None) -> str:
    """What tells one hint about one link from the next; a digest, so that no id of the partner's stands here."""
    told = event or (str(tx.new_id()) if hint.version is None else "")
    whole = [told, hint.kind, hint.person_id, hint.record_id, hint.version, hint.merged_into, link.id]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def _follow_merger(tx: Tx, system: str, link_id: int, hint: Hint) -> None:
    """Find the record anew by the number, unless it would be in the record of another client."""
    link = tx.links.get(link_id)
    survivors = tx.links.at_remote(system, person=hint.merged_into) if hint.merged_into else ()
    tx.links.forget_remote(link_id)
    if link is not None and any(other.client_id != link.client_id for other in survivors):
        parked = tx.links.park(link_id, "identity", {"rule": "merged with another client"})
        what = {"system": system, "link": link_id, "rule": "merged with another client"}
        entry = AuditEntry(
            "client/identity_merged",
            "parked" if parked else "held up",
            client_id=link.client_id,
            plan_id=link.plan_id,
            what=what,
        )
        tx.audit.add(entry)
        if parked:
            return
    tx.links.look(link_id)

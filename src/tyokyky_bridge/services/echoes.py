"""The partner's word of what the hub did itself: told by its version, so that nobody looks (sync.md 8.10).

Such a word often comes while the write that it tells of has no end on record, so that its version is not known yet. It
is kept then, and the end of the attempt says whether it was an echo. Only an acknowledged end does; after any other the
look comes.
"""

import structlog

from tyokyky_bridge.adapterkit.contract import Hint
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import LinkRow, Remote

log = structlog.get_logger()


def is_echo(partner: Partner, link: LinkRow, hint: Hint) -> bool:
    """Whether the hint tells only what we have read or written ourselves, as far as that is on record."""
    told, known = told_of(link, hint), link.remote.version
    return (
        link.state in {"in_sync", "leased"}
        and told is not None
        and known is not None
        and _matches(partner, known, told)
    )


def told_of(link: LinkRow, hint: Hint) -> str | None:
    """The version that the hint gives the record we know; ``None`` for a hint that can be no echo."""
    known = link.remote.record is not None and hint.record_id in {None, link.remote.record}
    return hint.version if known and hint.kind == "changed" else None


def settle_echoes(tx: Tx, partner: Partner, link: LinkRow, now_at: Remote) -> None:
    """Take back the look after the attempt on *link* where all that was told meanwhile is what it leaves at *now_at*.

    The link's row has to be held (`Links.finish` does), so that no hint comes between.
    """
    known = now_at.version
    if known is None or now_at.record != link.remote.record:
        return
    told = tx.inbox.told(link.id)
    if not told or not all(one is not None and _matches(partner, known, one) for one in told):
        return
    if tx.links.unlook(link.id):
        tx.inbox.settle(link.id, before=tx.now(), outcome="echo")


def _matches(partner: Partner, known: str, told: str) -> bool:
    """What the adapter says. One that trips over a version says nothing: a look does no harm, and must not stop a
    whole log or a worker.
    """
    try:
        return partner.adapter.matches(known, told)
    except Exception as error:  # noqa: BLE001
        log.error("echo.broken", system=partner.system.id, error=type(error).__name__)  # noqa: TRY400
        return False

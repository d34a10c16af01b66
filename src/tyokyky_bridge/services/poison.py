"""Links that kill whoever has them are parked after a few claims that nobody ended (sync.md 8.15).

The count grows with each claim, before anything is done, because nothing can be counted afterwards. Any end of an
attempt clears it, and so does a person's redrive; a worker that lives and gives a link back takes its claim off again.
"""

from collections.abc import Iterable

from tyokyky_bridge.services.linking import POISON
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import POISON_AFTER, AuditEntry, LinkRow, Park


def park_poison(tx: Tx, claimed: Iterable[LinkRow]) -> tuple[LinkRow, ...]:
    """Park those that have had their last claim, in the transaction of the claim; returns the others."""
    sound: list[LinkRow] = []
    for link in claimed:
        if not link.is_poison:
            sound.append(link)
            continue
        tx.links.finish(
            link.id, link.lease_epoch, Park(POISON, {"claims": POISON_AFTER}, outcome_known=False)
        )
        tx.audit.add(
            AuditEntry(
                event="delivery/parked",
                outcome="refused",
                actor_party="hub",
                client_id=link.client_id,
                plan_id=link.plan_id,
                recipient=link.system,
                what={
                    "gen": link.desired_gen,
                    "decision": None,
                    "detail": {"reason": POISON, "claims": POISON_AFTER},
                },
            )
        )
    return tuple(sound)

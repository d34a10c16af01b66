"""Bring one leased link true, and record how the attempt ended: acknowledged, postponed or parked (sync.md 8)."""

import asyncio
import time
from datetime import timedelta

import structlog

from tyokyky_bridge.adapterkit import errors as partner_errors
from tyokyky_bridge.domain.parties import NotInForce
from tyokyky_bridge.mapping.lens import LensRefusal
from tyokyky_bridge.services.attempt import Attempt
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.deciding import Decided, Engine, Fenced
from tyokyky_bridge.services.echoes import settle_echoes
from tyokyky_bridge.services.merging import LeaseLost
from tyokyky_bridge.services.outcomes import Ended, backoff, result_of
from tyokyky_bridge.services.ports import StoreError, Tx
from tyokyky_bridge.services.records import Ack, AuditEntry, LinkResult, LinkRow, Park, Retry
from tyokyky_bridge.services.rendering import refused_by_lens

__all__ = ["Engine", "deliver"]

log = structlog.get_logger()


async def deliver(engine: Engine, partner: Partner, link: LinkRow) -> None:
    """Do one attempt on one leased link and record how it ended. Raises nothing of the partner's or the store's."""
    started_s = time.monotonic()
    attempt = Attempt(engine, partner, link)
    try:
        async with asyncio.timeout(partner.manifest.limits.deadline_s):
            ended = await attempt.run()
    except (Fenced, LeaseLost):
        log.info("delivery.fenced", link=link.id, system=link.system)
        return
    except StoreError as error:
        # The lease runs out by itself, and what was decided before is on record.
        log.warning("delivery.store", link=link.id, system=link.system, error=error.code)
        return
    except TimeoutError:
        ended = Ended(
            Retry(backoff(link.attempts), "deadline", outcome_known=not attempt.sending),
            "outcome_unknown",
            system_failed=True,
        )
    except LensRefusal as refusal:
        ended = Ended(refused_by_lens(refusal), "refused")
    except NotInForce:
        ended = Ended(Park("not_in_force", {}), "refused", answered=False)
    except partner_errors.PartnerError as error:
        ended = result_of(error, link)
    except Exception as error:  # noqa: BLE001  # one broken link must not stop the others (I10)
        log.error(  # noqa: TRY400  # a traceback shows values
            "delivery.broken", link=link.id, system=link.system, error=type(error).__name__
        )
        ended = Ended(
            Park("adapter_error", {"error": type(error).__name__}, outcome_known=not attempt.sending),
            "refused",
        )
    try:
        await _record(engine, partner, link, ended, attempt, started_s)
    except StoreError as error:
        log.warning("delivery.not_recorded", link=link.id, system=link.system, error=error.code)


async def _record(
    engine: Engine,
    partner: Partner,
    link: LinkRow,
    ended: Ended,
    attempt: Attempt,
    started_s: float,
) -> None:
    decided = attempt.decided
    milliseconds = int((time.monotonic() - started_s) * 1000)

    def finish(tx: Tx) -> bool:
        ended.tell_gate(tx, partner, link, attempt.meter.requests)
        kept = tx.links.finish(
            link.id,
            link.lease_epoch,
            _in_time(tx, link, decided, ended.result),
            remote=ended.remote,
            identity_resolved=ended.identity_resolved,
        )
        if decided is not None:
            decided.record(tx, ended, milliseconds=milliseconds)
        if kept:
            _settle(tx, partner, link, ended, attempt)
            what = {
                "gen": link.desired_gen,
                "decision": str(decided.row.id) if decided else None,
                "detail": ended.said,
            }
            tx.audit.add(
                AuditEntry(
                    event=f"delivery/{ended.event}",
                    outcome=ended.outcome,
                    actor_party="hub",
                    client_id=link.client_id,
                    plan_id=link.plan_id,
                    recipient=link.system,
                    what=what,
                )
            )
        return kept

    kept = await engine.bridge.store.write(finish)
    log.info(
        f"delivery.{ended.event}",
        link=link.id,
        system=link.system,
        outcome=ended.outcome,
        kept=kept,
    )
    if kept and attempt.drift == "D4":
        # Taken back within moments: whoever watches would not see it in the figures.
        log.error("drift.forbidden_present", link=link.id, system=link.system)


def _settle(tx: Tx, partner: Partner, link: LinkRow, ended: Ended, attempt: Attempt) -> None:
    """What the end of an attempt says of hints and withdrawals: what was taken back is looked at once more."""
    if not isinstance(ended.result, Ack):
        return
    if link.leased_at is not None:
        tx.inbox.settle(link.id, before=link.leased_at, outcome=attempt.hint)
    decided = attempt.decided
    if decided is not None and (decided.voids or decided.clears) and ended.result.drift != "D0":
        tx.links.look(link.id, verify=True)
    settle_echoes(tx, partner, link, ended.remote or link.remote)
    if attempt.drift == "D4":
        tx.audit.add(
            AuditEntry(
                event="drift/forbidden_present",
                outcome="alarm",
                actor_party="hub",
                client_id=link.client_id,
                plan_id=link.plan_id,
                recipient=link.system,
            )
        )


def _in_time(tx: Tx, link: LinkRow, decided: Decided | None, result: LinkResult) -> LinkResult:
    """What stopped an older generation does not stop the newer one that came meanwhile."""
    if not isinstance(result, Park):
        return result
    current = tx.links.get(link.id, lock="update")
    tried = decided.row.gen if decided is not None else link.desired_gen
    if current is None or current.desired_gen == tried:
        return result
    return Retry(timedelta(0), result.reason, outcome_known=result.outcome_known)

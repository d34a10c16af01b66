"""``sync``: how the copies stand, dead letters, another try, a comparison of everything. For the hub's own operator."""

# Every command loads what it alone needs, as in `cli`.
# ruff: noqa: PLC0415

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from tyokyky_bridge.cli_settings import EX_CONFIG, read_settings

if TYPE_CHECKING:
    from tyokyky_bridge.services.bridge import Bridge
    from tyokyky_bridge.services.standing import SystemStanding

T = TypeVar("T")

sync = typer.Typer(
    no_args_is_help=True, help="How the copies stand; parked links; comparing with the partners."
)

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
System = Annotated[str | None, typer.Option(help="a system of the directory")]
Reason = Annotated[str | None, typer.Option(help="why they are parked")]

_ALARM = "forbidden data present"


@sync.command()
def status(*, as_json: AsJson = False) -> None:
    """One line for each system: gate, backlog, oldest change that waits, parked, conflicts, coverage.

    Exit 1 where data stands that may not.
    """
    from tyokyky_bridge.services.standing import standings

    async def read(bridge: "Bridge") -> "tuple[SystemStanding, ...]":
        return await bridge.store.read(lambda tx: standings(tx, bridge))

    found = sorted(_on_hub(read), key=lambda each: -each.forbidden_present)
    if as_json:
        typer.echo(json.dumps([{**asdict(each), "backlog": each.backlog} for each in found], default=str))
    else:
        names = (
            "system",
            "gate",
            "in sync",
            "backlog",
            "oldest (s)",
            "parked",
            "conflicts",
            "compared",
            _ALARM,
        )
        table = Table(*names)
        for each in found:
            compared = "" if each.coverage is None else f"{each.coverage:.1%}"
            oldest = "" if each.oldest_due_age_s is None else f"{each.oldest_due_age_s:.0f}"
            gate = "slowed" if each.slowed and each.state == "open" else each.state
            numbers = each.parked, each.open_conflicts, compared, each.forbidden_present
            table.add_row(each.system, gate, str(each.in_sync), str(each.backlog), oldest, *map(str, numbers))
        Console().print(table)
    if any(each.forbidden_present for each in found):
        typer.echo(f"ALARM: {_ALARM}", err=True)
        raise typer.Exit(1)


@sync.command()
def parked(*, system: System = None, reason: Reason = None, as_json: AsJson = False) -> None:
    """List parked links, longest parked first: ids, reasons and ages, nothing of what is in them."""
    from tyokyky_bridge.services.redriving import list_parked

    found = _on_hub(lambda bridge: list_parked(bridge, None, system=_known(bridge, system), reason=reason))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], default=str))
        return
    table = Table("link", "system", "reason", "parked at", "waiting since", "attempts", "plan")
    for each in found:
        when = (f"{moment:%Y-%m-%d %H:%M:%SZ}" for moment in (each.parked_at, each.waiting_since))
        table.add_row(str(each.link), each.system, each.reason, *when, str(each.attempts), str(each.plan_id))
    Console().print(table)


@sync.command()
def quarantine(
    *,
    system: System = None,
    cleared: Annotated[bool, typer.Option("--cleared", help="those that somebody has seen to")] = False,
    as_json: AsJson = False,
) -> None:
    """List records at partners with our mark that no link names: numbers and moments, nothing of content."""
    from tyokyky_bridge.services.quarantine import list_quarantined

    state: Literal["cleared", "open"] = "cleared" if cleared else "open"
    found = _on_hub(lambda bridge: list_quarantined(bridge, None, system=_known(bridge, system), state=state))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], default=str))
        return
    table = Table("id", "system", "record", "reference", "first seen", "last seen", "cleared by")
    for each in found:
        when = (f"{moment:%Y-%m-%d %H:%M:%SZ}" for moment in (each.first_seen_at, each.last_seen_at))
        table.add_row(str(each.id), each.system, each.record_id, each.reference, *when, each.cleared_by or "")
    Console().print(table)


@sync.command()
def clear(quarantined: Annotated[UUID, typer.Argument(help="the id in the quarantine list")]) -> None:
    """Note that somebody has seen to a record in quarantine. Nothing happens at the partner."""
    from tyokyky_bridge.services.quarantine import QuarantineNotFound, clear_quarantined

    try:
        row = _on_hub(lambda bridge: clear_quarantined(bridge, None, quarantined))
    except QuarantineNotFound as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(f"{row.record_id} in {row.system} is cleared")


@sync.command()
def redrive(
    *,
    link: Annotated[int | None, typer.Option(help="one link, by its id")] = None,
    system: System = None,
    reason: Reason = None,
    spread_s: Annotated[float, typer.Option(min=0, max=86400, help="seconds to spread them over")] = 0,
) -> None:
    """Try parked links again: those that fit all that is given. Every item is decided afresh; each is audited."""
    from tyokyky_bridge.services.redriving import NothingNamed, Wanted, redrive_parked

    async def drive(bridge: "Bridge") -> tuple[int, ...]:
        wanted = Wanted(link, _known(bridge, system), reason)
        return await redrive_parked(bridge, None, wanted, spread=timedelta(seconds=spread_s))

    try:
        driven = _on_hub(drive)
    except NothingNamed as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(f"{len(driven)} links will be tried again")


@sync.command()
def verify(*, system: System = None) -> None:
    """Ask for a comparison of every link in sync with the partner's record, now instead of in its turn."""
    from tyokyky_bridge.services.reconciling import sweep

    asked = _on_hub(lambda bridge: sweep(bridge, _known(bridge, system)))
    typer.echo(f"{asked} links will be compared")


def _known(bridge: "Bridge", system: str | None) -> str | None:
    if system is not None and system not in bridge.partners:
        msg = f"no system {system}; known: {', '.join(sorted(bridge.partners))}"
        raise typer.BadParameter(msg)
    return system


def _on_hub(act: "Callable[[Bridge], Awaitable[T]]") -> T:
    """Do something on the hub's own database, beside its processes. A database that is not there or not at the schema's
    head ends the command with a sentence and 78.
    """
    from tyokyky_bridge.processes.opening import SchemaNotAtHead, beside
    from tyokyky_bridge.services.ports import StoreError

    async def do() -> T:
        async with beside(read_settings()) as bridge:
            return await act(bridge)

    try:
        return asyncio.run(do())
    except (SchemaNotAtHead, StoreError, OSError) as error:
        typer.echo(f"the hub's database cannot be used: {error}", err=True)
        raise typer.Exit(EX_CONFIG) from error

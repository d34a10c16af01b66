"""The commands. Exit codes: 0 ok, 1 failed, 2 usage, 78 configuration."""

# Every command loads what it alone needs: a worker that was killed is to be at work again soon.
# ruff: noqa: PLC0415

import asyncio
import gc
import json
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from tyokyky_bridge.cli_settings import EX_CONFIG, read_settings
from tyokyky_bridge.cli_sync import sync
from tyokyky_bridge.settings import Settings

if TYPE_CHECKING:
    from tyokyky_bridge.mapping.preview import PreviewRow

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_show_locals=False)
adapters = typer.Typer(no_args_is_help=True, help="Installed adapters.")
mappings = typer.Typer(no_args_is_help=True, help="Field rows between the plan and each system.")
app.add_typer(adapters, name="adapters")
app.add_typer(mappings, name="mappings")
app.add_typer(sync, name="sync")

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
out = Console()


@app.command()
def serve() -> None:
    """Serve the HTTP interface. Every setting comes from TYOKYKY_* variables; nothing insecure is assumed."""
    settings = _begin()
    from tyokyky_bridge.processes import serving

    _run(serving.serve(settings))


@app.command()
def work() -> None:
    """Run the worker that keeps every linked record true."""
    settings = _begin()
    from tyokyky_bridge.processes import working

    _run(working.work(settings))


@app.command()
def run() -> None:
    """Serve and work in one process: the embedded hub, on one SQLite file."""
    settings = _begin()
    from tyokyky_bridge.processes import embedded

    _run(embedded.run(settings))


@app.command()
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="tell the story, check every step, and exit: 0 if all held")
    ] = False,
) -> None:
    """Hub, worker and four simulated partners as real processes on loopback, with a narrated story.

    Everything is synthetic and lives in a private temporary folder; nothing is left behind.
    """
    from tyokyky_bridge.demo.command import tell

    tell(once=once)


@app.command()
def migrate(revision: Annotated[str, typer.Argument(help="head, base or a revision id")] = "head") -> None:
    """Bring the database schema to a revision."""
    settings = read_settings()
    from tyokyky_bridge import storage

    asyncio.run(storage.migrate(settings.database_url, revision))
    out.print(f"database is at {revision}")


@adapters.command("list")
def list_adapters(*, as_json: AsJson = False) -> None:
    """Show every installed adapter and what it can do."""
    from tyokyky_bridge.registry import find_adapters

    found = [
        {
            "system": name,
            "title": a.manifest.title,
            "mapping": a.lens.version,
            "retract": a.manifest.retract,
            "read_back": a.manifest.read_back,
            "deadline_s": a.manifest.limits.deadline_s,
        }
        for name, a in find_adapters().items()
    ]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("system", "title", "mapping version", "retraction", "read back", "deadline (s)")
    for row in found:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)


@mappings.command("check")
def check_mappings() -> None:
    """Load every mapping: totality, codes, duplicate targets. Exit 1 with file, row and reason if one is broken."""
    from tyokyky_bridge.mapping.checks import half_carried
    from tyokyky_bridge.mapping.compiled import MappingBroken
    from tyokyky_bridge.registry import find_adapters

    try:
        found = find_adapters()
    except MappingBroken as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    for name, adapter in found.items():
        half = [f"{row}: {why}" for row, why in half_carried(adapter.lens)]
        typer.echo(
            f"{name}: version {adapter.lens.version}, every field mapped or declared never, {len(half)} half-carried"
        )
        for row in half:
            typer.echo(f"  half-carried: {row}")


@mappings.command("show")
def show_mapping(system: Annotated[str, typer.Argument()]) -> None:
    """Print one system's mapping table."""
    from tyokyky_bridge.mapping.pages import mapping_page
    from tyokyky_bridge.registry import find_adapters

    found = find_adapters()
    if system not in found:
        msg = f"no adapter {system}; installed: {', '.join(found)}"
        raise typer.BadParameter(msg)
    typer.echo(mapping_page(found[system].lens))


@mappings.command("preview")
def preview_mapping(
    plan: Annotated[UUID, typer.Argument(help="plan id")],
    to: Annotated[str, typer.Option("--to", help="system")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show what one system would get of a plan: path, row, native place and value, loss; nothing is sent."""
    from tyokyky_bridge.services.loading import PlanNotFound
    from tyokyky_bridge.services.preview import UnknownSystem

    try:
        rows = asyncio.run(_preview(plan, to))
    except (PlanNotFound, UnknownSystem) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], default=str))
        return
    table = Table("path", "value", "row", "native", "native value", "loss or reason")
    for row in rows:
        cells = (row.path, row.value, row.row, row.native_path, row.native_value, row.loss or row.reason)
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    out.print(table)


async def _preview(plan: UUID, to: str) -> "list[PreviewRow]":
    from tyokyky_bridge import bootstrap
    from tyokyky_bridge.services.preview import preview_plan

    bridge = bootstrap.wire(read_settings())
    try:
        return await preview_plan(bridge, plan, to)
    finally:
        await bridge.store.aclose()


@app.command()
def docs(
    *,
    check: Annotated[bool, typer.Option("--check", help="only compare; exit 1 on any difference")] = False,
    root: Annotated[Path, typer.Option(help="the checkout")] = Path(),
) -> None:
    """Write openapi.yaml and the generated reference pages, or compare them with what is committed."""
    from tyokyky_bridge import reference

    pages = reference.generated()
    stale = [path for path, text in pages.items() if not reference.is_current(root / path, text)]
    for path in stale:
        typer.echo(f"{'stale' if check else 'written'}: {path}")
        if not check:
            reference.write(root / path, pages[path])
    if check and stale:
        raise typer.Exit(1)


def _begin() -> Settings:
    """The settings of a long-running process, and no garbage collector while it loads.

    What a start makes is there to stay; the process lets the collector begin when it is ready.
    """
    settings = read_settings()
    gc.disable()
    return settings


def _run(process: Coroutine[Any, Any, None]) -> None:
    from tyokyky_bridge.processes.opening import CANNOT_START, complete

    try:
        complete(process)
    except CANNOT_START as error:
        typer.echo(f"cannot start: {error}", err=True)
        raise typer.Exit(EX_CONFIG) from error
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(app())

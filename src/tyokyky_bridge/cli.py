"""The commands. Exit codes: 0 ok, 1 failed, 2 usage, 78 configuration."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from tyokyky_bridge import bootstrap, processes
from tyokyky_bridge.cli_settings import EX_CONFIG, read_settings
from tyokyky_bridge.cli_sync import sync
from tyokyky_bridge.demo.command import demo_command
from tyokyky_bridge.mapping.checks import half_carried
from tyokyky_bridge.mapping.lens import MappingBroken
from tyokyky_bridge.mapping.pages import mapping_page
from tyokyky_bridge.mapping.preview import PreviewRow
from tyokyky_bridge.registry import find_adapters
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.ports import StoreError
from tyokyky_bridge.services.preview import UnknownSystem, preview_plan
from tyokyky_bridge.storage import migrate as migrate_store

CANNOT_START = (
    processes.SchemaNotAtHead,
    processes.RoleTaken,
    bootstrap.AdapterMissing,
    MappingBroken,
    StoreError,
    OSError,
    ValueError,
)

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_show_locals=False)
adapters = typer.Typer(no_args_is_help=True, help="Installed adapters.")
mappings = typer.Typer(no_args_is_help=True, help="Field rows between the plan and each system.")
app.add_typer(adapters, name="adapters")
app.add_typer(mappings, name="mappings")
app.add_typer(sync, name="sync")
app.command("demo")(demo_command)

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
out = Console()


@app.command()
def serve() -> None:
    """Serve the HTTP interface. Every setting comes from TYOKYKY_* variables; nothing insecure is assumed."""
    _run(processes.serve(read_settings()))


@app.command()
def work() -> None:
    """Run the worker that keeps every linked record true."""
    _run(processes.work(read_settings()))


@app.command()
def run() -> None:
    """Serve and work in one process: the embedded hub, on one SQLite file."""
    _run(processes.run(read_settings()))


@app.command()
def migrate(revision: Annotated[str, typer.Argument(help="head, base or a revision id")] = "head") -> None:
    """Bring the database schema to a revision."""
    asyncio.run(migrate_store(read_settings().database_url, revision))
    out.print(f"database is at {revision}")


@adapters.command("list")
def list_adapters(*, as_json: AsJson = False) -> None:
    """Show every installed adapter and what it can do."""
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


async def _preview(plan: UUID, to: str) -> list[PreviewRow]:
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
    from tyokyky_bridge import reference  # noqa: PLC0415  # serve and work start without the generators

    pages = reference.generated()
    stale = [path for path, text in pages.items() if not reference.is_current(root / path, text)]
    for path in stale:
        typer.echo(f"{'stale' if check else 'written'}: {path}")
        if not check:
            reference.write(root / path, pages[path])
    if check and stale:
        raise typer.Exit(1)


def _run(process: Coroutine[Any, Any, None]) -> None:
    try:
        processes.complete(process)
    except CANNOT_START as error:
        typer.echo(f"cannot start: {error}", err=True)
        raise typer.Exit(EX_CONFIG) from error


if __name__ == "__main__":
    sys.exit(app())
